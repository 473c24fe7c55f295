"""A model of some size: its way into the pod is checked, and made once."""

import hashlib
import os

import pytest
from target import ready_project

pytestmark = pytest.mark.timeout(300)

MODEL_BYTES = 50 << 20
TELLS_ITS_HASH = """
import hashlib, os
def init():
    global found
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "large.bin"), "rb") as model:
        found = hashlib.file_digest(model, "sha256").hexdigest()
def run(body): return found
"""


@pytest.fixture(scope="module")
def model(server, tmp_path_factory):
    """Its hash."""
    path = tmp_path_factory.mktemp("model") / "large.bin"
    content = os.urandom(MODEL_BYTES)
    path.write_bytes(content)
    server.cli("model", "register", "-n", "large", "-p", path)
    return hashlib.sha256(content).hexdigest()


def pull_log(target, service):
    """What the init container of its one pod said about the model."""
    (pod,) = target.pods(service)
    return target.kubectl("logs", pod, "-c", "pull").stdout


@pytest.fixture
def deploy(server, target):
    """With the large model."""
    names = []

    def with_model(name, project):
        names.append(name)
        files = ["-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
        words = ["model", "deploy", "-n", name, "-m", "large:1", *files, "-ct", target.name]
        server.cli(*words, cwd=project.folder, seconds=120)

    yield with_model
    for name in names:
        server.cli("service", "delete", "-n", name)


def test_a_model_comes_to_a_node_once_and_arrives_as_it_was(server, target, model, deploy, tmp_path):
    project = ready_project(tmp_path, TELLS_ITS_HASH)
    deploy("first", project)
    assert server.score("first").json() == model
    assert "large.bin (52.4 MB): fetched" in pull_log(target, "first")

    deploy("another", project)
    assert server.score("another").json() == model
    assert "large.bin (52.4 MB): from the cache" in pull_log(target, "another")

    project.write("score.py", TELLS_ITS_HASH + "# changed\n")
    server.cli("service", "update", "-n", "first", "-ic", "inferenceconfig.json", cwd=project.folder, seconds=90)
    assert server.score("first").json() == model
    assert "large.bin (52.4 MB): from the cache" in pull_log(target, "first")
