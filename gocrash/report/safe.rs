//! Foreign text, fit to be shown: whoever wrote a log does not get at the
//! terminal of the person who reads it.

/// A line that is longer is cut.
const LINE_CHARS_MAX: usize = 200;
/// What a tab becomes.
const TAB: &str = "    ";

/// One line without escape sequences, control characters, or what turns the
/// direction of writing; and no longer than it is worth.
pub(crate) fn line(text: &str) -> String {
    let text = text.trim_end();
    let mut safe = String::with_capacity(text.len());
    let mut chars = 0;
    for part in anstream::adapter::strip_str(text) {
        for c in part.chars() {
            if chars == LINE_CHARS_MAX {
                safe.push('…');
                return safe;
            }
            chars += 1;
            match c {
                '\t' => safe.push_str(TAB),
                c if !is_safe(c) => safe.push('\u{fffd}'),
                c => safe.push(c),
            }
        }
    }
    safe
}

/// What stands before a line that goes on from the one before it.
const GOES_ON: &str = "    ";

/// A text of gocrash's own with foreign words in it: whole, on as many lines as
/// it has. No line of it but the first begins where gocrash's own begin, so
/// that no word can be taken for what gocrash says.
pub(crate) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            safe.push('\n');
            if !line.is_empty() && !line.starts_with(' ') {
                safe.push_str(GOES_ON);
            }
        }
        safe.extend(line.chars().map(|c| match is_safe(c) {
            true => c,
            false => '\u{fffd}',
        }));
    }
    safe
}

/// Whether it can be shown as it is, on one line.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c != '\t' && is_safe(c))
}

fn is_safe(c: char) -> bool {
    c == '\t' || !(c.is_control() || turns(c))
}

/// Whether it turns the direction of writing, or hides what it is.
fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_lines_and_no_word_looks_like_one_of_gocrash() {
        assert_eq!(text("this\n  help: that"), "this\n  help: that");
        assert_eq!(
            text("no `a\x1b[31m\u{202e}b`\t"),
            "no `a\u{fffd}[31m\u{fffd}b`\t"
        );
        assert_eq!(
            text("no `a\ngocrash: b`\r"),
            "no `a\n    gocrash: b`\u{fffd}"
        );
        let long = "x".repeat(1000);
        assert_eq!(text(&long), long);
        assert!(is_plain("a b") && !is_plain("a\nb") && !is_plain("\x1b"));
    }

    #[test]
    fn a_line_can_do_nothing_but_be_read() {
        assert_eq!(line("FAIL\tpkg \r"), "FAIL    pkg");
        assert_eq!(line("\x1b[31mred\x1b[0m"), "red");
        assert_eq!(line("\x1b]0;title\x07x"), "x");
        assert_eq!(line("a\u{9b}2Jb\u{202e}c\x08"), "a\u{fffd}2Jb\u{fffd}c");
        let long = line(&"x".repeat(1000));
        assert_eq!(long.chars().count(), LINE_CHARS_MAX + 1);
        assert!(long.ends_with("x…"));
    }
}
