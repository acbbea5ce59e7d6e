//! Where a missing object can be asked for: the origins of its rule in the order in which they are tried.
//!
//! Guarantees: every candidate asks for the same key with the same query and fields; what differs is the origin, and
//! with it its settings and credentials. A rule's own credentials are for its own origins alone, and come before those
//! of the origin settings. A bucket of this server is asked without either.

use std::sync::Arc;

use headwater_egress::Origins;
use headwater_model::ObjectKey;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::op::GetObject;
use headwater_model::origin::{OriginId, OriginSigning, OriginTimeouts};
use headwater_model::rule::{MirrorAuth, RoutingRule, rewriting};
use headwater_model::settings::{OriginKind, OriginSettings};

use super::failure::Failure;
use super::local_origin::{LocalNames, LocalSource};
use crate::control::Snapshot;

/// Hosts of OSS buckets end so; the bucket is the first label then.
const OSS_HOST_SUFFIX: &str = ".aliyuncs.com";

/// One place to ask.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Whose settings, health and limits apply.
    pub(super) origin: OriginId,
    /// The whole URL, encoded.
    pub(super) url: Box<str>,
    /// As of the moment the request came.
    pub(super) settings: Arc<OriginSettings>,
    /// With what its requests are signed.
    pub(super) signing: Option<Arc<OriginSigning>>,
    /// The bucket of this server that is read in place of an origin.
    pub(super) local: Option<LocalSource>,
}

/// What the server knows of the places that a rule can name.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// Origins and their settings.
    pub(super) origins: &'a Origins,
    /// Which of them are this very server.
    pub(super) names: &'a LocalNames,
    /// Its buckets.
    pub(super) buckets: &'a Snapshot,
}

impl Candidate {
    /// The candidates for a request under the rule it matched; at least one, the primary first.
    ///
    /// # Errors
    /// The key has no URL at the rule's origins.
    pub(super) fn all(
        rule: &RoutingRule,
        bucket: &Bucket,
        get: &GetObject,
        places: Places<'_>,
    ) -> Result<Vec<Self>, Failure> {
        let unmappable = |_| Failure::refused("unmappable_key");
        let urls = rewriting::origin_urls(rule, &get.key, &get.miss).map_err(unmappable)?;
        let auth = rule.mirror().and_then(|mirror| mirror.auth.as_ref());
        let of = |url: String| {
            let origin = OriginId::parse(&url).map_err(|_| Failure::refused("bad_url"))?;
            Ok(match local(rule, (&url, &origin), (bucket, &get.key), places) {
                Some(local) => Self::local(&url, origin, local),
                None => Self::remote(&url, origin, auth, places.origins),
            })
        };
        urls.into_iter().map(of).collect()
    }

    fn remote(url: &str, origin: OriginId, auth: Option<&MirrorAuth>, origins: &Origins) -> Self {
        let settings = origins.settings(&origin);
        let signing = auth.and_then(|auth| of_rule(auth, url)).or_else(|| of_settings(&settings, url));
        Self { url: url.into(), signing: signing.map(Arc::new), settings, origin, local: None }
    }

    /// Nothing that is set for origins applies to it.
    fn local(url: &str, origin: OriginId, local: LocalSource) -> Self {
        Self { url: url.into(), signing: None, settings: Arc::default(), origin, local: Some(local) }
    }

    /// Time limits of its requests.
    pub(super) fn timeouts(&self) -> OriginTimeouts {
        (&self.settings.timeouts).into()
    }

    /// What its answers are to be taken for: as its settings say, or as its signature shows. Of a bucket of this server
    /// nothing has to be guessed.
    pub(super) fn kind(&self) -> OriginKind {
        match (&self.signing, self.settings.kind) {
            (Some(signing), OriginKind::Http) => match signing.dialect {
                Dialect::S3 => OriginKind::S3,
                Dialect::Oss => OriginKind::Oss,
            },
            (_, kind) => kind,
        }
    }

    /// Host and port, or the bucket of this server, for the log.
    pub(super) fn host(&self) -> &str {
        if let Some(local) = &self.local {
            return local.label();
        }
        self.origin.as_str().split_once("://").map_or(self.origin.as_str(), |(_, host)| host)
    }
}

/// The bucket of this server that a URL names, if the rule may read it (`MirrorUsingRole`).
pub(super) fn local(
    rule: &RoutingRule,
    url: (&str, &OriginId),
    missing: (&Bucket, &ObjectKey),
    places: Places<'_>,
) -> Option<LocalSource> {
    let uses_role = rule.mirror().is_some_and(|mirror| mirror.using_role == Some(true));
    uses_role.then(|| LocalSource::of(url, missing, places.names, places.buckets)).flatten()
}

