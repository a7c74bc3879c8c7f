//! What `--prepare` does: the person's command runs once, as they and where the
//! suite will, and every attempt starts from what it left.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context;
use crossbeam::channel::Receiver;

use crate::attempt::clock::{Clock, Wake};
use crate::attempt::outcome::Outcome;
use crate::attempt::output::{self, Output};
use crate::attempt::timer::{Pace, Timeout, Timer};
use crate::attempt::view::Backdrop;
use crate::attempt::{Kill, Ready, Watched};
use crate::config::{Config, Suite};
use crate::record::read;
use crate::slate::{Golden, Left, Rest, Source, Working};

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

/// The hand that prepares.
#[derive(Debug)]
pub(super) struct Groom {
    pub(super) config: Arc<Config>,
    pub(super) source: Source,
    pub(super) working: Working,
    pub(super) backdrop: Arc<OnceLock<Backdrop>>,
    pub(super) kills: Receiver<Kill>,
    pub(super) clock: Arc<Clock>,
    pub(super) wakes: Receiver<Wake>,
}

impl Groom {
    /// Gives the hunt's working dataset with what slates are to be clones of.
    pub(super) fn prepare(&self) -> Result<Working, Spoiled> {
        let spoiled =
            |why: String, rest| Spoiled { why, tail: Vec::new(), rest };
        let golden = self.source.create_golden(&self.working).map_err(|e| {
            spoiled(
                format!("cannot make a clone to prepare: {e:#}"),
                Rest::Gone,
            )
        })?;
        let retire =
            |golden: &Golden| self.source.retire_golden(&self.working, golden);
        let log = self.working.path.join(LOG);
        match self.run(&golden, &log) {
            Ok(Outcome::Passed) => self
                .source
                .finish_golden(&self.working, &golden)
                .map_err(|error| {
                    let why =
                        format!("cannot keep what was prepared: {error:#}");
                    spoiled(why, retire(&golden))
                }),
            Ok(outcome @ Outcome::Interrupted) => {
                Err(spoiled(outcome.to_string(), retire(&golden)))
            }
            Ok(outcome) => Err(Spoiled {
                why: format!("`--prepare`: {outcome} (see {})", log.display()),
                tail: tail(&log).unwrap_or_default(),
                rest: Rest::Left(Left {
                    name: golden.dataset.to_string(),
                    why: "as the command of `--prepare` left it".to_owned(),
                }),
            }),
            Err(error) => {
                let why = format!("`--prepare`: {error:#}");
                Err(spoiled(why, retire(&golden)))
            }
        }
    }

    fn run(&self, golden: &Golden, log: &Path) -> anyhow::Result<Outcome> {
        let Config { suite, prepare, person, .. } = &*self.config;
        let suite = Suite {
            program: "sh".into(),
            args: vec!["-c".into(), prepare.clone().unwrap_or_default()],
            cwd: suite.cwd.clone(),
            script: None,
            cores: false,
            env: suite.env.clone(),
        };
        let log = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(log)
            .with_context(|| format!("cannot create `{}`", log.display()))?;
        let output = Output {
            stdout: log.try_clone()?,
            stderr: log,
            replaced: Vec::new(),
        };
        let Golden { path, .. } = golden;
        if self.config.private_tmp {
            let owner = person.ids_to_take();
            output::make_tmp(&output::open_directory(path)?, owner.as_ref())?;
        }
        let scene = self.backdrop.get().map(|b| b.scene(path, path));
        let scene = scene.transpose()?;
        let (ready, supervisor) = Ready::new(
            None,
            &suite,
            person,
            &self.working.session,
            self.config.seen_at(path),
            scene.as_ref(),
            output,
        )?;
        // It holds the slate as well.
        drop(scene);
        let outcome = match ready.go().started() {
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
        };
        supervisor.end();
        Ok(outcome)
    }
}

/// The last lines of the file, fit to be shown.
pub(crate) fn tail(path: &Path) -> std::io::Result<Vec<String>> {
    let mut file = read::open(path)?;
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
