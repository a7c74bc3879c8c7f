//! The hunt: a coordinator that alone owns its state, threads of some hands
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
mod turnstile;
pub(crate) mod worker;

pub(crate) use event::Event;
pub(crate) use state::stop::{Rule, SILENT_IN_A_ROW_MAX};
pub(crate) use state::{Collection, Hunt, SLATES_MAX, Step};

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use crossbeam::channel::{Receiver, Sender, bounded, never};

use crate::attempt::Kill;
use crate::attempt::clock::{Clock, Wake};
use crate::attempt::timer::Pace;
use crate::config::Config;
use crate::exit::Verdict;
use crate::keeper::{Asker, Keeper};
use crate::record::Record;
use crate::report::Reports;
use event::{Task, Voice, Who};
use golden::{Groom, Spoiled};
use shelf::Shelf;
use turnstile::Turnstile;
use worker::{Order, Worker};

use crate::slate::room::LastShortage;
use crate::slate::{Drift, Left, Rest, Source, Working};

/// Events that may wait for the coordinator before their senders do.
const EVENTS_WAITING_MAX: usize = 4096;
/// There is one for a slate at a time.
const ORDERS_WAITING_MAX: usize = SLATES_MAX;
/// An attempt is killed gently, then at once.
const KILLS_WAITING_MAX: usize = 2;
/// Whoever is to look once, sees all that there is.
const WAKES_WAITING_MAX: usize = 1;
/// Of every thread there is.
const STACK_BYTES: usize = 512 << 10;
/// How long after the second signal gocrash waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hunts until a stop rule is met, a run fails, or a signal ends it. Also
/// gives whether there is no time to wait for anything more.
pub(crate) fn run(
    config: Arc<Config>,
    keeper: &Keeper,
    reports: &mut Reports,
) -> anyhow::Result<(Verdict, bool)> {
    let record = match &config.resumed {
        None => Record::begin(),
        Some(resumed) => Record::begin().resume(&resumed.history),
    };
    let (events, heard) = bounded(EVENTS_WAITING_MAX);
    signals::report(&events)?;
    reports.begin(&config);
    let prepares = config.prepare.is_some();
    let hunt = Hunt::new(config.concurrency, config.stop_after, config.keep)
        .preparing(prepares)
        .paced(config.pace.is_some())
        .stopping(config.stop.limits, config.stop.halt)
        .all_or_nothing(config.verification.is_some());
    let hunt = match &config.resumed {
        None => hunt,
        Some(resumed) => hunt.resuming(&resumed.history, resumed.kept),
    };
    let turnstile = Arc::new(Turnstile::new(config.pace));
    let mut coordinator = Coordinator {
        hunt,
        config,
        keeper,
        events,
        heard,
        hands: Vec::new(),
        shelf: Arc::default(),
        last_shortage: Arc::default(),
        turnstile,
        pace: Arc::default(),
        clock: Arc::default(),
        groom: None,
        patience_ends: None,
        time_ends: None,
        record,
        unsaid: Vec::new(),
        postponed: Vec::new(),
    };
    coordinator.watch_keeper();
    coordinator.run(reports)
}

/// Turns events into steps, by the state, and takes them.
struct Coordinator<'a> {
    hunt: Hunt,
    config: Arc<Config>,
    /// Does all that needs rights.
    keeper: &'a Keeper,
    events: Sender<Event>,
    heard: Receiver<Event>,
    /// How to reach each thread.
    hands: Vec<Hands>,
    shelf: Arc<Shelf>,
    last_shortage: Arc<LastShortage>,
    turnstile: Arc<Turnstile>,
    pace: Arc<Pace>,
    clock: Arc<Clock>,
    /// How to reach what `--prepare` runs.
    groom: Option<(Sender<Kill>, Sender<Wake>)>,
    patience_ends: Option<Instant>,
    time_ends: Option<Instant>,
    record: Record,
    /// What it has noticed itself, to be heard of next: threads that could
    /// not be started, what could not be written.
    unsaid: Vec<Event>,
    /// What is done at the next event.
    postponed: Vec<Step>,
}

/// The hands of a thread: one that runs attempts, and as many of each other
/// kind as it may have slates ahead. Those of a kind share a queue.
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

