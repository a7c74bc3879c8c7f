//! The keeper as a process of its own: requests and answers are packets of
//! JSON, one connection for each thread that asks, since the kernel makes one
//! of what several ask for at a time.

use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::request::{Answer, Reply, Request};
use super::server::Server;
use crate::attempt::sys::rights::{self, Channel};
use crate::attempt::sys::{
    adopt_orphans, close_descriptors_on_exec, remove_cgroups,
};
use crate::config::Config;
use crate::hunt::SLATES_MAX;
use crate::refusal::Refusal;

/// No request is longer, and no answer.
const REQUEST_BYTES_MAX: usize = 4096;
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Of a thread that answers: ZFS's library puts paths on it.
const STACK_BYTES: usize = 512 << 10;
/// On the connection that the others come by.
const CONNECT: u8 = b'c';
/// Beside those of hands, of which a thread has no more than slates: for what
/// is done in between.
const CONNECTIONS_MORE: usize = 8;

/// How long its end is waited for, and how long apart it is looked for. What it
/// holds is free when it has ended, for which a pool may take its time.
const END_MAX: Duration = Duration::from_secs(15);
const END_PAUSE: Duration = Duration::from_millis(1);

/// The keeper as those see it who ask.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    channel: Channel,
}

/// A way to ask it.
#[derive(Debug)]
pub(crate) struct Connection(Channel);

impl Process {
    pub(super) fn start(
        config: &Arc<Config>,
        forget: impl FnOnce(),
    ) -> anyhow::Result<Process> {
        // Whoever looked for a hunt may have left /dev/zfs open across exec.
        close_descriptors_on_exec();
        let [ours, theirs] = Channel::pair()?;
        let caller = config.ids_of_caller();
        let ours = std::cell::Cell::new(Some(ours));
        let pid = rights::fork_with(|| {
            // Its end here would keep the connection from ending.
            drop(ours.take());
            forget();
            serve(Server::new(Arc::clone(config)), &theirs, config)
        })
        .context("cannot start the process with the rights")?;
        rights::become_for_good(caller.as_ref())
            .context("cannot give up the rights")?;
        // Of hooks and debuggers.
        adopt_orphans();
        let channel = ours.take().context("no connection")?;
        Ok(Process { pid, channel })
    }

    pub(super) fn connect(&self) -> anyhow::Result<Connection> {
        let [ours, theirs] = Channel::pair()?;
        self.channel
            .send(&[CONNECT], &[theirs.into_end()])
            .context("the process with the rights has ended")?;
        Ok(Connection(ours))
    }

    /// Returns when it has ended.
    pub(super) fn wait_for_end(&self) {
        // It never says anything here.
        while let Ok((1.., _)) = self.channel.receive(&mut [0]) {}
    }

    pub(super) fn end(&self, waits: bool) {
        self.channel.end();
        let begin = Instant::now();
        // It waits itself for what this process may still have a hand on.
        while waits && begin.elapsed() < END_MAX {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => thread::sleep(END_PAUSE),
                _ => return,
            }
        }
    }
}

impl Connection {
    pub(super) fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        const GONE: &str = "the process with the rights has ended";
        let packet = serde_json::to_vec(request)?;
        self.0.send(&packet, &[]).context(GONE)?;
        let mut packet = vec![0; ANSWER_BYTES_MAX];
        let (length, files) = self.0.receive(&mut packet).context(GONE)?;
        if length == 0 {
            bail!(GONE);
        }
        let reply = serde_json::from_slice(&packet[..length])
            .context("the answer can't be read")?;
        Ok(Answer { reply, files })
    }
}

/// What the keeper does, to its end.
fn serve(server: Server, channel: &Channel, config: &Config) -> i32 {
    // Before nobody may look into it any more: the maps of a user namespace
    // are written there.
    let entered = config.origin.enter();
    let apart = rights::be_apart().map_err(|error| {
        Refusal::new(
            format!("the process with the rights can't be set apart: {error}"),
            "gocrash needs /dev/null and /proc as they usually are",
        )
    });
    adopt_orphans();
    let server = Arc::new(server);
    let refusal = entered.and(apart).err().map(Arc::new);
    let count = Arc::new(AtomicUsize::new(0));
    let connections_max =
        usize::from(config.concurrency) * SLATES_MAX + CONNECTIONS_MORE;
    loop {
        let mut word = [0];
        match channel.receive(&mut word) {
            Ok((1.., files)) if word == [CONNECT] => {
                for end in files {
                    if count.load(Ordering::SeqCst) < connections_max {
                        answer_on(end, &server, refusal.as_ref(), &count);
                    }
                }
            }
            Ok((1.., _)) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Ok((0, _)) | Err(_) => break,
        }
    }
    server.end();
    remove_cgroups();
    server.leave();
    0
}

/// Answers what is asked on this connection, by a thread of its own.
fn answer_on(
    end: OwnedFd,
    server: &Arc<Server>,
    refusal: Option<&Arc<Refusal>>,
    count: &Arc<AtomicUsize>,
) {
    let server = Arc::clone(server);
    let refusal = refusal.cloned();
    let count = Arc::clone(count);
    count.fetch_add(1, Ordering::SeqCst);
    let counted = Arc::clone(&count);
    let answer = move || {
        answer_all(&server, &Channel::of(end), refusal.as_deref());
        counted.fetch_sub(1, Ordering::SeqCst);
    };
    let thread = thread::Builder::new()
        .name("keeper".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(answer);
    if thread.is_err() {
        // Who asks sees the end of the connection.
        count.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn answer_all(
    server: &Server,
    channel: &Channel,
    refusal: Option<&Refusal>,
) {
    let mut packet = vec![0; REQUEST_BYTES_MAX];
    loop {
        let answer = match channel.receive(&mut packet) {
            // Open files that come with a request go at once.
            Ok((length @ 1.., _)) => {
                answer_to(server, &packet[..length], refusal)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Reply::Failed("the request is too long".to_owned()).into()
            }
            Ok((0, _)) | Err(_) => return,
        };
        if send(channel, &answer).is_err() {
            return;
        }
    }
}

fn answer_to(
    server: &Server,
    packet: &[u8],
    refusal: Option<&Refusal>,
) -> Answer {
    let request: Request = match serde_json::from_slice(packet) {
        Ok(request) => request,
        Err(error) => {
            return Reply::Failed(format!("this is no request: {error}"))
                .into();
        }
    };
    if let Some(refusal) = refusal {
        return Reply::Refused {
            what: refusal.to_string(),
            help: refusal.help().to_owned(),
        }
        .into();
    }
    // One request that goes wrong is not the end of all others.
    catch_unwind(AssertUnwindSafe(|| server.answer(request))).unwrap_or_else(
        |_| {
            Reply::Failed("the process with the rights panicked".to_owned())
                .into()
        },
    )
}

fn send(channel: &Channel, answer: &Answer) -> io::Result<()> {
    let packet = match serde_json::to_vec(&answer.reply) {
        Ok(packet) if packet.len() <= ANSWER_BYTES_MAX => packet,
        Ok(_) => return too_long(channel),
        Err(error) => {
            let reply = Reply::Failed(error.to_string());
            serde_json::to_vec(&reply).map_err(io::Error::other)?
        }
    };
    channel.send(&packet, &answer.files)
}

fn too_long(channel: &Channel) -> io::Result<()> {
    let reply = Reply::Failed("the answer is too long".to_owned());
    let packet = serde_json::to_vec(&reply).map_err(io::Error::other)?;
    channel.send(&packet, &[])
}
