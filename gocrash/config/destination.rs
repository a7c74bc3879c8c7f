//! Where a report goes.

use std::path::PathBuf;

use crate::refusal::Refusal;

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl Destination {
    pub(crate) fn new(path: PathBuf) -> Destination {
        match path.as_os_str() {
            dash if dash == "-" => Destination::Stdout,
            _ => Destination::File(path),
        }
    }

    /// As it is typed.
    fn name(&self) -> String {
        match self {
            Destination::Stdout => "-".to_owned(),
            Destination::File(path) => path.display().to_string(),
        }
    }

    /// Whether a second report would spoil the first one: /dev/null holds any
    /// number.
    fn holds_one(&self) -> bool {
        match self {
            Destination::Stdout => true,
            Destination::File(path) => {
                path.metadata().map_or(true, |there| there.is_file())
            }
        }
    }
}

/// Refuses reports that would be mixed.
pub(crate) fn keep_apart(
    reports: &[(&str, &Option<Destination>)],
) -> Result<(), Refusal> {
    for (at, (other, to)) in reports.iter().enumerate() {
        let Some(to) = to.as_ref().filter(|to| to.holds_one()) else {
            continue;
        };
        let mut before = reports[..at].iter();
        let same = before.find(|(_, one)| one.as_ref() == Some(to));
        let Some((one, _)) = same else { continue };
        let name = to.name();
        // Where JSON goes is not chosen.
        let (typed, movable) = match *other {
            "--json" => ("--json".to_owned(), *one),
            other => (format!("{other} {name}"), other),
        };
        return Err(Refusal::new(
            format!("`{one} {name}` and `{typed}` would be mixed"),
            format!("name another file for one of them: `{movable} FILE`"),
        ));
    }
    Ok(())
}
