//! The state of a hunt, and what each event makes of it. Nothing here waits,
//! prints or touches a dataset: events go in, steps come out.

use std::path::PathBuf;

use crate::attempt::Kill;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::config::Keep;
use crate::exit::Verdict;
use crate::hunt::event::{Event, Who};
use crate::hunt::worker::Order;
use crate::slate::{Left, Rest, Working};

/// This often in a row a thread may have trouble that isn't the suite's.
const INFRA_IN_A_ROW_MAX: u32 = 3;
/// So many slates may be left because they can't be destroyed.
const LEFT_MAX: usize = 16;

/// What the coordinator is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Create the working dataset.
    Open,
    /// Start the workers.
    Start,
    Order(u16, Order),
    Kill(u16, Kill),
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
    stage: Stage,
    opened: bool,
    /// Where everything is; `None` when it is gone.
    pub(crate) working: Option<Working>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) left: Vec<Left>,
    /// Why the hunt ends with no stop rule met.
    pub(crate) trouble: Option<String>,
    pub(crate) signal: Option<i32>,
    /// What may be there while a thread checks or opens.
    pub(crate) at_risk: Option<Left>,
    /// A second signal came: name what is left, destroy nothing more.
    hurried: bool,
    failures: u64,
    verdicts: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Checking,
    Opening,
    Hunting,
    Closing,
    Over,
}

/// What the coordinator knows of one worker.
#[derive(Debug)]
pub(crate) struct Thread {
    phase: Phase,
    /// The attempt it is at.
    name: AttemptName,
    /// Runs that count for `--stop-after`.
    runs: u64,
    infra_in_a_row: u32,
    stdout_path: PathBuf,
    /// Attempts whose suite was to start.
    pub(crate) tries: u64,
    /// What became of the last of them.
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Preparing,
    Running,
    /// The slate is being kept or destroyed.
    Settling,
    Finishing,
    Done,
}

/// A slate that stays as evidence.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) dataset: String,
    pub(crate) stdout_path: PathBuf,
    pub(crate) outcome: Outcome,
}

impl Hunt {
    pub(crate) fn new(
        concurrency: u16,
        stop_after: Option<u64>,
        keep: Keep,
    ) -> Hunt {
        let thread = |thread| Thread {
            phase: Phase::Preparing,
            name: AttemptName { thread, run: 0 },
            runs: 0,
            infra_in_a_row: 0,
            stdout_path: PathBuf::new(),
            tries: 0,
            outcome: None,
        };
        Hunt {
            stop_after,
            keep,
            stage: Stage::Checking,
            opened: false,
            working: None,
            threads: (0..concurrency).map(thread).collect(),
            kept: Vec::new(),
            left: Vec::new(),
            trouble: None,
            signal: None,
            at_risk: None,
            hurried: false,
            failures: 0,
            verdicts: 0,
        }
    }

    /// Takes in what happened, and says what to do about it.
    pub(crate) fn apply(&mut self, event: &Event) -> Vec<Step> {
        match event {
            Event::Signal(signal) => self.on_signal(*signal),
            Event::Checked(Ok(_)) if self.signal.is_none() => {
                self.stage = Stage::Opening;
                vec![Step::Open]
            }
            Event::Opened(Ok(working)) => {
                self.opened = true;
                self.working = Some(working.clone());
                self.on_opened()
            }
            Event::Checked(_) | Event::Opened(Err(_)) => self.over(),
            Event::Prepared(name, Ok(())) => self.on_prepared(*name),
            Event::Prepared(name, Err(unprepared)) => {
                self.left.extend(unprepared.left.clone());
                let infra = Infra::Passing(unprepared.why.clone());
                self.count(*name, &Outcome::Infra(infra));
                self.next(name.thread)
            }
            Event::Started(name, stdout_path) => {
                let thread = self.thread(name.thread);
                thread.tries += 1;
                thread.stdout_path.clone_from(stdout_path);
                Vec::new()
            }
            Event::Replaced(..) => Vec::new(),
            Event::Ended(name, outcome, _) => self.on_ended(*name, outcome),
            Event::Kept(name, _) => self.next(name.thread),
            Event::Retired(name, rest) => {
                self.note(rest);
                self.next(name.thread)
            }
            Event::Finished(thread) => self.on_done(*thread),
            Event::Closed(rest) => {
                self.working = None;
                self.note(rest);
                self.over()
            }
            Event::Lost(who, why) => self.on_lost(*who, why),
            Event::OutOfPatience => self.give_up(),
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        if let Some(signal) = self.signal {
            Verdict::Signaled(signal)
        } else if self.failures > 0 {
            Verdict::Reproduced
        } else if self.trouble.is_some() || self.verdicts == 0 {
            Verdict::None
        } else {
            Verdict::Passed
        }
    }

    /// Whether the slate of an attempt that ended so stays.
    pub(crate) fn keeps(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Failed(_)
            | Outcome::Signaled(_)
            | Outcome::Infra(Infra::SaidNotStarted(_)) => true,
            Outcome::Passed | Outcome::Ignored => self.keep == Keep::Everything,
            Outcome::Interrupted | Outcome::Infra(_) => false,
        }
    }

