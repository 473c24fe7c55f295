"""The user's story: a model and a score.py become a keyed scoring URI."""

import threading

import pytest
from support.project import Project, conda
from support.rest import score
from support.story import (
    DEPLOY,
    tell,
    test_both_keys_open_the_scoring_uri,  # noqa: F401
    test_results_are_on_stdout_and_progress_on_stderr,  # noqa: F401
    test_the_deployed_service_is_healthy,  # noqa: F401
)


@pytest.fixture(scope="module")
def story(server, example):
    target = server.cli("computetarget", "create", "aks", "-n", "myaks")
    yield {"target": target, **tell(server, example, deploy_seconds=100)}
    server.cli("service", "delete", "-n", "myservice")


def test_a_process_target_says_that_it_is_one(story):
    assert "process" in (story["target"].out + story["target"].err).lower()


def test_service_run_predicts_what_scikit_learn_predicts(story, server, example):
    expected = example.prediction(server.service("myservice")["tidegate"]["interpreter"])
    assert story["run"].json() == pytest.approx(expected, rel=0, abs=1e-12)


def test_curls_default_content_type_reaches_run_like_any_other(story, example):
    """`curl -d` says application/x-www-form-urlencoded; the body is the script's all the same."""
    reply = score(
        story["show"].json()["scoringUri"], story["keys"].json()["primaryKey"], example.body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert reply.json() == story["run"].json()


def test_a_second_deployment_of_the_recipe_builds_nothing(story, server, example):
    first = server.service("myservice")["tidegate"]
    server.cli(*DEPLOY.replace("myservice", "second").split(), cwd=example.folder)
    second = server.service("second")["tidegate"]
    server.cli("service", "delete", "-n", "second")
    assert second["environmentHash"] == first["environmentHash"]
    assert second["interpreter"] == first["interpreter"]
    assert second["environmentFoundIn"] == "workspace registry"


def environments(server):
    return {p.name for p in (server.data / "environments").iterdir() if p.is_symlink()}


def test_two_deployments_at_once_of_a_new_recipe_build_it_once(server, tmp_path):
    server.have_model()
    before = environments(server)
    projects = {name: Project(tmp_path / name, environment=conda("iniconfig==2.3.1")) for name in ("one", "two")}
    threads = [threading.Thread(target=server.deploy, args=item) for item in projects.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {name: server.service(name)["tidegate"] for name in projects}
    for name in projects:
        server.cli("service", "delete", "-n", name)
    assert len(environments(server) - before) == 1
    assert found["one"]["environmentHash"] == found["two"]["environmentHash"]


def test_packages_of_the_environment_are_importable(server, tmp_path):
    script = "import iniconfig\ndef init(): pass\ndef run(body): return iniconfig.__name__\n"
    server.deploy("uses", Project(tmp_path / "uses", script, environment=conda("iniconfig==2.3.1")))
    reply = server.score("uses")
    server.cli("service", "delete", "-n", "uses")
    assert reply.json() == "iniconfig"


def test_updating_the_code_alone_changes_the_answer(server, tmp_path):
    project = Project(tmp_path / "code", "def init(): pass\ndef run(body): return 'old'\n")
    server.deploy("code", project)
    old = server.service("code")["tidegate"]
    project.write("score.py", "def init(): pass\ndef run(body): return 'new'\n")
    updated = server.cli("service", "update", "-n", "code", "-ic", "inferenceconfig.json", cwd=project.folder)
    answer = server.score("code").json()
    new = server.service("code")["tidegate"]
    server.cli("service", "delete", "-n", "code")
    assert updated.json()["state"] == "Healthy"
    assert answer == "new"
    assert new["generation"] == old["generation"] + 1
    assert new["environmentHash"] == old["environmentHash"]


def test_ignored_files_stay_at_home_and_the_log_says_so(server, tmp_path):
    script = "import os\ndef init(): pass\ndef run(body): return sorted(f for _, _, fs in os.walk('.') for f in fs)\n"
    project = Project(tmp_path / "ignore", script)
    project.write(".amlignore", "*.secret\n")
    project.write("a.secret", "x")
    project.write("b.kept", "x")
    deployed = server.deploy("ignore", project)
    files = server.score("ignore").json()
    server.cli("service", "delete", "-n", "ignore")
    assert "b.kept" in files and "a.secret" not in files
    assert "a.secret" in deployed.err or ".amlignore" in deployed.err


def test_the_script_finds_its_model_where_the_platform_puts_it(server, tmp_path):
    script = (
        "import os\n"
        "def init(): pass\n"
        "def run(body):\n"
        "    where = os.environ['AZUREML_MODEL_DIR']\n"
        "    return [where, os.listdir(where), os.path.exists('azureml-models/small/1/small.txt')]\n"
    )
    server.deploy("finds", Project(tmp_path / "finds", script))
    where, files, relative = server.score("finds").json()
    server.cli("service", "delete", "-n", "finds")
    assert where.endswith("azureml-models/small/1")
    assert files == ["small.txt"]
    assert relative


def test_files_named_as_modules_of_the_standard_library_do_no_harm(server, tmp_path):
    one = Project(tmp_path / "shadows")
    for name in ("types", "enum", "json", "re"):
        (one.folder / f"{name}.py").write_text("raise RuntimeError('a file of the service, not of Python')\n")
    server.deploy("shadows", one)
    assert server.service("shadows")["state"] == "Healthy"
    server.cli("service", "delete", "-n", "shadows")


def test_another_python_than_asked_for_warns_and_with_strict_fails(server, tmp_path):
    project = Project(tmp_path / "python", environment=conda(python="3.6"))
    deployed = server.deploy("python", project)
    server.cli("service", "delete", "-n", "python")
    assert "3.6" in deployed.err
    refused = server.deploy("python", project, "--strict", fails=True)
    assert "3.6" in refused.err


def test_get_logs_shows_what_the_script_prints(server, tmp_path):
    script = "def init(): print('printed by init')\ndef run(body):\n    print('printed by run')\n    return 1\n"
    server.deploy("prints", Project(tmp_path / "prints", script))
    server.score("prints")
    logs = server.cli("service", "get-logs", "-n", "prints")
    server.cli("service", "delete", "-n", "prints")
    assert "printed by init" in logs.out
    assert "printed by run" in logs.out

