//! Room in the pool. The system call that costs next to nothing sees less of
//! what is free where a quota is in force, so only what it finds too little is
//! asked of the pool itself.

use zfs::DatasetName;

use super::{Place, Pool};
use crate::slate::room::{FULL_BYTES, Shortage, free_bytes, full};

impl Pool {
    /// What is short, if there is too little room for one more slate.
    pub(in crate::slate) fn shortage(
        &self,
        working: &Place,
        min_bytes: u64,
    ) -> anyhow::Result<Option<Shortage>> {
        let here_bytes =
            free_bytes(&working.path)?.saturating_sub(working.reserved_bytes);
        if here_bytes >= min_bytes.max(FULL_BYTES) {
            return Ok(None);
        }
        let pool = DatasetName::new(working.dataset.pool())?;
        let pool_bytes = self.bytes(&pool, "available")?;
        if pool_bytes < min_bytes {
            return Ok(Some(Shortage::of_bytes(
                pool.to_string(),
                pool_bytes,
                Some(min_bytes),
            )));
        }
        Ok(full(working.dataset.as_str(), here_bytes))
    }

    /// Of the pool that the dataset is in, used or not.
    pub(super) fn size(&self, dataset: &DatasetName) -> anyhow::Result<u64> {
        let pool = DatasetName::new(dataset.pool())?;
        let used = self.bytes(&pool, "used")?;
        Ok(used.saturating_add(self.bytes(&pool, "available")?))
    }

    pub(super) fn bytes(
        &self,
        dataset: &DatasetName,
        property: &str,
    ) -> anyhow::Result<u64> {
        Ok(self.zfs.property(dataset, property)?.value.parse()?)
    }
}
