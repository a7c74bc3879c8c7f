//! Where libzfs is: asks pkg-config, then the environment, then the system.

use std::env;
use std::path::{Path, PathBuf};

use crate::missing;

/// What is needed to read the headers; how to link has been told to cargo.
pub(crate) struct Found {
    pub(crate) include_dirs: Vec<PathBuf>,
    pub(crate) version: String,
}

pub(crate) fn probe() -> Result<Found, String> {
    let pkg_config_says = match from_pkg_config() {
        Ok(found) => return Ok(found),
        Err(e) => e,
    };
    if let Some(found) = from_environment() {
        return Ok(found);
    }
    from_system()
        .ok_or_else(|| missing(first_line(&pkg_config_says.to_string())))
}

/// OpenZFS installs libzfs.pc and libzfs_core.pc on Linux; neither FreeBSD
/// nor illumos has them.
fn from_pkg_config() -> Result<Found, pkg_config::Error> {
    let mut config = pkg_config::Config::new();
    // Cargo is told of both, or of neither: where one is missing, another
    // library is meant.
    config.cargo_metadata(false);
    let core = config.probe("libzfs_core")?;
    let zfs = config.atleast_version("2.0").probe("libzfs")?;
    for found in [&core, &zfs] {
        for dir in &found.link_paths {
            println!("cargo::rustc-link-search=native={}", dir.display());
        }
        for library in &found.libs {
            println!("cargo::rustc-link-lib={library}");
        }
    }
    let include_dirs = [core.include_paths, zfs.include_paths].concat();
    Ok(Found { include_dirs, version: zfs.version })
}

/// `LIBZFS_INCLUDE_DIR` holds one or more folders, as PATH does.
fn from_environment() -> Option<Found> {
    let names = ["LIBZFS_INCLUDE_DIR", "LIBZFS_LIB_DIR", "LIBZFS_VERSION"];
    for name in names {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let [include, lib, version] = names.map(env::var_os);
    let include_dirs = env::split_paths(&include?).collect();
    if let Some(dir) = lib {
        let dir = PathBuf::from(dir);
        println!("cargo::rustc-link-search=native={}", dir.display());
    }
    link();
    let version = version.and_then(|version| version.into_string().ok());
    Some(Found { include_dirs, version: version.unwrap_or(unknown()) })
}

fn from_system() -> Option<Found> {
    let candidates: &[&[&str]] = match env::var("CARGO_CFG_TARGET_OS")
        .as_deref()
    {
        Ok("freebsd") => &[
            // The port comes first: who installed it runs its module.
            &["/usr/local/include/libzfs", "/usr/local/include/libspl"],
            &[
                "/usr/src/sys/contrib/openzfs/include",
                "/usr/src/sys/contrib/openzfs/lib/libspl/include",
                "/usr/src/sys/contrib/openzfs/lib/libspl/include/os/freebsd",
            ],
        ],
        Ok("illumos") => &[&["/usr/include"]],
        _ => &[],
    };
    let dirs = candidates.iter().find(|dirs| has_header(dirs))?;
    if dirs[0].starts_with("/usr/local") {
        println!("cargo::rustc-link-search=native=/usr/local/lib");
    }
    link();
    let include_dirs = dirs.iter().map(PathBuf::from).collect();
    Some(Found { include_dirs, version: unknown() })
}

fn has_header(dirs: &[&str]) -> bool {
    dirs.iter().any(|dir| Path::new(dir).join("libzfs_core.h").is_file())
}

/// No header states the version of the library it belongs to.
fn unknown() -> String {
    "unknown".to_owned()
}

fn link() {
    for library in ["zfs", "zfs_core", "nvpair"] {
        println!("cargo::rustc-link-lib={library}");
    }
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default()
}