/// `MirrorAuth`: `S3V4` in any letter case, and `OSSV4`, its equivalent for OSS. Other types are kept and sign nothing,
/// as do incomplete ones.
fn of_rule(auth: &MirrorAuth, url: &str) -> Option<OriginSigning> {
    let kind = auth.auth_type.as_deref()?;
    let dialect = match kind {
        kind if kind.eq_ignore_ascii_case("S3V4") => Dialect::S3,
        kind if kind.eq_ignore_ascii_case("OSSV4") => Dialect::Oss,
        _ => return None,
    };
    Some(OriginSigning {
        dialect,
        access_key_id: auth.access_key_id.clone()?,
        access_key_secret: auth.access_key_secret.clone()?,
        session_token: None,
        region: auth.region.clone().unwrap_or_else(|| "us-east-1".into()),
        bucket: (dialect == Dialect::Oss).then(|| bucket_of_host(url)).flatten(),
    })
}

fn of_settings(settings: &OriginSettings, url: &str) -> Option<OriginSigning> {
    let dialect = match settings.kind {
        OriginKind::Http => return None,
        OriginKind::S3 => Dialect::S3,
        OriginKind::Oss => Dialect::Oss,
    };
    let credentials = settings.credentials.as_ref()?;
    let named = || settings.bucket.clone().or_else(|| bucket_of_host(url));
    Some(OriginSigning {
        dialect,
        access_key_id: credentials.access_key_id.clone(),
        access_key_secret: credentials.access_key_secret.clone(),
        session_token: credentials.session_token.clone(),
        region: credentials.region.clone(),
        bucket: (dialect == Dialect::Oss).then(named).flatten(),
    })
}

/// The bucket that a virtual-hosted name of OSS shows.
fn bucket_of_host(url: &str) -> Option<Box<str>> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host).to_ascii_lowercase();
    let labels = host.strip_suffix(OSS_HOST_SUFFIX)?;
    let (bucket, _) = labels.split_once('.')?;
    Some(bucket.into())
}

#[cfg(test)]
mod tests {
    use headwater_model::rule::{Alternate, Secret};
    use headwater_model::settings::OriginCredentials;

    use super::*;

    fn nowhere() -> Arc<Origins> {
        Origins::new(Arc::new(headwater_testkit::ManualClock::default()))
    }

    fn all(rule: &RoutingRule, origins: &Origins) -> Vec<Candidate> {
        let get = GetObject { key: ObjectKey::parse("a b").unwrap(), ..crate::fill::tests::world::get() };
        let (names, buckets) = (LocalNames::default(), Snapshot::new());
        let places = Places { origins, names: &names, buckets: &buckets };
        Candidate::all(rule, &crate::fill::tests::world::bucket(), &get, places).unwrap()
    }

    #[test]
    fn row_35_the_primary_comes_first_then_the_secondary_then_alternates_by_number() {
        let mut rule = RoutingRule::mirror_all(1, "http://p.example/x/");
        let mirror = &mut rule.redirect.as_mut().unwrap().mirror;
        mirror.url_slave = Some("https://s.example/".into());
        let alternate = |number, url: &str| Alternate { number, url: url.into(), ..Alternate::default() };
        mirror.multi_alternates = Some(vec![alternate(7, "http://b.example/"), alternate(3, "http://a.example:81/")]);
        let all = all(&rule, &nowhere());
        let urls: Vec<&str> = all.iter().map(|candidate| &*candidate.url).collect();
        assert_eq!(
            urls,
            [
                "http://p.example/x/a%20b",
                "https://s.example/a%20b",
                "http://a.example:81/a%20b",
                "http://b.example/a%20b"
            ]
        );
        assert_eq!((all[1].origin.as_str(), all[2].host()), ("https://s.example:443", "a.example:81"));
    }

    #[test]
    fn a_rules_credentials_come_before_those_of_the_settings() {
        let origins = nowhere();
        let id = OriginId::parse("http://bucket.oss-cn-hangzhou.aliyuncs.com").unwrap();
        let credentials = OriginCredentials {
            access_key_id: "of settings".into(),
            access_key_secret: Secret::new("s"),
            session_token: None,
            region: "cn-hangzhou".into(),
        };
        let settings =
            OriginSettings { kind: OriginKind::Oss, credentials: Some(credentials), ..OriginSettings::default() };
        origins.set(&id, Some(settings));
        let mut rule = RoutingRule::mirror_all(1, "http://bucket.oss-cn-hangzhou.aliyuncs.com/");
        let of_settings = &all(&rule, &origins)[0];
        let signing = of_settings.signing.as_ref().unwrap();
        assert_eq!((&*signing.access_key_id, signing.bucket.as_deref()), ("of settings", Some("bucket")));
        let mut auth = MirrorAuth {
            auth_type: Some("s3v4".into()),
            region: None,
            access_key_id: Some("of rule".into()),
            access_key_secret: Some(Secret::new("s")),
        };
        rule.redirect.as_mut().unwrap().mirror.auth = Some(auth.clone());
        let of_rule = &all(&rule, &nowhere())[0];
        assert_eq!((&*of_rule.signing.as_ref().unwrap().access_key_id, of_rule.kind()), ("of rule", OriginKind::S3));
        auth.auth_type = Some("1".into());
        rule.redirect.as_mut().unwrap().mirror.auth = Some(auth);
        assert_eq!(all(&rule, &nowhere())[0].signing, None);
    }
}
