//! Whom the suite runs as, told by the suite itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::ground::{Ground, PERSON};
use crate::pool::run;

/// Tells who runs it, and what it has of us.
const TELL: &str = r#"exec >$DESK/told
echo "ids: $(id -u) $(id -ru) $(id -g) $(id -G)"
echo "login: $HOME $USER $LOGNAME $SHELL"
echo "limit: $(ulimit -n)"
for n in 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  if [ -e /proc/$$/fd/$n ]; then echo "open: $n $(readlink /proc/$$/fd/$n)"; fi
done
grep -E '^(Cap(Inh|Prm|Eff|Amb)|Sig(Blk|Ign)):' /proc/$$/status
cut -d' ' -f5,6,7 /proc/$$/stat |
  sed "s/$$/me/g; s/$PPID/above/; s/^/group, session, tty: /"
"#;

fn told(ground: &Ground) -> String {
    let path = ground.desk().join("told");
    let told = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    told
}

/// What follows the word on its line.
fn line<'a>(told: &'a str, word: &str) -> &'a str {
    let line = told.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap().trim()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_suite_is_the_person_who_called_sudo_and_no_more() {
    let ground = Ground::new("false");
    let folder = ground.pool.folder();
    // A user of this mount namespace only.
    let file = |name: &str, text: &str, mode| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        chown(&path, Some(0), Some(0)).unwrap();
        path.display().to_string()
    };
    let root = "root:x:0:0:root:/root:/bin/sh\n";
    let passwd = file(
        "passwd",
        &format!("{root}ada:*:4711:4711::/home/ada:/bin/bash\n"),
        0o644,
    );
    let group = file(
        "group",
        "root:x:0:\nada:x:4711:\ncrew:x:4712:ada\nkvm:x:4713:root,ada\n",
        0o644,
    );
    let sudoers = file("sudoers", "ada ALL=(root) NOPASSWD: ALL\n", 0o440);
    // What gocrash inherits: ignored signals, a limit, and an open file.
    let script = format!(
        "set -e
         {}
         mount --bind {passwd} /etc/passwd
         mount --bind {group} /etc/group
         mount --bind {sudoers} /etc/sudoers
         exec setpriv --reuid 4711 --regid 4711 --init-groups \
           sudo -n sh -c 'trap \"\" HUP USR1; ulimit -n 1234; \
                          exec 9</etc/passwd; \
                          exec \"$@\"' sh env DESK={} \"$@\"",
        ground.pool.forget_others(),
        ground.desk().display()
    );
    let suite = [ground.snapshot.as_str(), "-p1", "--stop-after=1"];
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(env!("CARGO_BIN_EXE_gocrash"))
        .args(suite)
        .args(["--", "sh", "-c", TELL]);
    let hunted = ground.end(command.output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}{}", hunted.stdout, hunted.stderr);
    let header = "run as:          ada (uid 4711, gid 4711, groups \
                  4711,4712,4713)\n";
    assert!(hunted.stdout.contains(header), "{}", hunted.stdout);

    let told = told(&ground);
    assert_eq!(line(&told, "ids:"), "4711 4711 4711 4711 4712 4713");
    assert_eq!(line(&told, "login:"), "/home/ada ada ada /bin/bash");
    assert_eq!(line(&told, "limit:"), "1234");
    assert!(!told.contains("open:"), "{told}");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb", "SigBlk", "SigIgn"] {
        assert_eq!(line(&told, &format!("{set}:")), "0000000000000000");
    }
    assert_eq!(line(&told, "group, session, tty:"), "me above 0");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn gocrash_itself_is_the_person_who_called_and_has_no_rights() {
    let script = "echo >$DESK/up; until [ -e $DESK/go ]; do sleep 0.1; done";
    let ground = Ground::new(script);
    let args = [ground.snapshot.as_str(), "-p1", "--stop-after=1"];
    let child = ground.gocrash(&args).spawn().unwrap();
    while !ground.desk().join("up").exists() {
        thread::sleep(Duration::from_millis(20));
    }
    let status = format!("/proc/{}/status", child.id());
    let status = fs::read_to_string(status).unwrap();
    fs::write(ground.desk().join("go"), "").unwrap();
    let hunted = ground.end(child.wait_with_output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    let words = |name| line(&status, name).split_whitespace();
    let id = |option| run(Command::new("id").args([option, PERSON]));
    let uid = id("-u");
    assert_eq!(words("Uid:").collect::<Vec<_>>(), [&uid; 4], "{status}");
    let gid = id("-g");
    assert_eq!(words("Gid:").collect::<Vec<_>>(), [&gid; 4], "{status}");
    let mut groups: Vec<&str> = words("Groups:").collect();
    groups.sort_unstable();
    let theirs = id("-G");
    let mut theirs: Vec<&str> = theirs.split(' ').collect();
    theirs.sort_unstable();
    assert_eq!(groups, theirs, "{status}");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(line(&status, set), "0000000000000000");
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn doas_says_who_called_and_a_flag_overrides_it() {
    let ground = Ground::new("false");
    let hunt = |options: &[&str]| {
        let suite = ["--stop-after=1", "--", "sh", "-c", TELL];
        let args = [&[ground.snapshot.as_str(), "-p1"], options, &suite];
        let mut command = ground.gocrash(&args.concat());
        command.env_remove("SUDO_USER").env_remove("SUDO_UID");
        command.env("DOAS_USER", PERSON);
        let hunted = ground.end(command.output().unwrap());
        assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
        told(&ground)
    };
    let uid = run(Command::new("id").args(["-u", PERSON]));
    let ids = |told: &str| line(told, "ids:").split(' ').next() == Some(&uid);
    assert!(ids(&hunt(&[])));
    let root = hunt(&["--user", "root"]);
    assert!(line(&root, "ids:").starts_with("0 0 0"), "{root}");
    assert!(line(&root, "login:").starts_with("/root root root"), "{root}");
}
