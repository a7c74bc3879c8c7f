//! The hunt: a coordinator that alone owns its state, threads of three hands
//! that prepare, run and settle attempts, and one channel of events between
//! them.

pub(crate) mod event;
pub(crate) mod golden;
mod shelf;
pub(crate) mod sift;
mod signals;
mod state;
mod worker;

pub(crate) use event::Event;
pub(crate) use state::{Hunt, Step};

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use crossbeam::channel::{Receiver, Sender, bounded, never};

use crate::attempt::view::{self, Backdrop, View};
use crate::attempt::{Kill, sys};
use crate::config::Config;
use crate::exit::Verdict;
use crate::record::Record;
use crate::report::Reports;
use event::{Task, Voice, Who};
use golden::Groom;
use shelf::Shelf;
use worker::{Order, Worker};

use crate::slate::room::LastShortage;
use crate::slate::{Rest, Source, Wanted, Working};

/// Events that may wait for the coordinator before their senders do.
const EVENTS_WAITING_MAX: usize = 4096;
/// The state gives a hand no more orders than this before it has answered.
const ORDERS_WAITING_MAX: usize = state::SETTLING_MAX + 2;
/// An attempt is killed gently, then at once.
const KILLS_WAITING_MAX: usize = 2;
/// How long after the second signal gocrash waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hunts until a stop rule is met, a run fails, or a signal ends it.
pub(crate) fn run(
    config: Config,
    reports: &mut Reports,
) -> anyhow::Result<Verdict> {
    let record = Record::begin();
    let (events, heard) = bounded(EVENTS_WAITING_MAX);
    signals::report(&events)?;
    let source = Source::open(&config.origin)?;
    // Some systems' libraries leave /dev/zfs open across exec.
    sys::close_descriptors_on_exec();
    reports.begin(&config);
    let prepares = config.prepare.is_some();
    let hunt = Hunt::new(config.concurrency, config.stop_after, config.keep)
        .preparing(prepares);
    let config = Arc::new(config);
    let coordinator = Coordinator {
        hunt,
        config,
        source,
        events,
        heard,
        hands: Vec::new(),
        shelf: Arc::default(),
        last_shortage: Arc::default(),
        backdrop: Arc::default(),
        groom: None,
        patience_ends: None,
        record,
        unsaid: Vec::new(),
    };
    coordinator.run(reports)
}

/// Turns events into steps, by the state, and takes them.
struct Coordinator {
    hunt: Hunt,
    config: Arc<Config>,
    source: Source,
    events: Sender<Event>,
    heard: Receiver<Event>,
    /// How to reach each thread.
    hands: Vec<Hands>,
    shelf: Arc<Shelf>,
    last_shortage: Arc<LastShortage>,
    /// What the mount namespaces of attempts are copies of, if they have any.
    backdrop: Arc<OnceLock<Backdrop>>,
    /// How to reach what `--prepare` runs.
    groom: Option<Sender<Kill>>,
    patience_ends: Option<Instant>,
    record: Record,
    /// What it has noticed itself, to be heard of next: threads that could
    /// not be started, what could not be written.
    unsaid: Vec<Event>,
}

/// The three hands of a thread, each one behind a queue of its own.
struct Hands {
    stock: Sender<Order>,
    run: Sender<Order>,
    settle: Sender<Order>,
    kills: Sender<Kill>,
}

impl Hands {
    fn for_order(&self, order: &Order) -> &Sender<Order> {
        match order {
            Order::Prepare(_) => &self.stock,
            Order::Run(_) => &self.run,
            Order::Keep(..) | Order::Retire(_) => &self.settle,
        }
    }
}

