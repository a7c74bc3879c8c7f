//! What a suite can make of a tree: names, modes and depths that are hard to
//! remove, and files that can't be removed.

use std::fs;
use std::process::Command;

use super::{WAIT, for_each_caller, for_root, go, hunt, start};
use crate::audit::Audit;
use crate::scenario::ONCE;

/// Names and modes that programs stumble over, and a path that is longer than
/// any system call takes.
const ODD: &str = r#"
    mkdir "$(printf 'new\nline')" "$(printf '\377\376')" -- '-rf' '* ?'
    touch "$(printf '%0255d' 0)" '"' "'" '\' "$(printf '\033[2J')"
    mkdir -p "$(printf '%0255d' 1)/$(printf '%0255d' 1)"
    mkdir -p closed/closed/closed; touch closed/closed/closed/file
    chmod 0 closed/closed/closed/file closed/closed/closed closed/closed closed
    mkdir sticky; chmod 7777 sticky; touch sticky/suid; chmod 7755 sticky/suid
    mkfifo fifo; ln -s loop loop; ln -s / root
    (i=0; while [ $i -lt 60 ]; do
        d=$(printf '%0100d' 0); mkdir $d; cd -P $d || exit; i=$((i + 1))
    done)"#;

#[test]
fn a_tree_of_odd_files_goes_and_stays_like_any_other() {
    for_each_caller("odd names, modes and depths", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let ran = hunt(ground, &["-p2", "--stop-after=2"], ODD).expect(0);
        audit.end_empty(&ran);

        let script = format!("{ODD}; exit 7");
        let ran = hunt(ground, &["-p1"], &script).expect(1);
        audit.end(&ran);
        let changes = ground.path("state/gocrash").join(&ground.left()[0]);
        let changes = changes.join("thread-0-run-0/changes");
        let changes = fs::read_to_string(changes).unwrap();
        assert!(changes.contains(r#"added    "new\nline/""#), "{changes}");
    });
}

#[test]
fn a_tree_with_more_levels_than_open_files_goes() {
    for_each_caller("a tree 3000 directories deep", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let script = r#"for i in 1 2; do
            deep=$(yes d/ | head -n 1500 | tr -d '\n')
            mkdir -p $deep; cd -P $deep || exit 5; done"#;
        let options = ["-p1", "--stop-after=1"];
        audit.end_empty(&hunt(ground, &options, script).expect(0));
    });
}

#[test]
fn what_cannot_be_removed_is_left_and_named() {
    for_root("an immutable file in a slate", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("touch theirs; {WAIT}");
        let options = ["-p1", "--stop-after=2"];
        let mut running = start(ground, &options, &script);
        running.until("attempt 0: start");
        let session = ground.path("state/gocrash").join(&ground.left()[0]);
        let file = session.join("thread-0-run-0/upper/theirs");
        crate::processes::wait_until("the file", || file.exists());
        let chattr = |flag: &str| {
            let set = Command::new("chattr").arg(flag).arg(&file).status();
            assert!(set.unwrap().success());
        };
        chattr("+i");
        go(ground);
        let ran = running.end();
        audit.end(&ran);
        assert!(file.exists());
        chattr("-i");
        // The verdicts stand.
        assert_eq!(ran.expect(0).verdicts().len(), 2);
    });
}
