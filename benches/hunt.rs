//! One hunt by gocrash, watched from outside.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::field::Field;

/// The line after which the workers start, and what each attempt prints.
const CREATED: &str = "created ";
const STARTED: &str = ": start (see ";

/// What to hunt.
#[derive(Debug)]
pub(crate) struct Hunt {
    /// A snapshot or a directory.
    pub(crate) source: OsString,
    pub(crate) threads: u32,
    pub(crate) runs: u32,
    pub(crate) options: Vec<OsString>,
    pub(crate) suite: Vec<OsString>,
}

/// What a hunt took.
#[derive(Debug)]
pub(crate) struct Took {
    /// From the working dataset's creation to the end of gocrash, so that
    /// whatever is destroyed behind is counted.
    pub(crate) elapsed: Duration,
    /// The processor time of gocrash itself.
    pub(crate) own: Duration,
    /// That of all processes it has waited for, suites included.
    pub(crate) children: Duration,
    /// The working dataset.
    pub(crate) working: String,
}

impl Hunt {
    /// A hunt where all that there is to do is `true`.
    pub(crate) fn of_nothing(
        source: impl Into<OsString>,
        threads: u32,
        runs: u32,
    ) -> Hunt {
        Hunt {
            source: source.into(),
            threads,
            runs,
            options: Vec::new(),
            suite: vec!["true".into()],
        }
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.threads * self.runs
    }

    pub(crate) fn run(&self, field: &Field) -> Result<Took> {
        self.run_watched(field, |_| {})
    }

    /// Also calls `watch` with the process once the workers start.
    pub(crate) fn run_watched(
        &self,
        field: &Field,
        watch: impl FnOnce(Pid),
    ) -> Result<Took> {
        // A pipe could fill up.
        let complaint = field.path("complaint");
        let mut child = Command::new(field.gocrash())
            .env("XDG_STATE_HOME", field.path("state"))
            .args(["--user", "root", "--concurrency"])
            .arg(self.threads.to_string())
            .arg("--stop-after")
            .arg(self.runs.to_string())
            .args(&self.options)
            .arg(&self.source)
            .arg("--")
            .args(&self.suite)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaint)?)
            .spawn()
            .context("cannot start gocrash")?;
        let result = self.follow(&mut child, watch);
        // A zombie still, or in trouble: no wait is long.
        if result.is_err() {
            let _ = child.kill();
        }
        let status = child.wait()?;
        let complaint = fs::read_to_string(&complaint)?;
        let complaint = complaint.trim_end();
        ensure!(status.success(), "gocrash ended with {status}: {complaint}");
        result
    }

    /// Reads what it prints to its end.
    fn follow(
        &self,
        child: &mut Child,
        watch: impl FnOnce(Pid),
    ) -> Result<Took> {
        let pid = Pid::from_raw(i32::try_from(child.id())?);
        let stdout = child.stdout.take().context("it is a pipe")?;
        let mut watch = Some(watch);
        let mut begin = None;
        let mut working = String::new();
        let mut started = 0;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if begin.is_none() && line.starts_with(CREATED) {
                begin = Some(Instant::now());
                line.split('"').nth(1).unwrap_or("").clone_into(&mut working);
                if let Some(watch) = watch.take() {
                    watch(pid);
                }
            }
            started += u32::from(line.contains(STARTED));
        }
        // Until it is waited for, its times can be read.
        waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        let end = Instant::now();
        let begin = begin.context("gocrash has started no hunt")?;
        ensure!(
            started == self.attempts(),
            "gocrash made {started} attempts, not {}",
            self.attempts()
        );
        let (own, children) = processor_times(pid)?;
        Ok(Took { elapsed: end - begin, own, children, working })
    }
}

/// Its own and its children's, those of a user and the system's together.
fn processor_times(pid: Pid) -> Result<(Duration, Duration)> {
    let stat = fs::read_to_string(
        Path::new("/proc").join(pid.to_string()).join("stat"),
    )?;
    // The name in parentheses may have spaces and parentheses itself.
    let (_, rest) = stat.rsplit_once(") ").context("no name in stat")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks_per_second =
        sysconf(SysconfVar::CLK_TCK)?.context("it is always known")?;
    let time = |first: usize| -> Result<Duration> {
        let ticks: u32 =
            fields[first].parse::<u32>()? + fields[first + 1].parse::<u32>()?;
        let seconds = f64::from(ticks) / ticks_per_second as f64;
        Ok(Duration::from_secs_f64(seconds))
    };
    // The state is the first field here, and the third in proc(5), where
    // utime is the 14th and cutime the 16th.
    ensure!(fields.len() > 14, "stat has {} fields", fields.len());
    Ok((time(11)?, time(13)?))
}