impl Coordinator {
    fn run(mut self, reports: &mut Reports) -> anyhow::Result<Verdict> {
        self.check();
        loop {
            let event = self.next_event();
            let steps = self.hunt.apply(&event);
            let lines = self.record(&event, &steps);
            let mut over = false;
            // Before anything is printed: a slow reader slows no attempt.
            for step in steps {
                match step {
                    Step::Over => over = true,
                    step => self.take(step),
                }
            }
            let told = reports.event(&event, &lines, &self.config, &self.hunt);
            self.unsaid.extend(told.err().map(Event::Unrecorded));
            if over {
                for event in self.unsaid.drain(..) {
                    let _ =
                        reports.event(&event, &[], &self.config, &self.hunt);
                }
                reports.closing(&self.config, &self.hunt);
                return self.verdict(event);
            }
        }
    }

    /// Writes down what happened, before anything is done about it, and gives
    /// what was written.
    fn record(&mut self, event: &Event, steps: &[Step]) -> Vec<u8> {
        if let Event::Opened(Ok(working)) = event {
            let opened = self
                .source
                .as_owner(|| self.record.open(&self.config, working));
            if let Err(error) = opened {
                let why = format!("the record is not complete: {error:#}");
                self.unsaid.push(Event::Unrecorded(why));
            }
        }
        let lines = self.record.lines(event, steps, &self.hunt);
        if let Err(error) = self.record.append(&lines) {
            let why = format!("events are missing in the record: {error}");
            self.unsaid.push(Event::Unrecorded(why));
        }
        if steps.contains(&Step::Close) {
            self.record.close();
        }
        lines
    }

    /// What the program ends with; the error, where there was no hunt.
    fn verdict(self, last: Event) -> anyhow::Result<Verdict> {
        match last {
            Event::Checked(Err(error)) | Event::Opened(Err(error))
                if self.hunt.signal.is_none() =>
            {
                Err(error)
            }
            _ => Ok(self.hunt.verdict()),
        }
    }

