"""The scripts for models without one of the user's, in an environment that has their libraries: what they answer is
the library's own answer, and what a model does not take is a 400 that says what it takes."""

import base64
import json
import struct
from pathlib import Path

import pytest
from replica import PACKAGES, Replica
from support import environments

HERE = Path(__file__).resolve().parent
START_MAX_S = 120  # libraries take seconds to import, more on a busy machine

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def models(python, tmp_path_factory):
    """{name: (folder of the model, what write_models.py says of it)}"""
    folder = tmp_path_factory.mktemp("models")
    environments.run([python, HERE / "write_models.py", folder])
    return {one.name: (one, json.loads((folder / f"{one.name}.json").read_text()))
            for one in sorted(folder.iterdir()) if one.is_dir()}


@pytest.fixture(scope="module")
def serve(python, models):
    """serve(name of a model) -> (Replica that serves it, what is known of it)"""
    started = {}

    def make(name):
        if name not in started:
            folder, known = models[name]
            env = {"AZUREML_ENTRY_SCRIPT": None, "TIDEGATE_NO_CODE": known["framework"], "PYTHONPATH": str(PACKAGES),
                   "AZUREML_MODEL_DIR": str(folder)}
            started[name] = Replica(None, python=python, env=env)
        return started[name].wait_ready(START_MAX_S), models[name][1]

    yield make
    for replica in started.values():
        replica.close()


def ask(replica, body):
    return replica.score(body if isinstance(body, (str, bytes)) else json.dumps(body))


def expect_refused(replica, body, said):
    reply = ask(replica, body)
    assert reply.status == 400, reply.body
    assert said in reply.message
    assert "Traceback" not in reply.message and len(reply.message) < 2000
    assert replica.process.poll() is None


@pytest.mark.parametrize(
    "name", ["frame", "booster_json", "booster_ubj", "named_booster", "classifier_json", "regressor_ubj", "pickled_xgb"])
def test_rows_get_what_the_library_answers(serve, name):
    replica, known = serve(name)
    for question in known["questions"]:
        reply = ask(replica, question["body"])
        assert (reply.status, reply.json()) == (200, question["answer"]), reply.body
    example = replica.get("/swagger.json").json()["definitions"]["ServiceInput"]["example"]
    assert ask(replica, example).status == (400 if name == "frame" else 200)  # it knows the number of columns only


@pytest.mark.parametrize(
    "name, body, said",
    [
        ("booster_json", {"data": [[1, 2]]}, "data has the shape [1, 2]. The model takes rows of 3 features"),
        ("booster_json", {"data": [[1, 2, 3], [1]]}, "predict() does not take this data"),
        ("booster_json", {"data": [["a", 2, 3]]}, "features must be numbers"),
        ("booster_json", {"data": [[True, 2, 3]]}, "features must be numbers"),
        ("booster_json", {"data": [1, 2, 3]}, "data must be a list of rows"),
        ("booster_json", {"data": []}, "data has the shape [0]"),
        ("booster_json", {"data": [[[1], [2], [3]]]}, "data has the shape [1, 3, 1]"),
        ("booster_json", {"data": [[{}, 1, 2]]}, "predict() does not take this data"),
        ("booster_json", {"data": [[1, 2, 3]], "method": "predict_proba"},
         "the model has no method 'predict_proba'; it has: predict"),
        ("booster_json", {"data": [{"a": 1, "b": 2, "c": 3}]}, "rows are lists"),
        ("named_booster", {"data": [{"x": 1, "y": 2}]}, "unknown [], missing ['z']"),
        ("named_booster", {"data": [{"x": 1, "y": 2, "z": 3}, [1, 2, 3]]}, "rows are lists or objects, not both"),
        ("named_booster", {"data": [[1]]}, "The model takes rows of 3 features (x, y, z)"),
        ("classifier_json", {"data": [[1, 2]]}, "predict_proba() does not take this data: data has the shape [1, 2]"),
        ("classifier_json", {"data": [[1, 2, 3]], "method": "fit"}, "the model has no method 'fit'"),
        ("frame", {"data": [{"size": 1.0}]}, "predict() does not take this data"),
        ("frame", {"data": {"columns": ["size"], "rows": []}}, "predict() does not take this data: 'data'"),
    ],
)
def test_rows_that_the_model_does_not_take_are_refused(serve, name, body, said):
    replica, known = serve(name)
    expect_refused(replica, body, said)
    assert ask(replica, known["questions"][0]["body"]).status == 200


@pytest.mark.parametrize("name", ["converted", "linear", "typed", "texts", "dynamic"])
def test_onnx_models_answer_as_the_runtime_does(serve, name):
    replica, known = serve(name)
    for question in known["questions"]:
        reply = ask(replica, question["body"])
        assert (reply.status, reply.json()) == (200, question["answer"]), reply.body
    assert ask(replica, replica.get("/swagger.json").json()["definitions"]["ServiceInput"]["example"]).status == 200


