"""Bad input: exit code 1, a message that names the file, key or flag and what would be right, and nothing
half-registered: the rows of every table and the files of the data folder are as before."""

import os
import sqlite3

import pytest
from support.project import ECHO, Project
from support.rest import WORKSPACE

# What may change without anything having been registered.
VOLATILE = ("logs", "run", "spill", "api.sock")


def rows(data):
    """Table -> number of rows, read from the outside."""
    counts = {}
    for database in sorted(data.glob("*.db")) + sorted(data.glob("*.sqlite*")):
        if database.name.endswith(("-wal", "-shm")):
            continue
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                counts[f"{database.name}:{table}"] = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    assert counts, f"no database in {data}"
    return counts


def files(data):
    found = set()
    for folder, folders, names in os.walk(data):
        where = os.path.relpath(folder, data)
        if where.split("/")[0] in VOLATILE:
            folders.clear()
            continue
        found |= {os.path.normpath(os.path.join(where, n)) for n in [*names, *folders]}
    return {f for f in found if f.split("/")[0] not in VOLATILE and not f.endswith(("-wal", "-shm"))}


def state(server):
    return rows(server.data), files(server.data)


@pytest.fixture
def unchanged(server):
    """Wraps a command that must leave no trace."""
    server.have_model()
    before = state(server)
    yield
    assert state(server) == before


def refused(server, project, *flags, name="badinput"):
    return server.deploy(name, project, *flags, fails=True).err


def said(error, *words):
    for word in words:
        assert word in error, f"{word!r} is missing in:\n{error}"


# --- the deployment config ------------------------------------------------------------------------

WRONG_DEPLOYMENTS = [
    ({"numReplicas": "two"}, ["numReplicas", "number"]),
    ({"numReplicas": 0}, ["numReplicas", "greater than zero"]),
    ({"numReplicas": 1.5}, ["numReplicas", "whole number"]),
    ({"authEnabled": "yes please"}, ["authEnabled", "true"]),
    ({"numReplicas": 2, "autoScaler": {"autoscaleEnabled": True}}, ["numReplicas", "autoscale"]),
    (
        {"numReplicas": None, "autoScaler": {"autoscaleEnabled": True, "minReplicas": 5, "maxReplicas": 2}},
        ["minReplicas", "autoscale_max_replicas", "5", "2"],
    ),
    ({"scoringTimeoutMs": 0}, ["scoringTimeoutMs", "greater than zero"]),
    ({"scoringTimeoutMs": 300_001}, ["scoringTimeoutMs", "300000"]),
    ({"maxQueueWaitMs": -1}, ["maxQueueWaitMs", "greater than zero"]),
    ({"maxConcurrentRequestsPerContainer": 0}, ["maxConcurrentRequestsPerContainer", "greater than zero"]),
    ({"containerResourceRequirements": {"cpu": 2, "cpuLimit": 1}}, ["cpuLimit", "cpu"]),
    ({"containerResourceRequirements": {"memoryInGB": 0}}, ["memoryInGB", "greater than zero"]),
    ({"livenessProbeRequirements": {"periodSeconds": 0}}, ["periodSeconds"]),
    ({"authEnabled": True, "tokenAuthEnabled": True}, ["authEnabled", "tokenAuthEnabled"]),
    ({"namespace": "Not A Namespace"}, ["namespace"]),
    ({"computeType": "mainframe"}, ["computeType", "mainframe", "AKS"]),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG_DEPLOYMENTS, ids=lambda v: "-".join(v) if isinstance(v, (dict, list)) else "")
def test_a_wrong_value_of_the_deployment_config(server, unchanged, project, wrong, words):
    said(refused(server, project(**wrong)), "deploymentconfig.json", *words)


def test_all_problems_of_a_config_are_told_at_once(server, unchanged, project):
    error = refused(server, project(numReplicas=-1, scoringTimeoutMs="soon", maxQueueWaitMs=0))
    said(error, "numReplicas", "scoringTimeoutMs", "maxQueueWaitMs")


def test_a_missing_compute_type(server, unchanged, project):
    one = project()
    del one.deployment["computeType"]
    one.save()
    said(refused(server, one), "deploymentconfig.json", "computeType")


def test_text_that_is_no_json_names_the_line(server, unchanged, project):
    one = project()
    one.write("deploymentconfig.json", '{"computeType": "aks",\n "numReplicas": }\n')
    said(refused(server, one), "deploymentconfig.json", "2")


def test_a_config_file_that_is_not_there(server, unchanged, project):
    one = project()
    (one.folder / "deploymentconfig.json").unlink()
    said(refused(server, one), "deploymentconfig.json")


def test_an_unknown_key_is_a_warning_with_a_suggestion_and_strict_makes_it_an_error(server, project):
    one = project(numReplica=1)
    server.have_model()
    before = state(server)
    said(refused(server, one, "--strict"), "numReplica", "numReplicas")
    assert state(server) == before
    accepted = server.deploy("unknown-key", one)
    server.cli("service", "delete", "-n", "unknown-key")
    said(accepted.err.lower(), "warning", "numreplica", "numreplicas")


