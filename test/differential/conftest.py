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
    """One group's servers at a time; the next group's start meanwhile, so that starts overlap with work."""

    def __init__(self, groups):
        self.waiting = list(groups)
        self.running = {}  # by the group's name; of the group in use and the next

    def pair(self, group):
        """(reference, ours), running with the group's script and settings."""
        if group in self.waiting:
            self.waiting.remove(group)
            coming = self.waiting[:1]
            self.stop_all_but([group, *coming])
            for one in (group, *coming):
                if one.name not in self.running:
                    self.running[one.name] = [Server("reference", one), Server("ours", one)]
        return [server.wait_ready() for server in self.running[group.name]]

    def stop_all_but(self, groups):
        for name in set(self.running) - {group.name for group in groups}:
            for server in self.running.pop(name):
                server.close()


@pytest.fixture(scope="session")
def farm(request, built):
    groups = []
    for item in request.session.items:
        group = item.callspec.params.get("group") if hasattr(item, "callspec") else None
        if group is not None and group not in groups:
            groups.append(group)
    farm = Farm(groups)
    yield farm
    farm.stop_all_but([])


def pytest_terminal_summary(terminalreporter):
    if TALLY.cases:
        terminalreporter.write_line(TALLY.text())
