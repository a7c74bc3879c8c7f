//! The keeper's side: it alone knows what was made, and does to it only what
//! comes next. Whatever is asked, in whatever order, nothing that this hunt did
//! not make is touched.

mod beside;
mod golden;
mod look;
mod state;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail, ensure};

use super::request::{Answer, Prepared, Reply, Request};
use crate::attempt::launch::{self, Launched};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome;
use crate::attempt::output::Output;
use crate::attempt::reader::Reader;
use crate::attempt::sys;
use crate::attempt::view::{self, Backdrop, Scene, View};
use crate::config::Config;
use crate::record;
use crate::slate::clean::{Cleaner, Extent, Plan};
use crate::slate::room;
use crate::slate::{
    Left, Origin, Place, Rest, Slate, Source, Unprepared, Wanted, Working,
};
use state::{Entry, Held, Stage, State};

/// How long the keeper waits, before it ends, for what it is about to do.
const BUSY_MAX: Duration = Duration::from_secs(60);
/// So much that can't go is named, so that an answer holds it.
const LEFT_MAX: usize = 100;
const OUT_OF_TURN: &str = "this is not what comes next";

/// All that needs rights, for one hunt.
#[derive(Debug)]
pub(crate) struct Server {
    config: Arc<Config>,
    source: OnceLock<Source>,
    /// Empty where attempts see what everybody sees.
    backdrop: OnceLock<Backdrop>,
    state: Mutex<State>,
    /// Something that was under way is done.
    is_done: Condvar,
}

/// Where everything of the hunt is.
#[derive(Debug, Clone)]
struct Ground {
    working: Arc<Working>,
    place: Arc<Place>,
}

impl Server {
    pub(crate) fn new(config: Arc<Config>) -> Server {
        Server {
            config,
            source: OnceLock::new(),
            backdrop: OnceLock::new(),
            state: Mutex::default(),
            is_done: Condvar::new(),
        }
    }

    pub(crate) fn answer(&self, request: Request) -> Answer {
        let answer = match request {
            Request::Clean => self.clean(),
            Request::Check => self.check(),
            Request::Open { first_ms } => self.open(first_ms),
            Request::Record => self.record(),
            Request::Golden => self.create_golden(),
            Request::FinishGolden => self.finish_golden(),
            Request::RetireGolden => self.retire_golden(),
            Request::LeaveGolden => self.leave_golden(),
            Request::Shortage => self.shortage(),
            Request::Prepare(name) => self.prepare(name),
            Request::Reveal(name) => self.reveal(name),
            Request::IsFull(name) => self.is_full(name),
            Request::Examine(name) => self.examine(name),
            Request::Freeze(name) => self.freeze(name),
            Request::Root(name) => self.root(name),
            Request::Cores(name) => self.cores(name),
            Request::Collect(name) => self.collect(name),
            Request::Keep { name, word } => self.keep(name, &word),
            Request::Retire(name) => self.retire(name),
            Request::Finish => self.finish(),
            Request::Close => self.close(),
        };
        answer.unwrap_or_else(Answer::from)
    }

