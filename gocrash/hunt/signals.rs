//! Signals that end a hunt, stop it for a while, or ask how it goes, as events.

use std::thread;

use anyhow::Context;
use crossbeam::channel::Sender;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::attempt::sys;
use crate::hunt::event::Event;

/// By these somebody asks how it goes: the second one is Ctrl-T.
#[cfg(target_os = "linux")]
const ASKING: &[i32] = &[SIGUSR1];
#[cfg(not(target_os = "linux"))]
const ASKING: &[i32] = &[SIGUSR1, libc::SIGINFO];

/// Reports the signals from now on. One that was ignored when gocrash started
/// stays so: `nohup gocrash …` is how people leave it running.
pub(crate) fn report(events: &Sender<Event>) -> anyhow::Result<()> {
    let watched = [SIGHUP, SIGINT, SIGTERM, SIGTSTP]
        .iter()
        .chain(ASKING)
        .copied()
        .filter(|signal| !sys::is_ignored(*signal));
    let mut signals = Signals::new(watched).context("cannot watch signals")?;
    let events = events.clone();
    let forward = move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => Event::Suspend,
                signal if ASKING.contains(&signal) => Event::Asked,
                signal => Event::Signal(signal),
            };
            if events.send(event).is_err() {
                break;
            }
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(forward)
        .context("cannot start a thread to watch signals")?;
    Ok(())
}

/// Stops this process, as the signal would have done, until it is continued.
pub(super) fn stop_myself() -> std::io::Result<()> {
    signal_hook::low_level::emulate_default_handler(SIGTSTP)
}
