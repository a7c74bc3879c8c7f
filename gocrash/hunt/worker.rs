//! The hands of a thread: each takes orders and decides nothing. One runs an
//! attempt while some make the next slates ready and some take the last ones
//! away.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam::channel::Receiver;

use crate::attempt::aside::Hurry;
use crate::attempt::clock::{Clock, Wake};
use crate::attempt::leaks::Leaks;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::output::NAMES;
use crate::attempt::results;
use crate::attempt::said::Logs;
use crate::attempt::timer::{Pace, Timer};
use crate::attempt::{Attempt, End, Kill, Ready, Watched, launch};
use crate::config::Config;
use crate::hunt::event::{Event, Span, Voice};
use crate::hunt::hooks::{Facts, Moment};
use crate::hunt::shelf::{Held, Shelf};
use crate::hunt::sift;
use crate::hunt::turnstile::Turnstile;
use crate::keeper::Asker;
use crate::slate::collect::Collected;
use crate::slate::room::{LastShortage, Shortage};
use crate::slate::{Left, Rest, Unprepared, Working};

/// How often room is looked for before one answers that there is none, and
/// how long apart: two seconds.
const ROOM_LOOKS_MAX: u32 = 11;
const ROOM_PAUSE: Duration = Duration::from_millis(200);
/// What keeps a slate from being made may pass in a while.
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);

/// What the coordinator wants done; each order is answered by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Make a slate for this attempt, and a process that waits to run in it.
    Prepare(AttemptName),
    /// Run the attempt.
    Run(AttemptName),
    /// Let the slate stay, marked with this word.
    Keep(AttemptName, &'static str),
    /// Destroy the slate.
    Retire(AttemptName),
}

/// One hand of one thread of the hunt.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) asker: Asker,
    pub(crate) working: Working,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) last_shortage: Arc<LastShortage>,
    pub(crate) turnstile: Arc<Turnstile>,
    pub(crate) orders: Receiver<Order>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) kills: Receiver<Kill>,
    pub(crate) wakes: Receiver<Wake>,
    pub(crate) voice: Voice,
}

impl Worker {
    /// Ends with the coordinator, so it never outlives the hunt.
    pub(crate) fn work(self) {
        while let Ok(order) = self.orders.recv() {
            let event = match order {
                Order::Prepare(name) if !self.turnstile.pass() => {
                    Event::Forgone(name)
                }
                Order::Prepare(name) => match self.shortage() {
                    Some(shortage) => {
                        self.turnstile.give_back();
                        Event::NoRoom(name, shortage)
                    }
                    None => {
                        let prepared = self.prepare(name);
                        if prepared.is_err() {
                            thread::sleep(TROUBLE_PAUSE);
                        }
                        Event::Prepared(name, prepared)
                    }
                },
                Order::Run(name) => {
                    let mut held = self.take(name);
                    let mut go = Instant::now();
                    let still = self.clock.still();
                    let End { outcome, at, leaks } =
                        self.run(name, &mut held, &mut go);
                    held.outcome = Some(outcome.clone());
                    self.shelf.put(name, held);
                    let go = go + (self.clock.still() - still);
                    Event::Ended(name, outcome, Span { go, exit: at }, leaks)
                }
                Order::Keep(name, word) => {
                    let held = self.take(name);
                    self.save(name, &held);
                    let kept = self.asker.keep(name, word);
                    self.tell(name, &held);
                    Event::Kept(name, kept)
                }
                Order::Retire(name) => {
                    // Its processes, if there are any, hold the slate.
                    let held = self.take(name);
                    self.save(name, &held);
                    let waits = held.ready.is_some();
                    drop(held);
                    Event::Retired(name, self.retire(name, waits))
                }
            };
            self.voice.say(event);
        }
    }

    fn take(&self, name: AttemptName) -> Held {
        self.shelf.take(name).expect("an order follows what put it there")
    }

