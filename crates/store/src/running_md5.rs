//! MD5 over parts that come one after another, maybe days and restarts apart.
//!
//! Guarantees: what comes out at the end is the MD5 of all bytes, wherever between two of them the state was kept.
//! The kept state is the four words of MD5, the number of blocks and the bytes of the unfinished block.

use headwater_model::multipart::PartOrder;
use headwater_model::{Error, Result};
use md5::Digest as _;
use md5::digest::common::hazmat::{SerializableState as _, SerializedState};

/// An MD5 that can be put down and taken up again.
#[derive(Clone, Debug, Default)]
pub struct RunningMd5(md5::Md5);

impl RunningMd5 {
    /// Goes on behind the last part.
    ///
    /// # Errors
    /// [`Error::Internal`] for a state that cannot be one.
    pub fn behind(order: &PartOrder) -> Result<Self> {
        if order.last == 0 {
            return Ok(Self::default());
        }
        let unreadable = |reason: &'static str| Error::internal("go on with the digest of an upload", reason);
        let state = SerializedState::<md5::Md5>::try_from(&*order.md5_state);
        let state = state.map_err(|_| unreadable("its state has another length"))?;
        md5::Md5::deserialize(&state).map(Self).map_err(|_| unreadable("its state is none of MD5"))
    }

    /// Appends.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Where the order stands if what came until now was the parts until `last`.
    pub fn order(&self, last: u16) -> PartOrder {
        PartOrder { last, md5_state: self.0.serialize().as_slice().into() }
    }

    /// The MD5 of everything.
    pub fn finish(self) -> [u8; 16] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_it_was_put_down() {
        let body: Vec<u8> = (0..1_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
        for cut in [0, 1, 63, 64, 65, 128, 999, 1_000] {
            let mut first = RunningMd5::behind(&PartOrder::default()).expect("the beginning");
            first.update(&body[..cut]);
            let mut second = RunningMd5::behind(&first.order(1)).expect("a state");
            second.update(&body[cut..]);
            assert_eq!(second.finish(), fast_md5::digest(&body), "{cut}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for md5_state in [vec![], vec![0; 87], vec![0; 89], vec![0xFF; 88]] {
            let order = PartOrder { last: 1, md5_state: md5_state.into() };
            assert!(matches!(RunningMd5::behind(&order), Err(Error::Internal { .. })));
        }
    }
}
