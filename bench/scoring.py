#!/usr/bin/env python3
"""CPU per scored request: our scoring server against others, same script, same load, same run.

Every server runs one worker and 16 kept connections. Two loads take turns for each: a closed loop that finds out
what it can do at most ("busy"), and an open loop at a fixed rate. CPU is that of the whole process tree. A reply that
fails or differs ends the run of that server. Medians of the rounds are printed, then one line per bar:
`bar <name> <figure> <limit> ok|short`. Exits 1 if one is short.
"""

import argparse
import json
import statistics
import subprocess
import sys

import scoring_peers
from process_tree import ProcessTree
from scoring_peers import PEERS
from scoring_server import NoMeasurement, Server

# Of what a server can do at most, its open loop asks for this part: what the platform's autoscaler keeps a replica at
# (`autoscaleTargetUtilization`, 70%). Ours gets FastAPI's rate.
FIXED_SHARE = 0.7
WARM_SECONDS = 3  # Ray Serve goes on starting processes for a while
# Interleaved: those that bars compare, in one group. FastAPI is before ours, which gets its rate.
GROUPS = (("fastapi", "ours", "reference"), ("mlserver",), ("litserve",), ("bentoml",), ("ray_serve",))

# Numbers of few binary digits: sums are exact in any order.
DATA = [[0.5 * row, 0.25, 7.75, 1000 - row] for row in range(41)]
BODY = json.dumps({"data": DATA}).encode()
ANSWER = [sum(row) for row in DATA]

ARRAY = [[(17 * row + 31 * column) % 1000 / 64 for column in range(100)] for row in range(100)]
ARRAY_BODY = json.dumps({"data": ARRAY}).encode()
ARRAY_ANSWER = [sum(row) for row in ARRAY]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Figures:
    """Medians of what the rounds measured for one server; `trouble` if there is no measurement."""

    def __init__(self):
        self.rounds = []
        self.trouble = ""

    def median(self, load, key):
        return statistics.median(one[load][key] for one in self.rounds)

    @property
    def complete(self):
        return bool(self.rounds) and not self.trouble


def measure_group(peers, script, body, answer, options):
    """Name -> Figures, round about, so that what disturbs the machine disturbs all alike."""
    figures = {peer.name: Figures() for peer in peers}
    servers = {}
    try:
        for peer in peers:
            with_trouble(figures[peer.name], peer, lambda: start(servers, peer, script, body, answer))
        for number in range(1, options.rounds + 1):
            for peer in peers:
                if not figures[peer.name].trouble:
                    rate = last_rate(figures.get("fastapi")) if peer.name == "ours" else None
                    with_trouble(figures[peer.name], peer, lambda: one_round(
                        servers[peer.name], figures[peer.name], number, options.seconds, rate))
    finally:
        for server in servers.values():
            server.stop()
    return figures


def last_rate(figures):
    return figures.rounds[-1]["fixed"]["rate"] if figures and figures.rounds else None


def with_trouble(figures, peer, action):
    try:
        action()
    except NoMeasurement as error:
        figures.trouble = str(error)
        say(f"{peer.name}: {error}")


def start(servers, peer, script, body, answer):
    servers[peer.name] = Server(peer, script, body, answer)
    servers[peer.name].load(0, WARM_SECONDS)


def one_round(server, figures, number, seconds, rate):
    busy = server.load(0, seconds)
    name = server.peer.name
    rate = rate or int(busy["per_s"] * FIXED_SHARE)
    fixed = server.load(rate, seconds)
    figures.rounds.append({"busy": busy, "fixed": {**fixed, "rate": rate}})
    say(f"round {number} {name:<10} busy {busy['cpu_us']:8.1f} us {busy['per_s']:8.0f}/s   "
        f"at {rate}/s {fixed['cpu_us']:8.1f} us p50 {fixed['p50_ms']:.3f} p99 {fixed['p99_ms']:.3f} ms")


