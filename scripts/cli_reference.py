"""Writes docs/reference/cli.md from what the program itself says.

usage: cli_reference.py [BINARY] > docs/reference/cli.md
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEAD = """# Command line

Written by `scripts/cli_reference.py` from `tidegate --help`; a test keeps it true.

Results are JSON on standard output; progress, warnings and errors go to standard error. The exit code is 0, or 1
after an error, or 130 after Ctrl-C.
"""


def help_of(binary, *words):
    done = subprocess.run([binary, *words, "--help"], text=True, check=True, stdout=subprocess.PIPE)
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def commands(overview):
    """The lines of the list of commands: their words stand before two spaces."""
    section = overview.split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return [re.split(r"  +", line.strip())[0].removeprefix("tidegate ") for line in section.splitlines()]


def page(binary):
    overview = help_of(binary)
    parts = [HEAD, f"```\n{overview}\n```\n"]
    for command in commands(overview):
        parts.append(f"## tidegate {command}\n\n```\n{help_of(binary, *command.split())}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/bin/tidegate"))
