"""The README's first command, as a user would run it, on a data folder of its own."""

import os
import re
import subprocess
import time

import pytest
from support.processes import belonging_to
from support.server import ROOT, free_port


def quickstart(*flags, cwd="/", home):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEGATE_")}
    own = {"HOME": str(home), "TIDEGATE_QUICKSTART": str(home / "work"), **caches()}
    began = time.monotonic()
    done = subprocess.run(
        [ROOT / "scripts/quickstart", *flags], cwd=cwd, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**environment, **own},
    )  # fmt: skip
    return done.returncode, done.stdout, time.monotonic() - began


def caches():
    """The compiler's and uv's caches of whoever runs the tests: HOME is another one here."""
    home = os.path.expanduser("~")
    return {name: os.environ.get(name) or f"{home}/.cache/{folder}" for name, folder in
            (("CCACHE_DIR", "ccache"), ("UV_CACHE_DIR", "uv"))}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs and the stop, with what each said; nothing may run afterwards."""
    folder = tmp_path_factory.mktemp("with spaces")
    data = folder / "my data"
    flags = ["--data", str(data), "--listen", f"127.0.0.1:{free_port()}"]
    first = quickstart(*flags, home=folder, cwd=folder)
    second = quickstart(*flags, home=folder)
    stopped = quickstart("--stop", home=folder)
    left = belonging_to(os.fsencode(data))
    return {"first": first, "second": second, "stop": stopped, "left": left, "again": quickstart("--stop", home=folder)}


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("run", ["first", "second", "stop", "again"])
def test_it_ends_well(runs, run):
    code, output, _ = runs[run]
    assert code == 0, output


def test_it_shows_what_a_user_would_type_and_checks_the_prediction(runs):
    output = runs["first"][1]
    for command in (
        "$ tidegate computetarget create aks -n myaks",
        "$ tidegate model register -n mymodel -p model.pkl",
        "$ tidegate model deploy -ct myaks -m mymodel:1 -n myservice -ic inferenceconfig.json -dc deploymentconfig.json",
        "$ tidegate service show -n myservice",
        "$ tidegate service run -n myservice -d '{\"data\": [[",
        '$ curl -H "Authorization: Bearer ',
    ):
        assert f"\n{command}" in output, f"{command!r} is not in:\n{output}"
    assert "equals scikit-learn's own" in output
    assert "--stop" in output


@pytest.mark.parametrize("run", ["first", "second"])
def test_the_stopwatch_is_printed_with_its_goals(runs, run):
    """The figures are for people to read: a test that times would fail on a busy machine."""
    seconds = re.findall(r"^stopwatch: .* (\d+\.\d+) s \(goal: under (\d) s\)", runs[run][1], re.MULTILINE)
    assert len(seconds) == 2, runs[run][1]


def test_stop_leaves_nothing_running(runs):
    assert [p.describe() for p in runs["left"]] == []
    assert "stopped" in runs["stop"][1]
    assert "nothing to stop" in runs["again"][1]
