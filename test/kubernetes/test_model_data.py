"""Model data of pods go to the claim that the target was attached with, and outlive their service."""

import json

import pytest
from target import ready_project

pytestmark = pytest.mark.timeout(300)

COLLECTS = """
import json, os
from azureml.monitoring import ModelDataCollector

def init():
    global inputs
    inputs = ModelDataCollector("small", designation="inputs", feature_names=["x"])

def run(body):
    if body == "read":
        found = {}
        for folder, _, names in os.walk(os.environ["TIDEGATE_MODEL_DATA"]):
            for name in names:
                with open(os.path.join(folder, name)) as file:
                    found[os.path.join(folder, name)] = file.read()
        return found
    inputs.collect([json.loads(body)])
    return "kept"
"""
FOLDER = "/var/tidegate/storage/modeldata/00000000-0000-0000-0000-000000000000/tidegate/default"


def manifests(namespace, folder):
    """A folder of the node as a volume: no storage class is needed."""
    size = {"storage": "10Mi"}
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": namespace},
         "spec": {**claim, "capacity": size, "persistentVolumeReclaimPolicy": "Retain",
                  "hostPath": {"path": f"{folder}/{namespace}", "type": "DirectoryOrCreate"}}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "collected", "namespace": namespace},
         "spec": {**claim, "volumeName": namespace, "resources": {"requests": size}}},
    ]  # fmt: skip


@pytest.fixture
def claimed(server, cluster, namespace):
    """A target with a claim; a namespace that is there before is not attach's to remove."""
    folder = getattr(cluster, "state", "/var/tmp")  # of a cluster of our own: goes with it
    for manifest in manifests(namespace, folder):
        cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
    yield namespace
    cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
    cluster.kubectl("delete", "persistentvolume", namespace, "--wait=false")


def attach(server, namespace, *flags, **options):
    return server.cli(*server.attach_words("claims", namespace), *flags, seconds=150, **options)


def test_rows_are_in_the_claim_and_outlive_their_service(server, claimed, tmp_path):
    said = attach(server, claimed, "--model-data-claim", "nowhere", fails=True).err
    assert f"namespace {claimed} has no PersistentVolumeClaim nowhere" in said

    attach(server, claimed)
    project = ready_project(tmp_path, COLLECTS, dataCollection={"storageEnabled": True})
    said = server.deploy("first", project, "-ct", "claims", fails=True).err
    assert "dataCollection.storageEnabled" in said and "--model-data-claim" in said

    attach(server, claimed, "--model-data-claim", "collected")
    try:
        shown = server.deploy("first", project, "-ct", "claims", seconds=110).json()
        assert shown["modelData"].startswith(f"PersistentVolumeClaim collected of namespace {claimed}: /modeldata/")
        assert server.score("first", b"1.5").json() == "kept"
        server.cli("service", "delete", "-n", "first", seconds=110)
        server.deploy("second", project, "-ct", "claims", seconds=110)
        ((path, text),) = server.score("second", b"read").json().items()
        server.cli("service", "delete", "-n", "second", seconds=110)
    finally:
        server.cli("computetarget", "detach", "-n", "claims", "--force", seconds=150)
    assert path.startswith(f"{FOLDER}/first/small/1/inputs/") and path.endswith("/inputs.csv")
    assert [line.partition(",")[0] for line in text.splitlines()] == ["x", "1.5"]
