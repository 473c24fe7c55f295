"""docs/reference/cli.md is what the program says."""

import subprocess
import sys

from support.server import BINARY, ROOT


def test_the_command_line_reference_is_current():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/cli_reference.py", BINARY], text=True, check=True, stdout=subprocess.PIPE
    )
    said = (ROOT / "docs/reference/cli.md").read_text()
    assert done.stdout == said, "run: python3 scripts/cli_reference.py > docs/reference/cli.md"
