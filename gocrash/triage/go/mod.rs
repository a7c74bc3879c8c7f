//! What Go's tools print of tests that fail: read as people have learnt to read
//! it, a package at a time.

mod build;
mod crash;
mod json;
mod line;
mod package;
mod race;
mod trace;

use std::collections::HashMap;

use crate::triage::failure::Failure;
use crate::triage::text::Line;
use build::Build;
use line::Kind;
use package::Package;

/// More failures than these of one log tell nothing more.
const FAILURES_MAX: usize = 500;

/// Reads the outputs of one attempt, each as lines.
pub(crate) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let mut reader = Reader::default();
    for output in outputs {
        let (plain, of_packages) = json::packages(output);
        reader.read(&plain);
        reader.end("");
        for (package, lines) in &of_packages {
            reader.read(lines);
            reader.end(package);
        }
    }
    reader.finish()
}

/// The lines of `go test`, where those of `go test -json` are.
pub(super) fn unpacked<'a>(output: &'a [Line<'a>]) -> Vec<Line<'a>> {
    let (plain, of_packages) = json::packages(output);
    let of_packages = of_packages.into_values().flatten();
    plain.into_owned().into_iter().chain(of_packages).collect()
}

/// What was read so far.
#[derive(Debug, Default)]
struct Reader {
    found: Vec<Failure>,
    /// What has been said since the last package ended.
    package: Package,
    /// What compilers said of packages.
    builds: HashMap<String, Build>,
    /// Of those that were not built, in order, and where that is said.
    not_built: Vec<(String, usize)>,
}

impl Reader {
    fn read(&mut self, lines: &[Line<'_>]) {
        let mut at = 0;
        while at < lines.len() {
            let next = self.block(lines, at);
            debug_assert!(next > at, "reading goes on");
            at = next.max(at + 1);
        }
    }

    /// Reads what begins at this line; gives where the next thing begins.
    fn block(&mut self, lines: &[Line<'_>], at: usize) -> usize {
        let line = &lines[at];
        match line::kind(&line.text) {
            Kind::Section(_) | Kind::PackagePassed => {
                self.end("");
                at + 1
            }
            Kind::PackageFailed(package) => {
                self.package.failed();
                self.end(package);
                at + 1
            }
            Kind::NotBuilt(package) => {
                self.end("");
                self.not_built.push((package.to_owned(), line.number));
                at + 1
            }
            Kind::Builds(package) => {
                let (build, end) = build::read(lines, at);
                let known = self.builds.entry(package.to_owned());
                known.or_insert(build);
                end
            }
            Kind::Failed(test) => self.package.test_failed(test, lines, at),
            Kind::Speaks(test) => {
                self.package.speaks(test);
                at + 1
            }
            Kind::Crash => self.package.crashed(lines, at),
            Kind::Preface => {
                self.package.preface(line);
                at + 1
            }
            Kind::Race => self.package.raced(lines, at),
            Kind::Killed => {
                self.package.ran_too_long(line);
                at + 1
            }
            Kind::Nothing => at + 1,
            Kind::Other => {
                self.package.says(line);
                at + 1
            }
        }
    }

    /// Whatever was open is of this package, which may not be known.
    fn end(&mut self, package: &str) {
        let package_read = std::mem::take(&mut self.package);
        let room = FAILURES_MAX.saturating_sub(self.found.len());
        self.found.extend(package_read.end(package).into_iter().take(room));
    }

    fn finish(mut self) -> Vec<Failure> {
        for (package, number) in std::mem::take(&mut self.not_built) {
            let build = self.builds.remove(&package).unwrap_or_default();
            self.found.push(build.failure(&package, number));
        }
        // What was built without a test: only what looks like errors is one.
        let mut others: Vec<_> = self.builds.into_iter().collect();
        others.sort_by_key(|(_, build)| build.at());
        let failed = others.into_iter().filter(|(_, build)| build.has_error());
        self.found.extend(failed.map(|(package, b)| b.failure(&package, 0)));
        self.found.truncate(FAILURES_MAX);
        self.found
    }
}
