import json
import os
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "server"))

import pytest  # noqa: E402
import torch_without_cuda  # noqa: E402
from replica import PACKAGES  # noqa: E402
from support import environments  # noqa: E402
from test_libraries import CLIENTS, ROWS_EACH  # noqa: E402

FEATURES = 6


@pytest.fixture(scope="session")
def python():
    assert (PACKAGES / "tidegate_server/_core.abi3.so").is_file(), f"build first: nothing in {PACKAGES}"
    # Threads that wait for work sleep instead of spinning: there are more of them here than cores.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    made = environments.interpreter(HERE / "requirements.txt", environments.ROOT / "build/libraries",
                                    flags=("--no-deps",), finish=torch_without_cuda.add_stand_ins)
    LINES.append(f"environment: {environments.describe(made)}")
    return made


@pytest.fixture(scope="session")
def rows():
    numbers = random.Random(6)
    return [[round(numbers.random(), 6) for _ in range(FEATURES)] for _ in range(CLIENTS * ROWS_EACH)]


@pytest.fixture(scope="session")
def trained(python, rows, tmp_path_factory):
    """trained(script) -> (folder of its model, what it answers to each row when it is alone)"""
    rows_file = tmp_path_factory.mktemp("rows") / "rows.json"
    rows_file.write_text(json.dumps(rows))
    known = {}

    def train(script):
        if script not in known:
            folder = tmp_path_factory.mktemp(script)
            environments.run([python, HERE / "predict_alone.py", script, rows_file, folder])
            known[script] = folder, json.loads((folder / "answers.json").read_text())
        return known[script]

    return train


LINES = []


@pytest.fixture
def report():
    return LINES.append


def pytest_terminal_summary(terminalreporter):
    for line in LINES:
        terminalreporter.write_line(line)
