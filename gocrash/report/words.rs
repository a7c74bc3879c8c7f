//! Words of commands and names of hosts, to be shown: they need not be Unicode.

use super::safe::line;
use crate::record::text::Text;

/// A text of the operating system, as a word of a line.
pub(crate) fn label(text: &Text) -> String {
    match text.to_os() {
        Some(text) => line(&text.to_string_lossy()),
        None => String::new(),
    }
}

/// A command as it might be typed, on one line.
pub(crate) fn command(words: &[Text]) -> String {
    typed(words.iter().map(label))
}

/// The same, however long it is, on as many lines as it has: what prints it
/// makes it fit to be shown.
pub(crate) fn whole_command(words: &[Text]) -> String {
    let whole = |word: &Text| word.to_os().unwrap_or_default();
    typed(words.iter().map(|word| whole(word).to_string_lossy().into_owned()))
}

fn typed(words: impl Iterator<Item = String>) -> String {
    let words = words.map(|word| {
        let is_plain =
            |c: char| c.is_ascii_alphanumeric() || "/._-+,:@=%".contains(c);
        match !word.is_empty() && word.chars().all(is_plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
