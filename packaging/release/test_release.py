"""The release's scripts, with made programs: python3 -m unittest discover packaging/release"""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import unittest
import zipfile

import archive
import npm
import recipes
from targets import ROOT, TARGETS, target, version

LINUX = "x86_64-unknown-linux-musl"


class Scratch(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
        self.program = self.place / "built"
        self.program.write_bytes(b"a program\n" * 1000)

    def quietly(self, run, *arguments):
        with contextlib.redirect_stdout(io.StringIO()):
            run(*map(str, arguments))


class Archives(Scratch):
    def test_the_same_program_gives_the_same_bytes_whenever_and_whoever_packs_it(self):
        for triple in [LINUX, "x86_64-pc-windows-msvc"]:
            self.quietly(archive.main, triple, self.program, self.place / "first")
            os.utime(self.program, (1, 1))
            self.program.chmod(0o700)
            self.quietly(archive.main, triple, self.program, self.place / "second")
            name = target(triple).archive(version())
            first, second = ((self.place / folder / name).read_bytes() for folder in ["first", "second"])
            self.assertEqual(first, second)

    def test_an_archive_is_one_folder_with_the_program_the_licenses_and_what_is_new(self):
        self.quietly(archive.main, LINUX, self.program, self.place)
        with tarfile.open(self.place / target(LINUX).archive(version())) as tar:
            found = {entry.name: entry for entry in tar}
        stem = f"perfgate-{version()}-{LINUX}"
        names = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "perfgate"]
        self.assertEqual(list(found), [f"{stem}/{name}" for name in names])
        own = found[f"{stem}/perfgate"]
        self.assertEqual((own.mode, own.uid, own.gid, own.uname), (0o755, 0, 0, ""))

    def test_windows_gets_a_zip_with_an_exe(self):
        self.quietly(archive.main, "x86_64-pc-windows-msvc", self.program, self.place)
        path = self.place / f"perfgate-{version()}-x86_64-pc-windows-msvc.zip"
        with zipfile.ZipFile(path) as packed:
            self.assertIn(f"{path.stem}/perfgate.exe", packed.namelist())


class Recipes(Scratch):
    def write(self, leave_out=""):
        sums = self.place / "SHA256SUMS"
        lines = [
            f"{hashlib.sha256(own.triple.encode()).hexdigest()}  {own.archive('1.2.3')}\n"
            for own in TARGETS
            if own.libc != "glibc" and own.triple != leave_out
        ]
        sums.write_text("".join(lines))
        recipes.main("1.2.3", sums, self.place)

    def test_each_platform_gets_its_own_archive_and_checksum(self):
        self.write()
        formula = (self.place / "perfgate.rb").read_text()
        pairs = re.findall(r'url "(.*)"\n +sha256 "(.*)"', formula)
        tools = tomllib.loads((self.place / "mise.toml").read_text())["tools"]["http:perfgate"]
        for platform in tools["platforms"].values():
            if not platform["url"].endswith(".zip"):
                self.assertIn((platform["url"], platform["checksum"].removeprefix("sha256:")), pairs)
        self.assertEqual((len(pairs), len(tools["platforms"])), (4, 5))
        for url, digest in pairs:
            triple = re.search(r"perfgate-1\.2\.3-(.*)\.tar\.gz$", url)[1]
            self.assertEqual(digest, hashlib.sha256(triple.encode()).hexdigest())

    def test_aquas_template_names_the_archives_that_there_are(self):
        self.write()
        entry = (self.place / "aqua.yaml").read_text()
        words = dict(re.findall(r"^      (\w+): ([\w-]+)$", entry, re.M))
        for own in TARGETS:
            if own.libc != "glibc":
                arch = words[{"x64": "amd64", "arm64": "arm64"}[own.cpu]]
                system = words[{"win32": "windows"}.get(own.os, own.os)]
                self.assertEqual(f"{arch}-{system}", own.triple)

    def test_a_missing_checksum_is_an_error(self):
        with self.assertRaisesRegex(SystemExit, "has no perfgate-1.2.3-aarch64-apple-darwin"):
            self.write(leave_out="aarch64-apple-darwin")


class Wheel(unittest.TestCase):
    def test_its_licenses_are_those_of_the_repository(self):
        for name in ["LICENSE-MIT", "LICENSE-APACHE"]:
            self.assertEqual((ROOT / "packaging/python" / name).read_bytes(), (ROOT / name).read_bytes())


class Binstall(unittest.TestCase):
    def test_it_downloads_an_archive_that_is_made(self):
        package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
        own = package["metadata"]["binstall"]
        made = {each.archive(version()): each for each in TARGETS if each.libc != "glibc"}
        for each in TARGETS:
            words = {
                "repo": package["repository"], "version": version(), "target": each.triple, "binary-ext": each.program[8:]
            }
            how = {**own, **own["overrides"].get(each.triple, {})}
            fill = lambda text: re.sub(r"\{ ([\w-]+) \}", lambda name: words[name[1]], text)
            name = fill(how["pkg-url"]).removeprefix(f"{recipes.PLACE}/releases/download/v{version()}/")
            self.assertIn(name, made)
            self.assertEqual(fill(how["bin-dir"]), f"{made[name].stem(version())}/{each.program}")
            self.assertEqual(how["pkg-fmt"], {"zip": "zip", "tar.gz": "tgz"}[each.extension])


@unittest.skipUnless(shutil.which("npm"), "npm is not installed")
class Npm(Scratch):
    def test_the_root_package_names_one_package_for_each_program(self):
        for triple in ["x86_64-unknown-linux-gnu", LINUX]:
            folder = self.place / "programs" / triple
            folder.mkdir(parents=True)
            shutil.copyfile(self.program, folder / "perfgate")
        self.quietly(npm.main, self.place / "programs", self.place / "packed")
        packages = {}
        for path in (self.place / "packed").iterdir():
            with tarfile.open(path) as tar:
                about = json.load(tar.extractfile("package/package.json"))
                packages[about["name"]] = (about, tar.getnames())
        root, files = packages.pop("perfgate")
        self.assertEqual(set(root["optionalDependencies"]), set(packages))
        self.assertNotIn("scripts", root)
        self.assertIn("package/perfgate-k6.js", files)
        self.assertEqual(
            {name: about["libc"] for name, (about, _) in packages.items()},
            {"@perfgate/linux-x64-gnu": ["glibc"], "@perfgate/linux-x64-musl": ["musl"]},
        )


@unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
class Launcher(unittest.TestCase):
    def test_it_looks_for_every_package_that_is_released(self):
        """The launcher builds names, and the packages take theirs from a table: they agree."""
        ask = "console.log(require(process.argv[1]).candidates(...JSON.parse(process.argv[2]))[0])"
        for own in TARGETS:
            platform = json.dumps([own.os, own.cpu, own.libc == "glibc"])
            command = ["node", "-e", ask, ROOT / "packaging/npm/perfgate.js", platform]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            self.assertEqual(said.stdout.strip(), own.npm)


if __name__ == "__main__":
    unittest.main()
