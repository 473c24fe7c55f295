import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from replica import PACKAGES, Replica  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def built():
    assert (PACKAGES / "tidegate_server/_core.abi3.so").is_file(), f"build first: nothing in {PACKAGES}"


def replicas():
    """For a fixture: start(script, ...) -> Replica; all are closed afterwards."""
    started = []

    def start(*args, **kwargs):
        started.append(Replica(*args, **kwargs))
        return started[-1]

    yield start
    for replica in started:
        replica.close()


@pytest.fixture
def launch():
    """launch(script, ...) -> Replica that is on its way up."""
    yield from replicas()


@pytest.fixture(scope="module")
def module_launch():
    """The same, for a module whose tests leave what they share as it was."""
    yield from replicas()


@pytest.fixture
def serve(launch):
    """serve(script, ...) -> Replica that is healthy."""
    return lambda *args, **kwargs: launch(*args, **kwargs).wait_ready()
