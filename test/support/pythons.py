"""The Pythons of this machine that the scoring server is made for."""

import os
import shutil
import subprocess
from pathlib import Path

MINORS = range(8, 14)


def found():
    """One interpreter for each version from 3.8 to 3.13 that is here, by its number: {"3.11.2": path}."""
    versions = {}
    for minor in MINORS:
        for path in candidates(minor):
            if version := version_of(path):
                versions[version] = path
                break
    return versions


def candidates(minor):
    name = f"python3.{minor}"
    yield Path("/usr/bin") / name
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    yield from sorted(pyenv.glob(f"versions/3.{minor}.*/bin/python3"))
    if on_path := shutil.which(name):
        yield Path(on_path)


def version_of(path):
    """None: not there, or a stand-in for one that is not there."""
    if not path.is_file():
        return None
    done = subprocess.run(
        [path, "-c", "import platform; print(platform.python_version())"], text=True, capture_output=True)
    return done.stdout.strip() if done.returncode == 0 else None