    /// Whether a second signal came.
    pub(crate) fn is_hurried(&self) -> bool {
        self.hurried
    }

    /// Whether a failure was reproduced.
    pub(crate) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Whether there ever was a working dataset.
    pub(crate) fn was_opened(&self) -> bool {
        self.opened
    }

    fn on_signal(&mut self, signal: i32) -> Vec<Step> {
        let first = self.signal.is_none();
        if first {
            self.signal = Some(signal);
        }
        self.hurried |= !first;
        let kill = if first { Kill::Gently } else { Kill::AtOnce };
        let running = self
            .threads
            .iter()
            .filter(|thread| thread.phase == Phase::Running)
            .map(|thread| Step::Kill(thread.name.thread, kill));
        let hurry = (!first).then_some(Step::Hurry);
        running.chain(hurry).collect()
    }

    fn on_opened(&mut self) -> Vec<Step> {
        if self.signal.is_some() {
            return self.close();
        }
        self.stage = Stage::Hunting;
        let first = self
            .threads
            .iter()
            .map(|t| Step::Order(t.name.thread, Order::Prepare(t.name)));
        std::iter::once(Step::Start).chain(first).collect()
    }

    fn on_prepared(&mut self, name: AttemptName) -> Vec<Step> {
        let stopping = self.is_stopping();
        if self.hurried {
            return self.abandon(name);
        }
        let thread = self.thread(name.thread);
        let (phase, order) = match stopping {
            true => (Phase::Settling, Order::Retire),
            false => (Phase::Running, Order::Run),
        };
        thread.phase = phase;
        vec![Step::Order(name.thread, order)]
    }

    fn on_ended(&mut self, name: AttemptName, outcome: &Outcome) -> Vec<Step> {
        self.count(name, outcome);
        let keeps = self.keeps(outcome);
        if self.hurried && !keeps {
            return self.abandon(name);
        }
        let dataset = self.dataset(name);
        let thread = self.thread(name.thread);
        thread.phase = Phase::Settling;
        if !keeps {
            return vec![Step::Order(name.thread, Order::Retire)];
        }
        let stdout_path = thread.stdout_path.clone();
        let outcome = outcome.clone();
        let word = outcome.word();
        self.kept.push(Kept { dataset, stdout_path, outcome });
        vec![Step::Order(name.thread, Order::Keep(word))]
    }

    fn on_done(&mut self, thread: u16) -> Vec<Step> {
        self.thread(thread).phase = Phase::Done;
        if self.threads.iter().any(|thread| thread.phase != Phase::Done) {
            return Vec::new();
        }
        if self.hurried {
            return self.give_up();
        }
        self.close()
    }

    fn on_lost(&mut self, who: Who, why: &str) -> Vec<Step> {
        self.trouble = Some(why.to_owned());
        match who {
            Who::Worker(thread) => {
                let name = self.thread(thread).name;
                self.abandon(name)
            }
            Who::Steward => self.give_up(),
        }
    }

