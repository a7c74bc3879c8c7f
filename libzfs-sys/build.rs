//! Finds libzfs and its headers, and has bindgen read them.

use std::env;
use std::fmt::Display;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[path = "build/allowlist.rs"]
mod allowlist;
#[path = "build/probe.rs"]
mod probe;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=wrapper.h");
    let result = match env::var_os("CARGO_FEATURE_RECORDED_BINDINGS") {
        Some(_) => use_recorded(),
        None => use_installed(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            for line in problem.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Asked for by name, so no header is looked for and nothing is linked.
fn use_recorded() -> Result<(), String> {
    let recorded = env_path("CARGO_MANIFEST_DIR")?.join("src/recorded.rs");
    println!("cargo::rerun-if-changed={}", recorded.display());
    tell_version("recorded");
    std::fs::copy(&recorded, output()?)
        .map(drop)
        .map_err(|e| format!("cannot copy {}: {e}", recorded.display()))
}

fn use_installed() -> Result<(), String> {
    let found = probe::probe()?;
    tell_version(&found.version);
    generate(&found.include_dirs, &output()?)
}

/// `DEP_ZFS_VERSION` for build scripts of crates that depend on this one, and
/// `VERSION` for everyone.
fn tell_version(version: &str) {
    println!("cargo::metadata=VERSION={version}");
    println!("cargo::rustc-env=LIBZFS_SYS_VERSION={version}");
}

fn generate(include_dirs: &[PathBuf], output: &Path) -> Result<(), String> {
    let mut builder = bindgen::Builder::default()
        .header("wrapper.h")
        .clang_args(
            include_dirs.iter().map(|dir| format!("-I{}", dir.display())),
        )
        // A C enum may hold a value that the header of the build did not
        // know; as a Rust enum that would be undefined behaviour.
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        // Nobody looks inside, and later releases end them with an array of
        // no length.
        .opaque_type("nvlist")
        .opaque_type("nvpair")
        .layout_tests(true)
        .merge_extern_blocks(true)
        .rust_target(minimum_rust()?)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()));
    for name in allowlist::FUNCTIONS {
        builder = builder.allowlist_function(name);
    }
    for name in allowlist::TYPES {
        builder = builder.allowlist_type(name);
    }
    for name in allowlist::CONSTANTS {
        builder = builder.allowlist_var(name);
    }

    // bindgen reports a missing libclang by a panic.
    panic::set_hook(Box::new(|_| ()));
    let generated =
        panic::catch_unwind(panic::AssertUnwindSafe(|| builder.generate()));
    drop(panic::take_hook());

    let bindings = generated
        .map_err(|_| missing("libclang could not be loaded"))?
        .map_err(|e| missing(e.to_string().trim_end()))?;
    bindings
        .write_to_file(output)
        .map_err(|e| format!("cannot write {}: {e}", output.display()))
}

fn minimum_rust() -> Result<bindgen::RustTarget, String> {
    bindgen::RustTarget::stable(85, 0)
        .map_err(|e| format!("bindgen does not know Rust 1.85: {e}"))
}

fn output() -> Result<PathBuf, String> {
    Ok(env_path("OUT_DIR")?.join("bindings.rs"))
}

fn env_path(name: &str) -> Result<PathBuf, String> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| format!("cargo did not set {name}"))
}

/// Says what failed and which packages bring what is missing.
fn missing(what: impl Display) -> String {
    format!(
        "cannot read the headers of libzfs: {what}\n\
         help: they come with these packages:\n\
         help:   Debian, Ubuntu  libzfslinux-dev libclang-dev pkg-config \
         (Debian: component contrib)\n\
         help:   Fedora          libzfs6-devel clang-devel pkgconf, from \
         the OpenZFS repository\n\
         help:   Arch            zfs-utils clang pkgconf, from archzfs\n\
         help:   FreeBSD         the sources in /usr/src, or the port \
         filesystems/openzfs; and devel/llvm\n\
         help:   illumos         system/header and the package of clang\n\
         help: elsewhere, set LIBZFS_INCLUDE_DIR and LIBZFS_LIB_DIR\n\
         help: to read the documentation or check types without them, \
         enable the feature recorded-bindings (nothing can be linked then)"
    )
}
