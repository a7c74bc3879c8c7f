//! A suite hangs, below a parent that holds in memory what it prints.

use std::fs;

use super::ground::BUFFERED;
use super::kills::clean;
use super::{attempts, for_each_caller, start};
use crate::audit::Audit;
use crate::scenario::SOME;

#[test]
fn stacks_come_through_a_parent_that_holds_them() {
    for_each_caller("a hang below a parent", SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let mut running = start(ground, &["-p1", "--timeout=5s"], BUFFERED);
        running.until("attempt 0: start");
        let ran = running.end().expect(1).expect_verdict((0, 0), "timed out");
        let session = ground.left().pop().unwrap();
        let session = ground.path("state/gocrash").join(session);
        let [slate] = &attempts(&session)[..] else { panic!("{ran:#?}") };
        let printed = fs::read_to_string(slate.join("test_run_stdout"));
        let stacks = "the test said: goroutine 1 [chan receive]:\n";
        assert_eq!(printed.unwrap(), stacks, "{ran:#?}");
        audit.end(&ran);
        clean(ground);
    });
}
