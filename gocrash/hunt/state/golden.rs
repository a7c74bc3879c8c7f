//! What comes before the first attempt: what `--prepare` asks for, if anything.

use crate::hunt::golden::Spoiled;
use crate::hunt::state::{Hunt, Stage, Step};
use crate::slate::Working;

impl Hunt {
    /// The same, with something to be done before the first attempt.
    pub(crate) fn preparing(self, prepares: bool) -> Hunt {
        Hunt { prepares, ..self }
    }

    pub(super) fn on_opened(&mut self, working: &Working) -> Vec<Step> {
        self.working = Some(working.clone());
        // One that goes on may have what was prepared before.
        let is_prepared = working.golden_guid().is_some();
        if self.prepares && !is_prepared && self.signal.is_none() {
            self.stage = Stage::Preparing;
            return vec![Step::Prepare];
        }
        self.start()
    }

    pub(super) fn on_golden(
        &mut self,
        golden: &Result<Working, Spoiled>,
    ) -> Vec<Step> {
        match golden {
            Ok(working) => {
                self.working = Some(working.clone());
                self.start()
            }
            Err(spoiled) => {
                if self.signal.is_none() {
                    self.trouble = Some(spoiled.why.clone());
                }
                self.note(&spoiled.rest);
                self.close()
            }
        }
    }

    /// Begins with the attempts, unless a signal came meanwhile.
    fn start(&mut self) -> Vec<Step> {
        self.stage = Stage::Hunting;
        self.signal.is_none().then_some(Step::Start).into_iter().collect()
    }
}
