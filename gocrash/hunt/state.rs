//! The state of a hunt, and what each event makes of it. Nothing here waits,
//! prints or touches a dataset: events go in, steps come out.

mod evidence;
mod golden;
mod known;
mod left;
mod resumed;
mod room;
mod signal;
mod stock;
pub(crate) mod stop;
mod thread;

use std::time::Duration;

use crate::attempt::Kill;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::config::{Halt, Keep};
use crate::hunt::event::{Event, Task, Who};
use crate::hunt::worker::Order;
use crate::slate::{Drift, Left, Working};
use crate::stats::Tally;
pub(crate) use evidence::{Collection, Kept};
use known::Known;
use room::Room;
pub(crate) use stock::SLATES_MAX;
use stop::Stop;
use thread::{Hindrance, Thread};

/// This often in a row a thread may have trouble that isn't the suite's.
const INFRA_IN_A_ROW_MAX: u32 = 3;

/// What the coordinator is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Create the working dataset.
    Open,
    /// Do what `--prepare` asks for.
    Prepare,
    StopPreparing(Kill),
    /// Start the workers.
    Start,
    /// Say when so much time is up.
    Measure(Duration),
    Order(u16, Order),
    Kill(u16, Kill),
    /// Stop, with what these threads run, until gocrash is continued.
    Suspend(Vec<u16>),
    /// See whether the source is what it was.
    Look,
    /// Destroy the working dataset.
    Close,
    /// Don't wait much longer.
    Hurry,
    Over,
}

/// One hunt.
#[derive(Debug)]
pub(crate) struct Hunt {
    stop_after: Option<u64>,
    keep: Keep,
    /// Something is to be done before the first attempt.
    prepares: bool,
    /// Slates are made so long apart that more than one ahead would be in the
    /// way of the others.
    is_paced: bool,
    stage: Stage,
    opened: bool,
    /// Where everything is; `None` when it is gone.
    pub(crate) working: Option<Working>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) left: Vec<Left>,
    pub(crate) collected: Collection,
    /// Why the hunt ends with no stop rule met.
    pub(crate) trouble: Option<String>,
    /// Whose trouble that is, if there is a slate to see it in.
    troubled: Option<AttemptName>,
    pub(crate) signal: Option<i32>,
    /// What may be there while a thread checks or opens.
    pub(crate) at_risk: Vec<Left>,
    /// What became of the source, if it was looked at again.
    pub(crate) drift: Option<Drift>,
    /// A second signal came: name what is left, destroy nothing more.
    hurried: bool,
    /// Counts what runs said about the suite.
    tally: Tally,
    stop: Stop,
    /// So many slates were kept before this process began.
    kept_before: usize,
    /// A run had failed before it went on.
    failed_before: bool,
    /// And so many attempts have said something about the suite.
    runs_before: u64,
    room: Room,
    known: Known,
    /// So many attempts in a row have ended by themselves without a verdict.
    silent_in_a_row: u64,
    /// What the first attempt did, and whether all that followed did the same.
    first: Option<Outcome>,
    is_alike: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Checking,
    Opening,
    Preparing,
    Hunting,
    Looking,
    Closing,
    Over,
}

impl Hunt {
    pub(crate) fn new(
        concurrency: u16,
        stop_after: Option<u64>,
        keep: Keep,
    ) -> Hunt {
        Hunt {
            stop_after,
            keep,
            prepares: false,
            is_paced: false,
            stage: Stage::Checking,
            opened: false,
            working: None,
            threads: (0..concurrency).map(|_| Thread::new()).collect(),
            kept: Vec::new(),
            left: Vec::new(),
            collected: Collection::default(),
            trouble: None,
            troubled: None,
            signal: None,
            at_risk: Vec::new(),
            drift: None,
            hurried: false,
            tally: Tally::new(stop::ONE_FAILURE, true, concurrency),
            stop: Stop::new(stop::ONE_FAILURE, Halt::Soon),
            kept_before: 0,
            failed_before: false,
            runs_before: 0,
            room: Room::default(),
            known: Known::default(),
            silent_in_a_row: 0,
            first: None,
            is_alike: true,
        }
    }

    /// The same, with slates that are made some time apart.
    pub(crate) fn paced(mut self, is_paced: bool) -> Hunt {
        self.is_paced = is_paced;
        self
    }

    /// Takes in what happened, and says what to do about it.
    pub(crate) fn apply(&mut self, event: &Event) -> Vec<Step> {
        let mut steps = self.react(event);
        if self.stage == Stage::Hunting {
            steps.extend(self.look_for_rule());
            steps.extend(self.proceed());
        }
        steps
    }

