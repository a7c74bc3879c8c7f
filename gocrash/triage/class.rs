//! What kind of failure it is: the coarse level of grouping. One bug may show
//! under many messages of one class.

use std::fmt;

/// In the order in which groups are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// Memory is not what it should be: the runtime found it broken, or the
    /// program was killed for where it went.
    Corruption,
    Race,
    Panic,
    /// Nothing went on any more.
    Hang,
    /// It took too long, by a limit of the suite's own.
    Timeout,
    /// A test said that something is not as it should be.
    Assert,
    Build,
    /// The words are those of a host in trouble. Only that: whoever knows the
    /// host has to confirm it.
    Infra,
}

impl Class {
    pub(crate) const ALL: [Class; 8] = [
        Class::Corruption,
        Class::Race,
        Class::Panic,
        Class::Hang,
        Class::Timeout,
        Class::Assert,
        Class::Build,
        Class::Infra,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::Corruption => "corruption",
            Class::Race => "race",
            Class::Panic => "panic",
            Class::Hang => "hang",
            Class::Timeout => "timeout",
            Class::Assert => "assert",
            Class::Build => "build",
            Class::Infra => "infra",
        }
    }

    /// Of the words of a test that failed, or of a program that said no more.
    pub(crate) fn of_message(message: &str) -> Class {
        let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
        if has(&NO_ROOM) {
            Class::Infra
        } else if has(&RACED) {
            Class::Race
        } else if has(&CORRUPTED) {
            Class::Corruption
        } else if has(&ABORTED) {
            Class::Panic
        } else {
            Class::Assert
        }
    }

    /// Of what Go's runtime says when it ends a program.
    pub(crate) fn of_go_crash(message: &str) -> Class {
        let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
        if has(&NO_ROOM) {
            Class::Infra
        } else if has(&["test timed out"]) {
            Class::Timeout
        } else if has(&["deadlock!", "SIGQUIT"]) {
            Class::Hang
        } else if has(&["concurrent map"]) {
            Class::Race
        } else if message.starts_with("panic: ")
            || has(&[
                "stack overflow",
                "out of memory",
                "SIGABRT",
                "error: sync: ",
            ])
        {
            Class::Panic
        } else {
            // Throws of the runtime, and signals that it did not expect.
            Class::Corruption
        }
    }
}

const NO_ROOM: [&str; 3] = [
    "no space left on device",
    "No space left on device",
    "isk quota exceeded",
];
const RACED: [&str; 3] = ["DATA RACE", "data race", "ThreadSanitizer"];
/// What shells, test harnesses, the C library and sanitizers say.
const CORRUPTED: [&str; 15] = [
    "egmentation fault",
    "SIGSEGV",
    "SEGFAULT",
    "SIGBUS",
    "us error",
    "SIGILL",
    "llegal instruction",
    "malloc(): ",
    "free(): ",
    "realloc(): ",
    "double free",
    "corrupted size vs. prev_size",
    "stack smashing detected",
    "heap-use-after-free",
    "heap-buffer-overflow",
];
const ABORTED: [&str; 5] =
    ["SIGABRT", "panicked at", "signal: killed", "Aborted", "abort trap"];

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