    /// What is short; after a while, since ZFS frees behind what is destroyed.
    fn shortage(&self) -> Option<Shortage> {
        // What can't be told is for the work itself to find out.
        let ask = || self.asker.shortage().unwrap_or_default();
        for _ in 1..ROOM_LOOKS_MAX {
            ask()?;
            thread::sleep(ROOM_PAUSE);
        }
        ask()
    }

    /// Gives what tells the slate from another one of its name.
    fn prepare(&self, name: AttemptName) -> Result<String, Unprepared> {
        let (prepared, control, logs) = self.asker.prepare(name)?;
        let Config { suite, person, .. } = &*self.config;
        let cwd = launch::cwd(self.config.seen_at(&prepared.path), suite);
        let steps = prepared.steps.clone();
        let name_of = Some(name);
        match Ready::new(name_of, suite, person, &cwd, control, steps, logs) {
            Ok(ready) => {
                let guid = prepared.guid.clone();
                let ready = Some(ready);
                let (began, outcome) = (None, None);
                let held = Held { prepared, ready, began, outcome };
                self.shelf.put(name, held);
                Ok(guid)
            }
            Err(error) => Err(Unprepared {
                why: format!("{error:#}"),
                left: match self.retire(name, true) {
                    Rest::Gone => None,
                    Rest::Left(left) => Some(left),
                },
            }),
        }
    }

    /// Destroys its slate, which may have been for an attempt that never began.
    fn retire(&self, name: AttemptName, waits: bool) -> Rest {
        self.asker.retire(name).unwrap_or_else(|error| {
            Rest::Left(Left {
                name: self.working.slate(name, waits),
                why: format!("{error:#}"),
            })
        })
    }

    /// Also gives the moment when the suite was let go, if it was.
    fn run(&self, name: AttemptName, held: &mut Held, go: &mut Instant) -> End {
        let end_now = |infra| End {
            outcome: Outcome::Infra(infra),
            at: Instant::now(),
            leaks: Leaks::default(),
        };
        let mut ready = held.ready.take().expect("a slate is used once");
        let begin = Instant::now();
        match self.asker.reveal(name) {
            Ok(Some(shortage)) => self.last_shortage.note(shortage),
            Ok(None) => {}
            Err(error) => {
                return end_now(Infra::Passing(format!("{error:#}")));
            }
        }
        if self.config.hooks.start.is_some() {
            let hurry = Hurry::new(&self.kills);
            let nothing = Facts::default();
            self.hook(Moment::Start, name, &held.prepared, &nothing, &hurry);
            if hurry.is_asked_for() {
                let end = end_now(Infra::Passing(String::new()));
                return End { outcome: Outcome::Interrupted, ..end };
            }
        }
        let stdout_path = held.prepared.stdout_path.clone();
        let logs = ready.logs.take();
        let began = SystemTime::now();
        held.began = Some(began);
        let going = ready.go();
        *go = going.at();
        self.voice.say(Event::Started(name, stdout_path, *go));
        let replaced = &held.prepared.replaced;
        let replaced: Vec<&'static str> = NAMES
            .into_iter()
            .filter(|name| replaced.iter().any(|other| other == name))
            .collect();
        if !replaced.is_empty() {
            self.voice.say(Event::Replaced(name, replaced));
        }
        match going.started() {
            Ok(attempt) => {
                let (end, took) = self.watch(name, attempt, held, *go);
                let outcome = self.told(end.outcome, logs.as_ref());
                let outcome = self.judge(outcome, name, begin);
                if outcome.is_pass() {
                    self.pace.passed(took);
                }
                let junit = self.junit(&outcome, name, began);
                if outcome.is_pass() {
                    let flaky = sift::flaky(&junit);
                    let sifted = flaky.map(|s| Event::Sifted(name, s));
                    sifted.into_iter().for_each(|event| self.voice.say(event));
                }
                let outcome = match logs.filter(|_| outcome.is_loud()) {
                    Some(logs) => self.read(name, outcome, &logs, &junit),
                    None => outcome,
                };
                End { outcome, ..end }
            }
            Err(infra) => end_now(infra),
        }
    }
}

