#!/usr/bin/env python3
"""CPU per proxied request: our router against HAProxy, same replica, same load, same run.

Both check a key, set a request id, limit what is in flight per replica, queue, and write an access log
line per request; both have two threads. Load is open-loop on loopback at a fixed rate; a failed
request fails the run. Prints a table, then `bar router_cpu_ratio <figure> <limit> ok|short`.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "bench", "bin")
KEY = "bench-key-0123456789abcdef0123456789abcdef"
RATE = int(os.environ.get("BENCH_RATE", "4000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
LIMIT = 1.0

HAPROXY = """
global
  nbthread 2
  log {log} format raw local0
defaults
  mode http
  log global
  option httplog
  option http-keep-alive
  timeout client 60s
  timeout server 60s
  timeout connect 1s
  timeout queue 500ms
  unique-id-format %{{+X}}o%ci%cp%fi%fp%Ts%rt
frontend scoring
  bind 127.0.0.1:{port}
  acl key_ok req.hdr(authorization) -m str "Bearer {key}"
  http-request deny deny_status 401 unless key_ok
  http-request set-header x-request-id %[unique-id]
  http-request replace-path /api/v1/service/bench/(.*) /\\1
  default_backend replicas
backend replicas
  http-reuse always
  server r1 unix@{socket} maxconn 64
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User + system time of a process and of what it started."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return own + sum(cpu_seconds(child) for child in children.read().split())


def wait_for_port(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port} after 5 s")


def measure(pid, port, body):
    before = cpu_seconds(pid)
    out = subprocess.run(
        [os.path.join(BIN, "bench_open_loop"), "--port", str(port), "--path", "/api/v1/service/bench/score",
         "--rate", str(RATE), "--seconds", str(SECONDS), "--connections", "16",
         "--header", f"Authorization: Bearer {KEY}", "--body-file", body],
        check=True, capture_output=True, text=True, timeout=SECONDS + 30)
    result = json.loads(out.stdout)
    if result["ok"] != result["sent"]:
        sys.exit(f"failed requests: {result}")
    result["cpu_us"] = (cpu_seconds(pid) - before) / result["sent"] * 1e6
    return result


def start(arguments, log):
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def main():
    if shutil.which("haproxy") is None:
        sys.exit("haproxy is missing: install Debian's package haproxy")
    work = tempfile.mkdtemp(prefix="tidegate-bench-")
    processes = []
    try:
        os.makedirs(os.path.join(work, "run"))
        body = os.path.join(work, "body.json")
        with open(body, "w") as file:
            file.write(json.dumps({"data": [[0.5] * 10] * 16}).ljust(1024))
        replica = os.path.join(work, "r.sock")
        ports = {"tidegate": free_port(), "haproxy": free_port()}
        config = os.path.join(work, "haproxy.cfg")
        with open(config, "w") as file:
            file.write(HAPROXY.format(port=ports["haproxy"], key=KEY, socket=replica, log="stdout"))
        log = open(os.path.join(work, "log"), "w")
        processes.append(start([os.path.join(BIN, "bench_replica"), "--socket", replica, "--key", KEY,
                                "--table", os.path.join(work, "run", "table.pb")], log))
        for _ in range(100):
            if os.path.exists(os.path.join(work, "run", "table.pb")):
                break
            time.sleep(0.05)
        pids = {}
        for name, arguments in {
            "tidegate": [os.path.join(BIN, "tidegate"), "router", "--data", work,
                         "--listen", f"127.0.0.1:{ports['tidegate']}"],
            "haproxy": ["haproxy", "-db", "-f", config],
        }.items():
            processes.append(start(arguments, log))
            pids[name] = processes[-1].pid
            wait_for_port(ports[name])
        best = {}
        print(f"{'round':<6}{'router':<10}{'cpu us/req':>11}{'p50 ms':>9}{'p99 ms':>9}{'requests':>10}")
        for round_number in range(1, ROUNDS + 1):
            for name in pids:
                result = measure(pids[name], ports[name], body)
                print(f"{round_number:<6}{name:<10}{result['cpu_us']:>11.1f}{result['p50_ms']:>9.3f}"
                      f"{result['p99_ms']:>9.3f}{result['sent']:>10}")
                best.setdefault(name, []).append(result["cpu_us"])
        median = {name: sorted(values)[len(values) // 2] for name, values in best.items()}
        ratio = median["tidegate"] / median["haproxy"]
        ok = ratio <= LIMIT
        print(f"bar router_cpu_ratio {ratio:.2f} {LIMIT:.2f} {'ok' if ok else 'short'}")
        return 0 if ok else 1
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
