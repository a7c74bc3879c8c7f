//! Reports: the only rooms that print.

mod events;
pub(crate) mod terminal;

use crate::config::{Config, Destination};
use crate::hunt::{Event, Hunt};
use crate::refusal::Refusal;
use events::Events;
use terminal::Terminal;

/// All that tell of a hunt.
#[derive(Debug)]
pub(crate) struct Reports {
    terminal: Terminal,
    events: Option<Events>,
}

impl Reports {
    /// Refuses what can't be written to.
    pub(crate) fn open(config: &Config) -> Result<Reports, Refusal> {
        let terminal = match config.events {
            Some(Destination::Stdout) => Terminal::aside(),
            _ => Terminal::new(),
        };
        let open = |destination| Events::open(destination, config);
        let events = config.events.as_ref().map(open).transpose()?;
        Ok(Reports { terminal, events })
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
        match &mut self.events {
            Some(events) => events.append(lines),
            None => Ok(()),
        }
    }

    /// The last lines: each thread's result, and where things are.
    pub(crate) fn closing(&mut self, config: &Config, hunt: &Hunt) {
        self.terminal.closing(config, hunt);
    }
}
