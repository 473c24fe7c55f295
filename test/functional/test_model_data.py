"""Model data collection on one machine: from a deployment's switch to the files."""

import csv
import json
import threading
from pathlib import Path

import pytest
from support.load import Load
from support.processes import wait_until
from support.project import Project

# Every call has an id of its own, which is in its reply and in its rows.
COLLECTS = """
import json, os, uuid
from azureml.monitoring import ModelDataCollector

def init():
    global inputs, predictions
    inputs = ModelDataCollector("small", designation="inputs", feature_names=["id", "x"])
    predictions = ModelDataCollector("small", designation="predictions", feature_names=["id", "y"])

def run(body):
    x, id = json.loads(body)["data"], uuid.uuid4().hex
    correlations = inputs.collect([id, x])
    predictions.collect(predictions.add_correlations([id, 2 * x], correlations))
    return {"id": id, "y": 2 * x}
"""
CODE_OF = "# the second code\n" + COLLECTS
TRIPLE = "00000000-0000-0000-0000-000000000000/tidegate/default"
HEADER = [
    "$aml_dc_correlation_id", "$aml_dc_scoring_timestamp", "$aml_dc_boundary", "$aml_workspace", "$aml_service_name",
    "$aml_model_name", "$aml_model_version", "$aml_request_id",
]  # fmt: skip


def collecting(folder, script=COLLECTS, **options):
    return Project(folder, script, dataCollection={"storageEnabled": True}, **options)


def rows(server, service, designation):
    """All rows of the model, as dictionaries; every file is whole."""
    folder = Path(server.data) / "storage/default/modeldata" / TRIPLE / service / "small/1" / designation
    found = []
    for path in sorted(folder.rglob("*.csv")):
        assert len(path.relative_to(folder).parts) == 4, path  # year, month, day, file
        assert path.name == f"{designation}.csv"
        text = path.read_bytes().decode()
        assert text.endswith("\r\n")
        header, *lines = csv.reader(text.splitlines())
        assert header[2:] == HEADER
        assert {len(line) for line in lines} == {len(header)}
        found += [dict(zip(header, line)) for line in lines]
    return found


def assert_rows_are(server, service, replies):
    """One row of each designation for each reply, no more and no less; both of a call have one correlation."""
    inputs = {row["id"]: row for row in rows(server, service, "inputs")}
    predictions = {row["id"]: row for row in rows(server, service, "predictions")}
    assert len(inputs) == len(rows(server, service, "inputs"))
    assert set(inputs) == set(predictions) == {reply["id"] for reply in replies}
    for reply in replies:
        mine = inputs[reply["id"]]
        assert float(mine["x"]) * 2 == float(predictions[reply["id"]]["y"]) == reply["y"]
        assert all(mine[name] == predictions[reply["id"]][name] for name in HEADER)
        assert mine["$aml_workspace"] == TRIPLE
        assert (mine["$aml_service_name"], mine["$aml_model_name"], mine["$aml_model_version"]) == (service, "small", "1")


