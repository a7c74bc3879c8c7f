//! `gocrash pack`: what a bug report needs of a hunt, in one archive.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::hunts::{self, Hunt};
use super::slate::{KeptAttempt, pick_kept};
use super::state::kept;
use super::{again, diff};
use crate::attempt::output::NAMES;
use crate::attempt::reader::Reader;
use crate::cli::after::PackArgs;
use crate::exit;
use crate::record::manifest::Manifest;
use crate::record::text::Text;
use crate::record::{EVENTS, MANIFEST};
use crate::refusal::Refusal;
use crate::report::file::open_with;
use crate::report::packing;
use crate::report::tar::Tar;
use crate::slate::cores;
use crate::slate::found::Kind;
use crate::slate::inside::Inside;
use crate::slate::visit::Tree;

/// What an ELF file begins with, and where it says that it is a core dump.
const ELF: &[u8] = b"\x7fELF";
const ELF_TYPE_AT: usize = 16;
const ELF_TYPE_CORE: u8 = 4;

pub(super) fn pack(args: &PackArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let (hunt, attempt) = hunts.pick_attempt(&args.id)?;
    // Also makes sure that who asks may see all of it.
    let manifest = again::manifest(hunt)?;
    let attempts: Vec<String> = match attempt {
        Some(_) => vec![args.id.clone()],
        None => kept(&hunt.found)
            .iter()
            .map(|kept| format!("{}/{}", hunt.found.name, kept.attempt))
            .collect(),
    };
    if args.json && args.output == Path::new("-") {
        anyhow::bail!(Refusal::new(
            "`--json` and the archive would be mixed",
            "name a file: `-o FILE`",
        ));
    }
    let picked = attempts.iter().map(|id| pick_kept(&hunts, id));
    let picked = picked.collect::<Result<Vec<KeptAttempt<'_>>, _>>()?;
    let out = create(&args.output)?;
    let mut pack = Pack {
        tar: Tar::new(io::BufWriter::new(out)),
        root: hunt.found.session.clone().into(),
        at: path(manifest.options.at.as_ref()),
        source: path(manifest.source.directory.as_ref())
            .filter(|_| hunt.found.kind == Kind::Overlay),
    };
    pack.record(hunt, manifest, args.environment)?;
    for kept in &picked {
        pack.attempt(kept)?;
    }
    pack.tar.finish().context("cannot write the archive")?;
    match args.json {
        true => {
            let names = picked.iter().map(|kept| kept.slate.name.clone());
            packing::told(&args.output, names.collect())?;
        }
        false => packing::packed(&args.output, picked.len()),
    }
    Ok(ExitCode::from(exit::PASSED))
}

/// An archive that is being written.
struct Pack {
    tar: Tar<io::BufWriter<File>>,
    /// The directory that all of it is in.
    root: PathBuf,
    /// Where every run saw its slate, if not where it was.
    at: Option<PathBuf>,
    /// The directory below the overlays.
    source: Option<PathBuf>,
}

impl Pack {
    fn record(
        &mut self,
        hunt: &Hunt,
        manifest: &Manifest,
        environment: bool,
    ) -> anyhow::Result<()> {
        let mut manifest = serde_json::to_value(manifest)?;
        if !environment {
            // It may hold secrets, and so may `--env` among the arguments.
            manifest["environment"] = serde_json::json!({});
            manifest["arguments"] = serde_json::json!([]);
        }
        let text = serde_json::to_vec_pretty(&manifest)?;
        let name = self.root.join(MANIFEST);
        self.tar.append(&name, 0, text.len() as u64, &text[..])?;
        let record = Tree::record(&hunt.found)?;
        self.file(record.inside(), Path::new(EVENTS), Path::new(EVENTS))
    }

