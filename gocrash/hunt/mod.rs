//! The hunt: a coordinator that alone owns its state, threads of three hands
//! that prepare, run and settle attempts, and one channel of events between
//! them.

mod cores;
pub(crate) mod event;
pub(crate) mod golden;
mod hang;
pub(crate) mod hooks;
mod shelf;
pub(crate) mod sift;
mod signals;
mod state;
mod suspend;
pub(crate) mod worker;

pub(crate) use event::Event;
pub(crate) use state::stop::Rule;
pub(crate) use state::{Collection, Hunt, Step};

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use crossbeam::channel::{Receiver, Sender, bounded, never};

use crate::attempt::clock::{Clock, Wake};
use crate::attempt::timer::Pace;
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
use crate::slate::{Origin, Rest, Source, Wanted, Working};

/// Events that may wait for the coordinator before their senders do.
const EVENTS_WAITING_MAX: usize = 4096;
/// The state gives a hand no more orders than this before it has answered.
const ORDERS_WAITING_MAX: usize = state::SETTLING_MAX + 2;
/// An attempt is killed gently, then at once.
const KILLS_WAITING_MAX: usize = 2;
/// Whoever is to look once, sees all that there is.
const WAKES_WAITING_MAX: usize = 1;
/// How long after the second signal gocrash waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hunts until a stop rule is met, a run fails, or a signal ends it.
pub(crate) fn run(
    config: Config,
    reports: &mut Reports,
) -> anyhow::Result<Verdict> {
    let record = match &config.resumed {
        None => Record::begin(),
        Some(resumed) => Record::begin().resume(&resumed.history),
    };
    let (events, heard) = bounded(EVENTS_WAITING_MAX);
    signals::report(&events)?;
    let source = Source::open(&config.origin)?;
    // Some systems' libraries leave /dev/zfs open across exec.
    sys::close_descriptors_on_exec();
    reports.begin(&config);
    let prepares = config.prepare.is_some();
    let hunt = Hunt::new(config.concurrency, config.stop_after, config.keep)
        .preparing(prepares)
        .stopping(config.stop.limits, config.stop.halt)
        .all_or_nothing(config.verification.is_some());
    let hunt = match &config.resumed {
        None => hunt,
        Some(resumed) => hunt.resuming(&resumed.history, resumed.kept),
    };
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
        pace: Arc::default(),
        clock: Arc::default(),
        backdrop: Arc::default(),
        groom: None,
        patience_ends: None,
        time_ends: None,
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
    pace: Arc<Pace>,
    clock: Arc<Clock>,
    /// What the mount namespaces of attempts are copies of, if they have any.
    backdrop: Arc<OnceLock<Backdrop>>,
    /// How to reach what `--prepare` runs.
    groom: Option<(Sender<Kill>, Sender<Wake>)>,
    patience_ends: Option<Instant>,
    time_ends: Option<Instant>,
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
    wakes: Sender<Wake>,
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
        let mut written = self.record.append(&lines);
        if steps.iter().any(|step| [Step::Close, Step::Over].contains(step)) {
            written = written.and(self.record.close());
        }
        if let Err(error) = written {
            let why = format!("events are missing in the record: {error}");
            self.unsaid.push(Event::Unrecorded(why));
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
        let ends = self.patience_ends.into_iter().chain(self.time_ends).min();
        // Not after whatever else there may be to hear, which may never end.
        if ends.is_none_or(|ends| Instant::now() < ends) {
            let heard = match ends {
                Some(ends) => self.heard.recv_deadline(ends).ok(),
                None => self.heard.recv().ok(),
            };
            if let Some(event) = heard {
                return event;
            }
        }
        match self.time_ends.take_if(|time_ends| Some(*time_ends) == ends) {
            Some(_) => Event::TimeIsUp,
            None => Event::OutOfPatience,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Open => self.open(),
            Step::Prepare => self.prepare(),
            Step::StopPreparing(kill) => {
                if let Some((kills, _)) = &self.groom {
                    let _ = kills.try_send(kill);
                }
            }
            Step::Start => self.start_workers(),
            Step::Measure(time) => {
                self.time_ends = Instant::now().checked_add(time);
            }
            // A hand that is gone has said so, or will.
            Step::Order(thread, order) => {
                let hands = &self.hands[usize::from(thread)];
                let _ = hands.for_order(&order).send(order);
            }
            Step::Kill(thread, kill) => {
                // When two are waiting, a third would say nothing new.
                let _ = self.hands[usize::from(thread)].kills.try_send(kill);
            }
            Step::Suspend(threads) => self.suspend(&threads),
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
                if let Some(at) = &config.at {
                    view::probe(&format!("--at {}", at.display()), at)?;
                }
                if config.private_tmp {
                    check_tmp(&source, &config)?;
                }
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
        let limits = self.config.limits;
        let config = Arc::clone(&self.config);
        let resumed = self.config.resumed.as_ref().map(|r| r.name.clone());
        self.hunt.at_risk = match &resumed {
            None => self.source.opening_risks(&origin, first_ms),
            // It was there before.
            Some(_) => Vec::new(),
        };
        let backdrop = Arc::clone(&self.backdrop);
        let source = self.source.clone();
        self.by_steward(move || {
            let working = match resumed {
                None => source.create_working(&origin, limits, first_ms),
                Some(name) => source.reopen_working(&origin, limits, &name),
            };
            Event::Opened(working.and_then(|working| {
                // Before the first slate is mounted.
                match set_stage(&working, &config, &backdrop) {
                    Ok(()) => Ok(working),
                    Err(error) if working.is_reopened => Err(error),
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
        let (wakes, wakes_heard) = bounded(WAKES_WAITING_MAX);
        self.groom = Some((kills, wakes));
        let groom = Groom {
            config: Arc::clone(&self.config),
            source: self.source.clone(),
            working,
            backdrop: Arc::clone(&self.backdrop),
            kills: kills_heard,
            clock: Arc::clone(&self.clock),
            wakes: wakes_heard,
        };
        self.by_steward(move || {
            let (begin, still) = (Instant::now(), groom.clock.still());
            let working = groom.prepare();
            let still = groom.clock.still() - still;
            Event::Golden(working, begin.elapsed().saturating_sub(still))
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
            let (wakes, wakes_heard) = bounded(WAKES_WAITING_MAX);
            let mut start = |task, kills: &_| {
                let who = Who::Hand(thread, task);
                self.start_hand(who, &working, kills, &wakes_heard)
            };
            let hands = Hands {
                stock: start(Task::Stock, &never()),
                run: start(Task::Run, &kills_heard),
                settle: start(Task::Settle, &never()),
                kills,
                wakes,
            };
            self.hands.push(hands);
        }
    }

    fn start_hand(
        &mut self,
        who: Who,
        working: &Working,
        kills: &Receiver<Kill>,
        wakes: &Receiver<Wake>,
    ) -> Sender<Order> {
        let (orders, orders_heard) = bounded(ORDERS_WAITING_MAX);
        let worker = Worker {
            config: Arc::clone(&self.config),
            source: self.source.clone(),
            working: working.clone(),
            backdrop: Arc::clone(&self.backdrop),
            shelf: Arc::clone(&self.shelf),
            last_shortage: Arc::clone(&self.last_shortage),
            pace: Arc::clone(&self.pace),
            clock: Arc::clone(&self.clock),
            orders: orders_heard,
            kills: kills.clone(),
            wakes: wakes.clone(),
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

/// Makes the backdrop, where one is needed.
fn set_stage(
    working: &Working,
    config: &Config,
    backdrop: &OnceLock<Backdrop>,
) -> anyhow::Result<()> {
    let at = config.at.clone();
    let tmp = config.private_tmp.then_some(Path::new(view::TMP));
    // A slate that is attached anew needs a way to it.
    let is_anew = at.is_none() && tmp.is_some();
    let hide = working.to_hide().or(is_anew.then(|| working.path.clone()));
    let view = View { at, tmp, hide };
    if view.is_plain() {
        return Ok(());
    }
    let made = Backdrop::new(view, &working.path)
        .context("cannot give attempts a view of their own")?;
    // It was empty: a hunt opens once.
    let _ = backdrop.set(made);
    Ok(())
}
