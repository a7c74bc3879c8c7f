//! The hunt: a coordinator that alone owns its state, workers that run
//! attempts, and one channel of events between them.

mod event;
mod signals;
mod state;
mod worker;

pub(crate) use event::Event;
pub(crate) use state::Hunt;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam::channel::{Receiver, Sender, bounded};

use crate::attempt::{Kill, sys};
use crate::config::Config;
use crate::exit::Verdict;
use crate::report::terminal::Terminal;
use event::{Voice, Who};
use state::Step;
use worker::{Order, Worker};

use crate::slate::zfs::{self, Pool};
use crate::slate::{Left, Wanted, look};

/// Events that may wait for the coordinator before their senders do.
const EVENTS_WAITING_MAX: usize = 4096;
/// A worker is given one order at a time, and is killed twice at most.
const ORDERS_WAITING_MAX: usize = 2;
/// How long after the second signal gocrash waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hunts until a stop rule is met, a run fails, or a signal ends it.
pub(crate) fn run(
    config: Config,
    terminal: &mut Terminal,
) -> anyhow::Result<Verdict> {
    let (events, heard) = bounded(EVENTS_WAITING_MAX);
    signals::report(&events)?;
    let pool = Pool::open()?;
    // Some systems' libraries leave /dev/zfs open across exec.
    sys::close_descriptors_on_exec();
    let hunt = Hunt::new(config.concurrency, config.stop_after, config.keep);
    let config = Arc::new(config);
    let coordinator = Coordinator {
        hunt,
        config,
        pool,
        events,
        heard,
        hands: Vec::new(),
        patience_ends: None,
        lost: Vec::new(),
    };
    coordinator.run(terminal)
}

/// Turns events into steps, by the state, and takes them.
struct Coordinator {
    hunt: Hunt,
    config: Arc<Config>,
    pool: Pool,
    events: Sender<Event>,
    heard: Receiver<Event>,
    /// How to reach each worker.
    hands: Vec<Hand>,
    patience_ends: Option<Instant>,
    /// Threads that could not be started, to be heard of next.
    lost: Vec<Event>,
}

struct Hand {
    orders: Sender<Order>,
    kills: Sender<Kill>,
}

impl Coordinator {
    fn run(mut self, terminal: &mut Terminal) -> anyhow::Result<Verdict> {
        self.check();
        loop {
            let event = self.next_event();
            let steps = self.hunt.apply(&event);
            terminal.event(&event, &self.config, &self.hunt);
            for step in steps {
                match step {
                    Step::Over => {
                        terminal.closing(&self.config, &self.hunt);
                        return self.verdict(event);
                    }
                    step => self.take(step),
                }
            }
        }
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
        if let Some(lost) = self.lost.pop() {
            return lost;
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
            Step::Start => self.start_workers(),
            // A worker that is gone has said so, or will.
            Step::Order(thread, order) => {
                let _ = self.hands[usize::from(thread)].orders.send(order);
            }
            Step::Kill(thread, kill) => {
                // When two are waiting, a third would say nothing new.
                let _ = self.hands[usize::from(thread)].kills.try_send(kill);
            }
            Step::Close => self.close(),
            Step::Hurry => {
                self.patience_ends.get_or_insert(Instant::now() + PATIENCE);
            }
            Step::Over => unreachable!("the loop ends with it"),
        }
    }

    fn check(&mut self) {
        let Config { snapshot, parent, suite, .. } = &*self.config;
        let wanted = Wanted {
            snapshot: snapshot.clone(),
            parent: parent.clone(),
            cwd: suite.cwd.clone(),
            script: suite.script.clone(),
        };
        self.hunt.at_risk = Some(Left {
            dataset: snapshot.to_string(),
            why: format!("may be mounted at `{}N`", look::stem()),
        });
        let pool = self.pool.clone();
        self.by_steward(move || Event::Checked(pool.check(&wanted)));
    }

    fn open(&mut self) {
        let Config { snapshot, parent, .. } = &*self.config;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A clock before 1970 gives a name as good as any other.
        let first_ms = now.map_or(0, |now| now.as_millis());
        self.hunt.at_risk = Some(Left {
            dataset: format!("{parent}/{}", zfs::session_name(first_ms)),
            why: "may have been created, with this number or one of the next"
                .to_owned(),
        });
        let pool = self.pool.clone();
        let snapshot = snapshot.clone();
        let parent = parent.clone();
        self.by_steward(move || {
            Event::Opened(pool.create_working(&parent, &snapshot, first_ms))
        });
    }

    fn close(&mut self) {
        if let Some(working) = self.hunt.working.clone() {
            let pool = self.pool.clone();
            self.by_steward(move || Event::Closed(pool.close(&working)));
        }
    }

    /// Does one piece of ZFS work aside, so that signals are heard meanwhile.
    fn by_steward(&mut self, work: impl FnOnce() -> Event + Send + 'static) {
        let voice = Voice::new(Who::Steward, &self.events);
        self.spawn(Who::Steward, "steward".to_owned(), move || {
            voice.say(work());
        });
    }

    fn start_workers(&mut self) {
        let Some(working) = self.hunt.working.clone() else { return };
        for thread in 0..self.config.concurrency {
            let (orders, orders_heard) = bounded(ORDERS_WAITING_MAX);
            let (kills, kills_heard) = bounded(ORDERS_WAITING_MAX);
            self.hands.push(Hand { orders, kills });
            let who = Who::Worker(thread);
            let worker = Worker {
                thread,
                config: Arc::clone(&self.config),
                pool: self.pool.clone(),
                working: working.clone(),
                orders: orders_heard,
                kills: kills_heard,
                voice: Voice::new(who, &self.events),
            };
            self.spawn(who, format!("thread-{thread}"), || worker.work());
        }
    }

    /// Threads are not joined: after a second signal gocrash ends without
    /// waiting for one that is stuck in the kernel.
    fn spawn(
        &mut self,
        who: Who,
        name: String,
        work: impl FnOnce() + Send + 'static,
    ) {
        if let Err(error) = thread::Builder::new().name(name).spawn(work) {
            let why = format!("cannot start a thread: {error}");
            self.lost.push(Event::Lost(who, why));
        }
    }
}
