//! The file of `--rules`: read with the rights of the person who called, since
//! what is wrong with a line shows that line.

use std::io::{self, Read};
use std::path::Path;

use crate::attempt::reader::Reader;
use crate::refusal::Refusal;
use crate::triage::rules::Rules;

/// Nobody writes more.
const BYTES_MAX: u64 = 4 << 20;

/// To be called before there are threads.
pub(crate) fn read(path: &Path, reader: &Reader) -> Result<Rules, Refusal> {
    let name = path.display();
    let file = reader.open(path).and_then(|file| {
        let mut text = String::new();
        file.take(BYTES_MAX + 1).read_to_string(&mut text)?;
        match text.len() as u64 > BYTES_MAX {
            true => Err(io::Error::other("it is too long")),
            false => Ok(text),
        }
    });
    let text = file.map_err(|error| {
        Refusal::new(
            format!("cannot read `--rules {name}`: {error}"),
            "name a file of rules, a line each, as in `ignore <- pkg == \
             \"net\" && `i/o timeout``",
        )
    })?;
    Rules::parse(&text).map_err(|fault| {
        let (line, column) = (fault.line, fault.column);
        Refusal::new(
            format!("`--rules {name}`, line {line}, column {column}: {fault}"),
            fault.help,
        )
    })
}
