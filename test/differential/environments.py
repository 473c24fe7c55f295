"""The two virtual environments, made once by uv and kept by the hash of their pinned requirements."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "build/differential"
UV = ROOT / ".venv/bin/uv"
# Compiled once: the servers are started a hundred times, and each would compile pandas for itself.
INSTALL = ("pip", "install", "--quiet", "--compile-bytecode")


def interpreter(name):
    """The Python of the environment that requirements/<name>.txt describes."""
    requirements = HERE / f"requirements/{name}.txt"
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode() + " ".join(INSTALL).encode()).hexdigest()[:16]
    home = FOLDER / f"{name}-{key}"
    if not home.is_dir():
        make(home, requirements)
    return home / "bin/python"


def make(home, requirements):
    """Made in its place (scripts in bin/ name it), and called complete by the rename of its marker."""
    aside = home.with_name(f"{home.name}.{os.getpid()}")
    for argv in (
        [UV, "venv", "--quiet", "--relocatable", "--python", sys.executable, aside],
        [UV, *INSTALL, "--python", aside / "bin/python", "-r", requirements],
    ):
        done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            shutil.rmtree(aside, ignore_errors=True)
            raise AssertionError(f"{' '.join(map(str, argv))} failed:\n{done.stdout}")
    try:
        aside.rename(home)
    except OSError:  # another run was faster
        shutil.rmtree(aside)
