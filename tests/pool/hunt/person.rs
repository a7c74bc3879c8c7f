//! Whom the suite runs as, told by the suite itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use super::ground::Ground;
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
cut -d' ' -f5,7 /proc/$$/stat | sed "s/$$/me/g; s/^/group, tty: /"
echo "session: $(cut -d' ' -f6 /proc/$$/stat)"
echo "session of the parent: $(cut -d' ' -f6 /proc/$PPID/stat)"
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
    assert_eq!(line(&told, "group, tty:"), "me 0");
    let session = line(&told, "session:");
    assert_eq!(line(&told, "session of the parent:"), session);
    let own = nix::unistd::getsid(None).unwrap();
    assert_ne!(session, own.to_string());
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
        command.env("DOAS_USER", super::ground::PERSON);
        let hunted = ground.end(command.output().unwrap());
        assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
        told(&ground)
    };
    let uid = run(Command::new("id").args(["-u", super::ground::PERSON]));
    let ids = |told: &str| line(told, "ids:").split(' ').next() == Some(&uid);
    assert!(ids(&hunt(&[])));
    let root = hunt(&["--user", "root"]);
    assert!(line(&root, "ids:").starts_with("0 0 0"), "{root}");
    assert!(line(&root, "login:").starts_with("/root root root"), "{root}");
}
