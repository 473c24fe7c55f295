"""What the master decides, as a table: seen workers and need -> actions."""

import sys

import pytest
from replica import PACKAGES

sys.path.append(str(PACKAGES))

from tidegate_server import script_imports, worker_plan  # noqa: E402
from tidegate_server.worker_plan import Action, Need, Seen, plan  # noqa: E402

NOW = 100.0


def ready(number, **more):
    return Seen(number, "ready", 50.0, **more)


def starting(number):
    return Seen(number, "starting", 99.0)


@pytest.mark.parametrize(
    "seen, need, actions",
    [
        ([], Need(2), ["start", "start"]),
        ([], Need(2, start_from=101.0), []),
        ([starting(1)], Need(2), ["start"]),
        ([ready(1), starting(2)], Need(2), []),
        # replacement: first the new one, one at a time, and only a surplus retires
        ([ready(1, recycle=True)], Need(1), ["start"]),
        ([ready(1, recycle=True), starting(2)], Need(1), []),
        ([ready(1, recycle=True), ready(2)], Need(1), ["retire 1"]),
        ([ready(1, recycle=True), ready(2, recycle=True)], Need(2), ["start"]),
        ([ready(1, recycle=True), ready(2, recycle=True), starting(3)], Need(2), []),
        ([ready(1, recycle=True), ready(2, recycle=True), ready(3)], Need(2), ["retire 1"]),
        ([ready(1, recycle=True), ready(3)], Need(2), ["start"]),  # one has died: nobody retires yet
        ([Seen(1, "retiring", 99.0), ready(2)], Need(1), []),
        ([Seen(1, "retiring", 99.0, idle=True), ready(2)], Need(1), ["end 1"]),
        # a request that hangs
        ([ready(1, stuck=True)], Need(1), ["abort 1", "start"]),
        ([Seen(1, "retiring", 99.0, stuck=True), ready(2)], Need(1), ["abort 1"]),
        ([Seen(1, "aborted", 99.0, stuck=True), starting(2)], Need(1), []),
        ([Seen(1, "aborted", 97.0, stuck=True), starting(2)], Need(1), ["kill 1"]),
        ([Seen(1, "ending", 60.0), ready(2)], Need(1), ["kill 1"]),
        ([Seen(1, "killed", 0.0), ready(2)], Need(1), []),
        # the end of the service
        ([ready(1), starting(2)], Need(2, stopping=True), ["end 2"]),
        ([ready(1), Seen(2, "retiring", 99.0)], Need(2, stopping=True, drained=True), ["end 1", "end 2"]),
        ([ready(1, stuck=True)], Need(1, stopping=True), ["abort 1"]),
        ([], Need(2, stopping=True, drained=True), []),
    ],
)
def test_plan(seen, need, actions):
    said = [f"{verb} {number}" if number else verb for verb, number in plan(seen, need, NOW)]
    assert said == actions
    assert all(isinstance(action, Action) for action in plan(seen, need, NOW))


def test_failed_starts_are_tried_again_ever_later_but_for_ever():
    delays = [worker_plan.start_delay_s(failures) for failures in range(1, 12)]
    assert delays[:4] == [0.0, 0.5, 1.0, 2.0]
    assert delays == sorted(delays) and delays[-1] == worker_plan.DELAY_MAX_S


def test_limits_differ_a_little_between_workers_and_are_never_above_the_setting():
    assert [worker_plan.requests_max(1000, chance) for chance in (0.0, 0.5, 0.999)] == [1000, 950, 901]
    assert worker_plan.requests_max(1, 0.999) == 1
    assert worker_plan.requests_max(0, 0.5) == 0


@pytest.mark.parametrize(
    "rss_mb, at_ready_mb, limit_mb, verdict",
    [(99, 10, 100, ""), (100, 10, 100, "recycle"), (100, 100, 100, "hopeless"), (500, 10, 0, "")])
def test_memory(rss_mb, at_ready_mb, limit_mb, verdict):
    assert worker_plan.memory_verdict(rss_mb << 20, at_ready_mb << 20, limit_mb) == verdict


SCRIPT = """
import os, numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
import a.b.c
try:
    import torch
except ImportError:
    import never
from . import sibling
from .near import thing
import helpers, package_of_mine
from azureml.core.model import Model
from __future__ import annotations
if True:
    import conditional
def run(data):
    import late
"""


def test_imports_of_the_environment_are_those_at_the_top_that_are_not_the_users_own(tmp_path):
    (tmp_path / "helpers.py").touch()
    (tmp_path / "package_of_mine").mkdir()
    found = script_imports.of_environment(SCRIPT, [str(tmp_path), str(tmp_path / "missing")])
    assert [(each.module, each.names) for each in found] == [
        ("os", []), ("numpy", []), ("sklearn.linear_model", ["LogisticRegression", "Ridge"]), ("a.b.c", []),
        ("torch", [])]
