"""A model without a script is a service on a cluster, too: its environment becomes an image as any other."""

import json

import joblib
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

pytestmark = pytest.mark.timeout(300)

# Of a first deployment: packages are fetched, the image is pushed and pulled.
BUILD_SECONDS = 250


@pytest.fixture
def iris(server, target, tmp_path):
    """The rows to ask for, and what the model says of them."""
    rows, classes = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(random_state=0).fit(rows, classes)
    joblib.dump(model, tmp_path / "model.pkl")
    version = ("--model-framework", "ScikitLearn", "--model-framework-version", sklearn.__version__)
    server.cli("model", "register", "-n", "iris", "-p", tmp_path / "model.pkl", *version)
    server.cli("model", "deploy", "-n", "iris", "-m", "iris:1", "-ct", target.name, seconds=BUILD_SECONDS)
    yield rows[::30].tolist(), model.predict(rows[::30]).tolist()
    server.cli("service", "delete", "-n", "iris")


def test_a_registered_model_is_a_service_without_a_script(server, iris):
    rows, classes = iris
    reply = server.score("iris", json.dumps({"data": rows, "method": "predict"}).encode())
    assert (reply.status, reply.json()) == (200, {"predict": classes})
    refused = server.score("iris", json.dumps({"data": [[1, 2]]}).encode())
    assert refused.status == 400
    assert "The model takes rows of 4 features" in refused.json()["message"]
