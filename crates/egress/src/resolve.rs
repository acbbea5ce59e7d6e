//! Names to addresses.
//!
//! Guarantees: tells "no such name" (trying again does not help) from "could not find out" (it may).
//!
//! Deliberately not here: caching (the system's resolver has one), time limits and permission, both applied by the
//! connector to whatever comes out of here.

use std::io;
use std::net::IpAddr;

use headwater_model::BoxFuture;

/// Turns a host name into addresses, in the order in which they are to be tried.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, a DNS name as it stood in the URL, never a literal. The future may be dropped at any
    /// time. An empty list means that the name has no address.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>>;
}

/// Why there are no addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist or has no address.
    #[error("name not found")]
    NotFound,
    /// The resolver could not find out.
    #[error("{0}")]
    Failed(Box<str>),
}

/// Any function from a name to its addresses is a resolver.
impl<F> Resolve for F
where
    F: Fn(&str) -> Result<Vec<IpAddr>, ResolveError> + Send + Sync,
{
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(std::future::ready(self(host)))
    }
}

/// The operating system's resolver (`getaddrinfo`), with its configuration, hosts file, cache and address order.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async move {
            match tokio::net::lookup_host((host, 0)).await {
                Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
                Err(error) => Err(classify(&error)),
            }
        })
    }
}

/// The standard library passes `getaddrinfo`'s code on as text only, so the texts of EAI_NONAME and EAI_NODATA are
/// compared (glibc and musl; they are not localised, as this program never calls `setlocale`). Unknown texts count as
/// "could not find out", which errs towards another try.
fn classify(error: &io::Error) -> ResolveError {
    const NO_SUCH_NAME: [&str; 4] = [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "Name has no usable address",
    ];
    let text = error.to_string();
    if NO_SUCH_NAME.iter().any(|known| text.contains(known)) {
        ResolveError::NotFound
    } else {
        ResolveError::Failed(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_getaddrinfo_are_told_apart() {
        let of = |text: &str| classify(&io::Error::other(format!("failed to lookup address information: {text}")));
        assert_eq!(of("Name or service not known"), ResolveError::NotFound);
        assert_eq!(of("Name does not resolve"), ResolveError::NotFound);
        assert!(matches!(of("Temporary failure in name resolution"), ResolveError::Failed(_)));
    }

    #[tokio::test]
    async fn the_system_knows_localhost() {
        let addresses = SystemResolver.resolve("localhost").await.unwrap();
        assert!(addresses.iter().all(IpAddr::is_loopback) && !addresses.is_empty());
    }
}