    fn next_event(&mut self) -> Event {
        if let Some(event) = self.unsaid.pop() {
            return event;
        }
        match self.patience_ends {
            Some(instant) => self.heard.recv_deadline(instant).ok(),
            None => self.heard.recv().ok(),
        }
        .unwrap_or(Event::OutOfPatience)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Open => self.open(),
            Step::Prepare => self.prepare(),
            Step::StopPreparing(kill) => {
                if let Some(kills) = &self.groom {
                    let _ = kills.try_send(kill);
                }
            }
            Step::Start => self.start_workers(),
            // A hand that is gone has said so, or will.
            Step::Order(thread, order) => {
                let hands = &self.hands[usize::from(thread)];
                let _ = hands.for_order(&order).send(order);
            }
            Step::Kill(thread, kill) => {
                // When two are waiting, a third would say nothing new.
                let _ = self.hands[usize::from(thread)].kills.try_send(kill);
            }
            Step::Look => self.look(),
            Step::Close => self.close(),
            Step::Hurry => {
                self.patience_ends.get_or_insert(Instant::now() + PATIENCE);
            }
            Step::Over => unreachable!("the loop ends with it"),
        }
    }

    fn check(&mut self) {
        let Config { origin, suite, .. } = &*self.config;
        let wanted = Wanted {
            origin: origin.clone(),
            cwd: suite.cwd.clone(),
            script: suite.script.clone(),
        };
        self.hunt.at_risk = self.source.checking_risks(origin);
        let source = self.source.clone();
        let config = Arc::clone(&self.config);
        self.by_steward(move || {
            let check = || {
                view::probe(config.at.as_deref())?;
                let seen = source.check(&wanted)?;
                // Where the suite sees its slate somewhere else, the way to
                // where it is need not be open.
                if config.at.is_none() {
                    if let Some(place) = source.place(&config.origin)? {
                        config.person.check_way(&place)?;
                    }
                }
                Ok(seen)
            };
            Event::Checked(check())
        });
    }

    fn open(&mut self) {
        let origin = self.config.origin.clone();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A clock before 1970 gives a name as good as any other.
        let first_ms = now.map_or(0, |now| now.as_millis());
        self.hunt.at_risk = self.source.opening_risks(&origin, first_ms);
        let limits = self.config.limits;
        let at = self.config.at.clone();
        let backdrop = Arc::clone(&self.backdrop);
        let source = self.source.clone();
        self.by_steward(move || {
            let working = source.create_working(&origin, limits, first_ms);
            Event::Opened(working.and_then(|working| {
                // Before the first slate is mounted.
                match set_stage(&working, at, &backdrop) {
                    Ok(()) => Ok(working),
                    Err(error) => Err(match source.close(&working) {
                        Rest::Gone => error,
                        Rest::Left(left) => error.context(left),
                    }),
                }
            }))
        });
    }

    fn prepare(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        let (kills, kills_heard) = bounded(KILLS_WAITING_MAX);
        self.groom = Some(kills);
        let groom = Groom {
            config: Arc::clone(&self.config),
            source: self.source.clone(),
            working,
            backdrop: Arc::clone(&self.backdrop),
            kills: kills_heard,
        };
        self.by_steward(move || {
            let begin = Instant::now();
            let working = groom.prepare();
            Event::Golden(working, begin.elapsed())
        });
    }

    fn look(&mut self) {
        let source = self.source.clone();
        self.by_steward(move || Event::Looked(source.finish()));
    }

    fn close(&mut self) {
        if let Some(working) = self.hunt.working.clone() {
            let source = self.source.clone();
            self.by_steward(move || Event::Closed(source.close(&working)));
        }
    }

    /// Does one piece of the source's work aside, so that signals are heard
    /// meanwhile.
    fn by_steward(&mut self, work: impl FnOnce() -> Event + Send + 'static) {
        let voice = Voice::new(Who::Steward, &self.events);
        self.spawn(Who::Steward, move || {
            voice.say(work());
        });
    }

    fn start_workers(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        for thread in 0..self.config.concurrency {
            let (kills, kills_heard) = bounded(KILLS_WAITING_MAX);
            let mut start = |task, kills: &_| {
                self.start_hand(Who::Hand(thread, task), &working, kills)
            };
            let hands = Hands {
                stock: start(Task::Stock, &never()),
                run: start(Task::Run, &kills_heard),
                settle: start(Task::Settle, &never()),
                kills,
            };
            self.hands.push(hands);
        }
    }

    fn start_hand(
        &mut self,
        who: Who,
        working: &Working,
        kills: &Receiver<Kill>,
    ) -> Sender<Order> {
        let (orders, orders_heard) = bounded(ORDERS_WAITING_MAX);
        let worker = Worker {
            config: Arc::clone(&self.config),
            source: self.source.clone(),
            working: working.clone(),
            backdrop: Arc::clone(&self.backdrop),
            shelf: Arc::clone(&self.shelf),
            last_shortage: Arc::clone(&self.last_shortage),
            orders: orders_heard,
            kills: kills.clone(),
            voice: Voice::new(who, &self.events),
        };
        self.spawn(who, || worker.work());
        orders
    }

    /// Threads are not joined: after a second signal gocrash ends without
    /// waiting for one that is stuck in the kernel.
    fn spawn(&mut self, who: Who, work: impl FnOnce() + Send + 'static) {
        let thread = thread::Builder::new().name(who.to_string());
        if let Err(error) = thread.spawn(work) {
            let why = format!("cannot start a thread: {error}");
            self.unsaid.push(Event::Lost(who, why));
        }
    }
}

/// Makes the backdrop, where one is needed.
fn set_stage(
    working: &Working,
    at: Option<PathBuf>,
    backdrop: &OnceLock<Backdrop>,
) -> anyhow::Result<()> {
    let view = View { at, hide: working.to_hide() };
    if view.is_plain() {
        return Ok(());
    }
    let made = Backdrop::new(view, &working.path)
        .context("cannot give attempts a view of their own")?;
    // It was empty: a hunt opens once.
    let _ = backdrop.set(made);
    Ok(())
}