    /// When nobody asks any more: ends what runs. If gocrash was killed, all
    /// stays as it was then: of a run that failed nobody may have said yet that
    /// its slate is to be kept.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.is_ending = true;
        let is_busy = |state: &mut State| state.is_busy();
        let waited = self.is_done.wait_timeout_while(state, BUSY_MAX, is_busy);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let held = state.take_all();
        let golden = state.golden.take_unfinished();
        drop(state);
        for Held { supervisor, .. } in held {
            supervisor.end();
        }
        drop(golden);
    }

    /// The last that is done.
    pub(crate) fn leave(&self) {
        if let Some(source) = self.source.get() {
            source.leave(&self.config.origin);
        }
    }

    /// What was unfinished when the hunt broke off is in nobody's way when it
    /// can't go: no number is used twice.
    fn clean(&self) -> anyhow::Result<Answer> {
        self.step(Stage::New, || {
            let resumed = self.config.resumed.as_ref().context(OUT_OF_TURN)?;
            let mut cleaner = Cleaner::new(&resumed.found)?;
            let Plan { go, stay: mut left } =
                cleaner.plan(Extent::Unfinished)?;
            for piece in go.into_iter().filter(|p| !p.is_foundation) {
                if self.state().is_ending {
                    break;
                }
                let last = piece.name.rsplit('/').next();
                let attempt = last.and_then(|name| name.parse().ok());
                if attempt.is_some_and(|name| resumed.cut_off.contains(&name)) {
                    let why = "it ran when the host went down".to_owned();
                    left.push(Left { name: piece.name, why });
                    continue;
                }
                if let Rest::Left(piece) = cleaner.remove(piece) {
                    left.push(piece);
                }
            }
            let more = left.len().saturating_sub(LEFT_MAX);
            if more > 0 {
                left.truncate(LEFT_MAX);
                let name = resumed.found.name.clone();
                left.push(Left { name, why: format!("holds {more} more") });
            }
            Ok((Stage::New, Reply::Cleaned(left).into()))
        })
    }

    fn check(&self) -> anyhow::Result<Answer> {
        self.step(Stage::New, || {
            let Config { origin, suite, at, person, .. } = &*self.config;
            let source = Source::open(origin)?;
            // Some systems' libraries leave /dev/zfs open across exec.
            sys::close_descriptors_on_exec();
            if let Some(at) = at {
                view::probe(&format!("--at {}", at.display()), at)?;
            }
            if self.config.private_tmp {
                check_tmp(&source, &self.config)?;
            }
            let seen = source.check(&Wanted {
                origin: origin.clone(),
                cwd: suite.cwd.clone(),
                script: suite.script.clone(),
                reader: Reader::of(person),
            })?;
            // Where the suite sees its slate somewhere else, the way to where
            // it is need not be open.
            if at.is_none() {
                if let Some(place) = source.place(origin)? {
                    person.check_way(&place)?;
                }
            }
            let _ = self.source.set(source);
            Ok((Stage::Checked, Reply::Seen(seen).into()))
        })
    }

    fn open(&self, first_ms: u64) -> anyhow::Result<Answer> {
        self.step(Stage::Checked, || {
            let Config { origin, limits, resumed, .. } = &*self.config;
            let source = self.source()?;
            let (mut working, place) = match resumed {
                None => {
                    let first_ms = u128::from(first_ms);
                    source.create_working(origin, *limits, first_ms)?
                }
                Some(resumed) => {
                    let name = &resumed.found.name;
                    source.reopen_working(origin, *limits, name)?
                }
            };
            // Before the first slate is mounted.
            if let Err(error) = self.set_stage(&working) {
                if working.is_reopened {
                    return Err(error);
                }
                return Err(match source.close(&place) {
                    Rest::Gone => error,
                    Rest::Left(left) => error.context(left),
                });
            }
            let min_bytes = working.min_free_bytes;
            working.has_plenty = room::has_plenty(&working.path, min_bytes);
            let ground = Ground {
                working: Arc::new(working.clone()),
                place: Arc::new(place),
            };
            self.state().ground = Some(ground);
            Ok((Stage::Open, Reply::Opened(working).into()))
        })
    }

    /// Makes the backdrop, where one is needed.
    fn set_stage(&self, working: &Working) -> anyhow::Result<()> {
        let at = self.config.at.clone();
        let tmp = self.config.private_tmp.then_some(Path::new(view::TMP));
        // A slate that is attached anew needs a way to it.
        let is_anew = at.is_none() && tmp.is_some();
        let hide = working.to_hide().or(is_anew.then(|| working.path.clone()));
        let view = View { at, tmp, hide };
        if view.is_plain() {
            return Ok(());
        }
        let made = Backdrop::new(view, &working.path)
            .context("cannot give attempts a view of their own")?;
        let _ = self.backdrop.set(made);
        Ok(())
    }

    fn record(&self) -> anyhow::Result<Answer> {
        let Ground { working, .. } = self.ground()?;
        let is_again = std::mem::replace(&mut self.state().is_recorded, true);
        ensure!(!is_again, OUT_OF_TURN);
        let reader = self.config.person.ids_to_take().map(|ids| ids.gid);
        let (files, error) =
            self.source()?.as_owner(|| record::open_files(&working, reader));
        let why_not = error.map(|error| format!("{error:#}"));
        let files = files.into_iter().map(Into::into).collect();
        Ok(Answer { reply: Reply::Recorded { why_not }, files })
    }

    fn shortage(&self) -> anyhow::Result<Answer> {
        let Ground { working, place } = self.ground()?;
        let shortage = self.source()?.shortage(&working, &place)?;
        Ok(Reply::Shortage(shortage).into())
    }

    fn prepare(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let ground = self.ground()?;
        self.state().begin(name, self.config.concurrency)?;
        let made = self.make(name, &ground);
        let mut state = self.state();
        let answer = match made {
            Ok((held, prepared, files)) => {
                state.slates.insert(name, Entry::Waits(held));
                state.use_up(name);
                Answer { reply: Reply::Prepared(prepared), files }
            }
            Err(unprepared) => {
                // Of what is left, nothing more is made under this name.
                if unprepared.left.is_some() {
                    state.use_up(name);
                }
                state.slates.remove(&name);
                Reply::Unprepared(unprepared).into()
            }
        };
        self.is_done.notify_all();
        Ok(answer)
    }

    fn make(
        &self,
        name: AttemptName,
        ground: &Ground,
    ) -> Result<(Held, Prepared, Vec<OwnedFd>), Unprepared> {
        let nothing = |error: anyhow::Error| Unprepared {
            why: format!("{error:#}"),
            left: None,
        };
        let Ground { working, place } = ground;
        let source = self.source().map_err(nothing)?;
        let owner = self.config.person.ids_to_take();
        let (slate, output) = source.prepare(place, name, owner.as_ref())?;
        let replaced = output.replaced.iter();
        let replaced = replaced.map(|name| (*name).to_owned()).collect();
        // Where they can't be had, nothing of it is shown.
        let copies = [output.stdout.try_clone(), output.stderr.try_clone()];
        let copies = copies.into_iter().collect::<std::io::Result<Vec<_>>>();
        match self.launch(name, &slate, output, &working.session) {
            Ok((Launched { supervisor, control }, steps)) => {
                let copies = copies.unwrap_or_default().into_iter();
                let files = copies.map(OwnedFd::from);
                let files = std::iter::once(control).chain(files).collect();
                let prepared = Prepared {
                    guid: slate.guid(),
                    path: slate.path.clone(),
                    stdout_path: slate.stdout_path(),
                    replaced,
                    steps,
                    supervisor: supervisor.pid().as_raw(),
                };
                let held = Held { slate, supervisor, shown: None };
                Ok((held, prepared, files))
            }
            Err(error) => Err(Unprepared {
                why: format!("{error:#}"),
                left: match source.retire(place, slate) {
                    Rest::Gone => None,
                    Rest::Left(left) => Some(left),
                },
            }),
        }
    }

    fn launch(
        &self,
        name: AttemptName,
        slate: &Slate,
        output: Output,
        session: &str,
    ) -> anyhow::Result<(Launched, Vec<String>)> {
        let Config { suite, person, private_tmp, .. } = &*self.config;
        if *private_tmp {
            let owner = person.ids_to_take();
            self.source()?.make_tmp(slate, owner.as_ref())?;
        }
        let seen_at = self.config.seen_at(&slate.path);
        let scene = self.backdrop.get().map(|backdrop| {
            backdrop
                .scene(&slate.here(), &slate.path)
                .context("cannot show the slate to the suite alone")
        });
        let scene = scene.transpose()?;
        let scene = scene.as_ref();
        let cwd = launch::cwd(seen_at, suite);
        let env = launch::environment(Some(name), suite, session, &cwd);
        let launched =
            launch::launch(suite, person, &env, seen_at, scene, output)?;
        Ok((launched, scene.map_or_else(Vec::new, Scene::steps)))
    }

    fn reveal(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let mut held = self.state().take_waiting(name)?;
        held.shown = Some(SystemTime::now());
        let revealed = self.source().and_then(|source| {
            source.reveal(&mut held.slate)?;
            // What can't be told is no shortage.
            Ok(source.is_full(&held.slate).unwrap_or_default())
        });
        self.put(name, Entry::Shown(held));
        Ok(Reply::Shortage(revealed?).into())
    }

    fn is_full(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let held = self.state().take_shown(name)?;
        let full = self.source().and_then(|s| s.is_full(&held.slate));
        self.put(name, Entry::Shown(held));
        Ok(Reply::Shortage(full?).into())
    }

    fn keep(&self, name: AttemptName, word: &str) -> anyhow::Result<Answer> {
        ensure!(outcome::WORDS.contains(&word), "there is no such outcome");
        let Held { slate, supervisor, .. } = self.state().take_shown(name)?;
        supervisor.end();
        let stays_mounted = self.config.hooks.need_kept_mounted();
        let kept =
            self.source().and_then(|s| s.keep(&slate, word, stays_mounted));
        self.settle(name);
        kept.map(|()| Reply::Done.into())
    }

    fn retire(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let Ground { place, .. } = self.ground()?;
        let Held { slate, supervisor, .. } = self.state().take_any(name)?;
        // Its processes, if there are any, hold the slate.
        supervisor.end();
        let rest = self.source().map(|source| source.retire(&place, slate));
        self.settle(name);
        Ok(Reply::Rest(rest?).into())
    }

    fn finish(&self) -> anyhow::Result<Answer> {
        self.step(Stage::Open, || {
            ensure!(self.state().is_settled(), OUT_OF_TURN);
            let drift = self.source()?.finish();
            Ok((Stage::Finished, Reply::Drift(drift).into()))
        })
    }

    fn close(&self) -> anyhow::Result<Answer> {
        let Ground { place, .. } = self.ground()?;
        let stage = match self.state().stage {
            Stage::Finished => Stage::Finished,
            _ => Stage::Open,
        };
        self.step(stage, || {
            ensure!(self.state().is_settled(), OUT_OF_TURN);
            let rest = self.source()?.close(&place);
            Ok((Stage::Closed, Reply::Rest(rest).into()))
        })
    }

    /// Does what leads from one stage to another, once.
    fn step(
        &self,
        from: Stage,
        work: impl FnOnce() -> anyhow::Result<(Stage, Answer)>,
    ) -> anyhow::Result<Answer> {
        {
            let mut state = self.state();
            ensure!(state.stage == from && !state.is_ending, OUT_OF_TURN);
            state.stage = Stage::Busy;
        }
        let done = work();
        let mut state = self.state();
        let answer = match done {
            Ok((stage, answer)) => {
                state.stage = stage;
                Ok(answer)
            }
            Err(error) => {
                state.stage = from;
                Err(error)
            }
        };
        self.is_done.notify_all();
        answer
    }

    fn put(&self, name: AttemptName, entry: Entry) {
        self.state().slates.insert(name, entry);
        self.is_done.notify_all();
    }

    /// It stays, or is gone: nothing more is done under its name.
    fn settle(&self, name: AttemptName) {
        self.state().slates.remove(&name);
        self.is_done.notify_all();
    }

    fn source(&self) -> anyhow::Result<&Source> {
        self.source.get().context(OUT_OF_TURN)
    }

    /// Where everything is, while it is there.
    fn ground(&self) -> anyhow::Result<Ground> {
        let state = self.state();
        if !matches!(state.stage, Stage::Open | Stage::Finished)
            || state.is_ending
        {
            bail!(OUT_OF_TURN);
        }
        state.ground.clone().context(OUT_OF_TURN)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole whatever panicked elsewhere: it is only put and taken.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a private `/tmp` that can't be had, or that would hide slates.
fn check_tmp(source: &Source, config: &Config) -> anyhow::Result<()> {
    view::probe("--private-tmp", Path::new(view::TMP))?;
    let place = match &config.origin {
        Origin::Overlay(tree) => Some(tree.state.clone()),
        origin => source.place(origin)?,
    };
    let help = "work elsewhere: `--parent DATASET`, or another \
                XDG_STATE_HOME; and not `--at` below `/tmp`";
    for place in place.iter().chain(&config.at) {
        view::check_tmp(place, help)?;
    }
    Ok(())
}
