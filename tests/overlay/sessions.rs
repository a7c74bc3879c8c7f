//! What is done after hunts in directories.

use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::ground::{Caller, Ground, Hunted, wait_for};

/// What `gocrash list --json` prints of each hunt.
fn listed(ground: &Ground) -> Vec<Value> {
    let output = ground.after(&["list", "--json"]).output().unwrap();
    let listed = Hunted::new(output).expect(0);
    assert_eq!(listed.stderr, "");
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["v"], 1);
    listed["sessions"].as_array().unwrap().clone()
}

/// Sends a signal that can't be caught.
fn destroy(child: &mut Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL)
        .unwrap();
    child.wait().unwrap();
}

#[test]
fn a_hunt_is_listed_while_it_goes_on_and_when_it_broke_off() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        assert_eq!(listed(&ground), [Value::Null; 0]);
        let suite = r#"[ "$GOCRASH_SLOT" = 0 ] || exit 7
            while [ -d /proc/$PPID ]; do sleep 0.1; done"#;
        let args = ["-p2", "--", "sh", "-c", suite];
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "exited with code 7");
        let [alive] = &listed(&ground)[..] else { panic!() };
        assert_eq!(alive["state"], "alive", "{caller:?}");
        assert_eq!(alive["kind"], "overlay");
        assert_eq!(alive["session"], ground.left()[0].as_str());
        assert_eq!(alive["running"][0]["thread"], 0);
        assert_eq!(alive["directory"], ground.path("source").to_str().unwrap());

        destroy(&mut child);
        let [dead] = &listed(&ground)[..] else { panic!() };
        assert_eq!(dead["state"], "broken_off", "{caller:?}");
        assert_eq!(dead["host_went_down"], false);
        assert_eq!(dead["running"], alive["running"]);
        let [kept] = &dead["kept"].as_array().unwrap()[..] else { panic!() };
        assert_eq!(
            (&kept["outcome"], &kept["exit_status"]),
            (&"failed".into(), &7.into())
        );
        let id = dead["id"].as_str().unwrap();
        assert_eq!(kept["id"], format!("{id}/thread-1-run-0"));
        assert!(ground.left()[0].ends_with(id) && id.len() == 4);
    }
}

#[test]
fn the_list_that_people_read_has_what_was_kept() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        ground.hunt(&["-p1"], "exit 7").expect(1);
        let listed = ground.after(&["list"]).output().unwrap();
        let listed = Hunted::new(listed).expect(0);
        let [hunt, kept] = &listed.stdout.lines().collect::<Vec<_>>()[..]
        else {
            panic!("{}", listed.stdout)
        };
        let name = &ground.left()[0];
        let id = &name[name.len() - 4..];
        assert!(hunt.starts_with(&format!("{id}  reproduced  20")), "{hunt}");
        assert!(
            hunt.ends_with(&format!(
                " UTC  {}",
                ground.path("state/gocrash").join(name).display()
            )),
            "{hunt}"
        );
        let expected = format!("      kept {id}/thread-0-run-0: failed with 7");
        assert_eq!(*kept, expected);
    }
}
