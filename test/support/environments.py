"""Virtual environments, made once by uv and kept by the hash of what they are made from."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".venv/bin/uv"
PYTHON = "/usr/bin/python3"


def interpreter(requirements, folder, *, flags=(), finish=None):
    """The Python of the environment with `requirements` (a file with every version pinned), below `folder`.

    `flags` go to `uv pip install`; `finish(python)` does what remains before the environment counts as made.
    RuntimeError with uv's output if it cannot be made."""
    version = run([PYTHON, "-V"])
    key = hashlib.sha256(requirements.read_bytes() + repr((version, flags)).encode()).hexdigest()[:16]
    home = folder / f"{requirements.stem}-{key}"
    if not home.is_dir():
        make(home, requirements, flags, finish)
    return home / "bin/python"


def make(home, requirements, flags, finish):
    """Made aside, with scripts that do not name their place, and called complete by the rename."""
    began = time.monotonic()
    aside = home.with_name(f"{home.name}.{os.getpid()}")
    try:
        run([UV, "venv", "--quiet", "--relocatable", "--python", PYTHON, aside])
        install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", aside / "bin/python"]
        run([*install, *flags, "-r", requirements])
        if finish:
            finish(aside / "bin/python")
        (aside / "seconds").write_text(f"{time.monotonic() - began:.0f}\n")
        aside.rename(home)
    except OSError:  # another run was faster
        shutil.rmtree(aside, ignore_errors=True)
        if not home.is_dir():
            raise
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def describe(python):
    """Size of the environment and the seconds that making it took."""
    home = Path(python).parents[1]
    return f"{run(['du', '-sm', home]).split()[0]} MB, made in {(home / 'seconds').read_text().strip()} s"


def run(argv):
    argv = [str(word) for word in argv]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{done.stdout[-2000:]}")
    return done.stdout
