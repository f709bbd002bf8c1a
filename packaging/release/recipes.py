"""Writes what package managers need to install a release: recipes.py VERSION SHA256SUMS FOLDER

Makes perfgate.rb (a Homebrew formula), aqua.yaml (an entry for aqua's registry) and mise.toml (a tool for mise). Every archive
that they name must be in SHA256SUMS.
"""

import pathlib
import re
import sys

from targets import TARGETS

DESCRIPTION = "Regression gate for load tests"
PLACE = "https://github.com/perfgate/perfgate"

FORMULA = """\
class Perfgate < Formula
  desc "{description}"
  homepage "{place}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
{darwin}  end

  on_linux do
{linux}  end

  def install
    bin.install "perfgate"
    generate_completions_from_executable(bin/"perfgate", "completions")
  end

  test do
    assert_equal "perfgate #{{version}}\\n", shell_output("#{{bin}}/perfgate --version")
  end
end
"""

AQUA = """\
packages:
  - type: github_release
    repo_owner: perfgate
    repo_name: perfgate
    description: {description}
    version_constraint: "true"
    asset: perfgate-{{{{trimV .Version}}}}-{{{{.Arch}}}}-{{{{.OS}}}}.{{{{.Format}}}}
    format: tar.gz
    files:
      - name: perfgate
        src: "{{{{.AssetWithoutExt}}}}/perfgate"
    replacements:
      amd64: x86_64
      arm64: aarch64
      darwin: apple-darwin
      linux: unknown-linux-musl
      windows: pc-windows-msvc
    overrides:
      - goos: windows
        format: zip
    supported_envs:
      - darwin
      - linux
      - windows/amd64
    checksum:
      type: github_release
      asset: SHA256SUMS
      algorithm: sha256
    github_artifact_attestations:
      signer_workflow: perfgate/perfgate/.github/workflows/release.yml
"""


def archives(version, sums):
    """Address and checksum of the archive of each target that is downloaded by itself."""
    listed = {}
    for line in sums.splitlines():
        digest, _, name = line.partition("  ")
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not name:
            sys.exit(f"SHA256SUMS: `{line}` is no line of sha256sum")
        listed[name] = digest
    found = []
    for own in TARGETS:
        # One for each platform: the program without shared libraries.
        if own.libc == "glibc":
            continue
        name = own.archive(version)
        if name not in listed:
            sys.exit(f"SHA256SUMS has no {name}")
        found.append((own, f"{PLACE}/releases/download/v{version}/{name}", listed[name]))
    return found


def formula(version, found):
    def blocks(os):
        words = {"x64": "on_intel", "arm64": "on_arm"}
        return "".join(
            f'    {words[own.cpu]} do\n      url "{url}"\n      sha256 "{digest}"\n    end\n'
            for own, url, digest in found
            if own.os == os
        )

    return FORMULA.format(
        description=DESCRIPTION, place=PLACE, version=version, darwin=blocks("darwin"), linux=blocks("linux")
    )


def mise(version, found):
    names = {"darwin": "macos", "linux": "linux", "win32": "windows"}
    lines = "".join(
        f'{names[own.os]}-{own.cpu} = {{ url = "{url}", checksum = "sha256:{digest}" }}\n'
        for own, url, digest in found
    )
    return (
        f'[tools."http:perfgate"]\nversion = "{version}"\nstrip_components = 1\n\n'
        f'[tools."http:perfgate".platforms]\n{lines}'
    )


def main(version, sums, folder):
    found = archives(version, pathlib.Path(sums).read_text(encoding="utf-8"))
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    (out / "perfgate.rb").write_text(formula(version, found), encoding="utf-8")
    (out / "aqua.yaml").write_text(AQUA.format(description=DESCRIPTION), encoding="utf-8")
    (out / "mise.toml").write_text(mise(version, found), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