    fn attempt(&mut self, kept: &KeptAttempt<'_>) -> anyhow::Result<()> {
        let found = &kept.hunt.found;
        let tree = Tree::open(found, kept.slate)?;
        let name = PathBuf::from(kept.slate.attempt.to_string());
        for output in NAMES {
            let output = Path::new(output);
            self.file(tree.inside(), output, &name.join(output))?;
        }
        let changes = diff::of(kept)?;
        let mut text = Vec::new();
        for change in &changes {
            writeln!(text, "{change}")?;
        }
        let list = self.root.join(&name).join("changes");
        self.tar.append(&list, 0, text.len() as u64, &text[..])?;
        let files = changes
            .iter()
            .filter(|change| !change.is_directory && change.what != "deleted");
        // Of an overlay, a program need not be in what was changed.
        let source = self.source.as_ref();
        let source =
            source.and_then(|dir| Inside::open(dir, &found.reader).ok());
        let mut programs = BTreeSet::new();
        for file in files {
            let opened = tree.inside().file(&file.path);
            let core = opened.and_then(core).unwrap_or_default();
            if core.is_some() || file.path.starts_with(cores::DIRECTORY) {
                self.file(tree.inside(), &file.path, &name.join(&file.path))?;
            }
            programs.extend(core.flatten());
        }
        for program in programs {
            // What is not in the slate was copied when it crashed.
            let Some(path) = self.in_slate(kept, &program) else { continue };
            let trees = [Some(tree.inside()), source.as_ref()];
            let has_it = |tree: &&Inside| tree.file(&path).is_ok();
            if let Some(tree) = trees.into_iter().flatten().find(has_it) {
                self.file(tree, &path, &name.join(&path))?;
            }
        }
        Ok(())
    }

    /// What the suite saw at this path, from the root of its slate.
    fn in_slate(
        &self,
        kept: &KeptAttempt<'_>,
        program: &Path,
    ) -> Option<PathBuf> {
        let is_overlay = kept.hunt.found.kind == Kind::Overlay;
        let opened = kept.hunt.found.record.as_ref().ok();
        let opened = opened.and_then(|record| record.history.opened.as_ref());
        let place = opened.map(|opened| {
            let place = opened.directory.join(kept.slate.attempt.to_string());
            match is_overlay {
                true => place.join("tree"),
                false => place,
            }
        });
        // Of an overlay, Linux notes where a file is in the layer that has it.
        let layer = is_overlay.then(|| PathBuf::from("/"));
        let mut roots = [self.at.clone(), place, layer].into_iter().flatten();
        roots.find_map(|root| Some(program.strip_prefix(root).ok()?.into()))
    }

    /// A file, if it is there and is one.
    fn file(
        &mut self,
        tree: &Inside,
        path: &Path,
        name: &Path,
    ) -> anyhow::Result<()> {
        let Ok(file) = tree.file(path) else { return Ok(()) };
        let meta = file.metadata()?;
        let mtime = u64::try_from(meta.mtime()).unwrap_or(0);
        let name = self.root.join(name);
        self.tar
            .append(&name, mtime, meta.len(), file)
            .with_context(|| format!("cannot pack `{}`", path.display()))
    }
}

fn path(text: Option<&Text>) -> Option<PathBuf> {
    Some(text?.to_os()?.into())
}

/// If it is a core dump: what it says of its program.
fn core(mut file: File) -> io::Result<Option<Option<PathBuf>>> {
    let mut start = [0; ELF_TYPE_AT + 2];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut start)?;
    // Of either byte order.
    let kind = &start[ELF_TYPE_AT..];
    let is_core = start.starts_with(ELF) && kind.contains(&ELF_TYPE_CORE);
    Ok(is_core.then(|| cores::program(&file)))
}

/// With the rights of the person who called.
fn create(output: &Path) -> Result<File, Refusal> {
    let shown = output.display();
    if output == Path::new("-") {
        let own = io::stdout().as_fd().try_clone_to_owned();
        return own.map(File::from).map_err(|error| {
            Refusal::new(
                format!("cannot write to standard output: {error}"),
                "name a file: `-o FILE`",
            )
        });
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    open_with(output, &options, &Reader::caller()?).map_err(|error| {
        Refusal::new(
            format!("cannot create `{shown}`: {error}"),
            "name a file that is not there yet, where the person who calls \
             gocrash may write",
        )
    })
}
