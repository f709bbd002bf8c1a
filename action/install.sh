#!/usr/bin/env bash
# Puts perfgate on the PATH of the steps that follow.
#
#   install.sh plan    says what will be installed, for the cache: writes `key` and `path` to $GITHUB_OUTPUT
#   install.sh         installs it: writes `save` (whether the cache should keep it) to $GITHUB_OUTPUT
#
# INPUT_VERSION: a version, nothing (the version of this checkout), or `installed` (the perfgate that is on PATH).
# INPUT_BUILD: `true` builds this checkout with cargo. Otherwise the archive of the release is downloaded, and used
# only if its SHA-256 stands in checksums.txt, which came with this checkout.
# CACHE_HIT: `true` where the cache has just brought what is in `path`.
#
# A load test may have run before in this job, and may have put anything anywhere. So nothing that lies there already is
# used, and a program that was built is only kept for other jobs where nothing has run before (INPUT_COMMAND `install`).
set -euo pipefail

die() {
  local text="$1"
  text=${text//\%/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  # To standard error, because a function's output may be on its way into a variable.
  printf '::error title=perfgate::%s\n' "$text" >&2
  exit 2
}

# On Windows, D:/a/b: a form that programs and this shell both understand.
mixed() {
  if command -v cygpath >/dev/null 2>&1; then cygpath -m -- "$1"; else printf '%s\n' "$1"; fi
}

sha256() { # of standard input
  if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

own_version() {
  sed -n '/^version = "/{s/^version = "\([^"]*\)".*/\1/p;q;}' "$checkout/Cargo.toml"
}

# The platform, as the archives are named.
target() {
  local os="${RUNNER_OS:-$(uname -s)}" machine="${RUNNER_ARCH:-$(uname -m)}"
  case "$machine" in
    X64 | x86_64 | amd64) machine=x86_64 ;;
    ARM64 | aarch64 | arm64) machine=aarch64 ;;
    *) die "there is no perfgate for $os on $machine to download: set \`build: true\`" ;;
  esac
  case "$os" in
    Linux) printf '%s-unknown-linux-musl\n' "$machine" ;;
    macOS | Darwin) printf '%s-apple-darwin\n' "$machine" ;;
    # Windows on ARM runs programs for x86_64.
    Windows | MINGW* | MSYS*) printf 'x86_64-pc-windows-msvc\n' ;;
    *) die "there is no perfgate for $os to download: set \`build: true\`" ;;
  esac
}

# One hash over everything that the program is built from.
sources() {
  local file
  (
    cd "$checkout"
    find Cargo.toml Cargo.lock rust-toolchain.toml src schemas -type f | LC_ALL=C sort |
      while IFS= read -r file; do printf '%s %s\n' "$(sha256 <"$file")" "$file"; done
  ) | sha256
}

# The repository that this action came from. The runner unpacks actions to _actions/OWNER/NAME/REF; the context variable
# github.action_repository is empty in some runners.
repository() {
  local rest="${checkout##*/_actions/}" name="${ACTION_REPOSITORY:-}"
  if [ "$rest" != "$checkout" ]; then
    local owner="${rest%%/*}"
    rest="${rest#*/}"
    name="$owner/${rest%%/*}"
  fi
  if [[ ! "$name" =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]]; then
    die "cannot tell which repository this action comes from, and so where its releases are: set \`build: true\`"
  fi
  printf '%s\n' "$name"
}

# The SHA-256 that an archive must have; nothing when it is not listed.
listed() {
  awk -v file="$1" '{ sub(/\r$/, "") } $1 !~ /^#/ && $2 == file { print $1; exit }' "$checkout/action/checksums.txt"
}

decide() {
  version="${INPUT_VERSION:-}"
  if [ "$version" = installed ]; then
    how=installed
    return
  fi
  version="${version#v}"
  if [ -n "$version" ] && [[ ! "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$ ]]; then
    die "version: \"$version\" is no version; write one such as 0.1.0, or \`installed\` for the perfgate on PATH"
  fi
  local own
  own="$(own_version)"
  : "${version:=$own}"
  case "${INPUT_BUILD:-false}" in
    true)
      how=build
      if [ "$version" != "$own" ]; then
        die "\`build: true\` builds $own, the version of this action, and not $version: leave \`version\` out"
      fi
      key="perfgate-build-${RUNNER_OS:-$(uname -s)}-${RUNNER_ARCH:-$(uname -m)}-$(sources | cut -c 1-32)"
      ;;
    false)
      how=download
      local platform extension=tar.gz
      platform="$(target)"
      case "$platform" in *windows*) extension=zip ;; esac
      stem="perfgate-$version-$platform"
      archive="$stem.$extension"
      expected="$(listed "$archive")"
      if [[ ! "$expected" =~ ^[0-9a-f]{64}$ ]]; then
        die "$archive is not in action/checksums.txt of this version of the action, so it is not downloaded. \
Name a released version, or set \`build: true\` to build perfgate here (needs Rust and a C compiler)"
      fi
      key="$stem-${expected:0:16}"
      ;;
    *) die "build: write true or false" ;;
  esac
  folder="$temp/perfgate-action/$key"
}

