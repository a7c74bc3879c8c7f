//! The way to the supervisor of an attempt, and back.

use std::{io, thread};

use crossbeam::channel::{Receiver, bounded};
use nix::sys::signal::Signal;

use crate::attempt::sys::{Control, Order, Report, Whom};

/// A supervisor says less than this before anybody listens.
const REPORTS_WAITING_MAX: usize = 4;
/// Of a thread that only listens.
const LISTENER_STACK_BYTES: usize = 64 << 10;

/// Orders go one way, reports the other.
#[derive(Debug)]
pub(super) struct Line {
    control: Control,
    /// Ends after the last word, or when the supervisor was killed.
    pub(super) reports: Receiver<Report>,
}

impl Line {
    pub(super) fn open(control: Control) -> io::Result<Line> {
        let (heard, reports) = bounded(REPORTS_WAITING_MAX);
        let listener = control.listener();
        let listen = move || {
            while let Ok(Some(report)) = listener.receive() {
                if heard.send(report).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new()
            .name("listener".to_owned())
            .stack_size(LISTENER_STACK_BYTES)
            .spawn(listen)?;
        Ok(Line { control, reports })
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.send(Order::Signal(Whom::Group, signal as i32));
    }

    /// It fails where nobody hears it, which is known by the reports.
    pub(super) fn send(&self, order: Order) {
        let _ = self.control.send(order);
    }
}
