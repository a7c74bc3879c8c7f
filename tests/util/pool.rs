//! A pool on a file that lasts as long as a test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use zfs::{DatasetName, SnapshotName};

/// The file is sparse, so this is what a test may write, not what it takes.
const SIZE_DEFAULT: u64 = 1 << 30;

/// How often something is tried before it counts as busy. A process that
/// another test just gave a mount namespace of its own has a copy of all
/// mounts until it forgets them.
const TRIES_MAX: u32 = 60;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// A pool of its own, mounted in a temporary folder, gone when it is dropped.
pub(crate) struct Pool {
    name: DatasetName,
    folder: TempDir,
}

impl Pool {
    /// A new pool with room for what tests usually write.
    pub(crate) fn new() -> Pool {
        Pool::with_bytes(SIZE_DEFAULT)
    }

    /// A new pool on a file of that size; ZFS wants at least 64 MiB.
    pub(crate) fn with_bytes(bytes: u64) -> Pool {
        Pool::on(bytes, Path::to_owned)
    }

    /// A new pool on what `disk` makes of a file of that size.
    pub(crate) fn on(bytes: u64, disk: impl FnOnce(&Path) -> PathBuf) -> Pool {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("gocrash-test-{}-{number}", process::id());
        let folder = tempfile::tempdir().unwrap();
        // Other users look into it too.
        run(Command::new("chmod").arg("755").arg(folder.path()));
        let file = folder.path().join("disk");
        File::create(&file).unwrap().set_len(bytes).unwrap();
        let mount_point = folder.path().join("mnt");
        run(Command::new("zpool")
            .args(["create", "-O"])
            .arg(format!("mountpoint={}", mount_point.display()))
            .args(["-o", "cachefile=none", &name])
            .arg(disk(&file)));
        let name = DatasetName::new(&name).unwrap();
        Pool { name, folder }
    }

    /// The dataset at its root.
    pub(crate) fn root(&self) -> &DatasetName {
        &self.name
    }

    /// The name of a dataset in it, which need not exist.
    pub(crate) fn dataset(&self, path: &str) -> DatasetName {
        self.name.child(path).unwrap()
    }

    /// The name of a snapshot in it, which need not exist.
    pub(crate) fn snapshot(&self, path_and_name: &str) -> SnapshotName {
        format!("{}/{path_and_name}", self.name).parse().unwrap()
    }

    /// Makes a file system with the zfs command and mounts it.
    pub(crate) fn make(&self, path: &str) -> DatasetName {
        let name = self.dataset(path);
        zfs(&["create", name.as_str()]);
        name
    }

    /// Makes a snapshot with the zfs command.
    pub(crate) fn make_snapshot(&self, path_and_name: &str) -> SnapshotName {
        let name = self.snapshot(path_and_name);
        zfs(&["snapshot", name.as_str()]);
        name
    }

    /// Where its root is mounted.
    pub(crate) fn mount_point(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    /// Shell words for the beginning of a mount namespace: it has copies of
    /// what other tests have mounted, and would keep that busy for them. What
    /// they unmount meanwhile is gone from it already.
    pub(crate) fn forget_others(&self) -> String {
        format!(
            "awk '$3 == \"zfs\" {{ split($1, of, /[\\/@]/); \
             if (of[1] != \"{}\") print $2 }}' /proc/self/mounts | sort -r | \
             xargs -r umount -l 2>/dev/null || :",
            self.name
        )
    }

    /// A folder of the test's own that is not in the pool.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let name = self.name.as_str();
        // It may have been exported.
        let destroyed = keep_trying(|| {
            does(&["destroy", "-f", name]) || !does(&["list", "-H", name])
        });
        // A second panic would hide the first.
        if !destroyed && !thread::panicking() {
            panic!("the pool {name} is left over");
        }
    }
}

/// Exports a pool, when nothing keeps it busy any more.
pub(crate) fn export(pool: &str) {
    assert!(keep_trying(|| does(&["export", pool])), "{pool} stays busy");
}

pub(crate) fn keep_trying(mut done: impl FnMut() -> bool) -> bool {
    (0..TRIES_MAX).any(|tried| {
        if tried > 0 {
            thread::sleep(PAUSE);
        }
        done()
    })
}

/// Whether `zpool ARGS` succeeds; why not is of no interest.
fn does(args: &[&str]) -> bool {
    let mut zpool = Command::new("zpool");
    zpool.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    zpool.status().is_ok_and(|status| status.success())
}

/// What `zfs ARGS` prints, which must succeed.
pub(crate) fn zfs(args: &[&str]) -> String {
    run(Command::new("zfs").args(args))
}

/// What `zpool ARGS` prints, which must succeed.
pub(crate) fn zpool(args: &[&str]) -> String {
    run(Command::new("zpool").args(args))
}

/// A property as the zfs command knows it.
pub(crate) fn get(name: &impl zfs::Name, property: &str) -> String {
    zfs(&["get", "-Hp", "-o", "value", property, name.as_str()])
}

/// Whether the zfs command knows it.
pub(crate) fn exists(name: &impl zfs::Name) -> bool {
    Command::new("zfs")
        .args(["list", "-H", name.as_str()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

/// What a command prints, which must succeed, as soon as what it needs is no
/// longer busy.
pub(crate) fn run(command: &mut Command) -> String {
    let mut ran = None;
    keep_trying(|| {
        let output = ran.insert(command.output().unwrap());
        let error = String::from_utf8_lossy(&output.stderr);
        output.status.success() || !error.contains("busy")
    });
    let output = ran.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