is_expected() { # FILE: does it have the SHA-256 that is listed?
  [ -f "$1" ] && [ "$(sha256 <"$1")" = "$expected" ]
}

fetch() { # URL FILE
  printf 'downloading %s\n' "$1"
  curl --fail --silent --show-error --location --proto '=https' --retry 3 --connect-timeout 30 --max-time 300 \
    --output "$2" -- "$1"
}

download() {
  local file="$folder/$archive" server fetched=false name
  mkdir -p "$folder"
  # What a cache gave back is checked like a download.
  if ! is_expected "$file"; then
    name="$(repository)"
    command -v curl >/dev/null 2>&1 || die "curl is missing; it is needed to download perfgate"
    # On a GitHub Enterprise Server the action may come from there or from github.com. The checksum decides, not the
    # place.
    for server in "${GITHUB_SERVER_URL:-https://github.com}" https://github.com; do
      if fetch "$server/$name/releases/download/v$version/$archive" "$file.part"; then
        fetched=true
        break
      fi
    done
    if [ "$fetched" = false ]; then
      die "$archive could not be downloaded from the releases of $name; see the log above, or set \`build: true\`"
    fi
    if ! is_expected "$file.part"; then
      rm -f -- "$file.part"
      die "$archive does not have the SHA-256 that action/checksums.txt lists, so it is not used. \
Expected $expected"
    fi
    mv -f -- "$file.part" "$file"
    save=true
  fi
  local unpacked
  unpacked="$(mktemp -d "$temp/perfgate-bin.XXXXXX")"
  case "$archive" in
    *.zip)
      if command -v unzip >/dev/null 2>&1; then
        unzip -q -o "$file" -d "$unpacked"
      else
        7z x -y "-o$unpacked" "$file" >/dev/null
      fi
      ;;
    *) tar -xzf "$file" -C "$unpacked" ;;
  esac
  program="$unpacked/$stem"
}

build() {
  program="$folder"
  if [ "${CACHE_HIT:-}" = true ] && { [ -x "$folder/perfgate" ] || [ -x "$folder/perfgate.exe" ]; }; then return; fi
  command -v cargo >/dev/null 2>&1 ||
    die "cargo is missing; \`build: true\` needs Rust (https://rustup.rs) and a C compiler"
  local built file
  built="$(mktemp -d "$temp/perfgate-build.XXXXXX")"
  # From its own folder, so that neither the workspace's toolchain nor its cargo configuration counts.
  (cd "$checkout" && cargo build --release --locked --target-dir "$built") ||
    die "perfgate could not be built; see the log above"
  rm -rf -- "$folder"
  mkdir -p "$folder"
  for file in perfgate perfgate.exe; do
    if [ -f "$built/release/$file" ]; then cp -- "$built/release/$file" "$folder/"; fi
  done
  rm -rf -- "$built"
  if [ "${INPUT_COMMAND:-}" = install ]; then save=true; fi
}

put_on_path() {
  local said
  said="$("$program/perfgate" --version)" || die "the perfgate in $program does not start"
  if [ "$said" != "perfgate $version" ]; then
    die "the perfgate in $program says it is \"$said\", not \"perfgate $version\""
  fi
  if command -v cygpath >/dev/null 2>&1; then program="$(cygpath -w -- "$program")"; fi
  printf '%s\n' "$program" >>"$GITHUB_PATH"
  printf '%s (%s)\n' "$said" "$how"
}

checkout="$(mixed "${GITHUB_ACTION_PATH:?is set by the runner}")"
temp="$(mixed "${RUNNER_TEMP:-${TMPDIR:-/tmp}}")"
key="" folder="" save=false
decide

case "${1:-install}" in
  plan)
    if [ -n "$folder" ]; then rm -rf -- "$folder"; fi
    printf 'key=%s\npath=%s\n' "$key" "$folder" >>"$GITHUB_OUTPUT"
    ;;
  install)
    case "$how" in
      installed)
        command -v perfgate >/dev/null 2>&1 || die "\`version: installed\`, and there is no perfgate on PATH"
        perfgate --version
        ;;
      download)
        download
        put_on_path
        ;;
      build)
        build
        put_on_path
        ;;
    esac
    printf 'save=%s\n' "$save" >>"$GITHUB_OUTPUT"
    ;;
  *) die "install.sh: unknown command" ;;
esac
