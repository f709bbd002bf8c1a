#!/usr/bin/env bash
# Packs a built program in every way that it is released, installs each package offline where nothing of ours is, and runs it:
#
#   packaging/check.sh PROGRAM
#
# PROGRAM is the debug build of this checkout in CARGO_TARGET_DIR (default: target): the wheel takes it from there. Needs
# python3 with venv, npm, dpkg-deb, git and binutils; without root, the Debian package is only unpacked.
set -euo pipefail

program="$(realpath "${1:?give the built program}")"
cd "$(dirname "$0")/.."
place="$(mktemp -d)"
trap 'rm -rf -- "$place"' EXIT
# The release's packages are compressed well; here it must be quick.
export PERFGATE_PACK_LEVEL=1
version="$(sed -n '/^version = "/{s/^version = "\([^"]*\)".*/\1/p;q;}' Cargo.toml)"

step() { printf -- '-- %s\n' "$*"; }
says_version() { # COMMAND...
  local said
  said="$("$@" --version)"
  [ "$said" = "perfgate $version" ] || { echo "$*: said \"$said\"" >&2; exit 1; }
}

step "tools"
python3 -m venv "$place/tools"
"$place/tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
  --requirement packaging/check-requirements.txt

step "workflows and the image's recipe"
"$place/tools/bin/actionlint" .github/workflows/*.yml
"$place/tools/bin/hadolint" packaging/Containerfile

step "the scripts of the release"
python3 -m unittest discover --quiet --start-directory packaging/release

step "wheel: installed offline, and the demo"
PATH="$place/tools/bin:$PATH" bash -c 'cd packaging/python && maturin build --quiet --profile dev --locked --compression-level 1 --out "$1"' _ "$place/wheels"
python3 -m venv "$place/python"
"$place/python/bin/pip" install --quiet --disable-pip-version-check --no-index "$place"/wheels/perfgate-*.whl
says_version "$place/python/bin/perfgate"
says_version "$place/python/bin/python" -m perfgate
"$place/python/bin/perfgate" demo >/dev/null

step "npm: installed offline"
target="$(uname -m)-unknown-linux-gnu"
mkdir -p "$place/programs/$target" "$place/npm"
strip -o "$place/programs/$target/perfgate" "$program"
python3 packaging/release/npm.py "$place/programs" "$place/npm.packed" >/dev/null
(
  cd "$place/npm"
  # Both at once: without a registry, npm cannot look for the package of the platform.
  npm install --silent --offline --no-audit --no-fund "$place"/npm.packed/*.tgz
  says_version npx --offline perfgate
)

step "Debian package: installed and removed"
python3 packaging/release/deb.py "$target" "$place/programs/$target/perfgate" "$place" >/dev/null
package="$(echo "$place"/perfgate_*.deb)"
if [ "$(id -u)" -eq 0 ] && ! dpkg-query --show perfgate >/dev/null 2>&1; then
  dpkg --install "$package" >/dev/null
  says_version /usr/bin/perfgate
  test -s /usr/share/bash-completion/completions/perfgate
  dpkg --purge perfgate >/dev/null
  [ ! -e /usr/bin/perfgate ]
else
  dpkg-deb --extract "$package" "$place/deb"
  says_version "$place/deb/usr/bin/perfgate"
fi
