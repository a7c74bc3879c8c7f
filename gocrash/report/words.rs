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

/// A command as it might be typed.
pub(crate) fn command(words: &[Text]) -> String {
    let words = words.iter().map(|word| {
        let word = label(word);
        let is_plain =
            |c: char| c.is_ascii_alphanumeric() || "/._-+,:@=%".contains(c);
        match !word.is_empty() && word.chars().all(is_plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
