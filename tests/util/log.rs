//! What an event log says became of each attempt, and what was printed of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Thread and number.
pub(crate) type Attempt = (u64, u64);

/// The lines of an event log; each must be JSON.
pub(crate) fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines about each attempt, in their order.
pub(crate) fn by_attempt(lines: &[Value]) -> BTreeMap<Attempt, Vec<&Value>> {
    let mut attempts: BTreeMap<Attempt, Vec<&Value>> = BTreeMap::new();
    for line in lines {
        if let Some(thread) = line["thread"].as_u64() {
            let attempt = line["attempt"].as_u64().unwrap();
            attempts.entry((thread, attempt)).or_default().push(line);
        }
    }
    attempts
}

/// What the log says became of each attempt, in the words of the terminal.
pub(crate) fn verdicts(lines: &[Value]) -> BTreeMap<Attempt, String> {
    let mut verdicts = BTreeMap::new();
    for (name, lines) in by_attempt(lines) {
        for exit in lines.iter().filter(|line| line["event"] == "exit") {
            let said = match exit["outcome"].as_str().unwrap() {
                "failed" => format!("exited with code {}", exit["exit_status"]),
                "signaled" => {
                    format!("terminated by signal {}", exit["signal"])
                }
                "ignored" => "ignored (exit 125)".to_owned(),
                "timed_out" => "timed out".to_owned(),
                "infra" => "no verdict".to_owned(),
                word => word.to_owned(),
            };
            assert_eq!(verdicts.insert(name, said), None, "{name:?} twice");
        }
    }
    verdicts
}

/// What was printed of each attempt.
pub(crate) fn printed(text: &str) -> BTreeMap<Attempt, String> {
    let mut printed = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains(" after ")) {
        let mut parts = line.split(": ").skip(1);
        let mut number =
            || parts.next()?.rsplit(' ').next()?.parse::<u64>().ok();
        let Some(name) = number().zip(number()) else { continue };
        let said = parts.next().unwrap().split(" after ").next().unwrap();
        printed.insert(name, said.to_owned());
    }
    printed
}
