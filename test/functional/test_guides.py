"""The commands of docs/guides work as they stand."""

import re
import subprocess

import pytest
from support.server import BINARY, ROOT, free_port

GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))


def commands(text):
    """The commands of all console blocks: a line after `$ `, with the lines of its here-document."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            found.append(part.rstrip("\n"))
    return found


def environment(server):
    """What guides take for granted. The wheel is made around the module that is compiled already."""
    return {**server.environment(), "TIDEGATE_CLONE": str(ROOT), "TIDEGATE_BUILD_DIR": str(BINARY.parents[1])}


@pytest.mark.timeout(300)  # one of them makes two environments with pip
@pytest.mark.parametrize("guide", GUIDES, ids=lambda g: g.stem)
def test_the_commands_of_the_guide_work(server, tmp_path, guide):
    text = guide.read_text().replace("127.0.0.1:5001", "127.0.0.1:{port}").replace("--port 5001", "--port {port}")
    text = text.replace("{port}", str(free_port()))
    assert commands(text)
    outputs = {}
    for command in commands(text):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=tmp_path, env=environment(server), text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        outputs[command] = "".join(done.stdout.split())
    # "prints `...`" promises the output of the command before it.
    promises = re.findall(r"^\$ ([^\n]*)\n```\n\nprints `([^`]*)`", text, re.MULTILINE)
    assert promises
    for command, printed in promises:
        assert outputs[command] == "".join(printed.split())