def raw(*numbers):
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@pytest.mark.parametrize(
    "proto",
    [
        {"dims": ["1", "2"], "dataType": 1, "rawData": raw(3, 4), "dataLocation": "DEFAULT"},
        {"dims": [1, 2], "dataType": "FLOAT", "floatData": [3, 4]},
        {"dims": ["1", "2"], "data_type": 1, "raw_data": raw(3, 4)},
        {"dims": ["1", "2"], "data_type": 1, "float_data": [3.0, 4.0]},
    ],
)
def test_clients_of_onnx_runtime_server_get_their_form_back(serve, proto):
    """linear: y = 2 x + 1, of a row of two"""
    replica, _ = serve("linear")
    reply = ask(replica, {"inputs": {"x": proto}, "outputFilter": ["y"]}).json()
    assert reply == {"outputs": {"y": {"dims": ["1", "2"], "dataType": 1, "rawData": raw(7, 9)}}}


@pytest.mark.parametrize(
    "name, body, said",
    [
        ("linear", {"inputs": {"z": [[1, 2]]}}, "inputs that are missing: x; the model takes x: float32 [rows, 2]"),
        ("linear", {"inputs": {"x": [[1, 2]], "z": 1}}, "inputs that the model has not: z"),
        ("linear", {"inputs": {"x": [[1, 2, 3]]}}, "input 'x' has the shape [1, 3]; the model takes x: float32 [rows, 2]"),
        ("linear", {"inputs": {"x": [1, 2]}}, "input 'x' has the shape [2]"),
        ("linear", {"inputs": {"x": [["a", "b"]]}}, "input 'x' is no tensor of that type"),
        ("linear", {"inputs": {"x": [[1, 2], [3]]}}, "input 'x' is no tensor of that type"),
        ("linear", {"inputs": {"x": {"dims": [1, 2], "dataType": 1, "rawData": raw(1)}}}, "is no TensorProto"),
        ("linear", {"inputs": {"x": {"dims": [1, 2], "dataType": 1, "rawData": "?"}}}, "is no TensorProto"),
        ("linear", {"inputs": {"x": {"dims": [1, 2], "dataType": 99}}}, "is no TensorProto"),
        ("linear", {"inputs": {"x": {}}}, "is no TensorProto"),
        ("linear", {"inputs": {"x": {"dims": [-1, 2], "dataType": 1, "floatData": [1]}}}, "is no TensorProto"),
        ("linear", {"inputs": {"x": {"dims": [1, 2], "dataType": 11, "doubleData": [1, 2]}}},
         "input 'x' has the type float64; the model takes x: float32"),
        ("linear", {"inputs": {"x": [[1, 2]]}, "outputFilter": ["nothing"]}, "outputs of the model, which are: y"),
        ("linear", {"input": [[1, 2]]}, "the body has unknown members: 'input'"),
        ("linear", "[1]", 'the body is no JSON object; send {"inputs": {"x": [...]}}'),
        ("typed", {"inputs": [[1, 2]]}, "inputs must be an object with a member for each input"),
        ("typed", {"inputs": {"count": [1.5], "flag": [True], "small": [1]}}, "holds what is no whole number"),
        ("typed", {"inputs": {"count": [1], "flag": [1], "small": [1]}}, "input 'flag' is no tensor of that type"),
        ("typed", {"inputs": {"count": [1], "flag": [True], "small": [300]}}, "no whole number from 0 to 255"),
        ("typed", {"inputs": {"count": [1e300], "flag": [True], "small": [1]}}, "holds what is no whole number"),
        ("texts", {"inputs": {"text": [1]}}, "input 'text' is no tensor of that type; the model takes text: string"),
        ("dynamic", {"inputs": {"a": [[1, 2]], "b": [[1, 2, 3]]}}, "the model does not take these inputs"),
    ],
)
def test_tensors_that_the_model_does_not_take_are_refused(serve, name, body, said):
    replica, known = serve(name)
    expect_refused(replica, body, said)
    assert ask(replica, known["questions"][0]["body"]).status == 200


@pytest.mark.parametrize(
    "framework, name, said",
    [
        ("Onnx", "model.onnx", "model.onnx cannot be loaded with onnxruntime"),
        ("XGBoost", "model.json", "model.json cannot be loaded with xgboost"),
        ("XGBoost", "model.ubj", "model.ubj cannot be loaded with xgboost"),
        ("XGBoost", "model.pkl", "model.pkl cannot be loaded with xgboost"),
    ],
)
def test_a_file_that_is_no_model_fails_the_start_with_what_is_wrong(python, tmp_path, framework, name, said):
    (tmp_path / name).write_text("this is no model")
    env = {"AZUREML_ENTRY_SCRIPT": None, "TIDEGATE_NO_CODE": framework, "AZUREML_MODEL_DIR": str(tmp_path)}
    replica = Replica(None, python=python, env=env)
    try:
        assert replica.process.wait(START_MAX_S) == 3
        assert said in replica.startup_error()["message"]
    finally:
        replica.close()
