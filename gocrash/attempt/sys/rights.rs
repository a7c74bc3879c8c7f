//! Packets with open files in them; and how a process gives its rights away.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal};
use nix::unistd::{ForkResult, Pid, fork, setgid, setgroups, setsid, setuid};

use super::place::replace;
use super::{FIRST_DESCRIPTOR, children, socket, system, tree};
use crate::attempt::person::Ids;

/// So many open files are in a packet.
pub(crate) const FILES_MAX: usize = 3;
/// Enough for the header of the numbers, and for them.
const CONTROL_BYTES: usize = 64;

/// What the system wants aligned like its own header.
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

const _: () = {
    let numbers = FILES_MAX * size_of::<RawFd>();
    // SAFETY: computes a number.
    let space = unsafe { libc::CMSG_SPACE(numbers as libc::c_uint) };
    assert!(space as usize <= CONTROL_BYTES);
};

/// A connection with another process of ours, which carries open files.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// Two ends of one connection.
    pub(crate) fn pair() -> io::Result<[Channel; 2]> {
        Ok(socket::pair()?.map(Channel))
    }

    /// One end, as it came in a packet.
    pub(crate) fn of(end: OwnedFd) -> Channel {
        Channel(end)
    }

    /// To be sent in a packet.
    pub(crate) fn into_end(self) -> OwnedFd {
        self.0
    }

    /// Sends a packet, whole, with copies of these files, at most
    /// [`FILES_MAX`].
    ///
    /// Wraps `sendmsg`.
    pub(crate) fn send(
        &self,
        packet: &[u8],
        files: &[OwnedFd],
    ) -> io::Result<()> {
        if files.len() > FILES_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = libc::iovec {
            iov_base: packet.as_ptr().cast_mut().cast(),
            iov_len: packet.len(),
        };
        let mut control = Control([0; CONTROL_BYTES]);
        let mut message = header(&mut bytes);
        if !files.is_empty() {
            let length = (size_of::<RawFd>() * files.len()) as libc::c_uint;
            message.msg_control = control.0.as_mut_ptr().cast();
            // SAFETY: computes a number.
            let space = unsafe { libc::CMSG_SPACE(length) };
            message.msg_controllen = space as _;
            // SAFETY: the header's control buffer has room for one.
            let first = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
            // SAFETY: computes a number.
            let whole = unsafe { libc::CMSG_LEN(length) };
            let head = libc::cmsghdr {
                cmsg_len: whole as _,
                cmsg_level: libc::SOL_SOCKET,
                cmsg_type: libc::SCM_RIGHTS,
            };
            // SAFETY: it is in the buffer, which is aligned for it.
            unsafe { first.write(head) };
            // SAFETY: right behind that header.
            let data = unsafe { libc::CMSG_DATA(first) }.cast::<RawFd>();
            for (i, file) in files.iter().enumerate() {
                // SAFETY: there is room for `FILES_MAX` of them.
                let place = unsafe { data.add(i) };
                // SAFETY: as above; it need not be aligned.
                unsafe { place.write_unaligned(file.as_raw_fd()) };
            }
        }
        loop {
            // SAFETY: all that the header points to lives during the call.
            let sent = unsafe {
                libc::sendmsg(
                    self.0.as_raw_fd(),
                    &raw const message,
                    libc::MSG_NOSIGNAL,
                )
            };
            match Errno::result(sent) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Receives a packet, which has to fit, and what files are in it. Its
    /// length is nought at the end of the connection.
    ///
    /// Wraps `recvmsg`.
    pub(crate) fn receive(
        &self,
        packet: &mut [u8],
    ) -> io::Result<(usize, Vec<OwnedFd>)> {
        let mut bytes = libc::iovec {
            iov_base: packet.as_mut_ptr().cast(),
            iov_len: packet.len(),
        };
        let mut control = Control([0; CONTROL_BYTES]);
        let mut message = header(&mut bytes);
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = CONTROL_BYTES as _;
        let length = loop {
            // SAFETY: all that the header points to lives during the call,
            // and has the length that it says.
            let received = unsafe {
                libc::recvmsg(
                    self.0.as_raw_fd(),
                    &raw mut message,
                    libc::MSG_CMSG_CLOEXEC,
                )
            };
            match Errno::result(received) {
                Ok(length) => break length.unsigned_abs(),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let files = files_in(&message);
        if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok((length, files))
    }

    /// Ends the connection, whoever has copies of this end.
    pub(crate) fn end(&self) {
        socket::end(self.0.as_fd());
    }
}

fn header(bytes: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: numbers and pointers can be noughts.
    let mut message: libc::msghdr =
        unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_name = ptr::null_mut();
    message.msg_iov = bytes;
    message.msg_iovlen = 1;
    message
}

/// Takes over what came with a message.
fn files_in(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut files = Vec::new();
    // SAFETY: the system has filled in the header and its control buffer.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !next.is_null() {
        // SAFETY: it is in the buffer, and whole.
        let head = unsafe { next.read() };
        if head.cmsg_level == libc::SOL_SOCKET
            && head.cmsg_type == libc::SCM_RIGHTS
        {
            // SAFETY: computes a number.
            let empty = unsafe { libc::CMSG_LEN(0) } as usize;
            let bytes = (head.cmsg_len as usize).saturating_sub(empty);
            // SAFETY: right behind that header.
            let data = unsafe { libc::CMSG_DATA(next) }.cast::<RawFd>();
            for i in 0..bytes / size_of::<RawFd>() {
                // SAFETY: so many are there, by the length in the header.
                let place = unsafe { data.add(i) };
                // SAFETY: as above; it need not be aligned.
                let number = unsafe { place.read_unaligned() };
                // SAFETY: the system made it for this process just now.
                files.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
        // SAFETY: as for the first one.
        next = unsafe { libc::CMSG_NXTHDR(message, next) };
    }
    files
}

/// Forks this process, which has a single thread. The child runs `child`, and
/// ends with what that gives.
pub(crate) fn fork_with(child: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: with a single thread, the child is as whole as this process.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => {
            children::know(child);
            Ok(child)
        }
        ForkResult::Child => {
            let status = child();
            // SAFETY: ends the process without running anything of the
            // parent's, such as what is to be printed at its end.
            unsafe { libc::_exit(status) }
        }
    }
}

/// Leaves the terminal and what was started there: a keeper hears of nothing
/// but its connections, and is not waited for by who reads what gocrash says.
pub(crate) fn be_apart() -> io::Result<()> {
    setsid()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for stream in 0..FIRST_DESCRIPTOR {
        replace(stream, null.as_raw_fd())?;
    }
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: to ignore a signal needs no handler.
        unsafe { nix::sys::signal::signal(signal, SigHandler::SigIgn) }?;
    }
    Ok(tree::hide_as(c"gocrash-keeper")?)
}

/// Becomes this person for good, if it is not them already; and lets nobody
/// without rights look into this process. Only while there is a single thread.
pub(crate) fn become_for_good(ids: Option<&Ids>) -> io::Result<()> {
    if let Some(ids) = ids {
        setgroups(&ids.groups)?;
        setgid(ids.gid)?;
        setuid(ids.uid)?;
        if !ids.uid.is_root() {
            system::drop_privileges()?;
        }
    }
    Ok(tree::be_opaque()?)
}
