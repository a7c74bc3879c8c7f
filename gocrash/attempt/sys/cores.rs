//! What lets the processes of a suite dump core, whatever they set themselves.

#[cfg_attr(
    all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ),
    path = "cores/filter.rs"
)]
#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "cores/none.rs"
)]
mod filter;

use std::mem::MaybeUninit;

use nix::errno::Errno;

/// Makes system calls only.
pub(super) fn allow() -> nix::Result<()> {
    raise()?;
    filter::pin()
}

/// As far as this process may.
fn raise() -> nix::Result<()> {
    let most = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    if set(&most).is_ok() {
        return Ok(());
    }
    let present = limit()?;
    set(&libc::rlimit { rlim_cur: present.rlim_max, ..present })
}

/// Whether this process may dump core, or can let itself do so.
pub(crate) fn may_dump() -> bool {
    limit().is_ok_and(|limit| limit.rlim_max != 0)
}

fn limit() -> nix::Result<libc::rlimit> {
    let mut present = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: there is room for what the call writes.
    let got =
        unsafe { libc::getrlimit(libc::RLIMIT_CORE, present.as_mut_ptr()) };
    Errno::result(got)?;
    // SAFETY: the call has filled it in, since it succeeded.
    Ok(unsafe { present.assume_init() })
}

fn set(limit: &libc::rlimit) -> nix::Result<()> {
    // SAFETY: the call reads what is there.
    let done = unsafe { libc::setrlimit(libc::RLIMIT_CORE, limit) };
    Errno::result(done)?;
    Ok(())
}
