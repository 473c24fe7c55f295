"""Each library answers under load as it does alone, in one process and in two of either kind."""

import http.client
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from replica import PACKAGES, Replica
from support.processes import wait_until

HERE = Path(__file__).resolve().parent
CLIENTS = 8
ROWS_EACH = 500
SECONDS_MAX = 60
START_MAX_S = 120

SCRIPTS = ("numpy", "sklearn", "pandas", "xgboost", "lightgbm", "onnx", "torch")
WAYS = {
    "alone": {},
    "template": {"WORKER_COUNT": "2", "OPENBLAS_NUM_THREADS": "1"},
    "spawn": {"WORKER_COUNT": "2"},
}
TOOK = re.compile(r"Worker (\d+) \(pid (\d+)\) (.*?),? in (\d+) ms; init\(\) took (\d+) ms")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_eight_clients_get_what_one_process_answers(name, way, python, rows, trained, report):
    folder, answers = trained(f"{name}_score")
    replica = start(name, way, python, folder)
    try:
        workers, start_s = wait_for_workers(replica, 1 if way == "alone" else 2)
        began = time.monotonic()
        replies = ask_all(replica, rows)
        seconds = time.monotonic() - began
        log = replica.log()
    finally:
        replica.close()
    report(f"{name:<9} {way:<9} {CLIENTS * ROWS_EACH} answers in {seconds:5.1f} s; ready after {start_s:4.1f} s{told(workers)}")
    wrong = [(row, reply, answer) for row, reply, answer in zip(rows, replies, answers) if reply.get("answer") != answer]
    assert not wrong, f"{len(wrong)} of {len(rows)} differ, such as {wrong[0]}\n{log[-3000:]}"
    assert len({reply["pid"] for reply in replies}) == (1 if way == "alone" else 2), "a worker got no request"
    assert seconds <= SECONDS_MAX
    if way == "spawn":
        assert "spawned" in workers[2][0]


def start(name, way, python, model_folder):
    script = (HERE / f"scripts/{name}_score.py").read_text()
    path = str(PACKAGES)
    if way == "spawn":
        script = script.replace("import json\n", "import json\nimport leaves_a_thread\n", 1)
        path += os.pathsep + str(HERE / "packages")
    environ = {**os.environ, **WAYS[way], "PYTHONPATH": path, "AZUREML_MODEL_DIR": str(model_folder),
               "TIDEGATE_MAX_CONCURRENT": str(CLIENTS)}
    return Replica(script, python=python, env=environ)


def wait_for_workers(replica, count):
    """({number: (way, ms of its start, ms of init()) of each that the log tells of}, seconds until all were ready)"""
    began = time.monotonic()

    def ready():
        assert replica.process.poll() is None, f"it has ended:\n{replica.log()}\n{replica.stderr.decode(errors='replace')}"
        found = {int(number): (how, int(start), int(init)) for number, _, how, start, init in TOOK.findall(replica.log())}
        return (count == 1 or len(found) == count) and replica.get("/").status == 200 and (found, time.monotonic() - began)

    def ready_or_none():
        try:
            return ready()
        except OSError:
            return None

    return wait_until(ready_or_none, seconds=START_MAX_S, what=f"{count} workers; the log so far:\n{replica.log()}")


def told(workers):
    if 2 not in workers:
        return ""
    how, start_ms, init_ms = workers[2]
    return f"; second worker: {how}, {start_ms} ms, init() {init_ms} ms"


def ask_all(replica, rows):
    """Each client has a kept connection and asks for its own part of the rows, one after the other."""
    def ask(part):
        connection = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=SECONDS_MAX)
        try:
            return [ask_one(connection, row) for row in part]
        finally:
            connection.close()

    parts = [rows[at:at + ROWS_EACH] for at in range(0, len(rows), ROWS_EACH)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        return [reply for replies in clients.map(ask, parts) for reply in replies]


def ask_one(connection, row):
    connection.request("POST", "/score", json.dumps({"row": row}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    return json.loads(text) if response.status == 200 else {"status": response.status, "text": text.decode()}
