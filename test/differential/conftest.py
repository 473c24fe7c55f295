import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

import pytest  # noqa: E402

import environments  # noqa: E402
from servers import PACKAGES, Server  # noqa: E402
from tally import TALLY  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def built():
    assert (PACKAGES / "tidegate_server/_core.abi3.so").is_file(), f"build first: nothing in {PACKAGES}"
    for name in ("reference", "ours"):
        environments.interpreter(name)


class Farm:
    """One group's servers at a time; the next `ahead` groups' start meanwhile, so that starts overlap with work."""

    def __init__(self, groups, ahead):
        self.waiting = list(groups)
        self.ahead = ahead
        self.running = {}  # by the group's name; of the group in use and the next

    def pair(self, group):
        """[reference, ours], ready, with the group's script and settings."""
        return [server.wait_ready() for server in self.started(group)]

    def started(self, group):
        if group in self.waiting:
            self.waiting.remove(group)
            coming = self.waiting[: self.ahead]
            self.stop_all_but([group, *coming])
            for one in (group, *coming):
                if one.name not in self.running:
                    self.running[one.name] = [Server("reference", one), Server("ours", one)]
        return self.running[group.name]

    def stop_all_but(self, groups):
        for name in set(self.running) - {group.name for group in groups}:
            for server in self.running.pop(name):
                server.close()


def farm_of(request, parameter, ahead):
    wanted = []
    for item in request.session.items:
        one = item.callspec.params.get(parameter) if hasattr(item, "callspec") else None
        if one is not None and one not in wanted:
            wanted.append(one)
    farm = Farm(wanted, ahead)
    yield farm
    farm.stop_all_but([])


@pytest.fixture(scope="session")
def farm(request, built):
    yield from farm_of(request, "group", ahead=1)


@pytest.fixture(scope="session")
def starts(request, built):
    yield from farm_of(request, "start", ahead=2)


def pytest_terminal_summary(terminalreporter):
    if TALLY.cases:
        terminalreporter.write_line(TALLY.text())
