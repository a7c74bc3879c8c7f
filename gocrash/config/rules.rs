//! The file of `--rules`: read with the rights of the person who called, since
//! what is wrong with a line shows that line.

use std::io::{self, Read};
use std::path::Path;

use crate::attempt::reader::Reader;
use crate::refusal::Refusal;
use crate::triage::rules::{FAULTS_MAX, Fault, Rules};

/// Nobody writes more.
const BYTES_MAX: u64 = 4 << 20;

/// To be called before there are threads.
pub(crate) fn read(path: &Path, reader: &Reader) -> Result<Rules, Refusal> {
    let name = path.display();
    let file = reader.open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > BYTES_MAX {
            true => Err(io::Error::other("it is too long")),
            false => Ok(bytes),
        }
    });
    let bytes = file.map_err(|error| {
        Refusal::new(
            format!("cannot read `--rules {name}`: {error}"),
            "name a file of rules, a line each, as in `ignore <- pkg == \
             \"net\" && `i/o timeout``",
        )
    })?;
    let refused = |faults: Vec<Fault>| refusal(&name.to_string(), &faults);
    Rules::read(&bytes).map_err(refused)
}

/// All of them, each with its place and what would help.
fn refusal(name: &str, faults: &[Fault]) -> Refusal {
    let mut what = format!("`--rules {name}`, ");
    let mut last = String::new();
    for (i, fault) in faults.iter().enumerate() {
        if i > 0 {
            what += &format!("\n  help: {last}\n  ");
        }
        let Fault { line, column, help, .. } = fault;
        what += &format!("line {line}, column {column}: {fault}");
        last.clone_from(help);
    }
    if faults.len() == FAULTS_MAX {
        last += "\n  there may be more than these";
    }
    Refusal::new(what, last)
}
