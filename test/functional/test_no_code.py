"""Models that are deployed without a script and without an environment: the answers are the library's own."""

import json
import subprocess
from pathlib import Path

import pytest
from support import environments
from support.server import ROOT

# Each writes the model into the current folder and prints {"rows": ..., "answers": {method: ...}}.
SCIKIT_LEARN = """
import json, joblib, numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rows, classes = load_iris(return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, classes)
joblib.dump(model, "model.pkl")
some = rows[::30]
print(json.dumps({"rows": some.tolist(), "answers": {
    "predict_proba": model.predict_proba(some).tolist(), "predict": model.predict(some).tolist()}}))
"""

ONNX = """
import json, numpy as np, onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
rows, targets = load_diabetes(return_X_y=True)
rows = rows.astype(np.float32)
with open("model.onnx", "wb") as file:
    file.write(to_onnx(Ridge().fit(rows, targets), rows[:1]).SerializeToString())
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
some = rows[::100]
print(json.dumps({"rows": some.tolist(), "input": session.get_inputs()[0].name, "answers": {
    one.name: value.tolist() for one, value in zip(session.get_outputs(), session.run(None, {
        session.get_inputs()[0].name: some}))}}))
"""

XGBOOST = """
import json, numpy as np, xgboost
from sklearn.datasets import load_iris
rows, classes = load_iris(return_X_y=True)
model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(rows, classes)
model.save_model("model.json")
some = rows[::30].astype(np.float32)
print(json.dumps({"rows": some.tolist(), "answers": {
    "predict_proba": model.predict_proba(some).tolist(), "predict": model.predict(some).tolist()}}))
"""


