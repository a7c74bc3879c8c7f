//! The one thread that writes to the standard streams while a hunt goes on.
//! Whoever has something to say leaves it in a queue and goes on: a terminal
//! that is slow, or was stopped by Ctrl-S, delays no attempt.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use crossbeam::channel::{
    Receiver, RecvTimeoutError, Sender, TrySendError, bounded,
};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

use super::area::{Area, Size};
use super::gauges::Gauges;
use super::status;

/// So much may wait to be printed: some ten megabytes. What is more is left
/// out, and that is said.
const WORDS_WAITING_MAX: usize = 32_768;
/// So much is printed at once.
const WORDS_AT_ONCE_MAX: usize = 256;
/// How often the screen is looked at anew.
const TICK: Duration = Duration::from_millis(200);
/// Status lines in a pipe: the first ones, and those of a long hunt.
const LINE_EVERY_MIN: Duration = Duration::from_secs(5);
const LINE_EVERY_MAX: Duration = Duration::from_secs(600);
/// A terminal that does not know its size has that of old.
const SIZE: Size = Size { columns: 80, rows: 24 };
/// So many threads are listed when somebody asks.
const ASKED_ROWS_MAX: usize = 24;

/// How the status is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// At the bottom of the terminal.
    Area,
    /// A line now and then.
    Lines,
    /// When somebody asks.
    Nothing,
}

/// Something to print.
#[derive(Debug)]
enum Word {
    Out(String),
    Err(String),
    /// The status, now.
    Status,
}

/// The standard streams, and gauges of the hunt that goes on. A hunt outlives
/// a reader that went away: what can't be printed is not worth losing a failure
/// for.
#[derive(Debug)]
pub(super) struct Console {
    /// Nobody waits for the lock for long: what it guards is only copied.
    gauges: Arc<Mutex<Gauges>>,
    /// Before there is one, and after, all is printed at once.
    printer: Option<(Sender<Word>, JoinHandle<()>)>,
    /// Waits for the printer rather than to leave something out.
    is_patient: bool,
    left_out: u64,
}

impl Console {
    pub(super) fn new(gauges: Gauges) -> Console {
        Console {
            gauges: Arc::new(Mutex::new(gauges)),
            printer: None,
            is_patient: false,
            left_out: 0,
        }
    }

    /// Starts the thread. One that can't be had is missed by nobody who only
    /// wants to read.
    pub(super) fn begin(&mut self, mode: Mode) {
        let (words, heard) = bounded(WORDS_WAITING_MAX);
        let printer = Printer::new(mode, heard, Arc::clone(&self.gauges));
        let thread = thread::Builder::new().name("console".to_owned());
        let printer = thread.spawn(|| printer.print());
        self.printer = printer.ok().map(|thread| (words, thread));
    }

    pub(super) fn gauges(&self) -> MutexGuard<'_, Gauges> {
        // They are whole whatever panicked.
        self.gauges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn out(&mut self, line: String) {
        self.say(Word::Out(line));
    }

    pub(super) fn err(&mut self, line: String) {
        self.say(Word::Err(line));
    }

    /// Shows the status once, as it is now.
    pub(super) fn show_status(&mut self) {
        self.say(Word::Status);
    }

    /// Leaves nothing out from now on: no attempt is delayed any more.
    pub(super) fn be_patient(&mut self) {
        self.is_patient = true;
    }

    fn say(&mut self, word: Word) {
        if self.left_out > 0 {
            let count = self.left_out;
            let gap = format!("gocrash: warning: {count} lines are missing\n");
            if self.leave(Word::Err(gap)) {
                self.left_out = 0;
            }
        }
        if !self.leave(word) {
            self.left_out += 1;
        }
    }

    /// Puts it into the queue, if there is room, and says whether.
    fn leave(&self, word: Word) -> bool {
        match &self.printer {
            None => print_at_once(&word),
            // A printer that is gone has said why.
            Some((words, _)) if self.is_patient => drop(words.send(word)),
            Some((words, _)) => {
                let left = words.try_send(word);
                return !matches!(left, Err(TrySendError::Full(_)));
            }
        }
        true
    }
}

