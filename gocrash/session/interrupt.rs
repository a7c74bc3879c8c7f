//! Signals that end what destroys in pools, between one thing and the next: of
//! a process that ends in the middle, the kernel releases the holds, and while
//! a pool is suspended that keeps everybody from `/dev/zfs`.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::attempt::sys;

/// From when it is made until `end`, a signal is only noted.
#[derive(Debug)]
pub(super) struct Interrupt {
    /// Which signal came, or 0.
    came: Arc<AtomicUsize>,
    /// Signals do again what they usually do.
    is_over: Arc<AtomicBool>,
    /// Can be read when one came.
    woken: UnixStream,
}

impl Interrupt {
    /// A signal that was ignored when gocrash started stays so.
    pub(super) fn watch() -> anyhow::Result<Interrupt> {
        let (woken, waker) = UnixStream::pair()?;
        let came = Arc::default();
        let interrupt = Interrupt { came, is_over: Arc::default(), woken };
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if !sys::is_ignored(signal) {
                interrupt
                    .register(signal, &waker)
                    .context("cannot watch signals")?;
            }
        }
        Ok(interrupt)
    }

    fn register(&self, signal: i32, waker: &UnixStream) -> io::Result<()> {
        let Interrupt { came, is_over, .. } = self;
        let number = signal.unsigned_abs() as usize;
        flag::register_conditional_default(signal, Arc::clone(is_over))?;
        flag::register_usize(signal, Arc::clone(came), number)?;
        low_level::pipe::register(signal, waker.try_clone()?)?;
        Ok(())
    }

    pub(super) fn came(&self) -> Option<i32> {
        match self.came.load(Ordering::Relaxed) {
            0 => None,
            signal => signal.try_into().ok(),
        }
    }

    /// Waits until there is something on standard input, or its end; `false`
    /// when a signal comes first.
    pub(super) fn wait_for_input(&self) -> bool {
        let stdin = io::stdin();
        while self.came().is_none() {
            let of = |fd| PollFd::new(fd, PollFlags::POLLIN);
            let mut news = [of(stdin.as_fd()), of(self.woken.as_fd())];
            let polled = poll(&mut news, PollTimeout::NONE);
            if polled.is_ok() && news[0].any() == Some(true) {
                return self.came().is_none();
            }
        }
        false
    }

    /// Gives the signal that came.
    pub(super) fn end(self) -> Option<i32> {
        self.is_over.store(true, Ordering::SeqCst);
        self.came()
    }
}