impl Coordinator<'_> {
    fn run(mut self, reports: &mut Reports) -> anyhow::Result<(Verdict, bool)> {
        self.check();
        loop {
            let event = self.next_event();
            let mut steps = mem::take(&mut self.postponed);
            let new = self.hunt.apply(&event).into_iter();
            if self.hunt.is_stopping() {
                self.turnstile.close();
            }
            let (runs, new): (Vec<Step>, Vec<Step>) =
                new.partition(|s| matches!(s, Step::Order(_, Order::Run(_))));
            let will_tell =
                !runs.is_empty() && self.config.hooks.start.is_none();
            // A thread stands still until then. What has ended is written down
            // before its slate goes, which is early enough.
            runs.into_iter().for_each(|run| self.take(run));
            let lines = self.record(&event, &new);
            // What else there is to do would only be in its way until its
            // attempt has started, which is the next thing to be heard.
            match will_tell {
                true => self.postponed = new,
                false => steps.extend(new),
            }
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

    /// Writes down what happened, before a slate is made or goes for it, and
    /// gives what was written.
    fn record(&mut self, event: &Event, steps: &[Step]) -> Vec<u8> {
        if let Event::Opened(Ok(working)) = event {
            if let Err(error) = self.open_record(working) {
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

    fn open_record(&mut self, working: &Working) -> anyhow::Result<()> {
        let (files, why_not) = self.keeper.asker()?.record()?;
        self.record.open(files, &self.config, working)?;
        match why_not {
            Some(why) => Err(anyhow!(why)),
            None => Ok(()),
        }
    }

    /// What the program ends with; the error, where there was no hunt.
    fn verdict(self, last: Event) -> anyhow::Result<(Verdict, bool)> {
        match last {
            Event::Checked(Err(error)) | Event::Opened(Err(error))
                if self.hunt.signal.is_none() =>
            {
                Err(error)
            }
            _ => Ok((self.hunt.verdict(), self.hunt.is_hurried())),
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
        self.hunt.at_risk = Source::checking_risks(&self.config.origin);
        self.by_steward(|asker| {
            Event::Checked(asker.and_then(|asker| asker.check()))
        });
    }

    fn open(&mut self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A clock before 1970 gives a name as good as any other.
        let first_ms = now.map_or(0, |now| now.as_millis());
        let origin = &self.config.origin;
        self.hunt.at_risk = match &self.config.resumed {
            None => Source::opening_risks(origin, first_ms),
            // It was there before.
            Some(_) => Vec::new(),
        };
        // Five hundred million years fit in.
        let first_ms = u64::try_from(first_ms).unwrap_or(0);
        self.by_steward(move |asker| {
            Event::Opened(asker.and_then(|asker| asker.open(first_ms)))
        });
    }

    fn prepare(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        let (kills, kills_heard) = bounded(KILLS_WAITING_MAX);
        let (wakes, wakes_heard) = bounded(WAKES_WAITING_MAX);
        self.groom = Some((kills, wakes));
        let config = Arc::clone(&self.config);
        let clock = Arc::clone(&self.clock);
        self.by_steward(move |asker| {
            let (begin, still) = (Instant::now(), clock.still());
            let groom = asker.map(|asker| Groom {
                config,
                asker,
                working,
                kills: kills_heard,
                clock: Arc::clone(&clock),
                wakes: wakes_heard,
            });
            let golden = match groom {
                Ok(groom) => groom.prepare(),
                Err(error) => Err(Spoiled::by(&error)),
            };
            let still = clock.still() - still;
            Event::Golden(golden, begin.elapsed().saturating_sub(still))
        });
    }

    fn look(&mut self) {
        self.by_steward(|asker| {
            let drift = asker.and_then(|asker| asker.finish());
            Event::Looked(
                drift.unwrap_or_else(|error| {
                    Drift::Unknown(format!("{error:#}"))
                }),
            )
        });
    }

    fn close(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        self.by_steward(move |asker| {
            let rest = asker.and_then(|asker| asker.close());
            Event::Closed(rest.unwrap_or_else(|error| {
                Rest::Left(Left {
                    name: working.name,
                    why: format!("{error:#}"),
                })
            }))
        });
    }

    /// An end that nobody wanted is the end of the hunt.
    fn watch_keeper(&mut self) {
        let events = self.events.clone();
        let wait_for_end = self.keeper.watch();
        self.spawn(Who::Keeper, move || {
            wait_for_end();
            let why = "the process with the rights has ended".to_owned();
            let _ = events.send(Event::Lost(Who::Keeper, why));
        });
    }

    /// Has the keeper do one piece of work aside, so that signals are heard
    /// meanwhile.
    fn by_steward(
        &mut self,
        work: impl FnOnce(anyhow::Result<Asker>) -> Event + Send + 'static,
    ) {
        let voice = Voice::new(Who::Steward, &self.events);
        let asker = self.keeper.asker();
        self.spawn(Who::Steward, move || {
            voice.say(work(asker));
        });
    }

    fn start_workers(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        let ahead = self.hunt.ahead_max();
        for thread in 0..self.config.concurrency {
            let (kills, kills_heard) = bounded(KILLS_WAITING_MAX);
            let (wakes, wakes_heard) = bounded(WAKES_WAITING_MAX);
            let mut start = |task, kills: &_, count| {
                let (orders, heard) = bounded(ORDERS_WAITING_MAX);
                for _ in 0..count {
                    let who = Who::Hand(thread, task);
                    self.start_hand(who, &working, kills, &wakes_heard, &heard);
                }
                orders
            };
            let hands = Hands {
                stock: start(Task::Stock, &never(), ahead),
                run: start(Task::Run, &kills_heard, 1),
                settle: start(Task::Settle, &never(), ahead),
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
        orders: &Receiver<Order>,
    ) {
        let asker = match self.keeper.asker() {
            Ok(asker) => asker,
            Err(error) => {
                let why = format!("{error:#}");
                self.unsaid.push(Event::Lost(who, why));
                return;
            }
        };
        let worker = Worker {
            config: Arc::clone(&self.config),
            asker,
            working: working.clone(),
            shelf: Arc::clone(&self.shelf),
            last_shortage: Arc::clone(&self.last_shortage),
            turnstile: Arc::clone(&self.turnstile),
            orders: orders.clone(),
            pace: Arc::clone(&self.pace),
            clock: Arc::clone(&self.clock),
            kills: kills.clone(),
            wakes: wakes.clone(),
            voice: Voice::new(who, &self.events),
        };
        self.spawn(who, || worker.work());
    }

    /// Threads are not joined: after a second signal gocrash ends without
    /// waiting for one that is stuck in the kernel.
    fn spawn(&mut self, who: Who, work: impl FnOnce() + Send + 'static) {
        let thread = thread::Builder::new()
            .name(who.to_string())
            .stack_size(STACK_BYTES);
        if let Err(error) = thread.spawn(work) {
            let why = format!("cannot start a thread: {error}");
            self.unsaid.push(Event::Lost(who, why));
        }
    }
}