def print_table(peers, figures):
    print(f"{'server':<20}{'version':<10}{'busy us/req':>12}{'req/s':>9}{'at rate':>9}{'us/req':>9}{'p50 ms':>9}"
          f"{'p99 ms':>9}{'failed':>8}")
    for peer in peers:
        one = figures[peer.name]
        if not one.complete:
            print(f"{peer.title:<20}no measurement: {one.trouble or 'not asked for'}")
            continue
        print(f"{peer.title:<20}{peer.version():<10}{one.median('busy', 'cpu_us'):>12.1f}{one.median('busy', 'per_s'):>9.0f}"
              f"{one.median('fixed', 'rate'):>9.0f}{one.median('fixed', 'cpu_us'):>9.1f}"
              f"{one.median('fixed', 'p50_ms'):>9.3f}{one.median('fixed', 'p99_ms'):>9.3f}{0:>8}")


MEMORY_PAIRS = 3


def memory_mb():
    """Kind of memory -> median of what an idle worker that has answered requests has more than a bare interpreter
    with the script's imports."""
    peer = scoring_peers.ALL[0]
    pairs = []
    for _ in range(MEMORY_PAIRS):
        bare = subprocess.Popen([peer.python(), "-c", "import json, signal; print(flush=True); signal.pause()"],
                                stdout=subprocess.PIPE)
        server = None
        try:
            server = Server(peer, "score.py", BODY, ANSWER)
            server.load(200, 1)
            bare.stdout.readline()
            trees = server.tree, ProcessTree(bare.pid, b"no such mark")
            pairs.append({kind: [tree.memory_kb(kind) / 1024 for tree in trees] for kind in ("Rss", "Pss")})
        except NoMeasurement as error:
            say(f"memory: {error}")
            return {"Rss": None, "Pss": None}
        finally:
            bare.kill()
            bare.wait()
            if server:
                server.stop()
    for kind in ("Rss", "Pss"):
        print(f"idle worker, MB of {kind.upper()}: " + ", ".join("%.1f (bare %.1f)" % tuple(one[kind]) for one in pairs))
    return {kind: statistics.median(one[kind][0] - one[kind][1] for one in pairs) for kind in ("Rss", "Pss")}


def bars(figures, arrays, memory):
    """(name, figure or None, limit)"""
    def ratio(of, load, key, to):
        mine, theirs = of["ours"], of[to]
        return mine.median(load, key) / theirs.median(load, key) if mine.complete and theirs.complete else None

    return [
        ("scoring_cpu_of_reference", ratio(figures, "busy", "cpu_us", "reference"), 1 / 15),
        ("scoring_cpu_of_fastapi", ratio(figures, "busy", "cpu_us", "fastapi"), 1 / 4),
        ("scoring_p99_of_fastapi", ratio(figures, "fixed", "p99_ms", "fastapi"), 1 / 4),
        ("scoring_numpy_cpu_of_reference", ratio(arrays, "busy", "cpu_us", "reference"), 1 / 3),
        ("scoring_idle_memory_mb", memory["Rss"], 6.0),
    ]


def print_bars(rows):
    short = False
    for name, figure, limit in rows:
        ok = figure is not None and figure <= limit
        short |= not ok
        print(f"bar {name} {'none' if figure is None else f'{figure:.3f}'} {limit:.3f} {'ok' if ok else 'short'}")
    return 1 if short else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each of a round's two loads")
    parser.add_argument("--only", default="", help="names, separated by commas: "
                        + ",".join(peer.name for peer in scoring_peers.ALL) + "; bars then lack figures")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else [peer.name for peer in scoring_peers.ALL]
    by_name = {peer.name: peer for peer in scoring_peers.ALL}
    figures = {name: Figures() for name in by_name}
    for group in GROUPS:
        peers = [by_name[name] for name in group if name in chosen]
        figures.update(measure_group(peers, "score.py", BODY, ANSWER, options))
    array_peers = [by_name[name] for name in ("ours", "reference") if name in chosen]
    say("100 x 100 floats through @input_schema:")
    arrays = {name: Figures() for name in by_name}
    arrays.update(measure_group(array_peers, "score_numpy.py", ARRAY_BODY, ARRAY_ANSWER, options))
    print_table(scoring_peers.ALL, figures)
    print("\n100 x 100 floats through @input_schema (numpy):")
    print_table(array_peers, arrays)
    return print_bars(bars(figures, arrays, memory_mb()))


if __name__ == "__main__":
    sys.exit(main())
