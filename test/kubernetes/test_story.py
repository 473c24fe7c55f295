"""The user's story on a cluster: the same commands, files, keys and answers as on one machine."""

import time

import pytest
from support.example import Example
from support.rest import score
from support.story import (
    DEPLOY,
    tell,
    test_both_keys_open_the_scoring_uri,  # noqa: F401
    test_results_are_on_stdout_and_progress_on_stderr,  # noqa: F401
    test_the_deployed_service_is_healthy,  # noqa: F401
)
from target import DEPLOY_SECONDS, ready_project

pytestmark = pytest.mark.timeout(300)

# Of the first deployment: packages are fetched, the image is pushed and pulled.
BUILD_SECONDS = 250


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    return Example(tmp_path_factory.mktemp("diabetes"))


@pytest.fixture(scope="module")
def story(server, target, example):
    yield tell(server, example, deploy_seconds=BUILD_SECONDS)
    server.cli("service", "delete", "-n", "myservice")


def test_the_cluster_predicts_what_one_machine_predicts(story, server, example):
    server.cli("computetarget", "create", "aks", "-n", "onemachine")
    line = DEPLOY.replace("myaks", "onemachine").replace("myservice", "ofmachine")
    server.cli(*line.split(), cwd=example.folder, seconds=BUILD_SECONDS)
    answer = server.cli("service", "run", "-n", "ofmachine", "-d", example.body)
    interpreter = server.service("ofmachine")["tidegate"]["interpreter"]
    server.cli("service", "delete", "-n", "ofmachine")
    assert story["run"].json() == answer.json()
    assert story["run"].json() == pytest.approx(example.prediction(interpreter), rel=0, abs=1e-12)


def test_the_scoring_uri_has_the_shape_that_it_has_on_one_machine(story):
    assert story["show"].json()["scoringUri"].endswith("/api/v1/service/myservice/score")


def test_a_wrong_key_is_refused(story, example):
    reply = score(story["show"].json()["scoringUri"], "wrong", example.body.encode())
    assert (reply.status, reply.reason) == (401, "unauthenticated")


def test_a_pod_refuses_a_request_that_comes_around_the_router(story, target):
    (pod,) = target.pods("myservice")
    path = f"/api/v1/namespaces/{target.namespace}/pods/{pod}:5001/proxy/score"
    refused = target.kubectl("create", "--raw", path, "-f", "-", input="{}", check=False)
    assert refused.returncode != 0
    assert "You must be logged in" in refused.stderr  # kubectl's words for 401


def test_show_names_pods_and_nodes(story, server, target, cluster):
    shown = server.cli("service", "show", "-n", "myservice", "-v").json()["tidegate"]["replicas"]
    assert [r["id"] for r in shown] == target.pods("myservice")
    nodes = {n["metadata"]["name"] for n in cluster.get("nodes")["items"]}
    assert {r["node"] for r in shown} <= nodes


def test_a_second_deployment_of_the_recipe_builds_nothing(story, server, example):
    first = server.service("myservice")["tidegate"]
    deployed = server.cli(*DEPLOY.replace("myservice", "second").split(), cwd=example.folder, seconds=DEPLOY_SECONDS)
    second = server.service("second")["tidegate"]
    server.cli("service", "delete", "-n", "second")
    assert second["image"] == first["image"] != ""
    assert second["environmentFoundIn"] == "workspace registry"
    assert "use the existing image" in deployed.err


def test_the_image_is_named_by_the_recipe_and_used_by_digest(story, server, target):
    image = server.service("myservice")["tidegate"]["image"]
    assert "/azureml/azureml_" in image and "@sha256:" in image
    (pod,) = target.get("pods", "-l", "tidegate.io/service=myservice")
    assert image in [c["image"] for c in pod["spec"]["containers"]]


# --- what needs no packages -----------------------------------------------------------------------


def test_updating_the_code_alone_changes_the_answer_and_builds_nothing(server, service, target, tmp_path):
    project = ready_project(tmp_path, "def init(): pass\ndef run(body): return 'old'\n")
    old = service("code", project)["tidegate"]
    project.write("score.py", "def init(): pass\ndef run(body): return 'new'\n")
    updated = server.cli("service", "update", "-n", "code", "-ic", "inferenceconfig.json", cwd=project.folder, seconds=90)
    new = server.service("code")["tidegate"]
    assert updated.json()["state"] == "Healthy"
    assert server.score("code").json() == "new"
    assert new["generation"] == old["generation"] + 1
    assert new["image"] == old["image"]


def test_the_script_finds_its_model_where_the_platform_puts_it(server, service, tmp_path):
    script = (
        "import os\n"
        "def init(): pass\n"
        "def run(body):\n"
        "    where = os.environ['AZUREML_MODEL_DIR']\n"
        "    return [where, os.listdir(where), os.path.exists('azureml-models/small/1/small.txt')]\n"
    )
    service("finds", ready_project(tmp_path, script))
    assert server.score("finds").json() == ["/var/azureml-app/azureml-models/small/1", ["small.txt"], True]


def test_get_logs_shows_what_the_script_prints_in_its_pods(server, service, tmp_path):
    script = "def init(): print('printed by init')\ndef run(body):\n    print('printed by run')\n    return 1\n"
    service("prints", ready_project(tmp_path, script))
    assert server.score("prints").status == 200
    logs = server.cli("service", "get-logs", "-n", "prints").out
    assert "printed by init" in logs
    assert "printed by run" in logs


def test_requests_and_limits_are_those_of_the_deployment_config(service, target, tmp_path):
    resources = {"cpu": 0.1, "cpuLimit": 0.5, "memoryInGB": 0.25, "memoryInGBLimit": 0.5}
    service("sized", ready_project(tmp_path, containerResourceRequirements=resources))
    (pod,) = target.get("pods", "-l", "tidegate.io/service=sized")
    (container,) = pod["spec"]["containers"]
    assert container["resources"]["requests"]["cpu"] == "100m"
    assert container["resources"]["limits"]["cpu"] == "500m"
    assert {"memory"} <= set(container["resources"]["requests"]) & set(container["resources"]["limits"])


def test_deleting_a_service_leaves_nothing_of_it(server, target, tmp_path):
    target.deploy("leaves", ready_project(tmp_path))
    key, uri = server.key("leaves"), server.uri("leaves")
    assert target.of_service("leaves") != []
    server.cli("service", "delete", "-n", "leaves", seconds=90)
    reply = score(uri, key)
    assert (reply.status, reply.reason) == (404, "unknown_service")
    gone_by = time.monotonic() + 60
    while (left := target.of_service("leaves")) and time.monotonic() < gone_by:
        time.sleep(0.5)
    assert left == []


def test_services_of_both_kinds_of_target_live_beside_each_other(server, service, tmp_path):
    script = "import os\ndef init(): pass\ndef run(body): return os.environ.get('KUBERNETES_SERVICE_HOST', 'no cluster')\n"
    service("incluster", ready_project(tmp_path / "cluster", script))
    server.cli("computetarget", "create", "aks", "-n", "beside")
    local = ready_project(tmp_path / "local", script)
    server.deploy("onthismachine", local, "-ct", "beside")
    answers = [server.score(name).json() for name in ("incluster", "onthismachine")]
    server.cli("service", "delete", "-n", "onthismachine")
    assert answers[0] != "no cluster"
    assert answers[1] == "no cluster"
    assert server.service("incluster")["tidegate"]["computeKind"] == "kubernetes"
