"""_core is a guest in the user's process."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from replica import PACKAGES

CORE = PACKAGES / "tidegate_server/_core.abi3.so"


def output_of(*argv):
    return subprocess.run([str(a) for a in argv], check=True, text=True, stdout=subprocess.PIPE).stdout


def test_it_needs_the_c_library_and_nothing_else():
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", output_of("readelf", "-d", CORE))
    allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    assert set(needed) <= allowed


def test_it_shows_one_symbol():
    symbols = [line.split()[-1] for line in output_of("nm", "-D", "--defined-only", CORE).splitlines()]
    assert symbols == ["PyInit__core"]


def test_loading_it_starts_no_thread_and_takes_no_signal():
    script = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
def state():
    caught = [line for line in open('/proc/self/status') if line.startswith(('SigCgt', 'SigIgn', 'SigBlk'))]
    return [len(os.listdir('/proc/self/task')), caught]
before = state()
from tidegate_server import _core
print(json.dumps([before, state()]))
"""
    before, after = json.loads(output_of(sys.executable, "-c", script, PACKAGES))
    assert after == before


PYTHONS = [name for name in (f"python3.{minor}" for minor in range(8, 15)) if shutil.which(name)]


def works(python):
    return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("python", [sys.executable, *(python for python in PYTHONS if works(python))])
def test_every_python_of_this_machine_can_run_it(serve, python):
    replica = serve("import sys\ndef init(): print('hi')\ndef run(data): return sys.version_info[:2]\n", python=python)
    assert tuple(replica.score().json()) >= (3, 8)
    replica.terminate()
    assert replica.exit_code() == 0


def test_the_folder_can_be_run_without_a_path(launch):
    """python3 <folder>/tidegate_server, from any directory."""
    found = subprocess.run([sys.executable, str(PACKAGES / "tidegate_server")], text=True, stderr=subprocess.PIPE,
                           env={"AML_APP_ROOT": "/no/such/folder", "PATH": "/usr/bin:/bin"})
    assert found.returncode == 3
    assert "AML_APP_ROOT" in found.stderr


def test_a_server_object_that_was_never_started_goes_away():
    script = "import sys; sys.path.insert(0, sys.argv[1]); from tidegate_server import _core; _core.Server([])"
    output_of(sys.executable, "-c", script, PACKAGES)


@pytest.mark.parametrize("arguments", ["['nonsense']", "[7]", "7", "[], concurrent_max=0"])
def test_wrong_arguments_are_python_errors(arguments):
    script = ("import sys; sys.path.insert(0, sys.argv[1]); from tidegate_server import _core\n"
              f"try: _core.Server({arguments})\nexcept (TypeError, ValueError): print('refused')")
    assert output_of(sys.executable, "-c", script, PACKAGES) == "refused\n"