    /// What this event alone calls for.
    fn react(&mut self, event: &Event) -> Vec<Step> {
        match event {
            Event::Signal(signal) => return self.on_signal(*signal),
            Event::Suspend => return self.suspend(),
            Event::Checked(Ok(_)) if self.signal.is_none() => {
                self.stage = Stage::Opening;
                return vec![Step::Open];
            }
            Event::Opened(Ok(working)) => {
                self.opened = true;
                return self.on_opened(working);
            }
            Event::Golden(golden, _) => return self.on_golden(golden),
            Event::Checked(_) | Event::Opened(Err(_)) => return self.over(),
            Event::NoRoom(name, short) => self.on_no_room(*name, short),
            Event::Forgone(name) => self.thread(*name).give_back(*name),
            Event::Prepared(name, Ok(_)) => {
                self.on_room();
                self.thread(*name).made(*name);
            }
            Event::Prepared(name, Err(unprepared)) => {
                self.on_unprepared(*name, unprepared);
            }
            Event::Started(name, stdout_path, go) => {
                self.tally.started(*name, *go);
                let thread = self.thread(*name);
                thread.tries += 1;
                thread.has_started = true;
                thread.stdout_path.clone_from(stdout_path);
                return self.measure_time().into_iter().collect();
            }
            Event::TimeIsUp => self.stop.time_is_up = true,
            Event::Sifted(name, sifted) => self.on_sifted(*name, sifted),
            Event::Asked
            | Event::Replaced(..)
            | Event::Said(..)
            | Event::Hung(..)
            | Event::HookFailed(..)
            | Event::Dumped(..)
            | Event::Unrecorded(_) => {}
            Event::Continued(after) => self.tally.stood_still(*after),
            Event::Ended(name, outcome, span, _) => {
                self.tally.ended(*name, self.fate(*name, outcome), span.exit);
                self.listen(outcome);
                return self.on_ended(*name, outcome);
            }
            Event::Collected(_, files) => self.collected.add(files),
            Event::Kept(name, _) => self.settled(*name),
            Event::Retired(name, rest) => {
                self.look_for_room();
                self.note(rest);
                self.settled(*name);
            }
            Event::Looked(drift) => {
                self.drift = Some(drift.clone());
                return self.close();
            }
            Event::Closed(rest) => {
                self.working = None;
                self.note(rest);
                return self.over();
            }
            Event::Lost(who, why) => return self.on_lost(*who, why),
            Event::OutOfPatience => return self.give_up(),
        }
        Vec::new()
    }

    /// Whether the slate of this attempt stays, which ended so.
    pub(crate) fn keeps(&self, name: AttemptName, outcome: &Outcome) -> bool {
        match outcome {
            _ if self.troubled == Some(name) => true,
            outcome if outcome.is_failure() => true,
            Outcome::Infra(Infra::SaidNotStarted(_)) => true,
            Outcome::Passed
            | Outcome::Ignored
            | Outcome::Told(..)
            | Outcome::Known(..) => self.keep == Keep::Everything,
            _ => false,
        }
    }

    /// Whether there is no way to start the suite.
    pub(crate) fn has_found_no_command(&self) -> bool {
        let is_so = |outcome: &Outcome| {
            matches!(outcome, Outcome::Infra(Infra::NotStarted(_)))
        };
        self.threads.iter().any(|t| t.outcome.as_ref().is_some_and(is_so))
    }

    /// Whether a second signal came.
    pub(crate) fn is_hurried(&self) -> bool {
        self.hurried
    }

    /// Whether there ever was a working dataset.
    pub(crate) fn was_opened(&self) -> bool {
        self.opened
    }

    /// What is next for each thread; the end, if nothing is.
    fn proceed(&mut self) -> Vec<Step> {
        if !self.is_stopping() {
            self.ask_again_when_stuck();
        }
        let is_stopping = self.is_stopping();
        let mut steps = Vec::new();
        for thread in 0..self.threads.len() {
            steps.extend(self.advance(thread, is_stopping));
        }
        if !is_stopping {
            steps.extend(self.restock());
        }
        if !self.threads.iter().all(Thread::is_done) {
            return steps;
        }
        steps.extend(match self.hurried {
            true => self.give_up(),
            false => self.look(),
        });
        steps
    }

