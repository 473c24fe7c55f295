"""What each verb prints, whole: short shapes on stdout, times and ids filtered."""

import json
import re

import pytest
from support.project import Project

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")


def filtered(value, **hidden):
    """Times and the given values replaced by their names in capitals."""
    text = TIME.sub("TIME", json.dumps(value))
    for name, hide in hidden.items():
        text = text.replace(str(hide), name.upper())
    return json.loads(text)


MODEL = {
    "name": "verbs", "id": "verbs:1", "version": 1, "framework": "ScikitLearn", "frameworkVersion": "1.9.1",
    "createdTime": "TIME", "tags": {"stage": "test"}, "properties": {"origin": "here"}, "description": "a model",
    "experimentName": "", "runId": "", "cpu": "", "memoryInGB": "", "gpu": "",
    "sampleInputDatasetId": "", "sampleOutputDatasetId": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def registered(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.bin").write_bytes(b"weights")
    flags = "--model-framework ScikitLearn --model-framework-version 1.9.1 --tag stage=test --property origin=here"
    first = server.cli(
        *f"model register -n verbs -p model.bin {flags} -d".split(), "a model", "-t", "meta.json", cwd=folder
    )
    return folder, first


def test_model_register(registered):
    assert filtered(registered[1].json()) == MODEL


def test_model_register_writes_its_metadata_file(registered):
    meta = json.loads((registered[0] / "meta.json").read_text())
    assert meta == {"modelId": "verbs:1", "workspaceName": "default", "resourceGroupName": "tidegate"}


@pytest.mark.parametrize("flags", ["-n verbs", "-i verbs:1", "-n verbs --version 1"])
def test_model_show(server, registered, flags):
    assert filtered(server.cli("model", "show", *flags.split()).json()) == MODEL


def test_a_second_registration_is_version_2_and_list_can_show_the_latest_alone(server, registered):
    folder, _ = registered
    second = server.cli("model", "register", "-n", "versions", "-p", "model.bin", cwd=folder).json()
    third = server.cli("model", "register", "-n", "versions", "-p", "model.bin", cwd=folder).json()
    assert (second["version"], third["version"]) == (1, 2)
    everything = server.cli("model", "list", "-n", "versions").json()
    latest = server.cli("model", "list", "-n", "versions", "-l").json()
    assert sorted(m["id"] for m in everything) == ["versions:1", "versions:2"]
    assert [m["id"] for m in latest] == ["versions:2"]
    assert set(latest[0]) == {"name", "id", "version", "framework", "frameworkVersion", "createdTime"}


def test_model_list_filters_by_tag_and_property(server, registered):
    assert [m["id"] for m in server.cli("model", "list", "--tag", "stage=test").json()] == ["verbs:1"]
    assert [m["id"] for m in server.cli("model", "list", "--property", "origin=here").json()] == ["verbs:1"]
    assert server.cli("model", "list", "--tag", "stage=other").json() == []


def test_the_same_content_is_stored_once(server, registered):
    folder, _ = registered
    (folder / "unique.bin").write_bytes(b"stored once, whatever the name " * 1000)
    stored = []
    for name in ("unique-a", "unique-b"):
        server.cli("model", "register", "-n", name, "-p", "unique.bin", cwd=folder)
        stored.append(sum(f.is_file() and f.stat().st_size == 31_000 for f in (server.data / "blobs").rglob("*")))
    assert stored == [1, 1]


def test_a_folder_is_a_model_too(server, service, project, tmp_path):
    (tmp_path / "parts/deep").mkdir(parents=True)
    (tmp_path / "parts/one.txt").write_text("1")
    (tmp_path / "parts/deep/two.txt").write_text("2")
    server.cli("model", "register", "-n", "parts", "-p", "parts", cwd=tmp_path)
    script = (
        "import os\n"
        "def init(): pass\n"
        "def run(body):\n"
        "    root = os.environ['AZUREML_MODEL_DIR']\n"
        "    return sorted(os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs)\n"
    )
    one = project(script)
    server.cli(
        *"model deploy -n folder-model -m parts:1 -ic inferenceconfig.json -dc deploymentconfig.json".split(),
        cwd=one.folder,
    )
    files = server.score("folder-model").json()
    server.cli("service", "delete", "-n", "folder-model")
    assert files == ["parts/deep/two.txt", "parts/one.txt"]


def test_several_models_share_a_service(server, registered, project):
    server.have_model()
    script = (
        "import os\n"
        "def init(): pass\n"
        "def run(body):\n"
        "    root = os.environ['AZUREML_MODEL_DIR']\n"
        "    return [os.path.basename(root)] + sorted(\n"
        "        os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs)\n"
    )
    one = project(script)
    server.deploy("several", one, "-m", "verbs:1")
    files = server.score("several").json()
    server.cli("service", "delete", "-n", "several")
    assert files == ["azureml-models", "small/1/small.txt", "verbs/1/model.bin"]


# --- compute targets ------------------------------------------------------------------------------


def test_computetarget_create_show_list(server):
    created = server.cli("computetarget", "create", "aks", "-n", "verbs-ct").json()
    assert set(created) == {"name", "provisioningState", "location", "provisioningErrors"}
    assert (created["name"], created["provisioningState"]) == ("verbs-ct", "Succeeded")
    shown = server.cli("computetarget", "show", "-n", "verbs-ct").json()
    assert set(shown) == {"id", "name", "tags", "location", "properties"}
    assert shown["properties"]["computeType"] == "AKS"
    names = [c["name"] for c in server.cli("computetarget", "list").json()]
    assert {"machine", "verbs-ct"} <= set(names)


def test_computetarget_create_of_a_taken_name_and_of_a_reserved_one(server):
    server.cli("computetarget", "create", "aks", "-n", "taken-ct")
    assert "taken-ct" in server.cli("computetarget", "create", "aks", "-n", "taken-ct", fails=True).err
    assert "local" in server.cli("computetarget", "create", "aks", "-n", "local", fails=True).err


# --- services -------------------------------------------------------------------------------------

# The platform's short shape, then what Tidegate adds.
SERVICE_KEYS = {
    "name", "imageId", "updatedAt", "computeType", "scoringUri", "state", "tags", "properties", "environmentDetails",
    "authEnabled", "isolation", "modelData", "replicas", "error",
}  # fmt: skip


@pytest.fixture(scope="module")
def shown(server, tmp_path_factory):
    """One service that the tests below look at."""
    one = Project(tmp_path_factory.mktemp("shown"))
    deployed = server.deploy("shown", one, "--tag", "team=blue", "--property", "cost=low", "--description", "words")
    yield deployed
    server.cli("service", "delete", "-n", "shown")


def test_deploy_and_show_print_the_short_shape(server, shown):
    deployed, again = shown.json(), server.cli("service", "show", "-n", "shown").json()
    assert set(deployed) == set(again) == SERVICE_KEYS
    assert again["scoringUri"] == server.uri("shown")
    assert (again["computeType"].upper(), again["state"]) == ("AKS", "Healthy")
    assert (again["tags"], again["name"]) == ({"team": "blue"}, "shown")
    assert again["properties"]["cost"] == "low"


def test_show_v_prints_the_whole_object(server, shown):
    whole = server.cli("service", "show", "-n", "shown", "-v").json()
    for key in ("autoScaler", "containerResourceRequirements", "dataCollection", "numReplicas", "scoringTimeoutMs"):
        assert key in whole
    assert whole["tidegate"]["auth"] == "key"
    assert whole["description"] == "words"
    isolation = whole["tidegate"]["isolation"]
    assert isolation.startswith(("bubblewrap", "uid", "none"))


def test_service_list_and_its_filters(server, shown):
    def names(*flags):
        return [s["name"] for s in server.cli("service", "list", *flags).json()]

    assert "shown" in names()
    assert "shown" in names("-c", "AKS")
    assert names("-c", "ACI") == []
    assert names("--tag", "team=blue") == ["shown"]
    assert names("--property", "cost=low") == ["shown"]
    assert "shown" in names("--model-name", "small")
    assert "shown" in names("--model-id", "small:1")
    assert names("--model-id", "small:77") == []


def test_get_keys(server, shown):
    keys = server.cli("service", "get-keys", "-n", "shown").json()
    assert set(keys) == {"primaryKey", "secondaryKey"}
    assert len(set(keys.values())) == 2 and all(len(k) >= 20 for k in keys.values())


def test_service_run_prints_the_decoded_reply(server, shown):
    answer = server.cli("service", "run", "-n", "shown", "-d", '{"data": 1}').json()
    assert answer["got"] == '{"data": 1}'


def test_service_update_of_settings_keeps_the_replicas(server, shown):
    before = server.replicas("shown")
    server.cli("service", "update", "-n", "shown", "--max-request-wait-time", "700", "--add-tag", "more=1")
    whole = server.service("shown")
    assert whole["maxQueueWaitMs"] == 700
    assert whole["kvTags"] == {"team": "blue", "more": "1"}
    assert server.replicas("shown") == before


def test_service_update_changes_the_number_of_replicas(server, service, project):
    service("counted", project())
    server.cli("service", "update", "-n", "counted", "--num-replicas", "2")
    assert len(server.replicas("counted")) == 2
    server.cli("service", "update", "-n", "counted", "--num-replicas", "1")
    assert len(server.replicas("counted")) == 1


def test_service_delete_prints_the_name_and_leaves_nothing(server, project):
    server.deploy("deleted", project())
    replicas = server.replicas("deleted")
    assert server.cli("service", "delete", "-n", "deleted").json() == {"name": "deleted"}
    assert "deleted" in server.cli("service", "show", "-n", "deleted", fails=True).err
    assert not any(p.alive() for p in replicas)
    assert server.rest.mms("GET", "services/deleted").status == 404


def test_keys_survive_an_update_and_can_be_chosen(server, project):
    keys = ["--primary-key", "chosen-primary-key-0123456789", "--secondary-key", "chosen-secondary-key-0123456789"]
    one = project()
    server.deploy("chosen", one, *keys)
    before = server.cli("service", "get-keys", "-n", "chosen").json()
    server.deploy("chosen", one, "--overwrite")
    after = server.cli("service", "get-keys", "-n", "chosen").json()
    server.cli("service", "delete", "-n", "chosen")
    assert before == after == {"primaryKey": keys[1], "secondaryKey": keys[3]}


@pytest.mark.parametrize("flags", ["-ct", "--ct", "--compute-target"])
def test_one_dash_and_two_dashes_are_alike(server, project, flags):
    server.deploy("dashes", project(), flags, "machine")
    state = server.service("dashes")["computeName"]
    server.cli("service", "delete", "-n", "dashes")
    assert state == "machine"


def test_no_wait_returns_before_the_service_is_healthy(server, project):
    one = project("import time\ndef init(): time.sleep(1)\ndef run(body): return 1\n")
    assert server.deploy("later", one, "--no-wait").json()["state"] == "Transitioning"
    from support.processes import wait_until

    wait_until(lambda: server.service("later")["state"] == "Healthy", what="later to be Healthy")
    server.cli("service", "delete", "-n", "later")


# --- help -----------------------------------------------------------------------------------------

VERBS = [
    "serve", "model register", "model list", "model show", "model deploy", "service list", "service show",
    "service run", "service update", "service get-keys", "service get-logs", "service delete",
    "computetarget create aks", "computetarget list", "computetarget show",
]  # fmt: skip


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_verb_has_help_that_needs_no_server(new_server, verb):
    helped = new_server().cli(*verb.split(), "--help")
    assert helped.err == ""
    assert len(helped.out.splitlines()) > 3
    assert all(len(line) <= 120 for line in helped.out.splitlines())


def test_without_a_server_the_error_says_how_to_start_one(new_server):
    refused = new_server().cli("service", "list", fails=True)
    assert "tidegate serve" in refused.err
    assert refused.out == ""