impl Worker {
    /// Where the output decides, it is read.
    fn told(&self, outcome: Outcome, logs: Option<&Logs>) -> Outcome {
        self.config.patterns.judge(outcome, logs).unwrap_or_else(|error| {
            let what = format!("cannot read what the suite printed: {error}");
            Outcome::Infra(Infra::Passing(what))
        })
    }

    /// Also tells how long it took.
    fn watch(
        &self,
        name: AttemptName,
        attempt: Attempt,
        held: &Held,
        go: Instant,
    ) -> (End, Duration) {
        let Worker { config, pace, clock, .. } = self;
        let timer = Timer::new(config.timeout, pace, clock, &self.wakes, go);
        match attempt.watch(&self.kills, &timer) {
            Watched::Ended(end) => {
                let took = timer.took(end.at);
                (end, took)
            }
            Watched::Late(attempt) => {
                let after = timer.took(Instant::now());
                (self.end_hang(name, attempt, &held.prepared, after), after)
            }
        }
    }

    /// Saves what is wanted of a slate in which the suite came to its end.
    fn save(&self, name: AttemptName, held: &Held) {
        let Some(outcome) = &held.outcome else { return };
        if outcome.is_failure() {
            self.save_cores(name, &held.prepared, held.began);
        }
        let has_ended =
            !matches!(outcome, Outcome::Interrupted | Outcome::Infra(_));
        if self.config.collect.is_empty() || !has_ended {
            return;
        }
        let collected =
            self.asker.collect(name).unwrap_or_else(|error| Collected {
                trouble: Some(format!("{error:#}")),
                ..Collected::default()
            });
        if collected != Collected::default() {
            self.voice.say(Event::Collected(name, collected));
        }
    }

    /// When the slate is kept: whoever wants to know is told.
    fn tell(&self, name: AttemptName, held: &Held) {
        let outcome = held.outcome.as_ref();
        if outcome.is_some_and(Outcome::is_failure) {
            let facts = Facts { outcome, pid: None };
            let hurry = Hurry::new(&self.kills);
            self.hook(Moment::Failure, name, &held.prepared, &facts, &hurry);
        }
    }

    /// A suite can't be blamed for a pool that was full. Its words may not even
    /// have come into its log.
    fn judge(
        &self,
        outcome: Outcome,
        name: AttemptName,
        begin: Instant,
    ) -> Outcome {
        if !outcome.may_be_for_want_of_room() {
            return outcome;
        }
        // What can't be told is no shortage.
        if let Ok(Some(shortage)) = self.asker.is_full(name) {
            self.last_shortage.note(shortage);
        }
        match self.last_shortage.since(begin) {
            Some(shortage) => {
                Outcome::Infra(Infra::NoSpace(format!("{shortage}; {outcome}")))
            }
            None => outcome,
        }
    }

    /// Tells what it printed, and what the rules say about that: before the
    /// next attempt, which is to start only if they say so.
    fn read(
        &self,
        name: AttemptName,
        outcome: Outcome,
        logs: &Logs,
        junit: &[Vec<u8>],
    ) -> Outcome {
        self.voice.say(Event::Said(name, logs.ends()));
        if !outcome.is_failure() {
            return outcome;
        }
        let rules = &self.config.rules;
        let sifted = sift::sift(&outcome, logs, junit, rules);
        let outcome = sifted.judge(outcome);
        self.voice.say(Event::Sifted(name, sifted));
        outcome
    }

    /// The files of `--results` that it left, if it says anything.
    fn junit(
        &self,
        outcome: &Outcome,
        name: AttemptName,
        began: SystemTime,
    ) -> Vec<Vec<u8>> {
        let Config { results, person, .. } = &*self.config;
        if !outcome.is_verdict() || results.is_empty() {
            return Vec::new();
        }
        // What can't be opened can't be read.
        let Ok(root) = self.asker.root(name) else { return Vec::new() };
        let owner = person.ids_to_take().map(|ids| ids.uid);
        results::read(results, root, owner, began)
    }
}
