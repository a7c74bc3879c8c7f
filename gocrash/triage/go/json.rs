//! `go test -json`: the same lines, each in an object that says whose it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::triage::text::Line;

/// One object. `Action` tells it from other tools' JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Spoken {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default, alias = "ImportPath")]
    import_path: String,
    #[serde(default)]
    output: String,
}

/// Splits lines into those that are plain, and those of each package.
pub(super) fn packages<'a>(
    lines: &'a [Line<'a>],
) -> (Cow<'a, [Line<'a>]>, BTreeMap<String, Vec<Line<'static>>>) {
    let mut of_packages = BTreeMap::new();
    if !lines.iter().any(|line| looks_so(line)) {
        return (Cow::Borrowed(lines), of_packages);
    }
    let mut plain = Vec::new();
    for line in lines {
        let spoken = looks_so(line)
            .then(|| serde_json::from_str::<Spoken>(&line.text).ok())
            .flatten();
        let Some(spoken) = spoken else {
            plain.push(line.clone());
            continue;
        };
        if !spoken.action.ends_with("output") {
            continue;
        }
        let package = match spoken.package.is_empty() {
            true => spoken.import_path,
            false => spoken.package,
        };
        let said: &mut Vec<Line<'static>> =
            of_packages.entry(package).or_default();
        let texts = spoken.output.trim_end_matches('\n').split('\n');
        said.extend(texts.map(|text| Line {
            number: line.number,
            text: Cow::Owned(text.to_owned()),
        }));
    }
    (Cow::Owned(plain), of_packages)
}

fn looks_so(line: &Line<'_>) -> bool {
    line.text.starts_with('{') && line.text.contains("\"Action\":")
}