    fn on_ended(&mut self, name: AttemptName, outcome: &Outcome) -> Vec<Step> {
        let was_fine = self.trouble.is_none();
        self.count(name, outcome);
        // What fills a pool is no evidence that others should put up with.
        let is_odd = matches!(outcome, Outcome::Infra(Infra::Passing(_)));
        let has_ended_it = was_fine && self.trouble.is_some();
        if is_odd && has_ended_it && self.thread(name).has_started {
            self.troubled = Some(name);
        }
        let ahead_max = self.ahead_max();
        let thread = self.thread(name);
        thread.running = None;
        thread.adapt(ahead_max);
        thread.hindrance.take_if(|why| *why == Hindrance::Trouble);
        let stdout_path = thread.stdout_path.clone();
        if self.keeps(name, outcome) {
            let outcome = outcome.clone();
            let word = outcome.word();
            let evidence = self.evidence(name);
            self.kept.push(Kept { name: evidence, stdout_path, outcome });
            self.thread(name).settling.push(name);
            return vec![Step::Order(name.thread, Order::Keep(name, word))];
        }
        if self.hurried {
            self.abandon(name);
            return Vec::new();
        }
        self.discard(name);
        Vec::new()
    }

    fn settled(&mut self, name: AttemptName) {
        self.forget(name);
        self.thread(name).settling.retain(|settling| *settling != name);
    }

    fn on_lost(&mut self, who: Who, why: &str) -> Vec<Step> {
        self.trouble.get_or_insert(why.to_owned());
        let Who::Hand(thread, task) = who else { return self.give_up() };
        let state = &mut self.threads[usize::from(thread)];
        state.lost = true;
        let unsettled = state.unsettled();
        if task == Task::Run {
            // What it ran was killed with it.
            state.running = None;
        }
        let runs_on = state.running.is_some();
        for name in unsettled {
            self.abandon(name);
        }
        let kill = runs_on.then_some(Step::Kill(thread, Kill::AtOnce));
        kill.into_iter().collect()
    }

    /// Counts what the attempt says about the suite, or about us.
    fn count(&mut self, name: AttemptName, outcome: &Outcome) {
        let thread = self.thread(name);
        thread.outcome = Some(outcome.clone());
        let Outcome::Infra(infra) = outcome else {
            thread.infra_in_a_row = 0;
            thread.runs += 1;
            return;
        };
        thread.infra_in_a_row += 1;
        let lasts = match infra {
            Infra::Passing(_) | Infra::NoSpace(_) => {
                thread.infra_in_a_row >= INFRA_IN_A_ROW_MAX
            }
            Infra::NotStarted(_) | Infra::SaidNotStarted(_) => true,
        };
        self.room.was_short |= matches!(infra, Infra::NoSpace(_));
        if lasts && self.trouble.is_none() {
            self.trouble = Some(infra.to_string());
        }
    }

    /// Looks at the source once more, where it may have changed.
    fn look(&mut self) -> Vec<Step> {
        if self.working.as_ref().is_some_and(Working::may_drift) {
            self.stage = Stage::Looking;
            return vec![Step::Look];
        }
        self.close()
    }

    /// Whether trouble ended it after attempts that said something: what they
    /// said is nowhere but in the record.
    pub(crate) fn keeps_record(&self) -> bool {
        let has_heard = self.first.is_some() || self.runs_before > 0;
        self.trouble.is_some() && has_heard
    }

    /// Destroys the working dataset, if it holds nothing.
    fn close(&mut self) -> Vec<Step> {
        let holds_nothing = self.kept.is_empty()
            && self.left.is_empty()
            && self.kept_before == 0
            && self.collected.files == 0
            && !self.keeps_record();
        if holds_nothing {
            self.stage = Stage::Closing;
            return vec![Step::Close];
        }
        self.over()
    }

    fn over(&mut self) -> Vec<Step> {
        self.stage = Stage::Over;
        vec![Step::Over]
    }

    fn thread(&mut self, name: AttemptName) -> &mut Thread {
        &mut self.threads[usize::from(name.thread)]
    }

    /// What so many slates are called.
    pub(crate) fn slates(&self, count: usize) -> &'static str {
        match &self.working {
            Some(working) => working.slates(count),
            None => "slates",
        }
    }

    /// What the slate of an attempt is called at the moment.
    fn slate(&self, name: AttemptName) -> String {
        let waits = self.threads[usize::from(name.thread)].awaits(name);
        match &self.working {
            Some(working) => working.slate(name, waits),
            None => name.to_string(),
        }
    }

    /// What it is called when it is kept.
    pub(crate) fn evidence(&self, name: AttemptName) -> String {
        match &self.working {
            Some(working) => working.evidence(name),
            None => self.slate(name),
        }
    }
}

#[cfg(test)]
mod tests;
