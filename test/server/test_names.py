"""What v1 scripts import: there without being installed, and beside what is installed."""

import textwrap

import pytest

EXTENDED = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


def answer(serve, code, **kwargs):
    """What the last expression of a script's module gives: {'value': ...}."""
    script = textwrap.dedent(code) + "\ndef init(): pass\ndef run(data): return VALUE\n"
    replica = serve(script, **kwargs)
    return replica.score(b"").json(), replica


def installed(tmp_path, files):
    """A folder as site-packages: of real packages, which our stand-ins must mix with."""
    for name, text in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return tmp_path / "site"


@pytest.fixture
def serve_with(serve, tmp_path):
    """Like serve, with packages behind ours on the path, as site-packages are."""
    from replica import PACKAGES

    def start(code, files, **kwargs):
        site = installed(tmp_path, files)
        return answer(serve, code, env={"PYTHONPATH": f"{PACKAGES}:{site}"}, **kwargs)

    return start


# --- nothing installed ----------------------------------------------------------------------------


def test_all_names_are_there_without_any_package(serve):
    value, replica = answer(serve, """
        import azureml.core, azureml.core.model, azureml.exceptions, azureml.monitoring
        import azureml_inference_server_http, azureml_inference_server_http.api
        from azureml.contrib.services import rawhttp
        from azureml.contrib.services.aml_request import rawhttp as second
        from azureml_inference_server_http.api.aml_request import rawhttp as third
        from azureml.core import Model
        from azureml.core.model import Model as model
        from azureml.monitoring import ModelDataCollector
        from azureml.monitoring.modeldatacollector import ModelDataCollector as collector
        from azureml.monitoring import *
        VALUE = [rawhttp is second is third, Model is model, ModelDataCollector is collector,
                 azureml_inference_server_http.__version__, azureml.core.model.Model is Model]
        """)
    assert value == [True, True, True, "1.5.1", True]
    assert "does not work" not in replica.log()


def test_a_script_that_imports_none_gets_none(serve):
    value, _ = answer(serve, """
        import sys
        VALUE = [name for name in sys.modules if name.startswith(("azureml", "flask", "numpy", "pandas"))]
        """)
    assert value == []


def test_what_only_the_real_package_has_is_an_import_error_with_a_hint(serve):
    value, replica = answer(serve, """
        try:
            from azureml.core import Workspace
        except ImportError as error:
            VALUE = str(error)
        """)
    assert "Workspace" in value
    assert "azureml.core.Workspace needs the package azureml-core" in replica.log()


def test_a_module_that_nobody_has_is_not_found(serve):
    value, _ = answer(serve, """
        import importlib.util
        import azureml.core
        try:
            import azureml.core.run
        except ModuleNotFoundError as error:
            VALUE = [error.name, importlib.util.find_spec("azureml.dataprep")]
        """)
    assert value == ["azureml.core.run", None]


def test_a_package_that_the_script_puts_on_the_path_is_seen(serve):
    value, _ = answer(serve, """
        import os, sys
        sys.path.append(os.path.join(os.path.dirname(__file__), "vendored"))
        from azureml.core import Model
        VALUE = Model
        """, files={"vendored/azureml/core/__init__.py": "Model = 'vendored'\n"})
    assert value == "vendored"


# --- real packages --------------------------------------------------------------------------------


def test_an_installed_core_wins_and_the_rest_is_ours_beside_it(serve_with):
    value, replica = serve_with("""
        import azureml.core, azureml.other
        from azureml.core import Workspace
        from azureml.core.model import Model
        from azureml.exceptions import ModelNotFoundException
        from azureml.contrib.services.aml_request import rawhttp
        from azureml.monitoring import ModelDataCollector
        VALUE = [Workspace, Model, ModelNotFoundException, azureml.other.NAME, rawhttp.__module__,
                 ModelDataCollector.__module__, type(azureml.core.__loader__).__name__]
        """, {
            "azureml/__init__.py": EXTENDED,
            "azureml/core/__init__.py": "from .model import Model\nWorkspace = 'real workspace'\n",
            "azureml/core/model.py": "Model = 'real model'\n",
            "azureml/exceptions/__init__.py": "ModelNotFoundException = 'real exception'\n",
            "azureml/other.py": "NAME = 'other'\n",
        })
    assert value == ["real workspace", "real model", "real exception", "other", "tidegate_server.raw",
                     "tidegate_server.collector", "SourceFileLoader"]
    assert "tidegate_server's own" not in replica.log()


