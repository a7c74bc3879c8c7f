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
                c if c.is_control() || turns(c) => safe.push('\u{fffd}'),
                c => safe.push(c),
            }
        }
    }
    safe
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
