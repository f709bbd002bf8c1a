"""Packs the npm packages: npm.py PROGRAMS FOLDER

PROGRAMS has a folder with the built program for each target: PROGRAMS/x86_64-unknown-linux-gnu/perfgate. Each becomes a
package; `perfgate` itself names all of them as optional dependencies, and npm installs the one that fits. Targets that are not
there are left out, so that one platform can be tried by itself. `npm pack` writes the same bytes for the same files.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from targets import ROOT, TARGETS, version

COMMON = {
    "license": "MIT OR Apache-2.0",
    "repository": {"type": "git", "url": "git+https://github.com/perfgate/perfgate.git"},
}


def platform_package(own, folder, program):
    """The package that holds the program for one platform."""
    shutil.copyfile(program, folder / own.program)
    (folder / own.program).chmod(0o755)
    about = {
        "name": own.npm,
        "version": version(),
        "description": f"The program of perfgate for {own.triple}; install perfgate instead",
        **COMMON,
        "os": [own.os],
        "cpu": [own.cpu],
        "files": [own.program],
    }
    if own.libc:
        about["libc"] = [own.libc]
    return about


def root_package(folder, targets):
    """The package that people install: a launcher, and the helper for k6."""
    shutil.copyfile(ROOT / "packaging/npm/perfgate.js", folder / "perfgate.js")
    (folder / "perfgate.js").chmod(0o755)
    for file in ["packaging/npm/README.md", "packaging/k6/perfgate-k6.js"]:
        shutil.copy(ROOT / file, folder)
    return {
        "name": "perfgate",
        "version": version(),
        "description": "Regression gate for load tests: compares k6 and Locust results with the baseline of a git commit",
        **COMMON,
        "keywords": ["load-testing", "performance", "regression", "k6", "locust"],
        "bin": {"perfgate": "perfgate.js"},
        "engines": {"node": ">=18"},
        "files": ["perfgate.js", "perfgate-k6.js"],
        "optionalDependencies": {own.npm: version() for own in targets},
    }


def pack(fill, out):
    """Fills a folder, writes its package.json, and packs it."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        about = fill(folder)
        (folder / "package.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        for name in ["LICENSE-MIT", "LICENSE-APACHE"]:
            shutil.copyfile(ROOT / name, folder / name)
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is missing: install Node.js")
        command = [npm, "pack", "--silent", "--pack-destination", str(out)]
        said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        print(out / said.stdout.strip())


def main(programs, folder):
    programs, out = pathlib.Path(programs), pathlib.Path(folder).resolve()
    out.mkdir(parents=True, exist_ok=True)
    targets = [own for own in TARGETS if (programs / own.triple / own.program).is_file()]
    if not targets:
        sys.exit(f"there is no program in {programs}/TARGET/")
    for own in targets:
        pack(lambda place, own=own: platform_package(own, place, programs / own.triple / own.program), out)
    pack(lambda place: root_package(place, targets), out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
