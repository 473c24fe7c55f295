"""The names of v1 packages that entry scripts import, where the real package is not there.

They are found at import, not registered beforehand: a script that imports none of them pays nothing,
and a package that the script brings itself (sys.path) is seen. An installed real package wins, but
- what @rawhttp depends on is always ours: the real one marks a script in a way that only its own
  server sees;
- a real package that fails to import here, or has lost its native library, is replaced; the log says so.
"""

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from .logs import logger

CONTRACT_VERSION = "1.5.1"  # of azureml-inference-server-http, whose contract this server keeps


class Name(NamedTuple):
    package: bool = False
    source: str = ""  # module of ours that has the attributes
    attributes: Tuple[str, ...] = ()
    always: bool = False  # also where the real one is installed
    tried: bool = False  # a real one is used only if it can be imported
    pip: str = ""  # what to install for more than we have


_CORE = Name(package=True, source="registered_model", attributes=("Model",), tried=True, pip="azureml-core")
_COLLECTOR = Name(source="collector", attributes=("ModelDataCollector",), pip="azureml-monitoring")
_REQUEST = Name(source="raw", attributes=("rawhttp", "AMLRequest"), always=True)
_RESPONSE = Name(source="raw", attributes=("AMLResponse",), always=True)

NAMES = {
    "azureml": Name(package=True),
    "azureml.contrib": Name(package=True),
    "azureml.contrib.services": _REQUEST._replace(package=True, attributes=("rawhttp",)),
    "azureml.contrib.services.aml_request": _REQUEST,
    "azureml.contrib.services.aml_response": _RESPONSE,
    "azureml.core": _CORE,
    "azureml.core.model": _CORE._replace(package=False, tried=False),
    "azureml.exceptions": Name(
        source="registered_model",
        attributes=("AzureMLException", "ModelNotFoundException", "WebserviceException"),
        tried=True, pip="azureml-core"),
    "azureml.monitoring": _COLLECTOR._replace(package=True, tried=True),
    "azureml.monitoring.modeldatacollector": _COLLECTOR,
    "azureml_inference_server_http": Name(package=True),
    "azureml_inference_server_http.api": Name(package=True, always=True),
    "azureml_inference_server_http.api.aml_request": _REQUEST,
    "azureml_inference_server_http.api.aml_response": _RESPONSE,
    "azureml_inference_server_http.log_config": Name(
        source="logging_file", attributes=("AMLLogFormatter", "RootAccessFilter")),
}  # type: Dict[str, Name]

# What scripts ask azureml.core for most, and get with the real package only.
_CORE_OTHERS = frozenset(
    ("ComputeTarget", "Dataset", "Datastore", "Environment", "Experiment", "Keyvault", "Run", "Webservice",
     "Workspace"))


request_id = lambda: ""  # type: Callable[[], str]  # noqa: E731, of the request in run(); set by install()


def install(ask_request_id: Callable[[], str]) -> None:
    """From now on the names can be imported. `ask_request_id` is asked in the thread of run() only."""
    global request_id
    request_id = ask_request_id
    sys.meta_path.insert(0, Finder())


def model_data_folder() -> str:
    """Where ModelDataCollector writes; "": it collects nothing."""
    return os.environ.get("TIDEGATE_MODEL_DATA", "")


class Finder:
    """First on sys.meta_path; says nothing about other names."""

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Any = None
    ) -> Optional[ModuleSpec]:
        entry = NAMES.get(name)
        if entry is None:
            return None
        real = None if entry.always else PathFinder.find_spec(name, path)
        if real is None:
            return _our_spec(name, entry)
        if not entry.tried:
            return real
        if name == "azureml.monitoring" and model_data_folder():
            logger.info("model data goes to a folder: %s of the environment, which cannot write there, "
                        "is not used", name)
            return _our_spec(name, entry)
        if real.loader is not None:
            real.loader = RealLoader(real.loader, entry)
        return real

    def invalidate_caches(self) -> None:
        pass


def _our_spec(name: str, entry: Name) -> ModuleSpec:
    return ModuleSpec(name, OurLoader(entry), origin=__file__, is_package=entry.package)


class OurLoader:
    def __init__(self, entry: Name) -> None:
        self._entry = entry

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        fill(module, self._entry)


class RealLoader:
    """Imports the real module; ours takes its place if that fails."""

    def __init__(self, real: Any, entry: Name) -> None:
        self._real = real
        self._entry = entry

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        module.__loader__ = spec.loader = self._real  # type: ignore[union-attr]
        try:
            self._real.exec_module(module)
            _check_works(module)
        except Exception as error:
            if isinstance(error, TimeoutError) and error.errno is None:
                raise  # the time limit of a request that imports it
            name = module.__name__
            logger.warning(
                "%s of this environment does not work on Python %s (%s: %s); tidegate_server's own is used, "
                "which has %s only", name, "%d.%d.%d" % sys.version_info[:3], type(error).__name__, error,
                ", ".join(self._entry.attributes))
            _empty(module)
            module.__spec__ = _our_spec(name, self._entry)
            module.__loader__ = module.__spec__.loader  # type: ignore[assignment]
            fill(module, self._entry)


def _check_works(module: ModuleType) -> None:
    """azureml.monitoring can be imported without its native library, and fails with each row."""
    if module.__name__ == "azureml.monitoring" and getattr(module.ModelDataCollector, "_lib", 0) is None:
        raise ImportError("its native library cannot be loaded")


def _empty(module: ModuleType) -> None:
    """Nothing of a half-imported package stays, nor its submodules."""
    for name in list(sys.modules):
        if name.startswith(module.__name__ + "."):
            del sys.modules[name]
    for name in list(vars(module)):
        if not name.startswith("__") or name in ("__all__", "__getattr__"):
            del module.__dict__[name]


def fill(module: ModuleType, entry: Name) -> None:
    name = module.__name__
    module.__file__ = __file__
    if entry.package:
        module.__path__ = []  # type: ignore[attr-defined]
    module.__dict__["__all__"] = list(entry.attributes)
    if name == "azureml_inference_server_http":
        module.__dict__["__version__"] = CONTRACT_VERSION

    # PEP 562: Flask and what else a name needs are imported when somebody asks for it.
    def attribute(wanted: str) -> Any:
        if wanted in entry.attributes:
            value = getattr(importlib.import_module(__package__ + "." + entry.source), wanted)
            module.__dict__[wanted] = value
            return value
        if wanted in _CORE_OTHERS and entry.pip == "azureml-core":
            logger.warning("%s.%s needs the package azureml-core, which this environment lacks or cannot use: add "
                           "it to the pip packages", name, wanted)
        raise AttributeError("module %r has no attribute %r" % (name, wanted))

    module.__dict__["__getattr__"] = attribute
