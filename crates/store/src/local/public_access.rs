//! What of the public's rights is blocked on every bucket.

use headwater_index::rows::{PublicAccessRow, RowValue};
use headwater_model::Result;
use headwater_model::bucket::PublicAccessBlock;

use super::core::Core;

impl Core {
    /// The block as it was last put.
    pub(super) fn public_access(&self) -> Result<PublicAccessBlock> {
        let key = PublicAccessRow::key();
        let Some(value) = self.view.get(&key)? else { return Ok(PublicAccessBlock::default()) };
        Ok(PublicAccessRow::decode(&key, &value)?.block)
    }

    /// Replaces the block.
    pub(super) async fn put_public_access(&self, block: PublicAccessBlock) -> Result<()> {
        self.commit(0, move |judgement| {
            let key = PublicAccessRow::key();
            let former = judgement.get(&key)?;
            let row = PublicAccessRow { sequence: judgement.sequence(), block };
            judgement.put(key, row.encode(), former);
            Ok(())
        })
        .await
    }
}
