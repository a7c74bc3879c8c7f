//! What the hand that runs an attempt does when that takes longer than it may:
//! it has everything noted first, and then ends it.

use std::fs::File;
use std::time::Duration;

use crate::attempt::aside::Hurry;
use crate::attempt::autopsy::{self, stacks};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::attempt::processes;
use crate::attempt::{Attempt, End};
use crate::hunt::event::{Event, Hang};
use crate::hunt::hooks::{Facts, Moment};
use crate::hunt::worker::Worker;
use crate::keeper::request::Prepared;

impl Worker {
    /// Whoever wants an end of the hunt meanwhile hastens this; that the
    /// attempt hangs is a verdict already.
    pub(super) fn end_hang(
        &self,
        name: AttemptName,
        attempt: Attempt,
        prepared: &Prepared,
        after: Duration,
    ) -> End {
        let hurry = Hurry::new(&self.kills);
        let supervisor = prepared.supervisor;
        let mut troubles = Vec::new();
        let autopsy = self.examine(name, supervisor, &hurry, &mut troubles);
        let pid = command_of(supervisor);
        let facts = Facts { outcome: Some(&Outcome::TimedOut), pid };
        self.hook(Moment::Timeout, name, prepared, &facts, &hurry);
        let snapshot = self.asker.freeze(name).unwrap_or_else(|error| {
            troubles.push(format!("cannot take a snapshot: {error:#}"));
            None
        });
        let autopsy =
            autopsy.map(|_| prepared.stdout_path.with_file_name(autopsy::NAME));
        let hang = Hang { after, autopsy, snapshot, troubles };
        self.voice.say(Event::Hung(name, hang));
        attempt.end_hang(supervisor, &hurry)
    }

    fn examine(
        &self,
        name: AttemptName,
        supervisor: i32,
        hurry: &Hurry<'_>,
        troubles: &mut Vec<String>,
    ) -> Option<File> {
        let examined = self.asker.examine(name);
        let (file, trouble) = examined
            .inspect_err(|error| {
                troubles.push(format!("no autopsy: {error:#}"))
            })
            .ok()?;
        troubles.extend(trouble);
        if self.config.is_for_another() {
            // Whoever examined it did that as well.
            return Some(file);
        }
        let tree = processes::below(supervisor);
        let env = &self.config.suite.env;
        let written = stacks::write(&file, &tree, None, env, hurry);
        troubles.extend(
            written
                .err()
                .map(|error| format!("the stacks are not complete: {error}")),
        );
        Some(file)
    }
}

/// The process of the command: of those right below the supervisor, the others
/// are orphans, which came later.
fn command_of(supervisor: i32) -> Option<i32> {
    let tree = processes::below(supervisor);
    let children = tree.iter().filter(|process| process.depth == 1);
    children.min_by_key(|process| process.start).map(|process| process.pid)
}
