//! `gocrash shell`: a shell in the tree that an attempt left.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use anyhow::Context;

use super::slate::{KeptAttempt, pick_kept};
use super::{again, hunts};
use crate::attempt::person::Person;
use crate::attempt::sys::foreground::Session;
use crate::attempt::view::{Backdrop, View};
use crate::cli::after::ShellArgs;
use crate::exit;
use crate::record::manifest::Manifest;
use crate::record::text::Text;
use crate::report::sitting;
use crate::slate::found::Kind;
use crate::slate::origin::Tree;
use crate::slate::sandbox::Sandbox;
use crate::slate::{self, Rest};

const DEFAULT_SHELL: &str = "/bin/sh";
/// A shell adds this to the number of the signal that ended what it ran.
const SIGNAL_BASE: i32 = 128;

pub(super) fn shell(args: &ShellArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let kept = pick_kept(&hunts, &args.id)?;
    let manifest = again::manifest(kept.hunt)?;
    let person = again::person(manifest)?;
    let found = &kept.hunt.found;
    if found.kind == Kind::Overlay {
        // No thread has been started yet.
        slate::enter_overlays()?;
    }
    let tree = tree(&kept, manifest, &person);
    let sandbox =
        Sandbox::open(found, kept.slate, tree.as_ref(), args.in_place)?;
    let ran = sit(args, &kept, manifest, &person, &sandbox.path());
    if let Rest::Left(left) = sandbox.close() {
        sitting::left(&left);
    }
    Ok(ExitCode::from(status(ran?)))
}

/// Runs the shell, or the command, as the person and where the suite was.
fn sit(
    args: &ShellArgs,
    kept: &KeptAttempt<'_>,
    manifest: &Manifest,
    person: &Person,
    path: &Path,
) -> anyhow::Result<ExitStatus> {
    let at = manifest.options.at.as_ref().and_then(Text::to_os);
    let at = at.map(PathBuf::from);
    let scene = match &at {
        None => None,
        Some(at) => {
            let view = View { at: Some(at.clone()), hide: None, tmp: None };
            // Not where the slates are: the tree is reached by descriptor.
            let backdrop = Backdrop::new(view, path)?;
            Some(backdrop.scene(path, path)?)
        }
    };
    let seen_at = at.as_deref().unwrap_or(path);
    let cwd = manifest.cwd.to_os().unwrap_or_default();
    let cwd: PathBuf = seen_at.join(cwd).components().collect();
    let mut env = again::environment(manifest);
    let name = kept.slate.attempt;
    let set = [
        ("GOCRASH_SESSION", manifest.session.clone()),
        ("GOCRASH_SLOT", name.thread.to_string()),
        ("GOCRASH_ATTEMPT", name.run.to_string()),
    ];
    env.extend(set.map(|(name, value)| (name.into(), value.into())));
    env.insert("PWD".into(), cwd.clone().into());
    // What the terminal is may be another one by now.
    if let Some(term) = std::env::var_os("TERM") {
        env.insert("TERM".into(), term);
    }
    let shell = env.get(OsStr::new("SHELL")).map(PathBuf::from);
    let shell = shell.filter(|shell| shell.is_absolute());
    // What accounts have that nobody logs in to is no shell.
    let is_one = |shell: &PathBuf| {
        !(shell.ends_with("nologin") || shell.ends_with("false"))
    };
    let shell = shell.filter(is_one);
    let (program, words) = match &args.command[..] {
        [] => (shell.unwrap_or_else(|| DEFAULT_SHELL.into()), Vec::new()),
        command => {
            // It looks the program up as the suite would.
            let words = ["-c", r#"exec "$@""#, "sh"].map(OsString::from);
            let words = words.into_iter().chain(command.iter().cloned());
            (DEFAULT_SHELL.into(), words.collect())
        }
    };
    if args.command.is_empty() {
        sitting::welcome(&kept.id(), seen_at, args.in_place);
    }
    let ids = person.ids_to_take();
    Session {
        program: &program,
        args: &words,
        env: &env,
        cwd: &cwd,
        ids: ids.as_ref(),
        scene: scene.as_ref(),
    }
    .run()
    .with_context(|| {
        let (program, cwd) = (program.display(), cwd.display());
        format!("cannot start `{program}` in `{cwd}`")
    })
}

/// What the overlay of the attempt was made on.
fn tree(
    kept: &KeptAttempt<'_>,
    manifest: &Manifest,
    person: &Person,
) -> Option<Tree> {
    let dir = manifest.source.directory.as_ref().and_then(Text::to_os)?;
    let state = Path::new(&kept.hunt.found.name).parent()?.to_owned();
    Some(Tree { dir: dir.into(), state, owner: person.ids_to_take() })
}

fn status(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::NO_VERDICT)
}
