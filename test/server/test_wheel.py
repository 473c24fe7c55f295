"""The wheel: one for every Python from 3.8 on, which needs nothing else."""

import os
import re
import subprocess
import sys
import zipfile

import pytest
from replica import PACKAGES, PATIENCE_S, ROOT, wait_until
from support import pythons
from support.project import ECHO
from support.server import free_port

FOUND = pythons.found()
SIZE_MAX_BYTES = 2 << 20


def run(*argv, **env):
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [str(a) for a in argv], env={**os.environ, **env}, stdin=subprocess.DEVNULL, text=True, capture_output=True)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Built once, around the module that the build has compiled: only setup.py's first call of CMake is left out."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT / "python/server",
        TIDEGATE_BUILD_DIR=str(PACKAGES.parent), PIP_DISABLE_PIP_VERSION_CHECK="1")
    (built,) = folder.iterdir()
    print(f"{built.name}: {built.stat().st_size} bytes; Pythons here: {', '.join(FOUND)}")
    return built


def test_its_name_says_what_it_needs(wheel):
    assert re.fullmatch(r"tidegate_server-\d+\.\d+\.\d+-cp38-abi3-manylinux_2_\d+_x86_64\.whl", wheel.name)
    assert wheel.stat().st_size < SIZE_MAX_BYTES


def test_the_module_needs_the_c_library_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extract("tidegate_server/_core.abi3.so", tmp_path)
    dynamic = run("readelf", "-dW", tmp_path / "tidegate_server/_core.abi3.so")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert "libc.so.6" in needed
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "libm.so.6"}


def test_it_has_the_files_that_replicas_have(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("tidegate_server/")}
    built = {str(path.relative_to(PACKAGES)) for path in (PACKAGES / "tidegate_server").rglob("*")
             if path.suffix in (".py", ".so")}
    assert packed == built


def test_it_depends_on_nothing(wheel):
    name = next(n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("/METADATA"))
    metadata = zipfile.ZipFile(wheel).read(name).decode()
    assert "Requires-Python: >=3.8" in metadata
    needs = re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
    assert [re.sub("[ \"']", "", need) for need in needs] == ["flask;extra==raw"]


@pytest.mark.parametrize("version", FOUND)
def test_the_program_scores_and_stops_on(version, wheel, tmp_path):
    env = tmp_path / "env"
    uv = ROOT / ".venv/bin/uv"
    run(uv, "venv", "-q", "--python", FOUND[version], env)
    run(uv, "pip", "install", "-q", "--no-index", "--python", env / "bin/python", wheel)
    assert f"Python {version}\n" in run(env / "bin/tidegate-server", "--version")
    assert f"Python {version}\n" in run(env / "bin/python", "-m", "tidegate_server", "--version")

    (tmp_path / "score.py").write_text(ECHO)
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [env / "bin/azmlinfsrv", "--entry_script", "score.py", "--port", str(port)], cwd=tmp_path,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        check_scores(process, port, tmp_path / "log")
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


def check_scores(process, port, log):
    def curl(path, *flags):
        url = f"http://127.0.0.1:{port}{path}"
        return subprocess.run(["curl", "-fsS", url, *flags], capture_output=True, text=True).stdout

    def is_healthy():
        assert process.poll() is None, log.read_text()
        return curl("/") == "Healthy"

    wait_until(is_healthy, "the program to be healthy")
    assert f'"pid": {process.pid}, "got": "ab"' in curl("/score", "-d", "ab")
    assert "POST /score 200" in log.read_text()
