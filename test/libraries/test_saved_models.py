"""The script for TensorFlow's SavedModels, in an environment that has TensorFlow: TensorFlow Serving's requests, and
what a model does not take is a 400 that says what it takes."""

import base64
import re
from pathlib import Path

import pytest
from replica import PACKAGES, ROOT, Replica
from support import environments
from test_no_code import ask, expect_refused

HERE = Path(__file__).resolve().parent
START_MAX_S = 120

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tensorflow():
    return environments.interpreter(HERE / "tensorflow.txt", environments.ROOT / "build/libraries", flags=("--no-deps",))


def launch(python, folder):
    env = {"AZUREML_ENTRY_SCRIPT": None, "TIDEGATE_NO_CODE": "TensorFlow", "PYTHONPATH": str(PACKAGES),
           "AZUREML_MODEL_DIR": str(folder)}
    return Replica(None, python=python, env=env)


@pytest.fixture(scope="module")
def saved(tensorflow, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    environments.run([tensorflow, HERE / "write_saved_models.py", folder])
    replica = launch(tensorflow, folder)
    try:
        yield replica.wait_ready(START_MAX_S)
    finally:
        replica.close()


@pytest.mark.parametrize(
    "body, answer",
    [
        # Version 2 of the model, as TensorFlow Serving would take it: y = x * [20, 30] + 1.
        ({"instances": [[1, 2], [0.5, 0]]}, {"predictions": [[21.0, 61.0], [11.0, 1.0]]}),
        ({"instances": [{"x": [1, 2]}]}, {"predictions": [[21.0, 61.0]]}),
        ({"inputs": [[1, 2]]}, {"outputs": [[21.0, 61.0]]}),
        ({"inputs": {"x": [[1, 2]]}, "signature_name": "serving_default"}, {"outputs": [[21.0, 61.0]]}),
        ({"instances": [{"x": [1, 2], "times": 3}, {"x": [3, 4], "times": 4}], "signature_name": "many"},
         {"predictions": [{"count": 6, "sum": 3.0}, {"count": 8, "sum": 7.0}]}),
        ({"inputs": {"x": [[1, 2]], "times": [3]}, "signature_name": "many"}, {"outputs": {"count": [6], "sum": [3.0]}}),
        ({"instances": ["four", {"b64": base64.b64encode(b"\xff\x00").decode()}], "signature_name": "length"},
         {"predictions": [4, 2]}),
    ],
)
def test_requests_of_tensorflow_serving_are_answered(saved, body, answer):
    reply = ask(saved, body)
    assert (reply.status, reply.json()) == (200, answer), reply.body


@pytest.mark.parametrize(
    "body, said",
    [
        ({}, "the body has none of 'instances', 'inputs'"),
        ({"instances": []}, "instances must be a list of at least one row; the model takes x: float32 [?, 2]"),
        ({"instances": [[1, 2, 3]]}, "input 'x' has the shape [1, 3]; the model takes x: float32 [?, 2]"),
        ({"instances": [[1, 2], [1]]}, "input 'x' is no tensor of that type"),
        ({"instances": [["a", "b"]]}, "input 'x' is no tensor of that type"),
        ({"instances": [{"z": [1, 2]}]}, "inputs that are missing: x"),
        ({"instances": [{"x": [1, 2]}, [1, 2]]}, "instances must have the same members in each row"),
        ({"inputs": {"x": [[1, 2]], "z": 1}}, "inputs that the model has not: z"),
        ({"inputs": [[1, 2]], "signature_name": "many"}, "inputs must be an object with a member for each input"),
        ({"inputs": [[1, 2]], "signature_name": "train"},
         "the model has no signature 'train'; it has: length, many, product, serving_default"),
        ({"instances": [{"b64": "?"}], "signature_name": "length"}, 'input \'text\' has an object that is not {"b64"'),
        ({"instances": [7], "signature_name": "length"}, "input 'text' is no tensor of that type"),
        ({"inputs": {"a": [[1, 2]], "b": [[1, 2]]}, "signature_name": "product"},
         "the model does not take these inputs"),
        ({"instances": [[1, 2]], "data": 1}, "the body has unknown members: 'data'"),
    ],
)
def test_what_the_model_does_not_take_is_refused(saved, body, said):
    expect_refused(saved, body, said)
    assert ask(saved, {"instances": [[1, 2]]}).status == 200


def test_swagger_has_a_request_that_works(saved):
    example = saved.get("/swagger.json").json()["definitions"]["ServiceInput"]["example"]
    assert ask(saved, example).json() == {"predictions": [[1.0, 1.0]]}


def test_a_folder_that_is_no_saved_model_fails_the_start(tensorflow, tmp_path):
    (tmp_path / "weights.h5").write_text("")
    replica = launch(tensorflow, tmp_path)
    try:
        assert replica.process.wait(START_MAX_S) == 3
        assert "0 folders with a saved_model.pb, one is needed; it holds: weights.h5" in replica.startup_error()["message"]
    finally:
        replica.close()


def test_the_environment_is_that_of_a_deployment():
    table = (ROOT / "src/domain/no_code.cpp").read_text().split("kTensorFlow[] = {", 1)[1].split("};", 1)[0]
    deployed = set(re.findall(r"[\w-]+==[\w.]+", table))
    lines = (HERE / "tensorflow.txt").read_text().splitlines()
    assert deployed == {line for line in lines if line and not line.startswith(("#", "tensorflow-cpu=="))}
