"""Packs a built program for download: archive.py TARGET PROGRAM FOLDER

The same commit and the same program give the same bytes: one time, one owner, one order, no name in gzip's header.
"""

import gzip
import io
import pathlib
import sys
import tarfile
import time
import zipfile

from targets import ROOT, epoch, target, version

BESIDE = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"]


def entries(own, program):
    """Name, content and mode of each file, in the order of their names."""
    files = [(name, (ROOT / name).read_bytes(), 0o644) for name in BESIDE]
    files.append((own.program, pathlib.Path(program).read_bytes(), 0o755))
    return [(f"{own.stem(version())}/{name}", content, mode) for name, content, mode in sorted(files)]


def tar_gz(files, seconds):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content, mode in files:
            about = tarfile.TarInfo(name)
            about.size, about.mode, about.mtime = len(content), mode, seconds
            tar.addfile(about, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(plain.getvalue())
    return packed.getvalue()


def zip_file(files, seconds):
    packed = io.BytesIO()
    # Times in a zip are of no zone.
    when = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, content, mode in files:
            about = zipfile.ZipInfo(name, when)
            about.create_system = 3
            about.external_attr = mode << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(about, content)
    return packed.getvalue()


def main(triple, program, folder):
    own = target(triple)
    files = entries(own, program)
    packed = (zip_file if own.extension == "zip" else tar_gz)(files, epoch())
    path = pathlib.Path(folder) / own.archive(version())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    print(path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
