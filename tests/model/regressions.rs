//! The smallest cases of what the check found in the library, and a few that
//! chance seldom leads to.

use mchk::Checker;

use crate::action::{
    Action, clone, create, destroy, destroy_deferred, hold, inherit, mount,
    promote, release, rename, rollback, set, snapshot, unmount, write,
};
use crate::check::Check;

/// A claim and the actions that show it.
type Case = (&'static str, Vec<Action>);

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_was_found_once_is_as_the_model_says() {
    let check = Check::new().expect("there is a pool");
    let checker = Checker::new(check).json();
    for (claim, case) in errors().into_iter().chain(mounts()).chain(others()) {
        match checker.run_case(&case) {
            Err(error) => panic!("{claim}: {error}"),
            // One that is left out shows nothing, and nobody would notice.
            Ok(report) => assert_eq!(report.invalid, 0, "{claim}"),
        }
    }
}

fn errors() -> Vec<Case> {
    vec![
        // The model expected to be told of the name too.
        (
            "a batch with a missing dataset may not tell of names taken",
            vec![create("a"), snapshot(&["a@x"]), snapshot(&["a@x", "b@x"])],
        ),
        (
            "a rollback to a snapshot that is missing finds none",
            vec![create("a"), rollback("a", "a@x")],
        ),
        // The kind was that of the first name, as if the rest were held.
        (
            "a hold that did nothing says that a tag was there",
            vec![
                create("a"),
                snapshot(&["a@x"]),
                hold(&["a@x"], "s"),
                hold(&["a@y", "a@x"], "s"),
            ],
        ),
    ]
}

fn mounts() -> Vec<Case> {
    vec![
        // The directory was made before canmount was looked at.
        (
            "a mount that is not allowed leaves no directory",
            vec![create("a"), set("a", "canmount", "off"), mount("a")],
        ),
        // It was the model that did not know.
        (
            "what may not be mounted any more loses its directory",
            vec![create("a"), mount("a"), set("a", "canmount", "off")],
        ),
        // The one on top was unmounted, and then the one that was meant.
        (
            "what is covered by another mount is busy",
            vec![
                create("a"),
                mount("a"),
                rename("a", "b"),
                create("a"),
                mount("a"),
                unmount("b"),
            ],
        ),
        // It said that nothing is there.
        (
            "what is hidden below another mount is busy",
            vec![
                create("a"),
                create("a/d"),
                mount("a/d"),
                mount("a"),
                unmount("a/d"),
            ],
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        (
            "a promoted clone keeps files, tags and properties",
            vec![
                create("a"),
                mount("a"),
                write("a", "f", "1"),
                snapshot(&["a@x"]),
                hold(&["a@x"], "s"),
                write("a", "f", "2"),
                snapshot(&["a@y"]),
                clone("b", "a@x"),
                set("b", "m:u", "1"),
                promote("b"),
                rename("b", "c"),
                rollback("a", "a@y"),
                set("c@x", "m:u", "2"),
                inherit("c@x", "m:u"),
                release(&["c@x"], "s"),
            ],
        ),
        // None of them can be destroyed before another one.
        (
            "a clone of what is below it is removed when the run is over",
            vec![
                create("a"),
                snapshot(&["a@x"]),
                clone("a/d", "a@x"),
                promote("a/d"),
            ],
        ),
        (
            "a deferred origin goes with its last clone",
            vec![
                create("a"),
                snapshot(&["a@x"]),
                clone("b", "a@x"),
                clone("c", "a@x"),
                destroy_deferred(&["a@x"]),
                destroy("b"),
                promote("c"),
                destroy("a"),
            ],
        ),
    ]
}
