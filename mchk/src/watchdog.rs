//! Ends the process when an action hangs, after writing down the case.
//!
//! A thread that hangs cannot be stopped, so its state cannot be cleaned up
//! from inside the process either. What can be saved is the case.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::rng;

/// How often within the limit the watchdog looks.
const LOOKS: u32 = 4;

/// A thread that watches the actions of one other thread.
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    limit: Duration,
    /// Where the case is written, in a file of this kind.
    directory: PathBuf,
    kind: &'static str,
    watched: Mutex<Watched>,
    ended: Condvar,
}

#[derive(Default)]
struct Watched {
    /// The actions of the run so far, as text.
    case: Vec<String>,
    since: Option<Instant>,
    ended: bool,
}

impl Watchdog {
    pub(crate) fn start(
        limit: Duration,
        directory: PathBuf,
        kind: &'static str,
    ) -> Watchdog {
        let watched = Mutex::default();
        let ended = Condvar::new();
        let shared =
            Arc::new(Shared { limit, directory, kind, watched, ended });
        let for_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || for_thread.run());
        Watchdog { shared, thread: Some(thread) }
    }

    /// A new run begins, after the actions given.
    pub(crate) fn begin(&self, case: Vec<String>) {
        self.shared.lock().case = case;
    }

    /// An action begins; it ends when the guard is dropped.
    pub(crate) fn watch(&self, action: Option<String>) -> impl Drop + '_ {
        let mut watched = self.shared.lock();
        watched.case.extend(action);
        watched.since = Some(Instant::now());
        Watch(&self.shared)
    }
}

struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.lock().since = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and if it did there is nothing left to do.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut watched = self.lock();
        while !watched.ended {
            if watched.since.is_some_and(|at| at.elapsed() > self.limit) {
                self.give_up(&watched.case);
            }
            let pause = self.limit / LOOKS;
            watched = match self.ended.wait_timeout(watched, pause) {
                Ok((watched, _)) => watched,
                Err(poison) => poison.into_inner().0,
            };
        }
    }

    #[expect(clippy::print_stderr, reason = "the process ends here")]
    fn give_up(&self, case: &[String]) -> ! {
        let text = format!("[\n{}\n]\n", case.join(",\n"));
        // Named after what is in it: a kept case may hang again.
        let name = rng::fnv(text.as_bytes());
        let name = format!("mchk-hung-{name:016x}.{}", self.kind);
        let path = self.directory.join(name);
        // If that fails, so does the writing, which is reported.
        let _ = fs::create_dir_all(&self.directory);
        let written = fs::write(&path, &text);
        let path = path.display();
        eprintln!(
            "mchk: the last of {} actions took longer than {:?}; nothing \
             of this run was cleaned up",
            case.len(),
            self.limit
        );
        match written {
            Ok(()) => eprintln!("mchk: the case is in {path}"),
            Err(error) => eprintln!("mchk: {path}: {error}\n{text}"),
        }
        process::abort();
    }
}
