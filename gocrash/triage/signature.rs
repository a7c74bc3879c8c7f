//! What makes two failures the same one: package, test, message, function and
//! file, where a word of the message with a digit in it may be any such word.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::triage::class::Class;
use crate::triage::failure::Failure;

/// In so many packages of one log, the same message is no fault of any of them.
const SYSTEMIC_PACKAGES_MIN: usize = 5;
const TITLE_CHARS_MAX: usize = 160;
/// What stands for words that may differ.
pub(crate) const ANY: &str = "…";

/// A failure that can be told from others, in this log and the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The same for the same failure, in every log, as long as the version of
    /// triage is the same.
    pub(crate) id: String,
    /// The first of those that have it.
    pub(crate) failure: Failure,
    /// How often the log has it.
    pub(crate) times: usize,
    /// In how many packages, where it is in so many that it is of none.
    pub(crate) systemic: Option<usize>,
}

impl Signature {
    pub(crate) fn class(&self) -> Class {
        self.failure.class
    }

    /// One line for people.
    pub(crate) fn title(&self) -> String {
        title(&self.failure, self.systemic)
    }
}

/// Gives the failures of one log their signatures, each once.
pub(crate) fn sign(failures: Vec<Failure>) -> Vec<Signature> {
    let systemic = systemic(&failures);
    let mut signatures: Vec<Signature> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for failure in failures {
        let packages = systemic.get(&canonical(&failure.message)).copied();
        let id = id(&failure, packages.is_some());
        if let Some(at) = known.get(&id) {
            let known = &mut signatures[*at];
            known.times += 1;
            if packages.is_some() {
                forget_differences(&mut known.failure, &failure);
            }
            continue;
        }
        known.insert(id.clone(), signatures.len());
        let mut failure = failure;
        if packages.is_some() {
            failure.package.clear();
        }
        signatures.push(Signature {
            id,
            failure,
            times: 1,
            systemic: packages,
        });
    }
    signatures
}

/// The canonical messages that are in many packages, and in how many.
fn systemic(failures: &[Failure]) -> HashMap<String, usize> {
    let mut packages: HashMap<String, BTreeSet<&str>> = HashMap::new();
    for failure in failures {
        let message = canonical(&failure.message);
        if !message.is_empty() {
            packages.entry(message).or_default().insert(&failure.package);
        }
    }
    packages
        .into_iter()
        .map(|(message, packages)| (message, packages.len()))
        .filter(|(_, count)| *count >= SYSTEMIC_PACKAGES_MIN)
        .collect()
}

fn forget_differences(known: &mut Failure, other: &Failure) {
    for (known, other) in [
        (&mut known.test, &other.test),
        (&mut known.function, &other.function),
        (&mut known.file, &other.file),
    ] {
        if known != other {
            known.clear();
        }
    }
    if known.line != other.line || known.file.is_empty() {
        known.line = None;
    }
}

/// A message without what differs between two of the same: words with digits.
pub(crate) fn canonical(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut was_any = false;
    for word in message.split_whitespace() {
        let is_any = has_digit(word);
        // Some lists are longer than others.
        if is_any && was_any {
            continue;
        }
        was_any = is_any;
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(if is_any { ANY } else { word });
    }
    text
}

pub(crate) fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

fn id(failure: &Failure, is_systemic: bool) -> String {
    let Failure { class, package, test, message, function, file, .. } = failure;
    let message = canonical(message);
    // A name is one word; what is more is a sentence like another.
    let sentence = test.contains(' ').then(|| canonical(test));
    let test = sentence.as_ref().unwrap_or(test);
    let hash = match is_systemic {
        true => fnv(&[class.word(), &message]),
        false => fnv(&[class.word(), package, test, &message, function, file]),
    };
    // Some thousands are told apart by so much.
    let mut id = String::new();
    let _ = write!(id, "{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff));
    id
}

/// FNV-1a, 64 bits: the same on every machine, in every release.
fn fnv(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// `pkg.TestX: message in function`, as far as it is known.
pub(crate) fn title(failure: &Failure, systemic: Option<usize>) -> String {
    let Failure { package, test, message, function, .. } = failure;
    let mut title = match (package.is_empty(), test.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("{package}: "),
        (true, false) => format!("{test}: "),
        (false, false) => format!("{package}.{test}: "),
    };
    title.push_str(match message.is_empty() {
        true => "failed",
        false => message,
    });
    if !function.is_empty() {
        let _ = write!(title, " in {function}");
    }
    if let Some(packages) = systemic {
        let _ = write!(title, " (in {packages} packages)");
    }
    // Names of tests may come from files that nothing was taken out of.
    let title = title.replace(char::is_control, " ");
    match title.char_indices().nth(TITLE_CHARS_MAX) {
        Some((at, _)) => format!("{}{ANY}", &title[..at]),
        None => title,
    }
}
