#!/usr/bin/env python3
"""CPU per request of the router: as a pod of the test cluster, against `tidegate serve` on this machine.

The same service (a script that returns at once), the same open-loop load at a fixed rate, in turns. The pod's router is
asked from within its own network namespace, as pods are processes of this machine, so that both calls go over a
loopback. A failed request fails the run. Needs root, test/cluster, build/release (or $TIDEGATE_BINARY) and
bench_open_loop in build/bench. With $TIDEGATE_CLUSTER_DIR set, the cluster there is used and kept.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/kubernetes")]

from cluster.clusters import OwnCluster, run  # noqa: E402
from conftest import Images, new_name  # noqa: E402
from router import cpu_seconds  # noqa: E402
from support.processes import wait_until  # noqa: E402
from support.server import Tidegate  # noqa: E402
from target import ClusterServer, ready_project  # noqa: E402

OPEN_LOOP = ROOT / "build/bench/bin/bench_open_loop"
RATE = os.environ.get("BENCH_RATE", "300")
SECONDS = os.environ.get("BENCH_SECONDS", "5")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SCRIPT = "def init(): pass\ndef run(body): return 1\n"


def ancestors(pid):
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def router_pid(target):
    """Of the target's one router, as this machine counts; those of others, also such that end, have other addresses."""
    node = target.cluster.first_process().pid
    (address,) = [pod["status"]["podIP"] for pod in target.get("pods", "-l", "app.kubernetes.io/component=router")]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[1:3] != [b"router", b"--kubernetes"] or node not in ancestors(int(folder.name)):
                continue
            if f"-- {address}\n" in (folder / "net/fib_trie").read_text():
                return int(folder.name)
        except OSError:
            continue  # it has just ended
    sys.exit("the cluster has no router")


def load(server, name, port, pid, before=()):
    words = ["--port", port, "--path", f"/api/v1/service/{name}/score", "--rate", RATE, "--seconds", SECONDS,
             "--header", f"Authorization: Bearer {server.key(name)}", "--body-bytes", "1024"]  # fmt: skip
    began = cpu_seconds(pid)
    result = json.loads(run(*before, OPEN_LOOP, *words, seconds=float(SECONDS) + 60).stdout)
    if result["ok"] != result["sent"]:
        sys.exit(f"failed requests: {result}")
    return {**result, "cpu_us": (cpu_seconds(pid) - began) / result["sent"] * 1e6}


def compare(folder, cluster, images):
    inside = ClusterServer(folder / "inside", cluster, images).start()
    alone = Tidegate(folder / "alone").start()
    target = None
    try:
        target = inside.attach("myaks", new_name())
        target.deploy("bench", ready_project(folder / "project", SCRIPT))
        alone.cli("computetarget", "create", "aks", "-n", "here")
        alone.deploy("bench", ready_project(folder / "project", SCRIPT), "-ct", "here")
        wait_until(lambda: inside.score("bench").status == 200, what="an answer")
        pod = router_pid(target)
        sides = {
            "cluster": lambda: load(inside, "bench", 8811, pod, before=("nsenter", f"--net=/proc/{pod}/ns/net")),
            "machine": lambda: load(alone, "bench", alone.port, alone.router().pid),
        }
        figures = {name: [] for name in sides}
        print(f"{'round':<6}{'router':<10}{'cpu us/req':>11}{'p50 ms':>9}{'p99 ms':>9}{'requests':>10}")
        for number in range(1, ROUNDS + 1):
            for name, measure in sides.items():
                got = measure()
                figures[name].append(got["cpu_us"])
                print(f"{number:<6}{name:<10}{got['cpu_us']:>11.1f}{got['p50_ms']:>9.3f}"
                      f"{got['p99_ms']:>9.3f}{got['sent']:>10}")
        median = {name: sorted(values)[len(values) // 2] for name, values in figures.items()}
        print(f"figure cluster_router_cpu_ratio {median['cluster'] / median['machine']:.2f}")
    finally:
        if target:
            inside.cli("service", "delete", "-n", "bench")
            target.detach()
        inside.clean_up()
        alone.clean_up()


def main():
    kept = os.environ.get("TIDEGATE_CLUSTER_DIR")
    cluster = OwnCluster(kept or "/var/tmp/tidegate-cluster-bench")
    try:
        cluster.up()
        words = ["all", "--registry", cluster.registry, "--plain-http", "--print-name"]
        made = run(ROOT / "scripts/images", *words, seconds=600)
        with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
            compare(Path(folder), cluster, Images(*made.stdout.split()))
    finally:
        if not kept:
            cluster.down()


if __name__ == "__main__":
    try:
        main()
    except subprocess.TimeoutExpired as slow:
        sys.exit(f"took too long: {slow}")
