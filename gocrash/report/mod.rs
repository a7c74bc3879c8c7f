//! Reports: the only rooms that print.

pub(crate) mod afterwards;
mod alike;
mod area;
pub(crate) mod changes;
pub(crate) mod cleaning;
mod console;
pub(crate) mod digest;
mod events;
mod figures;
pub(crate) mod file;
mod gauges;
pub(crate) mod groups;
mod html;
mod json;
mod junit;
pub(crate) mod listing;
pub(crate) mod logs;
pub(crate) mod manual;
pub(crate) mod packing;
pub(crate) mod picking;
pub(crate) mod printed;
mod rates;
mod safe;
pub(crate) mod showing;
pub(crate) mod sitting;
mod status;
pub(crate) mod tar;
pub(crate) mod terminal;
mod text;
mod units;
pub(crate) mod usage;
mod whole;
pub(crate) mod words;

use std::io::{self, IsTerminal};

use crate::config::{Config, Destination, Progress};
use crate::hunt::{Event, Hunt};
use crate::refusal::Refusal;
use console::Mode;
use events::Events;
use terminal::Terminal;
use whole::Whole;

/// All that tell of a hunt.
#[derive(Debug)]
pub(crate) struct Reports {
    terminal: Terminal,
    mode: Mode,
    events: Option<Events>,
    whole: Option<Whole>,
}

impl Reports {
    /// Refuses what can't be written to.
    pub(crate) fn open(config: &Config) -> Result<Reports, Refusal> {
        let mode = mode(config.progress)?;
        let outs = [&config.events, &config.junit, &config.html];
        let terminal = match outs.contains(&&Some(Destination::Stdout)) {
            true => Terminal::aside(),
            false => Terminal::new(),
        };
        let open = |destination| Events::open(destination, config);
        let events = config.events.as_ref().map(open).transpose()?;
        let whole = Whole::open(config)?;
        Ok(Reports { terminal, mode, events, whole })
    }

    /// To be called when nothing has to be done any more without threads.
    pub(crate) fn begin(&mut self, config: &Config) {
        self.terminal.begin(self.mode, config);
    }

    /// Says what happened; `lines` say the same to programs.
    ///
    /// # Errors
    /// What to say of lines that could not be written, the first time.
    pub(crate) fn event(
        &mut self,
        event: &Event,
        lines: &[u8],
        config: &Config,
        hunt: &Hunt,
    ) -> Result<(), String> {
        self.terminal.event(event, config, hunt);
        if let Some(whole) = &mut self.whole {
            whole.hear(event, lines, config);
        }
        match &mut self.events {
            Some(events) => events.append(lines),
            None => Ok(()),
        }
    }

    /// The last lines: each thread's result, and where things are; and the
    /// reports of the whole.
    pub(crate) fn closing(&mut self, config: &Config, hunt: &Hunt) {
        self.terminal.closing(config, hunt);
        let written = self.events.as_mut().map_or(Ok(()), Events::finish);
        if let Err(missing) = written {
            self.terminal.warn(&missing);
        }
        if let Some(whole) = &self.whole {
            for failed in whole.write() {
                self.terminal.warn(&failed);
            }
        }
    }
}

/// How the status is shown, here.
fn mode(progress: Progress) -> Result<Mode, Refusal> {
    let is_terminal = io::stderr().is_terminal();
    let can_draw = std::env::var_os("TERM").is_some_and(|t| t != "dumb");
    match progress {
        Progress::Auto if is_terminal && can_draw => Ok(Mode::Area),
        Progress::Auto | Progress::Plain => Ok(Mode::Lines),
        Progress::Bar if is_terminal => Ok(Mode::Area),
        Progress::Bar => Err(Refusal::new(
            "`--progress bar` needs a terminal on standard error",
            "leave it out, or choose `--progress plain`",
        )),
        Progress::None => Ok(Mode::Nothing),
    }
}

#[cfg(test)]
mod tests;
