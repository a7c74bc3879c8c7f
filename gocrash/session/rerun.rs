//! `gocrash rerun`: the same hunt, or one with a narrower command, from the
//! same snapshot.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use super::{again, hunts};
use crate::cli::after::RerunArgs;
use crate::refusal::Refusal;

/// What a report that is there would be overwritten by.
const REPORTS: [&str; 3] = ["--events", "--junit", "--html"];

pub(super) fn rerun(args: &RerunArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let (hunt, _) = hunts.pick_attempt(&args.id)?;
    let manifest = again::manifest(hunt)?;
    if args.times.is_some() && manifest.options.baseline.is_some() {
        anyhow::bail!(Refusal::new(
            "`--times` is not for a hunt of `verify-fix`, which works out how \
             many runs it takes",
            "leave it out",
        ));
    }
    let words = again::arguments(manifest)?;
    let cwd = manifest.cwd.to_os().unwrap_or_default();
    let words = words_for(words, args, &cwd);
    let mut config = again::config(&hunt.found, manifest, words)?;
    config.is_times = args.times.is_some();
    config.tell_json(args.json)?;
    Ok(crate::hunt(config)?.exit())
}

/// What would have to be typed for it.
fn words_for(
    mut words: Vec<OsString>,
    args: &RerunArgs,
    cwd: &OsStr,
) -> Vec<OsString> {
    let cut = words.iter().position(|word| word == "--");
    let command = words.split_off(cut.unwrap_or(words.len()));
    let mut words = without_reports(words);
    if let Some(times) = args.times {
        words.push(format!("--stop-after={times}").into());
    }
    if args.command.is_empty() {
        words.extend(command);
        return words;
    }
    // Where the other command started, this one does.
    if !cwd.is_empty() {
        words.extend([OsString::from("--cwd"), cwd.to_owned()]);
    }
    words.push("--".into());
    words.extend(args.command.iter().cloned());
    words
}

fn without_reports(words: Vec<OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if REPORTS.iter().any(|report| word == *report) {
            // Its value is the next word.
            words.next();
            continue;
        }
        let is_report = |report: &str| {
            let rest = word.as_bytes().strip_prefix(report.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"="))
        };
        if !REPORTS.iter().any(|report| is_report(report)) {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(
        typed: &str,
        times: Option<u64>,
        command: &str,
        cwd: &str,
    ) -> String {
        let split =
            |text: &str| text.split_whitespace().map(OsString::from).collect();
        let args = RerunArgs {
            id: String::new(),
            times,
            json: false,
            command: split(command),
        };
        let words = words_for(split(typed), &args, OsStr::new(cwd));
        words.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn the_same_is_asked_for_with_what_is_different_said_later() {
        let typed = "gocrash -p 3 t/go@a --events=x --junit y -- make --events";
        assert_eq!(
            words(typed, None, "", ""),
            "gocrash -p 3 t/go@a -- make --events"
        );
        assert_eq!(
            words(typed, Some(9), "make one", "src"),
            "gocrash -p 3 t/go@a --stop-after=9 --cwd src -- make one"
        );
        assert_eq!(
            words("gocrash t/go@a", Some(1), "", "goroot/src"),
            "gocrash t/go@a --stop-after=1"
        );
    }
}
