//! Which hunt a word has meant, on standard error: what is wanted of it may be
//! on standard output.

use std::io::{self, Write};

use jiff::Timestamp;

use super::safe;

/// Says which one `latest` is: of hunts that passed there is nothing, so it
/// need not be the one that the person saw end.
pub(crate) fn latest(session: &str, began: Option<Timestamp>) {
    let _ = io::stderr().write_all(line(session, began).as_bytes());
}

fn line(session: &str, began: Option<Timestamp>) -> String {
    let session = safe::line(session);
    let began = began.map_or(String::new(), |began| {
        began.strftime(", begun %Y-%m-%d %H:%M:%S UTC").to_string()
    });
    format!(
        "gocrash: latest is {session}{began}; a hunt that passed leaves \
         nothing\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_hunt_is_named_with_its_beginning() {
        let began = Timestamp::from_millisecond(1_795_308_602_796).ok();
        assert_eq!(
            line("gocrash-1795308602796", began),
            "gocrash: latest is gocrash-1795308602796, begun 2026-11-22 \
             00:50:02 UTC; a hunt that passed leaves nothing\n"
        );
    }
}
