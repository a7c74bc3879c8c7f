//! What is said to somebody who looks around in the tree of an attempt, on
//! standard error.

use std::io::{self, Write};
use std::path::Path;

use super::safe;
use crate::slate::Left;

pub(crate) fn welcome(id: &str, tree: &Path, is_in_place: bool) {
    let what = match is_in_place {
        true => "itself: what you change stays changed",
        false => "in a copy: what you change is gone when you leave",
    };
    let tree = tree.display();
    say(format_args!("{id} {what} ({tree})"));
}

pub(crate) fn left(left: &Left) {
    say(format_args!("left {left}"));
}

fn say(what: std::fmt::Arguments<'_>) {
    let what = safe::text(&what.to_string());
    let _ = writeln!(io::stderr(), "gocrash: {what}");
}
