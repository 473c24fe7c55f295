"""The script that serves a scikit-learn model without one of the user's: what it takes, gives and refuses.
The other frameworks are in test/libraries/test_no_code.py, whose environment has them."""

import json
import pickle

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = np.random.default_rng(5).random((60, 3))
CLASSES = np.where(ROWS[:, 0] > 0.6, "high", np.where(ROWS[:, 1] > 0.5, "middle", "low"))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """model_folder(object, name) -> a folder as AZUREML_MODEL_DIR"""
    def make(model, name="model.pkl", dump=joblib.dump):
        folder = tmp_path_factory.mktemp("model")
        dump(model, folder / name)
        return folder

    return make


def environ(folder, framework="ScikitLearn"):
    return {"AZUREML_ENTRY_SCRIPT": None, "TIDEGATE_NO_CODE": framework, "AZUREML_MODEL_DIR": str(folder)}


@pytest.fixture(scope="module")
def classifier(module_launch, model_folder):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, CLASSES)
    replica = module_launch(None, env=environ(model_folder(model))).wait_ready()
    yield model, replica


def ask(replica, body):
    return replica.score(body if isinstance(body, (str, bytes)) else json.dumps(body))


def test_a_classifier_gives_probabilities_and_what_is_asked_for(classifier):
    model, replica = classifier
    rows = ROWS[:5].tolist()
    for member in ("data", "input_data"):
        assert ask(replica, {member: rows}).json() == {"predict_proba": model.predict_proba(rows).tolist()}
    assert ask(replica, {"data": rows, "method": "predict"}).json() == {"predict": model.predict(rows).tolist()}
    margins = ask(replica, {"data": rows, "method": "decision_function"}).json()
    assert margins == {"decision_function": model.decision_function(rows).tolist()}


@pytest.mark.parametrize("name", ["model.pkl", "anything.joblib", "without_a_suffix"])
def test_a_regressor_predicts(serve, model_folder, name):
    model = LinearRegression().fit(ROWS, ROWS.sum(axis=1))
    dump = joblib.dump if name.endswith("joblib") else lambda it, path: path.write_bytes(pickle.dumps(it))
    replica = serve(None, env=environ(model_folder(model, name, dump)))
    assert ask(replica, {"data": ROWS[:4].tolist()}).json() == {"predict": model.predict(ROWS[:4]).tolist()}


@pytest.mark.parametrize(
    "body, said",
    [
        ("", "the body is no JSON"),
        ("[[1, 2, 3]]", 'the body is no JSON object; send {"data": [[0.0, 0.0, 0.0]], "method": "predict_proba"}'),
        ("[" * 100_000, "the body is no JSON"),
        ("{}", "the body has none of 'data', 'input_data'"),
        ('{"data": [[1, 2, 3]], "input_data": [[1, 2, 3]]}', "has more than one of 'data', 'input_data'"),
        ('{"data": [[1, 2, 3]], "metod": "predict"}', "unknown members: 'metod'"),
        ('{"data": [[1, 2, 3]], "method": "fit"}',
         "the model has no method 'fit'; it has: predict_proba, predict, predict_log_proba, decision_function"),
        ('{"data": [[1, 2, 3]], "method": ["predict"]}', "the model has no method ['predict']; it has: "),
        ('{"data": [[1, 2, 3]], "method": "__class__"}', "the model has no method '__class__'; it has: "),
        ('{"data": [[1, 2]]}', "predict_proba() does not take this data: X has 2 features"),
        ('{"data": [[1, 2]]}', "The model takes rows of 3 features"),
        ('{"data": [1, 2, 3]}', "Expected 2D array, got 1D array instead"),
        ('{"data": [[1, 2, 3], [1]]}', "predict_proba() does not take this data"),
        ('{"data": [["a", "b", "c"]]}', "could not convert string to float"),
        ('{"data": []}', "predict_proba() does not take this data"),
        ('{"data": null}', "data must be a list of rows, is NoneType"),
        ('{"data": 7}', "data must be a list of rows, is int"),
        ('{"data": [[NaN, 1, 2]]}', "Input X contains NaN"),
        ('{"data": [[1e999, 1, 2]]}', "Input X contains infinity"),
        ('{"data": [[%d, 1, 2]]}' % 10**400, "predict_proba() does not take this data"),
        ('{"data": [[{}, 1, 2]]}', "predict_proba() does not take this data"),
    ],
)
def test_what_the_model_does_not_take_is_the_callers_fault(classifier, body, said):
    _, replica = classifier
    pid = replica.process.pid
    reply = ask(replica, body)
    assert (reply.status, said in reply.message) == (400, True), reply.body
    assert "Traceback" not in reply.message and len(reply.message) < 1500
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert replica.process.poll() is None and replica.process.pid == pid
    assert ask(replica, {"data": ROWS[:1].tolist()}).status == 200


