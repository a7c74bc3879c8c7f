//! What is said of an attempt that has ended: how, what failed, and what it
//! printed last.

use std::path::Path;
use std::time::Duration;

use super::Terminal;
use crate::attempt::leaks::Leaks;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::attempt::said::Said;
use crate::hunt::sift::{Decided, Signed};
use crate::hunt::{Hunt, SILENT_IN_A_ROW_MAX};
use crate::report::safe;
use crate::report::units::seconds;

/// So many failures of an attempt are named that others had before.
const AGAIN_MAX: usize = 5;

impl Terminal {
    pub(super) fn ended(
        &mut self,
        name: AttemptName,
        outcome: &Outcome,
        took: Duration,
        leaks: &Leaks,
        hunt: &Hunt,
    ) {
        let kept = if hunt.keeps(name, outcome) { ", kept" } else { "" };
        let took = seconds(took);
        self.at(
            name.thread,
            name.run,
            format_args!("{outcome} after {took}{leaks}{kept}"),
        );
        self.silence(outcome, hunt);
        self.unread(name, hunt);
        let Some(said) = self.said.remove(&name) else { return };
        if !said.0.is_empty() {
            self.sifted(name, hunt);
        }
        let thread = &hunt.threads[usize::from(name.thread)];
        self.said(&said, &thread.stdout_path);
    }

    /// Warns once of a hunt that may never end, and says what excuses its runs.
    fn silence(&mut self, outcome: &Outcome, hunt: &Hunt) {
        let Some(excuse) = outcome.excuse() else { return };
        if self.is_silence_said || !hunt.is_silent() {
            return;
        }
        self.is_silence_said = true;
        let excuse = safe::line(&excuse);
        self.error(format_args!(
            "warning: {SILENT_IN_A_ROW_MAX} attempts in a row have no verdict, \
             the last one {excuse}"
        ));
        self.help(format_args!(
            "--max-runs and --max-fails count runs with a verdict alone, so \
             that this may never end: say less there, or limit it by \
             --max-time or --stop-after"
        ));
    }

    /// Warns once of results that can't be read: what they would have told is
    /// missing.
    fn unread(&mut self, name: AttemptName, hunt: &Hunt) {
        let sifted = hunt.sifted(name);
        let unread = sifted.and_then(|sifted| sifted.unread.as_ref());
        let Some(why) = unread.filter(|_| !self.is_unread_said) else { return };
        self.is_unread_said = true;
        let why = safe::line(why);
        self.error(format_args!(
            "warning: a file of --results of {name} can't be read: {why}"
        ));
        self.help(format_args!(
            "it has to be a JUnit file; further ones are only noted in the \
             record, as results_unread"
        ));
    }

    /// The failures that no attempt had before, those that one had, and the
    /// rule that decided.
    fn sifted(&mut self, name: AttemptName, hunt: &Hunt) {
        for signed in hunt.new_signatures(name) {
            let Signed { id, class, title, is_flaky } = signed;
            let flaky = if *is_flaky { "flaky " } else { "" };
            let title = safe::line(title);
            self.console.err(format!("    {flaky}{class} {id}: {title}\n"));
        }
        let mut again: Vec<String> = hunt
            .old_signatures(name)
            .take(AGAIN_MAX + 1)
            .map(|Signed { id, class, .. }| format!("{class} {id}"))
            .collect();
        if again.len() > AGAIN_MAX {
            again[AGAIN_MAX] = "…".to_owned();
        }
        if !again.is_empty() {
            let again = again.join(", ");
            self.console.err(format!("    again {again}\n"));
        }
        let sifted = hunt.sifted(name);
        let decided = sifted.and_then(|sifted| sifted.decision.as_ref());
        if let Some(Decided { rule, .. }) = decided {
            let rule = safe::line(rule);
            self.console.err(format!("    by the rule: {rule}\n"));
        }
    }

    /// The last lines that a failed attempt has printed, and where all are.
    fn said(&mut self, said: &Said, stdout_path: &Path) {
        for (name, lines) in &said.0 {
            for line in lines {
                let line = safe::line(line);
                self.console.err(format!("    | {line}\n"));
            }
            let path = stdout_path.with_file_name(name);
            let path = safe::text(&path.to_string_lossy());
            self.console.err(format!("    see {path}\n"));
        }
    }
}
