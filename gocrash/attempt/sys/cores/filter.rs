//! Linux: a filter for system calls, under which setting the limit of core
//! files succeeds and does nothing, in this process and all that come of it.
//! Nothing else helps against `ulimit -c 0`, which sets the hard limit as well.

use nix::errno::Errno;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// Where the filter finds what it decides by, as in linux/seccomp.h: both
/// architectures are little-endian.
const NUMBER: u32 = 0;
const OF_ARCHITECTURE: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + index * 8
}

/// As in linux/filter.h and linux/seccomp.h.
const LOAD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
/// With this errno, which is none.
const ANSWER_NOUGHT: u32 = 0x0005_0000;

const INSTRUCTIONS: usize = 15;

/// Makes system calls only.
pub(super) fn pin() -> nix::Result<()> {
    let mut instructions = instructions();
    let program = libc::sock_fprog {
        len: INSTRUCTIONS as u16,
        filter: instructions.as_mut_ptr(),
    };
    match install(&program) {
        // Without rights, only a process can that never gets any.
        Err(Errno::EACCES) => {
            control(libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
            install(&program)
        }
        result => result,
    }
}

fn install(program: &libc::sock_fprog) -> nix::Result<()> {
    let filter = libc::SECCOMP_MODE_FILTER;
    let program = std::ptr::from_ref(program) as libc::c_ulong;
    control(libc::PR_SET_SECCOMP, libc::c_ulong::from(filter), program)
}

fn control(
    what: libc::c_int,
    first: libc::c_ulong,
    second: libc::c_ulong,
) -> nix::Result<()> {
    let nought: libc::c_ulong = 0;
    // SAFETY: takes numbers, one of which is the address of a program that
    // lives during the call.
    let done = unsafe { libc::prctl(what, first, second, nought, nought) };
    Errno::result(done)?;
    Ok(())
}

/// Jumps count from the instruction that follows.
fn instructions() -> [libc::sock_filter; INSTRUCTIONS] {
    let load = |at| instruction(LOAD, at, 0, 0);
    let if_equal = |value, yes, no| instruction(JUMP_IF_EQUAL, value, yes, no);
    let core = libc::RLIMIT_CORE;
    [
        load(OF_ARCHITECTURE),
        if_equal(ARCHITECTURE, 0, 11),
        load(NUMBER),
        // setrlimit(resource, …)
        if_equal(libc::SYS_setrlimit as u32, 0, 2),
        load(argument(0)),
        if_equal(core, 8, 7),
        // prlimit64(pid, resource, new, …), which without a new limit tells
        // the present one.
        if_equal(libc::SYS_prlimit64 as u32, 0, 6),
        load(argument(1)),
        if_equal(core, 0, 4),
        load(argument(2)),
        if_equal(0, 0, 3),
        load(argument(2) + 4),
        if_equal(0, 0, 1),
        instruction(RETURN, ALLOW, 0, 0),
        instruction(RETURN, ANSWER_NOUGHT, 0, 0),
    ]
}

fn instruction(code: u16, value: u32, yes: u8, no: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt: yes, jf: no, k: value }
}
