"""Runs the program that was installed with this package."""

import os
import sys
import sysconfig


def program():
    """The path of the program: where this installation, or one with --user or --target, puts scripts."""
    name = "perfgate" + (sysconfig.get_config_var("EXE") or "")
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")),
        # pip install --target FOLDER
        os.path.join(os.path.dirname(package), "bin"),
    ]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    sys.exit(f"perfgate: there is no {name} in {', '.join(folders)}: install the package again (pip install perfgate)")


def main():
    path = program()
    if os.name == "nt":
        # exec on Windows returns to the shell before the program ends.
        import subprocess

        sys.exit(subprocess.run([path, *sys.argv[1:]]).returncode)
    os.execv(path, [path, *sys.argv[1:]])


if __name__ == "__main__":
    main()
