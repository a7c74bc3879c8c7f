//! What clap answers: help, and what is wrong with how gocrash was called.

use std::io::{self, Write};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::safe;
use crate::cli::Typed;
use crate::near::{LIKENESS_MIN, nearest};

/// Prints it, on the stream that it is for.
pub(crate) fn print(mut answer: clap::Error) {
    suggest(&mut answer);
    // clap repeats words as they were typed, in colours of its own.
    let is_plain =
        std::env::args_os().all(|word| safe::is_plain(&word.to_string_lossy()));
    if is_plain || !answer.use_stderr() {
        let _ = answer.print();
        return;
    }
    let text = answer.render().to_string();
    let _ = writeln!(io::stderr(), "{}", safe::text(text.trim_end()));
}

/// After `help`, clap leaves that out.
fn suggest(answer: &mut clap::Error) {
    if answer.kind() != ErrorKind::InvalidSubcommand
        || answer.get(ContextKind::SuggestedSubcommand).is_some()
    {
        return;
    }
    let Some(ContextValue::String(typed)) =
        answer.get(ContextKind::InvalidSubcommand)
    else {
        return;
    };
    let command = Typed::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    if let Some(name) = nearest(typed, names, LIKENESS_MIN) {
        let names = ContextValue::Strings(vec![name.to_owned()]);
        answer.insert(ContextKind::SuggestedSubcommand, names);
    }
}
