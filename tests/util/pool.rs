//! A pool on a file that lasts as long as a test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use zfs::{DatasetName, SnapshotName};

/// The file is sparse, so this is what a test may write, not what it takes.
const SIZE_DEFAULT: u64 = 1 << 30;

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
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("gocrash-test-{}-{number}", process::id());
        let folder = tempfile::tempdir().unwrap();
        // Other users look into it too.
        run(Command::new("chmod").arg("755").arg(folder.path()));
        let disk = folder.path().join("disk");
        File::create(&disk).unwrap().set_len(bytes).unwrap();
        let mount_point = folder.path().join("mnt");
        run(Command::new("zpool")
            .args(["create", "-O"])
            .arg(format!("mountpoint={}", mount_point.display()))
            .args(["-o", "cachefile=none", &name])
            .arg(&disk));
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

    /// A folder of the test's own that is not in the pool.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let name = self.name.as_str();
        let status =
            Command::new("zpool").args(["destroy", "-f", name]).status();
        let destroyed = status.is_ok_and(|status| status.success());
        // A second panic would hide the first.
        if !destroyed && !std::thread::panicking() {
            panic!("the pool {name} is left over");
        }
    }
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

/// What a command prints, which must succeed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
