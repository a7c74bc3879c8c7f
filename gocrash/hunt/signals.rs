//! Signals that end a hunt, turned into events.

use std::thread;

use anyhow::Context;
use crossbeam::channel::Sender;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::attempt::sys;
use crate::hunt::event::Event;

/// Reports the signals from now on. One that was ignored when gocrash started
/// stays so: `nohup gocrash …` is how people leave it running.
pub(crate) fn report(events: &Sender<Event>) -> anyhow::Result<()> {
    let watched = [SIGHUP, SIGINT, SIGTERM]
        .into_iter()
        .filter(|signal| !sys::is_ignored(*signal));
    let mut signals = Signals::new(watched).context("cannot watch signals")?;
    let events = events.clone();
    let forward = move || {
        for signal in signals.forever() {
            if events.send(Event::Signal(signal)).is_err() {
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
