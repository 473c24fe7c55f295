"""The documents of /swagger.json: the user's own files, or made of the schemas of the entry script.

What is made here equals the platform's documents byte for byte: generated clients depend on the names and
on the texts that become their comments.
"""

import json
import os
import sys
from typing import Any, Callable, Dict, NamedTuple, Optional

from .logs import logger
from .settings import Settings

VERSIONS = ("2", "3", "3.1")
_OWN_FILES = {"2": ("swagger.json", "swagger2.json"), "3": ("swagger3.json",), "3.1": ("swagger3.1.json",)}
_UNDECORATED = {"type": "object", "example": {}}

_HEALTHY = "If service is up and running, this response will be returned with the content 'Healthy'"
_SCORED = "The service processed the input correctly and provided a result prediction, if applicable."
_FAILED = "The service failed to execute due to an error."


class Schemas(NamedTuple):
    input: Any
    output: Any


def documents(settings: Settings, run: Callable[..., Any]) -> Dict[str, str]:
    """By version; one that cannot describe the script is left out. Raises ValueError or OSError for a file
    of the user's that cannot be read as JSON."""
    found = {}  # type: Dict[str, str]
    for version in VERSIONS:
        document = _own(settings.app_root, version)
        if not document and _describes(version, run):
            document = generate(version, settings, _schemas(run))
        if document:
            found[version] = json.dumps(document)
    missing = [version for version in VERSIONS if version not in found]
    if not found:
        logger.info("No swagger is prepared.")
    elif missing:
        logger.info("Swaggers are prepared for versions [%s] and skipped for versions [%s].", ", ".join(found),
                    ", ".join(missing))
    else:
        logger.info("Swaggers are prepared for the following versions: [%s].", ", ".join(found))
    return found


def _own(app_root: str, version: str) -> Any:
    for name in _OWN_FILES[version]:
        path = os.path.join(app_root, name)
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise ValueError("%s is no JSON: %s" % (path, error)) from None
        if document:
            logger.info("Loaded user's swagger file for version [%s] from %s", version, path)
            return document
    return None


def _schema_util(run: Callable[..., Any]) -> Optional[Any]:
    util = sys.modules.get("inference_schema.schema_util")
    return util if util is not None and util.is_schema_decorated(run) else None


def _describes(version: str, run: Callable[..., Any]) -> bool:
    util = _schema_util(run)
    if util is None:
        return True
    supported = util.get_supported_versions(run)
    return version in supported or version + ".0" in supported


def _schemas(run: Callable[..., Any]) -> Schemas:
    own = getattr(run, "tidegate_schemas", None)  # of our scripts for models without one (no_code/)
    if own is not None:
        return own()
    util = _schema_util(run)
    if util is None:
        return Schemas(_UNDECORATED, _UNDECORATED)
    return Schemas(util.get_input_schema(run), util.get_output_schema(run))


def generate(version: str, settings: Settings, schemas: Schemas) -> Dict[str, Any]:
    made = _version_2(settings, schemas) if version == "2" else _version_3(settings, schemas)
    if version == "3.1":
        made["openapi"] = "3.1.0"
    return made


def _info(settings: Settings) -> Dict[str, Any]:
    name = settings.service_name
    return {
        "title": name,
        "description": "API specification for the Azure Machine Learning service " + name,
        "version": settings.service_version,
    }


def _prefix(settings: Settings) -> str:
    prefix = settings.service_path_prefix
    return "/" + prefix.strip("/") if prefix else ""


def _operation(name: str, description: str, **more: Any) -> Dict[str, Any]:
    return {"operationId": name, "description": description, **more}


def _definitions(schemas: Schemas) -> Dict[str, Any]:
    error = {"type": "object", "properties": {"message": {"type": "string"}}}
    return {"ServiceInput": schemas.input, "ServiceOutput": schemas.output, "ErrorResponse": error}


_BEARER = {"type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123"}
_HEALTH = ("ServiceHealthCheck", "Simple health check endpoint to ensure the service is up at any given point.")
_SCORE = ("RunMLService", "Run web service's model and get the prediction output")
_SPEC = ("GetSwaggerSpec", "Get the Swagger specification.")
_SECURITY = [{"Bearer": []}]
_VERSION_TYPE = {"type": "integer", "enum": [2, 3]}


def _version_2(settings: Settings, schemas: Schemas) -> Dict[str, Any]:
    def ref(name: str) -> Dict[str, Any]:
        return {"$ref": "#/definitions/" + name}

    def responses(description: str, schema: Dict[str, Any], **more: Any) -> Dict[str, Any]:
        return {
            "200": {"description": description, "schema": schema, **more},
            "default": {"description": _FAILED, "schema": ref("ErrorResponse")},
        }

    text = {"type": "string"}
    payload = {
        "name": "serviceInputPayload",
        "in": "body",
        "description": "The input payload for executing the real-time machine learning service.",
        "schema": ref("ServiceInput"),
    }
    version = {"name": "version", "in": "query", "required": False, **_VERSION_TYPE}
    health = responses(_HEALTHY, text, examples={"application/json": "Healthy"})
    spec = responses("The Swagger specification.", text)
    prefix = _prefix(settings)
    return {
        "swagger": "2.0",
        "info": _info(settings),
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _BEARER},
        "paths": {
            prefix + "/": {"get": _operation(*_HEALTH, responses=health)},
            prefix + "/score": {"post": _operation(*_SCORE, security=_SECURITY, parameters=[payload],
                                                   responses=responses(_SCORED, ref("ServiceOutput")))},
            prefix + "/swagger.json": {"get": _operation(*_SPEC, parameters=[version], responses=spec)},
        },
        "definitions": _definitions(schemas),
    }


def _version_3(settings: Settings, schemas: Schemas) -> Dict[str, Any]:
    def ref(name: str) -> Dict[str, Any]:
        return {"$ref": "#/components/schemas/" + name}

    def content(media_type: str, schema: Dict[str, Any]) -> Dict[str, Any]:
        return {media_type: {"schema": schema}}

    def responses(description: str, of_200: Dict[str, Any]) -> Dict[str, Any]:
        failed = content("application/json", ref("ErrorResponse"))
        return {
            "200": {"description": description, "content": of_200},
            "default": {"description": _FAILED, "content": failed},
        }

    text = {"type": "string"}
    payload = {
        "description": "The input payload for executing the real-time machine learning service.",
        "content": content("application/json", ref("ServiceInput")),
    }
    version = {"name": "version", "in": "query", "required": False, "schema": _VERSION_TYPE}
    health = responses(_HEALTHY, content("text/plain", {**text, "example": "Healthy"}))
    scored = responses(_SCORED, content("application/json", ref("ServiceOutput")))
    spec = responses("The Swagger specification.", content("text/plain", text))
    prefix = _prefix(settings)
    return {
        "openapi": "3.0.3",
        "info": _info(settings),
        "security": _SECURITY,
        "paths": {
            prefix + "/": {"get": _operation(*_HEALTH, responses=health)},
            prefix + "/score": {"post": _operation(*_SCORE, security=_SECURITY, requestBody=payload, responses=scored)},
            prefix + "/swagger.json": {"get": _operation(*_SPEC, parameters=[version], responses=spec)},
        },
        "components": {"schemas": _definitions(schemas), "securitySchemes": {"Bearer": _BEARER}},
    }