def train(code, folder, python=ROOT / ".venv/bin/python"):
    done = subprocess.run([python, "-c", code], cwd=folder, text=True, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def register(server, folder, name, path, framework, version):
    flags = ["--model-framework", framework, *(["--model-framework-version", version] if version else [])]
    return server.cli("model", "register", "-n", name, "-p", path, *flags, cwd=folder).json()["id"]


@pytest.fixture
def deploy(server):
    """Deploys a model under its name, with nothing but its id; deleted afterwards."""
    names = []

    def make(name, model, *flags, **options):
        names.append(name)
        return server.cli("model", "deploy", "-n", name, "-m", model, *flags, seconds=280, **options)

    yield make
    for name in names:
        server.cli("service", "delete", "-n", name)


@pytest.fixture(scope="module")
def training_python():
    return environments.interpreter(Path(__file__).with_name("no_code_training.txt"), ROOT / "build/no_code",
                                    flags=("--no-deps",))


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    folder = tmp_path_factory.mktemp("iris")
    return folder, train(SCIKIT_LEARN, folder)


def ask(server, name, body):
    return server.score(name, json.dumps(body).encode())


@pytest.mark.timeout(300)  # an environment is built
def test_a_scikit_learn_model_is_served_with_its_version(server, deploy, iris):
    folder, trained = iris
    model = register(server, folder, "iris", "model.pkl", "ScikitLearn", "1.9.1")
    deployed = deploy("iris", model)
    said = f"model {model} (ScikitLearn) is served by Tidegate's own script, with Python 3.11, scikit-learn==1.9.1"
    assert said in deployed.err
    for method, answer in trained["answers"].items():
        assert ask(server, "iris", {"data": trained["rows"], "method": method}).json() == {method: answer}
    assert ask(server, "iris", {"input_data": trained["rows"]}).json() == {
        "predict_proba": trained["answers"]["predict_proba"]}

    refused = ask(server, "iris", {"data": [[1, 2]], "method": "predict"})
    assert refused.status == 400
    assert "The model takes rows of 4 features" in refused.json()["message"]
    refused = ask(server, "iris", {"data": trained["rows"], "method": "transform"})
    assert (refused.status, "the model has no method 'transform'; it has: predict_proba, " in refused.body.decode()) == (
        400, True)

    shown = server.service("iris")
    assert shown["environmentDetails"]["name"] == "no-code-ScikitLearn"
    pip = shown["environmentDetails"]["python"]["condaDependencies"]["dependencies"][1]["pip"]
    assert "scikit-learn==1.9.1" in pip
    assert shown["environmentImageRequest"]["modelIds"] == [model]
    frozen = Path(shown["tidegate"]["interpreter"]).parents[2] / "lock.txt"
    assert set(pip) - {"--only-binary=:all:"} <= set(frozen.read_text().splitlines())


@pytest.mark.timeout(300)  # two environments are built
def test_an_onnx_model_is_served_whatever_version_of_the_format_it_has(server, deploy, training_python, tmp_path):
    trained = train(ONNX, tmp_path, training_python)
    model = register(server, tmp_path, "ridge", "model.onnx", "Onnx", "1.3")
    assert "onnxruntime==1.32.0" in deploy("ridge", model).err
    answer = {"outputs": trained["answers"]}
    assert ask(server, "ridge", {"inputs": {trained["input"]: trained["rows"]}}).json() == answer
    assert ask(server, "ridge", {"data": trained["rows"]}).json() == answer
    refused = ask(server, "ridge", {"inputs": {trained["input"]: [[1, 2]]}})
    assert (refused.status, "the model takes X: float32 [?, 10]" in refused.json()["message"]) == (400, True), refused


@pytest.mark.timeout(300)
def test_an_xgboost_model_is_served_with_its_version(server, deploy, training_python, tmp_path):
    trained = train(XGBOOST, tmp_path, training_python)
    model = register(server, tmp_path, "trees", "model.json", "XGBoost", "3.2.0")
    assert "xgboost-cpu==3.2.0" in deploy("trees", model).err
    for method, answer in trained["answers"].items():
        assert ask(server, "trees", {"data": trained["rows"], "method": method}).json() == {method: answer}
    refused = ask(server, "trees", {"data": [[1, 2]]})
    assert (refused.status, "The model takes rows of 4 features" in refused.json()["message"]) == (400, True)


@pytest.mark.timeout(300)
def test_a_new_version_of_the_model_is_served_by_an_update_that_names_it(server, deploy, iris, tmp_path):
    folder, trained = iris
    first = register(server, folder, "renewed", "model.pkl", "ScikitLearn", "1.9.1")
    deploy("renewed", first)
    train(SCIKIT_LEARN.replace("StandardScaler(), LogisticRegression()", "StandardScaler(), LogisticRegression(C=0.01)"),
          tmp_path)
    second = register(server, tmp_path, "renewed", "model.pkl", "ScikitLearn", "1.9.1")
    updated = server.cli("service", "update", "-n", "renewed", "-m", second, seconds=280)
    assert f"model {second} (ScikitLearn) is served by" in updated.err
    answer = ask(server, "renewed", {"data": trained["rows"]}).json()["predict_proba"]
    assert answer != trained["answers"]["predict_proba"]

    server.cli("service", "update", "-n", "renewed", "--max-request-wait-time", "700")
    assert ask(server, "renewed", {"data": trained["rows"]}).json()["predict_proba"] == answer

    refused = server.cli("service", "update", "-n", "renewed", "-m", first, "-m", second, fails=True)
    assert "You must provide an InferenceConfig when deploying zero or multiple models." in refused.err


def test_what_cannot_be_served_without_a_script_is_refused_and_nothing_stays(server, iris):
    folder, _ = iris
    before = server.rest.mms("GET", "services").json()["value"]
    plain = server.cli("model", "register", "-n", "plain", "-p", "model.pkl", cwd=folder).json()["id"]
    torch = register(server, folder, "torch", "model.pkl", "PyTorch", "2.0")
    old = register(server, folder, "old", "model.pkl", "ScikitLearn", "0.19.1")
    for flags, said in {
        ("-m", plain): "deploying a model with model_framework set to None. Default environments are only provided for",
        ("-m", torch): "deploying a model with model_framework set to PyTorch. Default environments are only provided",
        ("-m", old): "scikit-learn before 0.22 has no packages for Python 3.8 or newer",
        ("-m", plain, "-m", old): "You must provide an InferenceConfig when deploying zero or multiple models.",
        (): "You must provide an InferenceConfig when deploying zero or multiple models.",
        ("-m", "iris:99"): "there is no model iris:99",
    }.items():
        refused = server.cli("model", "deploy", "-n", "refused", *flags, fails=True)
        assert said in refused.err, refused.err
        assert refused.code == 1 and refused.out == ""
    assert server.rest.mms("GET", "services").json()["value"] == before


@pytest.mark.timeout(300)
def test_a_version_that_cannot_be_had_is_blamed_on_the_model(server, iris):
    folder, _ = iris
    model = register(server, folder, "future", "model.pkl", "ScikitLearn", "1.5.99")
    refused = server.cli("model", "deploy", "-n", "future", "-m", model, fails=True, seconds=120)
    assert ("--model-framework-version of future:1, for which a Python 3.11 must be there: the package "
            "scikit-learn==1.5.99 cannot be had") in refused.err
    server.cli("service", "delete", "-n", "future")
    assert server.rest.mms("GET", "services/future").status == 404


@pytest.mark.timeout(300)
def test_a_file_that_is_no_model_fails_the_deployment_with_what_is_wrong(server, tmp_path):
    (tmp_path / "model.pkl").write_text("no pickle")
    model = register(server, tmp_path, "nopickle", "model.pkl", "ScikitLearn", "1.9.1")
    refused = server.cli("model", "deploy", "-n", "nopickle", "-m", model, fails=True, seconds=280)
    assert "model.pkl cannot be loaded with scikit-learn 1.9.1" in refused.err
    server.cli("service", "delete", "-n", "nopickle")


@pytest.mark.timeout(300)
def test_without_a_version_the_usual_one_is_taken_and_the_user_is_warned(server, deploy, iris):
    folder, trained = iris
    model = register(server, folder, "unsaid", "model.pkl", "ScikitLearn", "")
    strict = server.cli("model", "deploy", "-n", "unsaid", "-m", model, "--strict", fails=True)
    assert "was registered without --model-framework-version" in strict.err
    deployed = deploy("unsaid", model)
    assert "is served with scikit-learn 1.9.1, whatever wrote it" in deployed.err
    assert ask(server, "unsaid", {"data": trained["rows"]}).json() == {
        "predict_proba": trained["answers"]["predict_proba"]}
