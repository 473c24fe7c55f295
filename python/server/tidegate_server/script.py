"""The entry script: found, loaded, checked."""

import errno
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Callable, Dict, NamedTuple, Optional

from . import parameters, raw
from .inputs import ObjectInput, TextInput
from .logs import logger


class ScriptError(Exception):
    """The script breaks the contract; the message is for its author."""


class Script(NamedTuple):
    file: str
    init: Callable[[], Any]
    run: Callable[..., Any]
    read_input: Callable[..., Dict[str, Any]]
    wants_request_headers: bool
    needs_headers: bool  # of the HTTP server
    needs_every_method: bool = False
    flask: Optional[Any] = None  # a FlaskContext; run() is called within


def script_path(app_root: str, entry_script: str) -> str:
    """Where AZUREML_ENTRY_SCRIPT points to; an absolute path wins."""
    return os.path.join(app_root, entry_script)


def load(app_root: str, entry_script: str) -> ModuleType:
    """Runs the script's module. Whatever it raises comes through."""
    if not entry_script:
        import main  # noqa: F401, the user's

        return main
    path = script_path(app_root, entry_script)
    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory (the entry script, AZUREML_ENTRY_SCRIPT or "
                                "--entry_script; a relative name counts from %s)" % app_root, path)
    spec = importlib.util.spec_from_file_location("entry_module", path)
    if spec is None or spec.loader is None:
        raise ScriptError("AZUREML_ENTRY_SCRIPT must name a .py file, not %s" % path)
    module = importlib.util.module_from_spec(spec)
    # Registered, as an import would do it: pickle and dataclasses look modules up by name.
    sys.modules["entry_module"] = module
    spec.loader.exec_module(module)
    return module


def check(module: ModuleType) -> Script:
    """Raises ScriptError."""
    file = getattr(module, "__file__", None) or module.__name__
    for name in ("init", "run"):
        if not hasattr(module, name):
            raise ScriptError("User script at %s does not have a %s() function defined." % (file, name))
    run = _run_of(module)
    logger.info("Found user script at %s", file)
    if not callable(run):
        raise ScriptError("run in %s is no function." % file)
    if parameters.is_async(run):
        raise ScriptError("run() is declared with async; the server calls plain functions.")

    taken = parameters.of(run)
    if taken is None:
        raise ScriptError("run() cannot accept positional-only arguments, *args, or **kwargs.")
    inputs = [parameter for parameter in taken if parameter.name != "request_headers"]
    wants_headers = len(inputs) < len(taken)
    if not inputs and wants_headers:
        raise ScriptError('run() needs to accept an argument other than "request_headers".')
    if not inputs:
        raise ScriptError("run() needs to accept an argument for input data.")
    return _with_reader(file, module.init, run, inputs, wants_headers)


def with_flask(script: Script) -> Script:
    """After init(): with Flask's context around run(), if Flask has been imported by then (@rawhttp and AMLResponse do
    so too), or is imported in a function of the script: run() may be under way then, too late for a context."""
    if "flask" not in sys.modules and not _imports_flask_later(script):
        return script
    from . import flask_context

    return script._replace(needs_headers=True, flask=flask_context.FlaskContext())


def _imports_flask_later(script: Script) -> bool:
    module = sys.modules.get(getattr(script.run, "__module__", ""))
    try:
        with open(getattr(module, "__file__", None) or script.file, "rb") as file:
            source = file.read()
        if b"flask" not in source:
            return False
        from . import script_imports  # with `ast`, half a megabyte that most replicas need not have

        if not script_imports.mentions(source, "flask"):
            return False
        import flask  # noqa: F401, what run() would do
    except (ImportError, OSError, SyntaxError, ValueError):
        return False  # run() says it, if it comes so far
    return True


def _with_reader(file: str, init: Any, run: Any, inputs: list, wants_headers: bool) -> Script:
    if raw.is_requested() and _is_schema_decorated(run):
        raise ScriptError("run() cannot be decorated with both @rawhttp and @input_schema")
    if raw.is_requested():
        logger.info("run() is decorated with @rawhttp. Server will invoke it with the flask request object.")
        reader = raw.RawInput(inputs[0].name)
        return Script(file, init, run, reader, wants_headers, needs_headers=True, needs_every_method=True)
    if _is_schema_decorated(run):
        names = ", ".join(parameter.name for parameter in inputs)
        logger.info(
            "run() is decorated with @input_schema. Server will invoke it with the following arguments: %s.",
            names,
        )
        from . import arrays

        return Script(file, init, run, ObjectInput(inputs, arrays.decoder(run)), wants_headers, needs_headers=True)
    logger.info("run() is not decorated. Server will invoke it with the input in JSON string.")
    return Script(file, init, run, TextInput(inputs[0].name), wants_headers, wants_headers)


def _run_of(module: ModuleType) -> Any:
    """The wrapper that the platform's SDK generates loads the real script as `driver_module`: its
    run() is called directly, the wrapper's init() is kept."""
    inner = getattr(module, "driver_module", None)  # type: Optional[Any]
    if isinstance(inner, ModuleType) and hasattr(inner, "run"):
        return inner.run
    return module.run  # type: ignore[attr-defined]


def _is_schema_decorated(run: Any) -> bool:
    schema_util = sys.modules.get("inference_schema.schema_util")
    return schema_util is not None and bool(schema_util.is_schema_decorated(run))
