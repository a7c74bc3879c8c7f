//! The mount table of illumos: mnttab(5).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::Mount;
use crate::error::{Error, Operation, Result};

const MNTTAB: &str = "/etc/mnttab";

pub(super) fn all() -> Result<Vec<Mount>> {
    let text = fs::read(MNTTAB).map_err(|error| {
        let code = error.raw_os_error().unwrap_or(0);
        Error::errno(Operation::ReadMounts, MNTTAB, code)
    })?;
    Ok(text.split(|&byte| byte == b'\n').filter_map(parse_line).collect())
}

/// The table does not tell what would be needed to find out.
pub(super) fn is_covered(_: &Mount) -> bool {
    false
}

/// Source, path, type, options and time, with tabs in between.
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b'\t');
    let (source, path) = (fields.next()?, fields.next()?);
    let source = match fields.next()? {
        b"zfs" => String::from_utf8_lossy(source).into_owned(),
        _ => String::new(),
    };
    Some(Mount {
        source,
        path: PathBuf::from(OsStr::from_bytes(path)),
        device: None,
    })
}
