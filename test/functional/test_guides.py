"""The commands of docs/guides work as they stand."""

import re
import subprocess

import pytest
from support.server import ROOT

GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))


def commands(text):
    """The commands of all console blocks: a line after `$ `, with the lines of its here-document."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            found.append(part.rstrip("\n"))
    return found


@pytest.mark.parametrize("guide", GUIDES, ids=lambda g: g.stem)
def test_the_commands_of_the_guide_work(server, tmp_path, guide):
    text = guide.read_text()
    assert commands(text)
    outputs = {}
    for command in commands(text):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=tmp_path, env=server.environment(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        outputs[command] = "".join(done.stdout.split())
    # "prints `...`" promises the output of the command before it.
    promises = re.findall(r"^\$ ([^\n]*)\n```\n\nprints `([^`]*)`", text, re.MULTILINE)
    assert promises
    for command, printed in promises:
        assert outputs[command] == "".join(printed.split())