def test_every_answered_call_is_in_the_files_over_updates_switches_deletion_and_restart(new_server, tmp_path):
    server = new_server().start()
    project = collecting(tmp_path / "project", numReplicas=2, maxQueueWaitMs=10_000)
    shown = server.deploy("kept", project).json()
    assert shown["modelData"] == f"{server.data}/storage/default/modeldata/{TRIPLE}/kept"
    replies = []

    # An update under load: two generations write the same files.
    project.write("score.py", CODE_OF)
    with Load(server.uri("kept"), server.key("kept"), rate=40, body=b'{"data": 1.5}') as load:
        update = threading.Thread(
            target=server.cli, args=("service", "update", "-n", "kept", "-ic", "inferenceconfig.json"),
            kwargs={"cwd": project.folder},
        )  # fmt: skip
        wait_until(lambda: load.sent() >= 20, what="20 requests")
        update.start()
        update.join()
        target = load.sent() + 20
        wait_until(lambda: load.sent() >= target, what="20 more requests")
    load.report.assert_none_failed()
    replies += [json.loads(outcome.body) for outcome in load.report.outcomes]
    assert_rows_are(server, "kept", replies)
    reply = server.score("kept", b'{"data": 2}', headers={"x-request-id": "00000000-1111-2222-3333-444444444444"})
    replies.append(reply.json())
    last = next(row for row in rows(server, "kept", "inputs") if row["id"] == reply.json()["id"])
    assert last["$aml_request_id"] == reply.headers["x-ms-request-id"]

    # Off: the script goes on and nothing is written. On again: the same files.
    off = server.cli("service", "update", "-n", "kept", "--collect-model-data", "false").json()
    assert off["modelData"] == ""
    assert server.score("kept", b'{"data": 3}').status == 200
    assert_rows_are(server, "kept", replies)
    server.cli("service", "update", "-n", "kept", "-md", "true")
    replies.append(server.score("kept", b'{"data": 4}').json())
    assert_rows_are(server, "kept", replies)

    assert server.stop() == 0
    server.start()
    wait_until(lambda: len(server.replicas("kept")) == 2, what="two replicas after the restart")
    replies.append(server.score("kept", b'{"data": 5}').json())
    server.cli("service", "delete", "-n", "kept")
    assert_rows_are(server, "kept", replies)


SEES = """
import os

def init():
    pass

def run(body):
    def can_write(folder):
        try:
            with open(folder + "/probe", "w"):
                pass
            os.unlink(folder + "/probe")
            return True
        except OSError:
            return False
    place = os.environ.get("TIDEGATE_MODEL_DATA", "")
    return {"place": place, "here": bool(place) and can_write(place), "above": can_write("/var/tidegate"),
            "seen": os.path.exists("/var/tidegate/storage"), "enabled": os.environ.get("AML_MODEL_DC_STORAGE_ENABLED")}
"""


def test_only_a_service_that_collects_sees_the_storage_and_nothing_beside_it(server, service, tmp_path):
    if not server.rest.status()["isolation"].startswith("bubblewrap"):
        pytest.fail("this machine must let bubblewrap work")
    service("sees", collecting(tmp_path / "on", SEES))
    service("blind", Project(tmp_path / "off", SEES))
    assert server.score("sees").json() == {
        "place": "/var/tidegate/storage", "here": True, "above": False, "seen": True, "enabled": "true",
    }  # fmt: skip
    assert server.score("blind").json() == {
        "place": "", "here": False, "above": False, "seen": False, "enabled": None,
    }  # fmt: skip


def test_what_cannot_be_written_costs_the_rows_and_a_line_of_the_log(new_server, tmp_path):
    server = new_server().start()
    storage = server.data / "storage/default"
    storage.mkdir(parents=True)
    (storage / "modeldata").write_text("in the way")
    server.deploy("blocked", collecting(tmp_path / "project"))
    assert server.score("blocked", b'{"data": 1}').json()["y"] == 2
    log = server.cli("service", "get-logs", "-n", "blocked").out
    assert "model data: cannot write /var/tidegate/storage/modeldata/" in log
    assert "1 rows wait in memory" in log
    # What waited is written as soon as it can be.
    (storage / "modeldata").unlink()
    wait_until(lambda: server.score("blocked", b'{"data": 1}') and rows(server, "blocked", "inputs"), what="a row")
    inputs = rows(server, "blocked", "inputs")
    assert len(inputs) == len({row["id"] for row in inputs}) >= 2


def test_a_value_that_is_no_switch_is_refused_by_its_name(server, tmp_path):
    wrong = Project(tmp_path / "wrong", COLLECTS, dataCollection={"storageEnabled": "maybe"})
    said = server.deploy("wrong", wrong, fails=True).err
    assert "dataCollection.storageEnabled: must be true or false" in said
    said = server.cli("service", "update", "-n", "wrong", "--collect-model-data", "maybe", fails=True).err
    assert "service wrong" in said or "--collect-model-data" in said
