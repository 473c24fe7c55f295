"""The suites of scripts/test: what each one runs, and the sum at the end.

Each suite's output goes to build/log/<suite>.log; of a failed one the end is shown. Nothing is skipped
silently: what a test runner calls skipped is counted and named.

Suites that compile and suites that mostly wait for the real thing go side by side, the former (but for style) at
the lowest priority, so that neither the cores nor the clock are idle.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/log"
VENV = ROOT / ".venv/bin"
TAIL_LINES = 120
JOBS = str(os.cpu_count() or 2)


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


class Log:
    """Runs commands into one file, and stops a suite at the first that cannot be run to its end."""

    def __init__(self, name):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.prefix = ("nice", "-n", "19") if name in NICE else ()
        self.path = LOGS / f"{name}.log"
        self.file = self.path.open("w")

    def run(self, *argv):
        argv = (*self.prefix, *argv)
        self.file.write(f"$ {' '.join(map(str, argv))}\n")
        self.file.flush()
        # No standard input and one session for all: a test that waits for a key fails at once.
        return subprocess.run(
            [str(a) for a in argv], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.file, stderr=subprocess.STDOUT
        ).returncode

    def text(self):
        self.file.flush()
        return self.path.read_text(errors="replace")

    def tail(self):
        return "\n".join(self.text().splitlines()[-TAIL_LINES:])


def one(code):
    return Count(1, 0) if code == 0 else Count(0, 1)


def from_junit(path, code):
    """Counts of a JUnit file; a runner that ended badly without a failed test is a failure too."""
    if not path.is_file():
        return Count(0, 1)
    count = Count()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            count.skipped.append(f"{name}: {skipped.get('message', '')}")
        else:
            count.passed += 1
    if count.failed == 0 and (code != 0 or count.passed == 0):
        count.failed += 1
    return count


def pytest(log, folder, *variables, files=()):
    """A folder, or some of its files; `variables`: for the tests, NAME=value."""
    junit = LOGS / f"{folder.replace('/', '-')}{'-some' if files else ''}.xml"
    junit.unlink(missing_ok=True)
    where = [f"{folder}/{file}" for file in files] or [folder]
    code = log.run(
        "env", *variables, VENV / "python", "-m", "pytest", "-v", "--color=no", f"--junitxml={junit}", *where
    )
    return from_junit(junit, code)


def build(log, preset):
    return log.run("cmake", "--preset", preset) or log.run("cmake", "--build", "--preset", preset)


def build_and_ctest(log, preset):
    if build(log, preset) != 0:
        return Count(0, 1)
    junit = LOGS / f"ctest-{preset}.xml"
    junit.unlink(missing_ok=True)
    code = log.run("ctest", "--preset", preset, "-j", JOBS, "--timeout", "120", "--output-junit", junit)
    return from_junit(junit, code)


# --- the suites -----------------------------------------------------------------------------------


def style(log):
    """layers, sizes, manners of the tree"""
    return pytest(log, "test/style")


def formatted(log):
    """clang-format changes nothing"""
    listed = subprocess.run(
        ["git", "ls-files", "--", "*.h", "*.cpp"], cwd=ROOT, text=True, check=True, stdout=subprocess.PIPE
    )
    files = [f for f in listed.stdout.splitlines() if (ROOT / f).is_file()]
    return one(log.run("clang-format-19", "--dry-run", "-Werror", *files))


def dev(log):
    """unit and link tests, ordinary build: what asan runs, faster to build and run again"""
    return build_and_ctest(log, "dev")


def tidy(log):
    """the short list of clang-tidy checks"""
    if log.run("cmake", "--preset", "dev") != 0:
        return Count(0, 1)
    # Generated headers must be there before anything that includes them is read.
    if log.run("cmake", "--build", "--preset", "dev", "--target", "tidegate_table") != 0:
        return Count(0, 1)
    return one(log.run(sys.executable, ROOT / "scripts/tidy.py", ROOT / "build/dev"))


def asan(log):
    """unit and link tests with address and undefined-behaviour sanitizers"""
    return build_and_ctest(log, "asan") + server_with_sanitizers(log) + without_sanitizers(log)


def library(name):
    """The compiler's own copy."""
    asked = ["g++", f"-print-file-name={name}"]
    return subprocess.run(asked, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()


def server_with_sanitizers(log):
    """The C++ part of the scoring server, under fire, in an ordinary interpreter: that one is built without sanitizers,
    so it loads their run time first, and libstdc++, whose functions that stands before. What takes all descriptors is
    for the suite "server"."""
    takes_all = "server/test_hostile_input.py::test_silent_connections_beyond_the_descriptor_limit_keep_nobody_out"
    return pytest(
        log,
        "test/server",
        f"PYTEST_ADDOPTS=--deselect {takes_all}",
        f"TIDEGATE_SERVER_PACKAGES={ROOT}/build/asan/python",
        f"TIDEGATE_SERVER_PRELOAD={library('libasan.so')}:{library('libstdc++.so')}",
        files=("test_hostile_input.py", "test_limits.py", "test_crashes.py"),
    )


def without_sanitizers(log):
    """Their run time needs descriptors, so a test of a process that has none left skips itself under them."""
    if log.run("cmake", "--preset", "dev") or log.run("cmake", "--build", "--preset", "dev", "--target", "test_http"):
        return Count(0, 1)
    junit = LOGS / "without-sanitizers.xml"
    junit.unlink(missing_ok=True)
    code = log.run(
        ROOT / "build/dev/bin/test_http", "--gtest_filter=*WhenDescriptorsRunOut", f"--gtest_output=xml:{junit}"
    )
    return from_junit(junit, code)


def server(log):
    """the scoring server inside a real Python"""
    return Count(0, 1) if build(log, "release") else pytest(log, "test/server")


def differential(log):
    """the reference implementation and the scoring server get the same requests"""
    return Count(0, 1) if build(log, "release") else pytest(log, "test/differential")


def libraries(log):
    """scikit-learn, numpy, pandas, xgboost, lightgbm, onnxruntime, torch: under load as alone"""
    return Count(0, 1) if build(log, "release") else pytest(log, "test/libraries")


def functional(log):
    """the real binary: the user's story, bad input, faults"""
    return Count(0, 1) if build(log, "release") else pytest(log, "test/functional")


def quickstart(log):
    """scripts/quickstart twice and --stop, on a data folder of its own"""
    return pytest(log, "test/quickstart")


def cluster_is_built(log):
    return log.run("test/cluster/setup") == 0 and log.run("test/cluster/build") == 0


def cluster(log):
    """the test cluster itself: a real Kubernetes of one node, built from source"""
    return pytest(log, "test/cluster") if cluster_is_built(log) else Count(0, 1)


def kubernetes(log):
    """the user's story, bad input and faults again, on the test cluster"""
    if build(log, "release") or not cluster_is_built(log):
        return Count(0, 1)
    return pytest(log, "test/kubernetes")


SUITES = {
    "style": style,
    "format": formatted,
    "dev": dev,
    "tidy": tidy,
    "asan": asan,
    "server": server,
    "differential": differential,
    "libraries": libraries,
    "functional": functional,
    "quickstart": quickstart,
    "cluster": cluster,
    "kubernetes": kubernetes,
}
# Only when named: asan runs the same tests, and a second build costs minutes.
ON_DEMAND = ("dev",)
# Beside the others.
COMPILING = ("style", "format", "dev", "tidy", "asan")
# At the lowest priority; style is not, because compiling all headers has a time limit as a test.
NICE = ("format", "dev", "tidy", "asan")


def run_suite(name):
    print(f"{name:<11} {SUITES[name].__doc__} ...", flush=True)
    log = Log(name)
    began = time.monotonic()
    count = SUITES[name](log)
    if count.failed:
        print(f"--- end of {log.path.relative_to(ROOT)} ---\n{log.tail()}\n---")
    for skipped in count.skipped:
        print(f"            skipped: {skipped}")
    line = f"{name:<11} {count.passed} passed, {count.failed} failed in {time.monotonic() - began:.0f} s"
    print(line, flush=True)
    return count, line


def run_lane(names):
    return [run_suite(name) for name in names]


def run_lanes(names):
    lanes = [[name for name in names if (name in COMPILING) == compiles] for compiles in (True, False)]
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for lane in pool.map(run_lane, lanes) for result in lane]


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        description=f"Runs the tests: all suites (without {', '.join(ON_DEMAND)}), or those named.",
        epilog="\n".join(f"  {name:<11} {suite.__doc__}" for name, suite in SUITES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", nargs="*", choices=[*SUITES, []], metavar="suite", help="one of the list below")
    names = parser.parse_args().suite or [name for name in SUITES if name not in ON_DEMAND]
    # Whoever runs this in the background has it ignored, and so would every process that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["PATH"] = f"{VENV}:{os.environ['PATH']}"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    began = time.monotonic()
    counts, lines = zip(*run_lanes(names))
    total = sum(counts, Count())
    print(f"\nIn all, {time.monotonic() - began:.0f} s:")
    print("\n".join(f"  {line}" for line in lines))
    for name in ON_DEMAND:
        if name not in names:
            print(f"  {name:<11} not run: only when named (scripts/test {name})")
    skipped = f", {len(total.skipped)} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