impl Drop for Console {
    /// Waits until all that was said is printed.
    fn drop(&mut self) {
        if let Some((words, thread)) = self.printer.take() {
            drop(words);
            // A printer that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Printer {
    mode: Mode,
    heard: Receiver<Word>,
    gauges: Arc<Mutex<Gauges>>,
    area: Area,
    /// What goes to standard output is on the screen that has the area.
    shares_screen: bool,
    /// When the next status line is due.
    due: Instant,
}

impl Printer {
    fn new(
        mode: Mode,
        heard: Receiver<Word>,
        gauges: Arc<Mutex<Gauges>>,
    ) -> Printer {
        let choice = AutoStream::choice(&io::stderr());
        let due = Instant::now() + LINE_EVERY_MIN;
        Printer {
            mode,
            heard,
            gauges,
            area: Area::new(choice != ColorChoice::Never),
            shares_screen: mode == Mode::Area && is_one_screen(),
            due,
        }
    }

    fn print(mut self) {
        loop {
            let word = match self.mode {
                Mode::Area => self.heard.recv_timeout(TICK),
                Mode::Lines => self.heard.recv_deadline(self.due),
                Mode::Nothing => self.heard.recv().map_err(Into::into),
            };
            match word {
                Ok(word) => self.words(word),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.mode == Mode::Area && is_in_foreground() {
            write(&mut io::stderr(), &self.area.clear());
        }
    }

    /// Prints this, and what else waits.
    fn words(&mut self, first: Word) {
        let waiting = self.heard.try_iter().take(WORDS_AT_ONCE_MAX - 1);
        let words: Vec<Word> = [first].into_iter().chain(waiting).collect();
        let mut screen = String::new();
        for word in words {
            match word {
                Word::Out(text) if self.shares_screen => screen += &text,
                Word::Out(text) => write_out(&text),
                Word::Err(text) => screen += &text,
                Word::Status => screen += &self.asked(),
            }
            // Elsewhere the order of the two streams is kept.
            if self.mode != Mode::Area && !screen.is_empty() {
                write(&mut io::stderr(), &screen);
                screen.clear();
            }
        }
        if self.mode == Mode::Area {
            self.paint(&screen);
        } else if self.mode == Mode::Lines && Instant::now() >= self.due {
            self.tick();
        }
    }

    fn tick(&mut self) {
        match self.mode {
            Mode::Area => self.paint(""),
            Mode::Lines => {
                let now = Instant::now();
                let gauges = self.look();
                self.due = now + until_next(now - gauges.began);
                let line = status::line(&gauges, now);
                write(&mut io::stderr(), &format!("{line}\n"));
            }
            Mode::Nothing => {}
        }
    }

    fn paint(&mut self, lines: &str) {
        let text = if is_in_foreground() {
            let size = size();
            let rows_max = (size.rows * 2 / 3).max(1);
            let gauges = self.look();
            let now = Instant::now();
            let rows = status::rows(&gauges, now, size.columns, rows_max);
            self.area.paint(lines, rows, size)
        } else {
            // The screen is another's at the moment.
            lines.to_owned()
        };
        write(&mut io::stderr(), &text);
    }

    /// The status for somebody who asks: totals, and what runs.
    fn asked(&self) -> String {
        let now = Instant::now();
        let gauges = self.look();
        let rows = status::rows(&gauges, now, usize::MAX, ASKED_ROWS_MAX);
        rows.into_iter().map(|row| row.text() + "\n").collect()
    }

    fn look(&self) -> Gauges {
        let gauges = self.gauges.lock();
        gauges.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long until the next status line: a tenth of what has passed.
fn until_next(elapsed: Duration) -> Duration {
    (elapsed / 10).clamp(LINE_EVERY_MIN, LINE_EVERY_MAX)
}

/// Nothing can be done where this fails.
fn write(stream: &mut impl Write, text: &str) {
    if !text.is_empty() {
        let _ = write_through(stream, text);
    }
}

/// What is missing on a full disk is to be known. A reader that went away
/// misses nothing.
fn write_out(text: &str) {
    static WARNED: Once = Once::new();
    let Err(error) = write_through(&mut io::stdout(), text) else { return };
    if error.kind() != ErrorKind::BrokenPipe {
        WARNED.call_once(|| {
            let warning = format!(
                "gocrash: warning: cannot write to standard output: {error}\n"
            );
            write(&mut io::stderr(), &warning);
        });
    }
}

fn write_through(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn print_at_once(word: &Word) {
    match word {
        Word::Out(text) => write_out(text),
        Word::Err(text) => write(&mut io::stderr(), text),
        Word::Status => {}
    }
}

/// Whether both streams are the same terminal.
fn is_one_screen() -> bool {
    let device = |stream: BorrowedFd<'_>| {
        let stat = fstat(stream).ok()?;
        let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
        (kind == SFlag::S_IFCHR).then_some(stat.st_rdev)
    };
    let (out, err) = (io::stdout(), io::stderr());
    out.is_terminal() && device(out.as_fd()) == device(err.as_fd())
}

/// Whether the terminal is not given to another job. One that can't tell is
/// not shared.
fn is_in_foreground() -> bool {
    match tcgetpgrp(io::stderr()) {
        Ok(group) => group.as_raw_nonzero().get() == getpgrp().as_raw(),
        Err(_) => true,
    }
}

fn size() -> Size {
    match tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            columns: usize::from(size.ws_col),
            rows: usize::from(size.ws_row),
        },
        _ => SIZE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_come_every_five_seconds_and_then_less_often() {
        let seconds = |s| until_next(Duration::from_secs(s)).as_secs();
        assert_eq!(seconds(5), 5);
        assert_eq!(seconds(50), 5);
        assert_eq!(seconds(600), 60);
        assert_eq!(seconds(100_000), 600);
    }
}
