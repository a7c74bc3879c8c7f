//! What the output of a run says about it, where that decides, as in Go's
//! `stress`.

use std::fmt;
use std::io::{self, Read};

use regex::bytes::Regex;

use crate::attempt::outcome::{Outcome, Told};
use crate::attempt::said::Logs;

/// So much of the output is in memory at a time.
const WINDOW_BYTES: usize = 1 << 20;
/// So much of it is looked at with what comes after it, too: a match that goes
/// over lines may be that long.
const OVERLAP_BYTES: usize = 64 << 10;

/// What people look for in the output.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    pub(crate) pass: Option<Regex>,
    pub(crate) fail: Option<Regex>,
    pub(crate) ignore: Option<Regex>,
}

/// Which of them are in it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Found {
    pass: bool,
    fail: bool,
    ignore: bool,
}

impl Patterns {
    /// What became of a run that ended so, by what it printed.
    ///
    /// # Errors
    /// Where that can't be read, so that there is no telling.
    pub(crate) fn judge(
        &self,
        ended: Outcome,
        logs: Option<&Logs>,
    ) -> io::Result<Outcome> {
        if self.is_empty() || !ended.is_verdict() {
            return Ok(ended);
        }
        let logs = logs.ok_or_else(|| io::Error::other("it is not open"))?;
        let mut found = Found::default();
        for log in logs.readers()? {
            self.look(log, &mut found)?;
        }
        Ok(self.told(ended, found))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pass.is_none() && self.fail.is_none() && self.ignore.is_none()
    }

    fn told(&self, ended: Outcome, found: Found) -> Outcome {
        // That it is done and can't end is what `--timeout` looks for.
        let pass = found.pass && ended != Outcome::TimedOut;
        let failed = match self.fail {
            Some(_) => found.fail,
            None => ended.is_failure() && !pass,
        };
        let told = if failed && found.ignore {
            Told::Ignore
        } else if found.fail {
            Told::Fail
        } else if pass {
            Told::Pass
        } else if self.fail.is_some() && ended.is_failure() {
            Told::NoFail
        } else if self.pass.is_some() && !ended.is_failure() {
            Told::NoPass
        } else {
            return ended;
        };
        Outcome::Told(told, Box::new(ended))
    }

    fn look(&self, mut log: impl Read, found: &mut Found) -> io::Result<()> {
        let mut window = Vec::with_capacity(WINDOW_BYTES);
        loop {
            let room = WINDOW_BYTES - window.len();
            let limit = u64::try_from(room).unwrap_or(u64::MAX);
            let read = log.by_ref().take(limit).read_to_end(&mut window)?;
            self.search(&window, found);
            if read < room {
                return Ok(());
            }
            // On from the beginning of a line, so that `^` is one.
            let overlap = window.len() - OVERLAP_BYTES;
            let line = window[overlap..].iter().position(|b| *b == b'\n');
            window.drain(..overlap + line.map_or(0, |end| end + 1));
        }
    }

    fn search(&self, window: &[u8], found: &mut Found) {
        let matches = |pattern: &Option<Regex>| {
            pattern.as_ref().is_some_and(|pattern| pattern.is_match(window))
        };
        found.pass |= matches(&self.pass);
        found.fail |= matches(&self.fail);
        found.ignore |= matches(&self.ignore);
    }
}

/// As they are typed.
impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Patterns { pass, fail, ignore } = self;
        let all = [("--pass", pass), ("--fail", fail), ("--ignore", ignore)];
        let mut space = "";
        for (option, pattern) in all {
            if let Some(pattern) = pattern {
                write!(f, "{space}{option} {:?}", pattern.as_str())?;
                space = " ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::attempt::output::{NAMES, Output};

    fn patterns(pass: &str, fail: &str, ignore: &str) -> Patterns {
        let pattern = |text: &str| {
            let text = format!("(?m){text}");
            (text != "(?m)").then(|| Regex::new(&text).unwrap())
        };
        Patterns {
            pass: pattern(pass),
            fail: pattern(fail),
            ignore: pattern(ignore),
        }
    }

    /// The word for a run that exited with this and printed that.
    fn told(patterns: &Patterns, code: i32, printed: &str) -> &'static str {
        let mut found = Found::default();
        patterns.look(printed.as_bytes(), &mut found).unwrap();
        let ended = match code {
            0 => Outcome::Passed,
            code => Outcome::Failed(code),
        };
        patterns.told(ended, found).word()
    }

    #[test]
    fn only_what_is_looked_for_is_a_failure() {
        let fail = patterns("", "^panic: ", "");
        assert_eq!(told(&fail, 2, "x\npanic: y\n"), "failed");
        assert_eq!(told(&fail, 0, "x\npanic: y\n"), "failed");
        assert_eq!(told(&fail, 2, "no panic: y\n"), "ignored");
        assert_eq!(told(&fail, 0, ""), "passed");
    }

    #[test]
    fn a_failure_that_is_known_is_ignored() {
        let ignore = patterns("", "", "no route");
        assert_eq!(told(&ignore, 1, "no route to host"), "ignored");
        assert_eq!(told(&ignore, 0, "no route to host"), "passed");
        let both = patterns("", "panic", "no route");
        assert_eq!(told(&both, 1, "panic: no route"), "ignored");
    }

    #[test]
    fn a_run_passes_that_says_so() {
        let pass = patterns("^ok$", "", "");
        assert_eq!(told(&pass, 1, "ok\n"), "passed");
        assert_eq!(told(&pass, 1, "not ok\n"), "failed");
        // It may have ended before it began.
        assert_eq!(told(&pass, 0, ""), "ignored");
        let both = patterns("ok", "bad", "");
        assert_eq!(told(&both, 0, "ok, but bad"), "failed");
        assert_eq!(told(&both, 1, "neither"), "ignored");
        let done = Found { pass: true, ..Found::default() };
        assert!(pass.told(Outcome::TimedOut, done).is_failure());
    }

    #[test]
    fn a_match_is_found_wherever_it_is_in_a_long_log() {
        let fail = patterns("", "^begin\nend$", "");
        let line = "0123456789abcdef\n";
        for before in [1, WINDOW_BYTES - 16, WINDOW_BYTES - 6, WINDOW_BYTES] {
            let log: String = line.chars().cycle().take(before - 1).collect();
            let inside = format!("{log}xbegin\nend\n{log}");
            assert_eq!(told(&fail, 1, &inside), "ignored", "{before}");
            let whole = format!("{log}\nbegin\nend\n{log}");
            assert_eq!(told(&fail, 1, &whole), "failed", "{before}");
        }
        let no_line = "x".repeat(3 * WINDOW_BYTES);
        assert_eq!(told(&fail, 1, &format!("{no_line}\nbegin\nend")), "failed");
    }

    #[test]
    fn what_the_suite_put_in_place_of_its_output_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::create(dir.path(), None).unwrap();
        let files = [&output.stdout, &output.stderr];
        let logs = Logs::new(files.map(|file| file.try_clone().unwrap()));
        let judge = |pattern: &str| {
            let fail = patterns("", pattern, "");
            fail.judge(Outcome::Passed, Some(&logs)).unwrap().is_failure()
        };
        writeln!(output.stdout, "panic: one").unwrap();
        let name = dir.path().join(NAMES[0]);
        fs::remove_file(&name).unwrap();
        symlink("/etc/passwd", &name).unwrap();
        assert!(judge("^panic: one$"));
        assert!(!judge("root"));
    }
}