# --- the inference config and the entry script ----------------------------------------------------


def script(text):
    return lambda one: one.write("score.py", text)


def entry(value):
    def change(one):
        one.inference["entryScript"] = value
        one.save()

    return change


def environment(value):
    def change(one):
        one.inference["environment"] = value
        one.save()

    return change


WRONG_INFERENCE = {
    "script missing": (entry("nowhere.py"), ["entryScript", "nowhere.py"]),
    "script not .py": (entry("score.txt"), ["entryScript", "score.txt", ".py"]),
    "script outside the source folder": (entry("../score.py"), ["entryScript", "../score.py"]),
    "entryScript of the wrong type": (entry(7), ["entryScript", "inferenceconfig.json"]),
    "syntax error": (script("def init(): pass\ndef run(body):\n    return (1 +\n"), ["score.py", "3"]),
    "no init": (script("def run(body): return 1\n"), ["score.py", "init"]),
    "no run": (script("def init(): pass\n"), ["score.py", "run"]),
    "environment of the wrong type": (environment("my-env"), ["environment", "inferenceconfig.json"]),
    "pip of the wrong type": (
        environment({"python": {"condaDependencies": {"dependencies": [{"pip": "numpy"}]}}}),
        ["pip", "inferenceconfig.json"],
    ),
    "interpreter missing": (
        environment({"python": {"userManagedDependencies": True, "interpreterPath": "/nowhere/python"}}),
        ["interpreterPath", "/nowhere/python"],
    ),
    "docker steps without the flag": (
        environment({"docker": {"baseImage": None, "baseDockerfile": "FROM scratch\nRUN true\n"}}),
        ["baseDockerfile", "--ignore-docker-steps"],
    ),
}


@pytest.mark.parametrize("case", WRONG_INFERENCE)
def test_a_wrong_inference_config(server, unchanged, project, case):
    change, words = WRONG_INFERENCE[case]
    one = project()
    change(one)
    said(refused(server, one), *words)


def test_a_missing_entry_script_names_the_folder_that_was_searched(server, unchanged, project):
    one = project()
    entry("nowhere.py")(one)
    said(refused(server, one), str(one.folder / "nowhere.py"))


# --- names, models, targets -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Has-Capitals", "ab", "1st", "ends-", "under_score", "x" * 33])
def test_a_bad_service_name_names_the_rule(server, unchanged, project, name):
    said(refused(server, project(), name=name), name, "3", "32")


@pytest.mark.parametrize("name", ["-dash", "sp ace", "sla/sh", "x" * 256])
def test_a_bad_model_name(server, unchanged, name):
    (server.home / "m.txt").write_text("m")
    said(server.cli("model", "register", f"--name={name}", "-p", "m.txt", fails=True).err, "name", "255")


@pytest.mark.parametrize("name", ["1st", "a", "ends-", "under_score", "x" * 25])
def test_a_bad_compute_name(server, unchanged, name):
    said(server.cli("computetarget", "create", "aks", "-n", name, fails=True).err, name)


def test_a_model_path_that_is_not_there(server, unchanged):
    said(server.cli("model", "register", "-n", "absent", "-p", "no-such-file.pkl", fails=True).err, "no-such-file.pkl")


def test_a_framework_version_without_a_framework(server, unchanged):
    (server.home / "m.txt").write_text("m")
    said(
        server.cli("model", "register", "-n", "m", "-p", "m.txt", "--model-framework-version", "1", fails=True).err,
        "--model-framework",
    )


@pytest.mark.parametrize("model", ["small:99", "nobody:1", "small", "small:one"])
def test_a_model_that_is_not_registered(server, unchanged, project, model):
    one = project()
    words = ["model", "deploy", "-n", "badinput", "-m", model, "-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
    said(server.cli(*words, cwd=one.folder, fails=True).err, "-m/--model", model)


def test_an_unknown_compute_target_names_those_that_exist(server, unchanged, project):
    said(refused(server, project(), "-ct", "nowhere"), "nowhere", "machine")


def test_a_taken_name_without_overwrite(server, project):
    one = project()
    server.deploy("taken", one)
    before = state(server)
    error = refused(server, one, name="taken")
    after = state(server)
    server.cli("service", "delete", "-n", "taken")
    said(error, "taken", "--overwrite")
    assert after == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("model deploy -n x", ["--inference-config-file", "required"]),
        ("model register -p x", ["--name"]),
        ("service show", ["--name"]),
        ("service show -n x --no-such-flag", ["--no-such-flag"]),
        ("service shw -n x", ["shw"]),
        ("", ["tidegate --help"]),
        ("model deploy -n abc -m small:1 -ic a.json --nr many", ["many"]),
    ],
)
def test_wrong_flags(server, unchanged, words, expected):
    error = server.cli(*words.split(), fails=True).err
    assert any(word in error for word in expected), error


