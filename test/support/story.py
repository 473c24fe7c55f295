"""The user's story as far as it is the same on one machine and on a cluster: its commands, and what all of them say.

A module that imports the tests has a fixture `story`, which begins with tell()."""

import pytest
from support.rest import score

DEPLOY = "model deploy -ct myaks -m mymodel:1 -n myservice -ic inferenceconfig.json -dc deploymentconfig.json"


def tell(server, example, *, deploy_seconds):
    """The commands, in order, by name; each test looks at one of them. The target myaks is there."""

    def run(line, **options):
        return server.cli(*line.split(), cwd=example.folder, **options)

    return {
        "model": run("model register -n mymodel -p model.pkl"),
        "deploy": run(DEPLOY, seconds=deploy_seconds),
        "show": run("service show -n myservice"),
        "run": server.cli("service", "run", "-n", "myservice", "-d", example.body),
        "keys": run("service get-keys -n myservice"),
    }


def test_the_deployed_service_is_healthy(story):
    assert story["deploy"].json()["state"] == story["show"].json()["state"] == "Healthy"


def test_results_are_on_stdout_and_progress_on_stderr(story):
    assert story["deploy"].json()["name"] == "myservice"
    assert story["deploy"].err.strip() != ""


@pytest.mark.parametrize("which", ["primaryKey", "secondaryKey"])
def test_both_keys_open_the_scoring_uri(story, example, which):
    reply = score(story["show"].json()["scoringUri"], story["keys"].json()[which], example.body.encode())
    assert reply.status == 200
    assert reply.json() == story["run"].json()
