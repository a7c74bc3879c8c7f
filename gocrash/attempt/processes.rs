//! The processes below one, as the system lists them.

#[cfg_attr(target_os = "linux", path = "processes/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "processes/ps.rs")]
mod list;

use std::collections::BTreeSet;

/// More than these are not looked at.
const PROCESSES_MAX: usize = 32_768;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    /// When it started, in units of the system: with its number, what no other
    /// process has.
    pub(crate) start: u64,
    pub(crate) age_s: Option<u64>,
    pub(crate) state: char,
    /// What the system calls it.
    pub(crate) name: String,
    /// How far below.
    pub(crate) depth: usize,
}

impl Process {
    /// What no other process has.
    pub(super) fn identity(&self) -> (i32, u64) {
        (self.pid, self.start)
    }

    pub(super) fn has_ended(&self) -> bool {
        "ZX".contains(self.state)
    }
}

#[cfg(test)]
impl Process {
    pub(super) fn for_tests(pid: i32, parent: i32) -> Process {
        Process {
            pid,
            parent,
            start: 1,
            age_s: None,
            state: 'S',
            name: String::new(),
            depth: 0,
        }
    }
}

/// Those below the process `root`, each one followed by those below itself.
pub(crate) fn below(root: i32) -> Vec<Process> {
    let mut all = list::all();
    all.truncate(PROCESSES_MAX);
    in_order(&all, root)
}

/// Its arguments, one after the other.
pub(crate) fn command(process: &Process) -> String {
    list::command(process)
}

fn in_order(all: &[Process], root: i32) -> Vec<Process> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([root]);
    // What is yet to be looked below, the last one first.
    let mut open = vec![(root, 0)];
    while let Some((parent, depth)) = open.pop() {
        let is_child = |p: &&Process| p.parent == parent;
        let mut children: Vec<i32> = Vec::new();
        for child in all.iter().filter(is_child) {
            // No listing is taken at one moment.
            if seen.insert(child.pid) {
                children.push(child.pid);
            }
        }
        if let Some(process) = all.iter().find(|p| p.pid == parent) {
            if depth > 0 {
                found.push(Process { depth, ..process.clone() });
            }
        }
        let depth = depth + 1;
        open.extend(children.into_iter().rev().map(|pid| (pid, depth)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_in_order_and_a_loop_in_it_has_an_end() {
        // 1 - 2 - 3 - 4, and 2 - 5; 9 is somebody else's.
        let links = [(9, 7), (5, 2), (2, 1), (3, 2), (4, 3)];
        let all = links.map(|(pid, parent)| Process::for_tests(pid, parent));
        let tree = in_order(&all, 1);
        let pids: Vec<_> = tree.iter().map(|p| (p.pid, p.depth)).collect();
        assert_eq!(pids, [(2, 1), (5, 2), (3, 2), (4, 3)]);
        let links = [(2, 1), (1, 2), (3, 3)];
        let all = links.map(|(pid, parent)| Process::for_tests(pid, parent));
        assert_eq!(in_order(&all, 1).len(), 1);
    }

    #[test]
    fn this_process_finds_its_child() {
        let myself = i32::try_from(std::process::id()).unwrap();
        let mut child =
            std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let found = below(myself);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.iter().any(|p| p.pid == pid), "{found:?}");
    }
}