def test_service_verbs_on_an_unknown_service_name_it(server, unchanged):
    for verb in ("show", "get-keys", "get-logs", "delete", "run"):
        more = ["-d", "{}"] if verb == "run" else []
        said(server.cli("service", verb, "-n", "unknown-one", *more, fails=True).err, "unknown-one")


# --- init() that fails ----------------------------------------------------------------------------

FAILING_INIT = {
    "raises": (
        "def deep():\n    raise ValueError('the weights are odd')\ndef init(): deep()\ndef run(body): return 1\n",
        ["ValueError: the weights are odd", "score.py", "line 2", "in deep"],
    ),
    "raises at import": (
        "import no_such_module\ndef init(): pass\ndef run(body): return 1\n",
        ["ModuleNotFoundError", "no_such_module"],
    ),
    "exits": ("import os\ndef init(): os._exit(7)\ndef run(body): return 1\n", ["exited with code 7"]),
    "is killed": (
        "import os, signal\ndef init(): os.kill(os.getpid(), signal.SIGKILL)\ndef run(body): return 1\n",
        ["signal 9"],
    ),
    "run takes nothing": ("def init(): pass\ndef run(): return 1\n", ["run() needs to accept an argument"]),
}


@pytest.mark.parametrize("case", FAILING_INIT)
def test_a_first_deployment_whose_init_fails_leaves_only_its_operation(server, project, case):
    text, words = FAILING_INIT[case]
    server.have_model()
    tables, tree = state(server)
    said(refused(server, project(text), name="failing"), *words)
    tables_after, tree_after = state(server)
    changed = {t: (n, tables_after[t]) for t, n in tables.items() if tables_after[t] != n}
    assert {t.split(":")[1] for t in changed} <= {"operations"}
    assert {f.split("/")[0] for f in tree_after ^ tree} <= {"operations"}
    listed = {s["name"]: s["state"] for s in server.rest.mms("GET", "services?expand=true").json()["value"]}
    assert listed["failing"] == "Failed"
    assert set(listed.values()) == {"Failed"}


def test_a_failed_deployment_can_still_be_asked_for_its_reason(server, project):
    refused(server, project("def init(): raise ValueError('told later')\ndef run(body): return 1\n"), name="failing")
    shown = server.service("failing")
    assert shown["state"] == "Failed"
    assert "told later" in str(shown["error"])


def test_an_update_that_fails_leaves_the_old_version_serving(server, tmp_path):
    one = Project(tmp_path / "old", "def init(): pass\ndef run(body): return 'old'\n")
    server.deploy("survivor", one)
    replicas = server.replicas("survivor")
    one.write("score.py", "def init(): raise ValueError('the new one is broken')\ndef run(body): return 'new'\n")
    failed = server.cli("service", "update", "-n", "survivor", "-ic", "inferenceconfig.json", cwd=one.folder, fails=True)
    answer, shown, after = server.score("survivor"), server.service("survivor"), server.replicas("survivor")
    server.cli("service", "delete", "-n", "survivor")
    said(failed.err, "the new one is broken")
    assert (answer.status, answer.json()) == (200, "old")
    assert shown["state"] == "Healthy"
    assert "the new one is broken" in str(shown["error"])
    assert after == replicas


def test_what_cannot_be_had_names_the_package_and_the_line(server, unchanged, project):
    """`unchanged` would be too much for a failed build: only its operation may stay."""
    one = project(environment={"python": {"condaDependenciesFile": "conda.yml"}})
    one.write("conda.yml", "dependencies:\n- python=3.11\n- cudatoolkit=11.0\n- pip:\n  - iniconfig==2.3.1\n")
    said(refused(server, one), "cudatoolkit", "conda.yml:3")


# --- the REST API itself --------------------------------------------------------------------------


def test_rest_refuses_what_is_no_json_wrong_tokens_and_unknown_paths(server, unchanged):
    path = "services"
    assert server.rest.mms("POST", path, b"{not json", headers={"Content-Type": "application/json"}).status == 400
    assert server.rest.mms("GET", path, token="").status == 401
    assert server.rest.mms("GET", path, token="wrong").status == 401
    assert server.rest.get("/tidegate/v1/nothing-here").status == 404
    other = WORKSPACE.replace("default", "elsewhere")
    missing = server.rest.get(f"/modelmanagement/v1.0{other}/services")
    assert missing.status == 404 and "elsewhere" in missing.json()["message"]


def test_rest_errors_are_read_by_both_kinds_of_client(server, unchanged):
    body = server.rest.mms("GET", "services/unknown-one").json()
    assert body["statusCode"] == body["error"]["statusCode"] == 404
    assert body["message"] == body["error"]["message"]
    assert body["code"] == body["error"]["code"] == "NotFound"
    assert "unknown-one" in body["message"]


def test_the_token_is_for_the_owner_alone(server):
    assert (server.data / "api.token").stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0


def test_echo_is_what_the_other_tests_deploy():
    """ECHO must stay a script that passes every check, or the tables above test something else."""
    compile(ECHO, "score.py", "exec")