    /// Counts what the attempt says about the suite, or about us.
    fn count(&mut self, name: AttemptName, outcome: &Outcome) {
        self.failures += u64::from(outcome.is_failure());
        self.verdicts += u64::from(outcome.is_verdict());
        let thread = self.thread(name.thread);
        thread.outcome = Some(outcome.clone());
        let Outcome::Infra(infra) = outcome else {
            thread.infra_in_a_row = 0;
            thread.runs += 1;
            return;
        };
        thread.infra_in_a_row += 1;
        let lasts = match infra {
            Infra::Passing(_) => thread.infra_in_a_row >= INFRA_IN_A_ROW_MAX,
            Infra::NotStarted(_) | Infra::SaidNotStarted(_) => true,
        };
        if lasts && self.trouble.is_none() {
            self.trouble = Some(infra.to_string());
        }
    }

    fn note(&mut self, rest: &Rest) {
        let Rest::Left(left) = rest else { return };
        self.left.push(left.clone());
        if self.left.len() >= LEFT_MAX && self.trouble.is_none() {
            self.trouble =
                Some(format!("{LEFT_MAX} datasets could not be destroyed"));
        }
    }

    /// The thread's next attempt, unless there is to be none.
    fn next(&mut self, thread: u16) -> Vec<Step> {
        let stopping = self.is_stopping();
        let stop_after = self.stop_after;
        let state = self.thread(thread);
        let did_its_runs = stop_after.is_some_and(|runs| state.runs >= runs);
        if stopping || did_its_runs {
            state.phase = Phase::Finishing;
            return vec![Step::Order(thread, Order::Finish)];
        }
        state.phase = Phase::Preparing;
        state.name.run += 1;
        vec![Step::Order(thread, Order::Prepare(state.name))]
    }

    /// Leaves the attempt's slate as it is, and asks nothing more of its
    /// thread.
    fn abandon(&mut self, name: AttemptName) -> Vec<Step> {
        let dataset = self.dataset(name);
        if self.kept.iter().all(|kept| kept.dataset != dataset) {
            let why = "not destroyed, because the hunt was cut short";
            self.left.push(Left { dataset, why: why.to_owned() });
        }
        self.on_done(name.thread)
    }

    /// Destroys the working dataset, if it holds nothing.
    fn close(&mut self) -> Vec<Step> {
        if self.kept.is_empty() && self.left.is_empty() {
            self.stage = Stage::Closing;
            return vec![Step::Close];
        }
        self.over()
    }

    /// Ends at once; all that may still be there gets named.
    fn give_up(&mut self) -> Vec<Step> {
        let unsettled: Vec<AttemptName> = self
            .threads
            .iter()
            .filter(|thread| {
                self.stage == Stage::Hunting && thread.phase != Phase::Done
            })
            .map(|thread| thread.name)
            .collect();
        for name in unsettled {
            let dataset = self.dataset(name);
            if self.kept.iter().all(|kept| kept.dataset != dataset) {
                let why = "may still be there: gocrash did not wait for it";
                self.left.push(Left { dataset, why: why.to_owned() });
            }
        }
        if matches!(self.stage, Stage::Checking | Stage::Opening) {
            self.left.extend(self.at_risk.take());
        }
        if let Some(working) = &self.working {
            self.left.push(Left {
                dataset: working.dataset.to_string(),
                why: "the working dataset, not destroyed".to_owned(),
            });
        }
        self.over()
    }

    fn over(&mut self) -> Vec<Step> {
        self.stage = Stage::Over;
        vec![Step::Over]
    }

    /// Whether no further attempt is to start, on any thread.
    fn is_stopping(&self) -> bool {
        self.signal.is_some() || self.failures > 0 || self.trouble.is_some()
    }

    fn thread(&mut self, thread: u16) -> &mut Thread {
        &mut self.threads[usize::from(thread)]
    }

    fn dataset(&self, name: AttemptName) -> String {
        let working = self.working.as_ref().map(|w| w.dataset.as_str());
        format!("{}/{name}", working.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