@pytest.mark.parametrize("init", [EXTENDED, None], ids=["pkgutil", "namespace"])
def test_an_azureml_without_core_gets_ours(serve_with, init):
    files = {"azureml/__init__.py": init, "azureml/telemetry/__init__.py": "NAME = 'telemetry'\n"}
    value, _ = serve_with("""
        import azureml.telemetry
        from azureml.core import Model
        from azureml.contrib.services.aml_request import rawhttp
        VALUE = [azureml.telemetry.NAME, Model.__module__, rawhttp.__module__]
        """, {name: text for name, text in files.items() if text is not None})
    assert value == ["telemetry", "tidegate_server.registered_model", "tidegate_server.raw"]


def test_rawhttp_is_ours_where_the_real_packages_are_installed(serve_with):
    wrong = "def rawhttp(function): raise RuntimeError('not seen by this server')\n"
    script = """
        import azureml_inference_server_http
        from azureml.contrib.services.aml_request import rawhttp
        import azureml_inference_server_http.api.aml_request
        import azureml.contrib.other
        assert azureml_inference_server_http.api.aml_request.rawhttp is rawhttp
        VALUE = [rawhttp.__module__, azureml_inference_server_http.__version__, azureml.contrib.other.NAME]
        """
    value, _ = serve_with(script, {
        "azureml/__init__.py": EXTENDED,
        "azureml/contrib/__init__.py": EXTENDED,
        "azureml/contrib/other.py": "NAME = 'other'\n",
        "azureml/contrib/services/__init__.py": "from .aml_request import rawhttp\n",
        "azureml/contrib/services/aml_request.py": wrong,
        "azureml_inference_server_http/__init__.py": "__version__ = '0.8.4'\n",
        "azureml_inference_server_http/api/__init__.py": "",
        "azureml_inference_server_http/api/aml_request.py": wrong,
    })
    assert value == ["tidegate_server.raw", "0.8.4", "other"]


def test_an_installed_core_that_cannot_be_imported_is_replaced_and_the_log_says_so(serve_with):
    value, replica = serve_with("""
        import sys
        from azureml.core.model import Model
        import azureml.core
        VALUE = [Model.__module__, hasattr(azureml.core, "half"), "azureml.core.workspace" in sys.modules]
        """, {
            "azureml/__init__.py": EXTENDED,
            "azureml/core/__init__.py": "half = 1\nfrom . import workspace\nimport pkg_resources_of_old\n",
            "azureml/core/workspace.py": "",
            "azureml/core/model.py": "Model = None\n",
        })
    assert value == ["tidegate_server.registered_model", False, False]
    line = next(line for line in replica.log().splitlines() if "does not work" in line)
    assert " W " in line
    assert "azureml.core of this environment does not work on Python 3." in line
    assert "No module named 'pkg_resources_of_old'" in line


MONITORING = {
    "azureml/__init__.py": EXTENDED,
    "azureml/monitoring/__init__.py": "from .modeldatacollector import *\n",
    "azureml/monitoring/modeldatacollector.py": "class ModelDataCollector:\n    _lib = {lib}\n",
}


def monitoring(lib):
    return {name: text.format(lib=lib) for name, text in MONITORING.items()}


IMPORT_BOTH = """
    from azureml.monitoring import ModelDataCollector
    from azureml.monitoring.modeldatacollector import ModelDataCollector as second
    VALUE = [ModelDataCollector.__module__, ModelDataCollector is second]
    """


def test_a_collector_without_its_native_library_is_replaced(serve_with):
    value, replica = serve_with(IMPORT_BOTH, monitoring("None"))
    assert value == ["tidegate_server.collector", True]
    assert "azureml.monitoring of this environment does not work on Python" in replica.log()
    assert "its native library cannot be loaded" in replica.log()


def test_a_collector_that_works_wins(serve_with):
    value, replica = serve_with(IMPORT_BOTH, monitoring("object()"))
    assert value == ["azureml.monitoring.modeldatacollector", True]
    assert "does not work" not in replica.log()


def test_a_collector_that_works_cannot_write_to_a_folder(serve, tmp_path):
    from replica import PACKAGES

    site = installed(tmp_path, monitoring("object()"))
    value, replica = answer(serve, IMPORT_BOTH, env={
        "PYTHONPATH": f"{PACKAGES}:{site}", "TIDEGATE_MODEL_DATA": str(tmp_path)})
    assert value == ["tidegate_server.collector", True]
    assert "model data goes to a folder: azureml.monitoring of the environment" in replica.log()
