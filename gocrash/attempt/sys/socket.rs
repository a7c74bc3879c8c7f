//! A pair of connected sockets that keep packets apart.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

/// Two ends of one connection.
///
/// Wraps `socketpair`.
pub(super) fn pair() -> io::Result<[OwnedFd; 2]> {
    let mut ends: [RawFd; 2] = [0; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the call writes two numbers, for which there is room.
    let made =
        unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    Errno::result(made)?;
    Ok(ends.map(|end| {
        // SAFETY: the call has just made it, for nobody else.
        unsafe { OwnedFd::from_raw_fd(end) }
    }))
}

/// Sends a packet, whole. Makes system calls only, and no signal.
pub(super) fn send(socket: BorrowedFd<'_>, packet: &[u8]) -> nix::Result<()> {
    loop {
        // SAFETY: the packet lives during the call.
        let sent = unsafe {
            libc::send(
                socket.as_raw_fd(),
                packet.as_ptr().cast(),
                packet.len(),
                libc::MSG_NOSIGNAL,
            )
        };
        match Errno::result(sent) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Receives a packet, and gives its length; nought at the end of the
/// connection. Makes system calls only.
///
/// An end that goes with something unread in it is an error first, and only
/// then comes what it has said before.
pub(super) fn receive(
    socket: BorrowedFd<'_>,
    packet: &mut [u8],
) -> nix::Result<usize> {
    let mut is_again = false;
    loop {
        // SAFETY: the call writes into a place of just this length.
        let received = unsafe {
            libc::recv(
                socket.as_raw_fd(),
                packet.as_mut_ptr().cast(),
                packet.len(),
                0,
            )
        };
        match Errno::result(received) {
            Ok(length) => return Ok(length.unsigned_abs()),
            Err(Errno::EINTR) => {}
            Err(Errno::ECONNRESET) if !is_again => is_again = true,
            Err(error) => return Err(error),
        }
    }
}

/// Ends the connection, whoever has copies of this end.
///
/// Wraps `shutdown`.
pub(super) fn end(socket: BorrowedFd<'_>) {
    // SAFETY: takes numbers only. It fails where there is no connection.
    unsafe { libc::shutdown(socket.as_raw_fd(), libc::SHUT_RDWR) };
}
