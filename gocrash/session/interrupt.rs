//! Signals that end what destroys, between one thing and the next: where a
//! process ends in the middle, the kernel has to let go of what it holds, and
//! while a pool is suspended that keeps others from `/dev/zfs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::attempt::sys;

/// Which signal came, if one did.
#[derive(Debug)]
pub(super) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// From now on. One that was ignored when gocrash started stays so.
    pub(super) fn watch() -> anyhow::Result<Interrupt> {
        let came = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if !sys::is_ignored(signal) {
                let number = usize::try_from(signal)?;
                flag::register_usize(signal, Arc::clone(&came), number)
                    .context("cannot watch signals")?;
            }
        }
        Ok(Interrupt(came))
    }

    pub(super) fn came(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => signal.try_into().ok(),
        }
    }
}
