"""The platforms that are released, and what each kind of package calls them."""

import pathlib
import re
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Target:
    triple: str
    # In npm's words; libc is None where there is one alone.
    os: str
    cpu: str
    libc: str | None = None
    # Debian's name of the processor, where there is a package for it.
    deb: str | None = None

    @property
    def npm(self):
        end = {"glibc": "-gnu", "musl": "-musl", None: ""}[self.libc]
        return f"@perfgate/{self.os}-{self.cpu}{end}"

    @property
    def program(self):
        return "perfgate.exe" if self.os == "win32" else "perfgate"

    @property
    def extension(self):
        return "zip" if self.os == "win32" else "tar.gz"

    def stem(self, version):
        return f"perfgate-{version}-{self.triple}"

    def archive(self, version):
        return f"{self.stem(version)}.{self.extension}"


TARGETS = [
    # For glibc 2.17 and newer: wheels, npm, Debian.
    Target("x86_64-unknown-linux-gnu", "linux", "x64", "glibc", "amd64"),
    Target("aarch64-unknown-linux-gnu", "linux", "arm64", "glibc", "arm64"),
    # Without any shared library: what is downloaded by itself, and images.
    Target("x86_64-unknown-linux-musl", "linux", "x64", "musl"),
    Target("aarch64-unknown-linux-musl", "linux", "arm64", "musl"),
    Target("x86_64-apple-darwin", "darwin", "x64"),
    Target("aarch64-apple-darwin", "darwin", "arm64"),
    Target("x86_64-pc-windows-msvc", "win32", "x64"),
]


def target(triple):
    for own in TARGETS:
        if own.triple == triple:
            return own
    raise SystemExit(f"{triple} is not released; there are {', '.join(own.triple for own in TARGETS)}")


def version():
    """The version that Cargo.toml states."""
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    return re.search(r'^version = "([^"]+)"$', text, re.M)[1]


def epoch():
    """The time of the commit: the only one that stands in a package, so that the same commit gives the same bytes."""
    said = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(said.stdout)
