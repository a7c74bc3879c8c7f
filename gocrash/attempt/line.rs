//! The way to the supervisor of an attempt, and back.

use std::{io, thread};

use crossbeam::channel::{Receiver, bounded};
use nix::sys::signal::Signal;

use crate::attempt::leaks::Leaks;
use crate::attempt::sys::{Control, Order, Report, Whom};

/// A supervisor says less than this before anybody listens.
const NEWS_WAITING_MAX: usize = 4;
/// Of a thread that only listens.
const LISTENER_STACK_BYTES: usize = 64 << 10;

/// Orders go one way, news the other.
#[derive(Debug)]
pub(super) struct Line {
    control: Control,
    /// Ends after the last word, or when the supervisor was killed.
    pub(super) news: Receiver<News>,
}

/// What a supervisor has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    Started,
    /// As [`Report::NotStarted`] has it.
    NotStarted {
        step: usize,
        errno: i32,
    },
    /// As [`Report::Ended`] has it.
    Ended {
        status: i32,
        is_last: bool,
    },
    /// Nothing follows.
    Leaked(Leaks),
}

impl Line {
    pub(super) fn open(control: Control) -> io::Result<Line> {
        let (heard, news) = bounded(NEWS_WAITING_MAX);
        let listener = control.listener();
        let listen = move || {
            let mut open = Vec::new();
            while let Ok(Some(report)) = listener.receive() {
                let news = match report {
                    Report::Started => News::Started,
                    Report::NotStarted { step, errno } => {
                        News::NotStarted { step, errno }
                    }
                    Report::Ended { status, is_last } => {
                        News::Ended { status, is_last }
                    }
                    Report::Holds(holds) => {
                        open.push(holds);
                        continue;
                    }
                    Report::Found(found) => {
                        News::Leaked(Leaks::of(&found, &open))
                    }
                };
                if heard.send(news).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new()
            .name("listener".to_owned())
            .stack_size(LISTENER_STACK_BYTES)
            .spawn(listen)?;
        Ok(Line { control, news })
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.send(Order::Signal(Whom::Group, signal as i32));
    }

    /// It fails where nobody hears it, which is known by the news.
    pub(super) fn send(&self, order: Order) {
        let _ = self.control.send(order);
    }
}
