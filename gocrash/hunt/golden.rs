//! What `--prepare` does: the person's command runs once, as they and where the
//! suite will, and every attempt starts from what it left.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::Receiver;

use crate::attempt::clock::{Clock, Wake};
use crate::attempt::outcome::Outcome;
use crate::attempt::sys::Control;
use crate::attempt::timer::{Pace, Timeout, Timer};
use crate::attempt::{Kill, Ready, Watched, launch};
use crate::config::Config;
use crate::keeper::Asker;
use crate::keeper::request::Golden;
use crate::slate::{Left, Rest, Working};

/// Its output, in the working dataset, where no attempt can write.
pub(crate) const LOG: &str = "prepare.log";

/// So much of its end is shown when the command fails.
const TAIL_BYTES_MAX: u64 = 4096;
const TAIL_LINES_MAX: usize = 10;

/// Why attempts have nothing to start from.
#[derive(Debug)]
pub(crate) struct Spoiled {
    pub(crate) why: String,
    /// The last lines of what the command printed.
    pub(crate) tail: Vec<String>,
    /// What became of the clone.
    pub(crate) rest: Rest,
}

impl Spoiled {
    /// Nothing was made.
    pub(super) fn by(error: &anyhow::Error) -> Spoiled {
        let why = format!("{error:#}");
        Spoiled { why, tail: Vec::new(), rest: Rest::Gone }
    }
}

/// The hand that prepares.
#[derive(Debug)]
pub(super) struct Groom {
    pub(super) config: Arc<Config>,
    pub(super) asker: Asker,
    pub(super) working: Working,
    pub(super) kills: Receiver<Kill>,
    pub(super) clock: Arc<Clock>,
    pub(super) wakes: Receiver<Wake>,
}

impl Groom {
    /// Gives the hunt's working dataset, where slates are clones of what was
    /// prepared from now on.
    pub(super) fn prepare(self) -> Result<Working, Spoiled> {
        let made = self.asker.create_golden();
        let (golden, control, log) = made.map_err(|e| Spoiled::by(&e))?;
        match self.run(&golden, control) {
            Ok(Outcome::Passed) => match self.asker.finish_golden() {
                Ok(guid) => Ok(self.working.with_golden(guid)),
                Err(error) => {
                    let why =
                        format!("cannot keep what was prepared: {error:#}");
                    Err(self.spoiled(why, &golden))
                }
            },
            Ok(outcome @ Outcome::Interrupted) => {
                Err(self.spoiled(outcome.to_string(), &golden))
            }
            Ok(outcome) => {
                // It is named as left, whether that is known there or not.
                let _ = self.asker.leave_golden();
                let path = golden.log.display();
                Err(Spoiled {
                    why: format!("`--prepare`: {outcome} (see {path})"),
                    tail: tail(log).unwrap_or_default(),
                    rest: Rest::Left(Left {
                        name: golden.dataset,
                        why: "as the command of `--prepare` left it".to_owned(),
                    }),
                })
            }
            Err(error) => {
                let why = format!("`--prepare`: {error:#}");
                Err(self.spoiled(why, &golden))
            }
        }
    }

    /// Has it destroyed.
    fn spoiled(&self, why: String, golden: &Golden) -> Spoiled {
        let rest = self.asker.retire_golden().unwrap_or_else(|error| {
            Rest::Left(Left {
                name: golden.dataset.clone(),
                why: format!("{error:#}"),
            })
        });
        Spoiled { why, tail: Vec::new(), rest }
    }

    fn run(
        &self,
        golden: &Golden,
        control: Control,
    ) -> anyhow::Result<Outcome> {
        let person = &self.config.person;
        let suite = self.config.preparation();
        let cwd = launch::cwd(self.config.seen_at(&golden.path), &suite);
        let steps = golden.steps.clone();
        let ready =
            Ready::new(None, &suite, person, &cwd, control, steps, None)?;
        Ok(match ready.go().started() {
            Ok(attempt) => {
                let pace = Pace::default();
                let Groom { kills, clock, wakes, .. } = self;
                let now = Instant::now();
                let timer = Timer::new(Timeout::None, &pace, clock, wakes, now);
                match attempt.watch(kills, &timer) {
                    Watched::Ended(end) => end.outcome,
                    Watched::Late(_) => unreachable!("nothing limits its time"),
                }
            }
            Err(infra) => Outcome::Infra(infra),
        })
    }
}

/// The last lines of the file, fit to be shown.
pub(crate) fn tail(mut file: File) -> std::io::Result<Vec<String>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // Whoever wrote it does not get at the terminal.
    let plain = |line: &str| line.replace(|c: char| c.is_control(), " ");
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES_MAX);
    Ok(lines[first..].iter().map(|line| plain(line)).collect())
}
