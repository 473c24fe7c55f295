"""Model.get_model_path() in a replica."""

import pytest

SCRIPT = """
import json
from azureml.core.model import Model
from azureml import exceptions

def init():
    pass

def run(data):
    try:
        return Model.get_model_path(*json.loads(data))
    except exceptions.AzureMLException as error:
        return {type(error).__name__: error.message, "both": isinstance(error, exceptions.WebserviceException)}
"""

FILES = {
    "azureml-models/one/2/model.pkl": "", "azureml-models/one/10/model.pkl": "",
    "azureml-models/folder/1/net/a": "", "azureml-models/folder/1/net/b": "",
    "azureml-models/many/1/a": "", "azureml-models/many/1/b": "",
    "azureml-models/strange/notes/x": "", "beside.onnx": "",
}


@pytest.fixture
def ask(serve):
    replica = serve(SCRIPT, files=FILES)

    def path(arguments):
        value = replica.score(arguments.encode()).json()
        return value.replace(str(replica.app), "<app>") if isinstance(value, str) else value

    path.app = replica.app
    return path


@pytest.mark.parametrize("arguments, path", [
    ('["one"]', "<app>/azureml-models/one/10/model.pkl"),
    ('["one", 2]', "<app>/azureml-models/one/2/model.pkl"),
    ('["one", null, null]', "<app>/azureml-models/one/10/model.pkl"),
    ('["folder"]', "<app>/azureml-models/folder/1/net"),
    ('["beside.onnx"]', "beside.onnx"),
    ('["beside.onnx", 3]', "beside.onnx"),
])
def test_it_finds_what_is_there(ask, arguments, path):
    assert ask(arguments) == path


@pytest.mark.parametrize("arguments, error, text", [
    ('["one", "2"]', "WebserviceException", "version should be an int"),
    ("[null]", "WebserviceException", "model_name is None"),
    ('["many"]', "WebserviceException", "many/1 can contain only 1 file or folder. Found ['a', 'b']"),
    ('["none"]', "ModelNotFoundException", "Models here: folder/1, many/1, one/2, one/10."),
    ('["one", 3]', "ModelNotFoundException", "Model one version 3 not found in cache at "),
    ('["strange"]', "ModelNotFoundException", "Model strange not found in cache at "),
])
def test_it_says_what_is_wrong(ask, arguments, error, text):
    value = ask(arguments)
    assert text in value[error]
    assert value["both"] is True


def test_without_models_it_says_so(serve):
    replica = serve(SCRIPT)
    message = replica.score(b'["m"]').json()["ModelNotFoundException"]
    assert message == (
        f"Model m not found in cache at {replica.app}/azureml-models or in current working directory "
        f"{replica.app}. Models here: none.")
