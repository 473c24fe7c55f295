"""What to do about the worker processes, given what is seen of them: decisions only, nothing happens here.

    starting -> ready -> retiring -> ending        (gone: no longer seen)
        any phase -> aborted, when a request hangs; whatever does not end in time is killed
"""

from typing import List, NamedTuple, Sequence

STARTING = "starting"  # imports, init()
READY = "ready"
RETIRING = "retiring"  # gets no new request, finishes what it has
ENDING = "ending"  # was asked to
ABORTED = "aborted"  # a request hangs in it: it was told to show where and to end
KILLED = "killed"

START = "start"
RETIRE = "retire"
END = "end"
ABORT = "abort"
KILL = "kill"

ENDING_MAX_S = 30.0  # exit functions of the script
ABORTED_MAX_S = 2.0  # tracebacks on standard error
STARTED_BADLY_S = 1.0  # a worker that ends so soon has not started well
DELAY_MAX_S = 30.0
JITTER = 0.1  # so that workers that are equally busy are not all replaced at once


class Seen(NamedTuple):
    number: int
    phase: str
    since: float  # seconds on the clock of `now`
    recycle: bool = False  # is to be replaced
    idle: bool = False  # retiring, and has nothing any more
    stuck: bool = False  # a request takes longer than WORKER_TIMEOUT


class Need(NamedTuple):
    wanted: int  # ready workers
    start_from: float = 0.0  # none earlier
    stopping: bool = False
    drained: bool = False  # stopping, and all requests have been answered


class Action(NamedTuple):
    verb: str
    number: int = 0  # start: the caller chooses one


def plan(seen: Sequence[Seen], need: Need, now: float) -> List[Action]:
    actions = _overdue(seen, now)
    if need.stopping:
        live = (STARTING, READY, RETIRING) if need.drained else (STARTING,)
        return actions + [Action(END, worker.number) for worker in seen if worker.phase in live]
    actions += [Action(END, worker.number) for worker in seen if worker.phase == RETIRING and worker.idle]
    serving = [worker for worker in seen if worker.phase == READY and not worker.stuck]
    coming = [worker for worker in seen if worker.phase == STARTING]
    due = [worker for worker in serving if worker.recycle]
    # One replacement at a time, and it serves before the old one stops.
    missing = need.wanted + (1 if due else 0) - len(serving) - len(coming)
    if now >= need.start_from:
        actions += [Action(START)] * missing
    if due and len(serving) > need.wanted:
        actions.append(Action(RETIRE, due[0].number))
    return actions


def _overdue(seen: Sequence[Seen], now: float) -> List[Action]:
    actions = []
    for worker in seen:
        age = now - worker.since
        if worker.stuck and worker.phase in (READY, RETIRING, ENDING):
            actions.append(Action(ABORT, worker.number))
        elif (worker.phase == ENDING and age >= ENDING_MAX_S) or (worker.phase == ABORTED and age >= ABORTED_MAX_S):
            actions.append(Action(KILL, worker.number))
    return actions


def start_delay_s(failures: int) -> float:
    """After that many starts in a row that failed: at once, then half a second, doubling."""
    return 0.0 if failures <= 1 else min(DELAY_MAX_S, 0.5 * 2.0 ** min(failures - 2, 10))


def started_badly(phase: str, age_s: float) -> bool:
    """Whether a worker that ends in this phase counts as a failed start."""
    return phase == STARTING or (phase == READY and age_s < STARTED_BADLY_S)


def requests_max(limit: int, chance: float) -> int:
    """Of one worker. `limit`: TIDEGATE_WORKER_MAX_REQUESTS, 0: none. `chance`: from 0 to 1, random."""
    return limit - int(limit * JITTER * chance)


def memory_verdict(rss_bytes: int, rss_at_ready_bytes: int, limit_mb: int) -> str:
    """"": fine; "recycle"; "hopeless": it needed that much before its first request, so a new one would, too."""
    limit = limit_mb << 20
    if not limit or rss_bytes < limit:
        return ""
    return "hopeless" if rss_at_ready_bytes >= limit else "recycle"
