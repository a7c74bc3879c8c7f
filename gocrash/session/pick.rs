//! Which hunt or attempt is meant by what was typed.

use super::hunts::{Hunt, Hunts};
use crate::attempt::name::AttemptName;
use crate::near::nearest;
use crate::refusal::Refusal;
use crate::report::picking;
use crate::slate::found::number_of;

/// Stands for the hunt that began last.
pub(super) const LATEST: &str = "latest";
/// So many names are told where one is not enough.
const NAMES_MAX: usize = 5;
/// What is closer to `latest` than this was meant so.
const RESEMBLANCE_MIN: f64 = 0.85;
const HELP: &str = "`gocrash list` shows what there is";

impl Hunts {
    /// The hunt that is meant.
    pub(super) fn pick(&self, typed: &str) -> Result<&Hunt, Refusal> {
        let own = || self.all.iter().filter(|hunt| !hunt.found.is_copy);
        if typed == LATEST {
            let latest = own().next_back().ok_or_else(|| {
                // Where it could not look there may be some.
                let what = match self.unseen.is_empty() {
                    true => "there are no hunts",
                    false => "no hunt was found",
                };
                Refusal::new(what, self.help())
            })?;
            // It need not be the one that the person saw end.
            picking::latest(&latest.found.session, latest.found.began());
            return Ok(latest);
        }
        let name = typed.trim_end_matches('/');
        let with = |is_meant: &dyn Fn(&Hunt) -> bool| -> Vec<&Hunt> {
            self.all.iter().filter(|hunt| is_meant(hunt)).collect()
        };
        let is_tail = |hunt: &Hunt| {
            let digits = number_of(&hunt.found.session)
                .filter(|_| !hunt.found.is_copy)
                .map(|number| number.to_string());
            digits.is_some_and(|digits| digits.ends_with(name))
        };
        // A copy has the name of what it is a copy of, which goes first.
        let is_named = |hunt: &Hunt| hunt.found.session == name;
        let ways: [Vec<&Hunt>; 4] = [
            with(&|hunt| hunt.found.name == name),
            with(&|hunt| !hunt.found.is_copy && is_named(hunt)),
            with(&is_tail),
            with(&is_named),
        ];
        let meant = ways.into_iter().find(|hunts| !hunts.is_empty());
        match meant.as_deref() {
            Some([hunt]) if !name.is_empty() => Ok(hunt),
            Some(several) if !name.is_empty() => {
                let names: Vec<String> = several
                    .iter()
                    .take(NAMES_MAX)
                    .map(|hunt| format!("`{}`", hunt.found.name))
                    .collect();
                let names = names.join(", ");
                Err(Refusal::new(
                    format!("`{typed}` may be one of several: {names}"),
                    "write more of its number, or its whole name",
                ))
            }
            _ => Err(self.no_hunt(typed)),
        }
    }

    /// The same, without the others.
    pub(super) fn take(self, typed: &str) -> Result<Hunt, Refusal> {
        let name = self.pick(typed)?.found.name.clone();
        let mut all = self.all.into_iter();
        let meant = all.find(|hunt| hunt.found.name == name);
        Ok(meant.expect("it was there a moment ago"))
    }

    /// The hunt, and the attempt if one is named.
    pub(super) fn pick_attempt(
        &self,
        typed: &str,
    ) -> Result<(&Hunt, Option<AttemptName>), Refusal> {
        // Of overlays, what was kept is in a directory of its own.
        let name = typed.strip_suffix("/upper").unwrap_or(typed);
        let parts = name.rsplit_once('/');
        let parts =
            parts.and_then(|(hunt, name)| Some((hunt, name.parse().ok()?)));
        match parts {
            Some((hunt, attempt)) => Ok((self.pick(hunt)?, Some(attempt))),
            None => match self.pick(typed) {
                Ok(hunt) => Ok((hunt, None)),
                Err(no_hunt) => Err(self.no_attempt(typed, no_hunt)),
            },
        }
    }

    fn no_hunt(&self, typed: &str) -> Refusal {
        match typed.rsplit_once('/') {
            Some((hunt, last)) if last.parse::<AttemptName>().is_ok() => {
                Refusal::new(
                    format!("`{typed}` is an attempt, and no hunt"),
                    format!("name its hunt, the whole of it: `{hunt}`"),
                )
            }
            _ => {
                let help = match nearest(typed, [LATEST], RESEMBLANCE_MIN) {
                    Some(latest) => format!("did you mean `{latest}`?"),
                    None => self.help(),
                };
                Refusal::new(format!("there is no hunt `{typed}`"), help)
            }
        }
    }

    /// What it has before the `/` may be a hunt.
    fn no_attempt(&self, typed: &str, no_hunt: Refusal) -> Refusal {
        match typed.rsplit_once('/') {
            Some((hunt, last)) if self.pick(hunt).is_ok() => Refusal::new(
                format!("`{last}` is no attempt of `{hunt}`"),
                format!(
                    "attempts are called as in `{hunt}/thread-0-run-0`; \
                     `gocrash show {hunt}` shows them"
                ),
            ),
            _ => no_hunt,
        }
    }

    fn help(&self) -> String {
        match self.unseen.first() {
            None => HELP.to_owned(),
            Some(unseen) => format!("{HELP}; {unseen}"),
        }
    }
}
