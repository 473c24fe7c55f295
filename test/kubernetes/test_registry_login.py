"""A registry that wants a login: control, the nodes and the init container show it one, and say when it is refused."""

import json

import pytest
from cluster.clusters import OwnCluster
from guarded_registry import USER, GuardedRegistry
from target import ATTACH_SECONDS, DEPLOY_SECONDS, READY_PYTHON, Target, ready_project

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def registry(cluster, tmp_path):
    if not isinstance(cluster, OwnCluster):
        pytest.skip("the nodes must be told of the registry, and TIDEGATE_KUBECONFIG names somebody's cluster")
    with GuardedRegistry(tmp_path, cluster).serving("first") as serving:
        yield serving


def words_with(server, registry, namespace, password, folder):
    (folder / "password").write_text(password + "\n")
    words = server.attach_words("guarded", namespace, registry=registry.address)
    words = [str(w).replace(f"{server.cluster.registry}/", f"{registry.address}/") for w in words]
    return [*words, "--registry-user", USER, "--registry-password-file", folder / "password"]


def test_a_registry_with_a_login_from_attach_to_a_changed_password(server, registry, namespace, images, tmp_path):
    refused = server.cli(*words_with(server, registry, namespace, "wrong", tmp_path), fails=True)
    assert f"--registry: registry {registry.address}" in refused.err
    assert f"it does not take the password of the user {USER}" in refused.err

    server.cli(*words_with(server, registry, namespace, "first", tmp_path), seconds=ATTACH_SECONDS)
    target = Target(server, "guarded", namespace)
    # A step of its own: an image that neither the registry nor the node has.
    steps = f"FROM {registry.address}/{images.base.split('/', 1)[1]}\nRUN echo {tmp_path} > /own\n"
    project = ready_project(tmp_path / "project", "def init(): pass\ndef run(body): return 'old'\n")
    project.inference["environment"] = {**READY_PYTHON, "docker": {"baseImage": None, "baseDockerfile": steps}}
    project.save()
    target.deploy("login", project)
    assert server.score("login").json() == "old"
    (pod,) = target.get("pods", "-l", "tidegate.io/service=login")
    assert pod["spec"]["imagePullSecrets"] == [{"name": "tidegate-registry"}]
    shown = json.dumps([pod, server.service("login"), server.cli("computetarget", "show", "-n", "guarded").json()])
    assert '"first"' not in shown

    registry.set_password("second")
    project.write("score.py", "def init(): pass\ndef run(body): return 'new'\n")
    update = ["service", "update", "-n", "login", "-ic", "inferenceconfig.json"]
    error = server.cli(*update, cwd=project.folder, fails=True, seconds=DEPLOY_SECONDS).err
    assert registry.address in error
    assert f"does not take the password of the user {USER}" in error
    assert "attach" in error
    assert server.score("login").json() == "old"

    server.cli(*words_with(server, registry, namespace, "second", tmp_path), seconds=ATTACH_SECONDS)
    server.cli(*update, cwd=project.folder, seconds=DEPLOY_SECONDS)
    assert server.score("login").json() == "new"
    server.cli("service", "delete", "-n", "login", seconds=90)
    target.detach()
