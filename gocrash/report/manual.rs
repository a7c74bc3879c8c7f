//! Man pages of every command, and completions, made from what `--help` is made
//! from.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_complete::Shell as Completed;
use clap_mangen::Man;

use super::{file, printed};
use crate::attempt::reader::Reader;
use crate::cli::Typed;
use crate::cli::after::{Generated, Shell};
use crate::config::Destination;
use crate::exit;
use crate::refusal::Refusal;

const NAME: &str = "gocrash";

/// Makes what is asked for.
pub(crate) fn generate(what: &Generated) -> anyhow::Result<ExitCode> {
    match what {
        Generated::Man { directory } => man_pages(directory)?,
        Generated::Completions { shell } => {
            let mut text = Vec::new();
            let shell = match shell {
                Shell::Bash => Completed::Bash,
                Shell::Zsh => Completed::Zsh,
                Shell::Fish => Completed::Fish,
            };
            clap_complete::generate(shell, &mut command(), NAME, &mut text);
            let mut out = io::stdout().lock();
            let written = out.write_all(&text).and_then(|()| out.flush());
            printed::checked(written)?;
        }
    }
    Ok(ExitCode::from(exit::PASSED))
}

/// The whole command line, for these purposes: what clap adds is there, and
/// the version does not change with each commit.
fn command() -> Command {
    let mut command = Typed::command().version(env!("CARGO_PKG_VERSION"));
    command.build();
    command
}

fn man_pages(directory: &Path) -> anyhow::Result<()> {
    check(directory)?;
    let command = command();
    let names = names(&command);
    let caller = Reader::caller()?;
    for page in &names {
        let path = directory.join(format!("{}.1", page.name));
        let others = names.iter().map(|other| &*other.name);
        let others: Vec<&str> = others.filter(|n| *n != page.name).collect();
        let text = man_page(page, &others)?;
        let destination = Destination::File(path);
        let (name, mut file) =
            file::open_as("generate man", &destination, &caller)?;
        file.write_all(&text)
            .with_context(|| format!("cannot write `{name}`"))?;
    }
    Ok(())
}

fn check(directory: &Path) -> Result<(), Refusal> {
    let name = directory.display();
    match directory.metadata() {
        Ok(there) if there.is_dir() => Ok(()),
        Ok(_) => Err(Refusal::new(
            format!("`{name}` is not a directory"),
            "name one: the pages are files in it",
        )),
        Err(error) => Err(Refusal::new(
            format!("cannot find the directory `{name}`: {error}"),
            format!("make it: `mkdir -p {name}`"),
        )),
    }
}

/// A command that gets a page.
struct Page<'a> {
    name: String,
    command: &'a Command,
}

/// The program, and all commands below it.
fn names(command: &Command) -> Vec<Page<'_>> {
    let mut pages = Vec::new();
    add(NAME.to_owned(), command, &mut pages);
    pages
}

fn add<'a>(name: String, command: &'a Command, pages: &mut Vec<Page<'a>>) {
    let below = command.get_subcommands();
    let prefix = name.clone();
    pages.push(Page { name, command });
    for command in below.filter(|command| command.get_name() != "help") {
        add(format!("{prefix}-{}", command.get_name()), command, pages);
    }
}

fn man_page(page: &Page<'_>, others: &[&str]) -> io::Result<Vec<u8>> {
    let Page { name, command } = page;
    let after = command.get_after_help().map(ToString::to_string);
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new((*command).clone().name(name.clone()))
        .title(name.to_uppercase())
        .section("1")
        .source(format!("{NAME} {version}"));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some((title, rest)) = after.as_deref().and_then(section) {
        writeln!(text, ".SH {}\n.nf", title.to_uppercase())?;
        for line in rest.lines() {
            writeln!(text, "{}", roff(line.trim()))?;
        }
        writeln!(text, ".fi")?;
    }
    writeln!(text, ".SH SEE ALSO")?;
    let others: Vec<String> = others
        .iter()
        .map(|other| format!("\\fB{}\\fR(1)", roff(other)))
        .chain(["\\fBzfs\\fR(8)".to_owned()])
        .collect();
    writeln!(text, "{}", others.join(", "))?;
    Ok(text)
}

/// What stands below the options is a section: its first line is the title.
fn section(text: &str) -> Option<(&str, &str)> {
    let (title, rest) = text.split_once('\n')?;
    Some((title.strip_suffix(':')?, rest))
}

/// A line that means itself.
fn roff(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}
