//! What the state makes of what can't be destroyed, or was not waited for: it
//! is named.

use crate::attempt::name::AttemptName;
use crate::hunt::state::thread::Thread;
use crate::hunt::state::{Hunt, Stage, Step};
use crate::slate::{Left, Rest};

/// So many slates may be left because they can't be destroyed.
const LEFT_MAX: usize = 16;

impl Hunt {
    pub(super) fn note(&mut self, rest: &Rest) {
        let Rest::Left(left) = rest else { return };
        self.left.push(left.clone());
        if self.left.len() >= LEFT_MAX && self.trouble.is_none() {
            let slates = self.slates(LEFT_MAX);
            self.trouble =
                Some(format!("{LEFT_MAX} {slates} could not be destroyed"));
        }
    }

    /// Leaves the attempt's slate as it is, and names it.
    pub(super) fn abandon(&mut self, name: AttemptName) {
        let evidence = self.evidence(name);
        if self.kept.iter().all(|kept| kept.name != evidence) {
            let why = "not destroyed, because the hunt was cut short";
            let name = self.slate(name);
            self.left.push(Left { name, why: why.to_owned() });
        }
    }

    /// Ends at once; all that may still be there gets named.
    pub(super) fn give_up(&mut self) -> Vec<Step> {
        let unsettled: Vec<AttemptName> = self
            .threads
            .iter()
            .filter(|thread| !thread.lost)
            .flat_map(Thread::unsettled)
            .collect();
        for name in unsettled {
            let evidence = self.evidence(name);
            if self.kept.iter().all(|kept| kept.name != evidence) {
                let why = "may still be there: gocrash did not wait for it";
                let name = self.slate(name);
                self.left.push(Left { name, why: why.to_owned() });
            }
        }
        if matches!(self.stage, Stage::Checking | Stage::Opening) {
            self.left.append(&mut self.at_risk);
        }
        if let Some(working) = &self.working {
            self.left.push(Left {
                name: working.name.clone(),
                why: working.why_left().to_owned(),
            });
            self.left.extend(working.taken().map(|snapshot| Left {
                name: snapshot.to_string(),
                why: "what the slates are clones of".to_owned(),
            }));
        }
        self.over()
    }
}
