# What setup, in-tree and run share: where the trees are, what they hold, and
# how to say things. Sourced, never run.
# shellcheck shell=bash

set -euo pipefail

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$vm_dir/../.." && pwd)
: "${GOCRASH_VM_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/gocrash/vm}"
export GOCRASH_VM_CACHE
cache=$GOCRASH_VM_CACHE
default_release=2.1
releases="2.1 2.3"

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# die WHAT [REMEDY]
die() {
	printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
	[ $# -lt 2 ] || printf '  help: %s\n' "$2" >&2
	exit 125
}

# The Debian suite whose packages hold this OpenZFS release.
suite_of() {
	case $1 in
	2.1) echo bookworm ;;
	2.3) echo trixie ;;
	*) die "no tree for OpenZFS \`$1\`" "the releases are: $releases" ;;
	esac
}

tree_of() { echo "$cache/zfs-$1"; }

# Becomes root by sudo, keeping the cache of the person who called.
as_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	command -v sudo >/dev/null || die "this needs root (chroot and mounts)" \
		"run it as root, or install sudo"
	exec sudo --preserve-env=GOCRASH_VM_CACHE,GOCRASH_VM_MIRROR \
		"$0" "$@"
}

# release_and_command ARG...: reads `[--zfs R] ... -- COMMAND [ARG...]`; an
# option that only the caller knows goes to its function `option`, which sets
# `taken` to how many words it used.
release_and_command() {
	release=$default_release
	while [ $# -gt 0 ]; do
		case $1 in
		--zfs) [ $# -ge 2 ] || die "--zfs needs a release" \
			"the releases are: $releases"
			release=$2; shift 2 ;;
		--zfs=*) release=${1#--zfs=}; shift ;;
		-h | --help) usage; exit 0 ;;
		--) shift; command=("$@"); break ;;
		*) taken=0; option "$@"
			[ "$taken" -gt 0 ] || die "unknown option \`$1\`" \
				"put -- before the command; see $(basename "$0") --help"
			shift "$taken" ;;
		esac
	done
	suite_of "$release" >/dev/null
}

# Whether the tree's packages are all there, as setup left them.
tree_is_ready() { [ -e "$(tree_of "$1")/.gocrash-ready" ]; }

need_tree() {
	tree_is_ready "$1" || die "the tree for OpenZFS $1 is not there yet" \
		"run tests/vm/setup"
}

# The toolchain of the machine, to be seen inside the trees at the same path.
# A rustup toolchain runs there; a distribution's own in /usr cannot.
rust_sysroot() {
	local root
	root=$(rustc --print sysroot 2>/dev/null) || die "no rustc found" \
		"install Rust with rustup (https://rustup.rs)"
	[ "$root" != /usr ] || die "rustc is the distribution's own" \
		"install Rust with rustup, whose toolchain also runs in the trees"
	echo "$root"
}