def test_a_model_that_is_not_fitted_is_not_the_callers_fault(serve, model_folder):
    replica = serve(None, env=environ(model_folder(LinearRegression())))
    reply = ask(replica, {"data": [[1, 2, 3]]})
    assert reply.status == 500
    assert reply.message == "An unexpected error occurred in scoring script. Check the logs for more info."
    assert "NotFittedError" in replica.log()


def test_swagger_says_what_the_model_takes(classifier):
    _, replica = classifier
    document = replica.get("/swagger.json").json()
    taken = document["definitions"]["ServiceInput"]
    assert taken["example"] == {"data": [[0.0, 0.0, 0.0]], "method": "predict_proba"}
    assert taken["properties"]["data"]["items"] == {"type": "array", "items": {}, "minItems": 3, "maxItems": 3}
    assert taken["properties"]["method"]["enum"][:2] == ["predict_proba", "predict"]
    assert ask(replica, taken["example"]).status == 200
    assert "components" in replica.get("/swagger.json?version=3").json()


@pytest.mark.parametrize(
    "files, said",
    [
        ({"model.pkl": b"no pickle"}, "model.pkl cannot be loaded with scikit-learn"),
        ({"model.pkl": pickle.dumps({"a": 1})}, "holds a dict, which has none of scikit-learn's methods"),
        ({"a.pkl": b"", "b.pkl": b""}, "the model has 2 files that may be a pickle"),
        ({"a.txt": b"", "b.txt": b""}, "it holds: a.txt, b.txt"),
        ({}, "it holds: nothing"),
    ],
)
def test_a_model_that_is_none_fails_the_start_with_what_is_wrong(launch, tmp_path, files, said):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    replica = launch(None, env=environ(tmp_path))
    assert replica.exit_code() == 3
    assert said in replica.startup_error()["message"]


def test_the_file_beside_others_is_found_by_its_name(serve, model_folder):
    folder = model_folder(LinearRegression().fit(ROWS, ROWS[:, 0]))
    (folder / "README.md").write_text("about it")
    assert ask(serve(None, env=environ(folder)), {"data": ROWS[:1].tolist()}).status == 200


def test_a_framework_without_a_script_fails_the_start(launch, tmp_path):
    replica = launch(None, env=environ(tmp_path, "PyTorch"))
    assert replica.exit_code() == 3
    message = replica.startup_error()["message"]
    assert message.startswith("TIDEGATE_NO_CODE must be one of ") and message.endswith("not 'PyTorch' (environment)")


def test_workers_of_a_template_serve_it_too(serve, model_folder):
    folder = model_folder(LinearRegression().fit(ROWS, ROWS[:, 0]))
    replica = serve(None, env={**environ(folder), "WORKER_COUNT": "2", "OPENBLAS_NUM_THREADS": "1"})
    replica.wait_for_log("Worker 2 (pid ")
    assert ask(replica, {"data": ROWS[:1].tolist()}).status == 200
