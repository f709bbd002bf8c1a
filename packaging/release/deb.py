"""Packs a Debian package: deb.py TARGET PROGRAM FOLDER

Needs dpkg-deb. PROGRAM must run here: it writes its own completions. The same commit and program give the same bytes.
PERFGATE_PACK_LEVEL, 0 to 9, is how hard it is compressed.
"""

import gzip
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from targets import ROOT, epoch, target, version

CONTROL = """\
Package: perfgate
Version: {version}
Architecture: {architecture}
Maintainer: The perfgate authors <perfgate@users.noreply.github.com>
Installed-Size: {size}
Depends: libc6 (>= {libc}), git
Recommends: ca-certificates
Section: devel
Priority: optional
Homepage: https://github.com/perfgate/perfgate
Description: regression gate for load tests
 perfgate reads the results of Locust, k6, JMeter, Gatling and other load
 tools, compares them with the baseline recorded for a git commit, and
 reports the outcome as a table, a comment, JSON, and an exit code for CI.
"""

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: perfgate
Source: https://github.com/perfgate/perfgate

Files: *
Copyright: The perfgate authors
License: Expat or Apache-2.0

License: Apache-2.0
 See /usr/share/common-licenses/Apache-2.0.

License: Expat
"""

COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/perfgate",
    "fish": "usr/share/fish/vendor_completions.d/perfgate.fish",
    "zsh": "usr/share/zsh/vendor-completions/_perfgate",
}


def libc(program):
    """The oldest glibc that the program runs with: the newest symbol version that it asks for."""
    asked = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", pathlib.Path(program).read_bytes())
    if not asked:
        sys.exit(f"{program} asks for no version of glibc: the Debian package takes the one for gnu")
    return ".".join(map(str, max((int(major), int(minor)) for major, minor in asked)))


def put(root, name, content, mode=0o644):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def fill(root, own, program):
    put(root, "usr/bin/perfgate", pathlib.Path(program).read_bytes(), 0o755)
    for shell, name in COMPLETIONS.items():
        said = subprocess.run([program, "completions", shell], check=True, capture_output=True)
        put(root, name, said.stdout)
    mit = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8").splitlines()
    license_text = "".join(f" {line}\n" if line else " .\n" for line in mit)
    put(root, "usr/share/doc/perfgate/copyright", (COPYRIGHT + license_text).encode())
    changes = gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), 9, mtime=0)
    put(root, "usr/share/doc/perfgate/changelog.gz", changes)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    about = CONTROL.format(
        version=version(), architecture=own.deb, size=size, libc=libc(program)
    )
    put(root, "DEBIAN/control", about.encode())
    for path in [root, *root.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def main(triple, program, folder):
    own = target(triple)
    if own.deb is None:
        sys.exit(f"there is no Debian package for {triple}")
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"perfgate_{version()}_{own.deb}.deb"
    with tempfile.TemporaryDirectory() as place:
        root = pathlib.Path(place) / "perfgate"
        root.mkdir()
        fill(root, own, str(pathlib.Path(program).resolve()))
        level = os.environ.get("PERFGATE_PACK_LEVEL", "9")
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}", "--build", root, path]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch())}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    print(path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
