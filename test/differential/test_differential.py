"""Each case to the reference implementation and to our server: the replies are equal, or differ as meant."""

from pathlib import Path

import pytest
from case import KEEP
from intended import EVERYWHERE, IN_CASES, expected
from tables import GROUPS, STARTS
from tally import TALLY

HERE = Path(__file__).resolve().parent

# What our server does not do yet: the cases are run, and one that has come to be equal fails until its line
# is taken out of gaps.tsv.
GAPS = dict(line.split("\t")[::-1] for line in (HERE / "gaps.tsv").read_text().splitlines())


def row(group, case):
    name = f"{group.name}-{case.name}"
    marks = [pytest.mark.xfail(strict=True, reason=GAPS[name])] if name in GAPS else []
    return pytest.param(group, case, id=name, marks=marks)


CASES = [row(group, case) for group in GROUPS for case in group.cases]


@pytest.mark.parametrize(("group", "case"), CASES)
def test_both_give_the_same_reply(farm, group, case):
    TALLY.cases += 1
    TALLY.different += 1  # until it has been shown
    reference, ours = farm.pair(group)
    theirs = reference.answer(case)
    assert b"<title>Bad Request</title>" not in theirs.body, f"{case} is no HTTP: the reference has not looked at it"
    want, used = expected(case, theirs)
    got = ours.answer(case)
    assert got.parts() == want.parts()
    TALLY.different -= 1
    TALLY.intended.update(used)
    if case.intended:
        plain, _ = expected(case.__class__(case.name, case.method), theirs)
        assert got.parts() != plain.parts(), f"no difference any more: take differs({case.intended!r}) away"
    else:
        TALLY.equal += 1


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_both_fail_to_start_in_the_same_way(starts, start):
    TALLY.cases += 1
    TALLY.different += 1
    both = starts.started(start)
    codes = [server.exit_code() for server in both]
    logs = [server.log() for server in both]
    assert codes == [start.code, start.code if start.our_code is KEEP else start.our_code], "\n".join(logs)
    for text in start.texts:
        for log in logs:
            assert text in log
    TALLY.different -= 1
    if start.intended:
        TALLY.intended[start.intended] += 1
    else:
        TALLY.equal += 1


def test_every_intended_difference_is_used():
    named = {case.intended for group in GROUPS for case in group.cases} | {start.intended for start in STARTS}
    assert named - {""} == set(IN_CASES)
    for name, entry in EVERYWHERE.items():
        assert entry.why, name
    for name, why in IN_CASES.items():
        assert why, name


def test_there_are_at_least_400_different_cases():
    cases = [(group.name, case.name) for group in GROUPS for case in group.cases]
    assert len(cases) == len(set(cases)), "two cases of a group have one name"
    assert len(cases) + len(STARTS) >= 400


def test_every_gap_names_a_case():
    assert set(GAPS) <= {f"{group.name}-{case.name}" for group in GROUPS for case in group.cases}
