"""/swagger.json: spec/scoring-runtime.md 5, generated and given by the user."""

from case import Case, Group, get

SCRIPT = "def init(): pass\ndef run(data): return data\n"

TWO_TYPES = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
def init(): pass
@input_schema("data", StandardPythonParameterType([1, "a", 1.5]))
def run(data): return data
"""

QUERIES = ("", "?", "?version", "?version=", "?version=2", "?version=2.0", "?version=3", "?version=3.0", "?version=3.1",
           "?version=1", "?version=9", "?version=3.0.3", "?version=two", "?version=%32", "?version=2&version=3",
           "?version=3&version=2", "?Version=3", "?other=3", "?version=3&x=1", "?version=+2", "?version=2%20", "?version=%C3%A4",
           "?version=%22", "?version=%3Cb%3E", "?x=1&version=3.1", "?version=02")


def asked():
    for query in QUERIES:
        yield get(f"GET{query}", f"/swagger.json{query}")
    for method in ("HEAD", "OPTIONS", "POST"):
        yield Case(f"{method}-3", method, "/swagger.json?version=3")
    yield get("with-ids", "/swagger.json", (("x-request-id", "r"), ("x-ms-client-request-id", "c"), ("TraceId", "t")))


def versions():
    return tuple(get(f"version-{version}", f"/swagger.json?version={version}") for version in ("2", "2.0", "3", "3.0", "3.1", "9"))


SETTINGS = {
    "name": {"SERVICE_NAME": "my-service"},
    "odd-name": {"SERVICE_NAME": "my \u00e4 service", "SERVICE_VERSION": "7.5-b"},
    "prefix": {"SERVICE_NAME": "s", "SERVICE_PATH_PREFIX": "api/v1/service/s", "SERVICE_VERSION": "2"},
    "slashes": {"SERVICE_PATH_PREFIX": "/api/v1/"},
}
OWN = '{"b": 1, "a": "\u00e4"}'
FILES = {
    "swagger": {"swagger.json": OWN},
    "swagger2": {"swagger2.json": OWN},
    "both": {"swagger.json": OWN, "swagger2.json": '{"two": 2}', "swagger3.json": '{"three": 3}', "swagger3.1.json": '{"x": 31}'},
    "not-object": {"swagger3.json": "[1]", "swagger.json": "{}"},
}

GROUPS = [
    Group("swagger-plain", tuple(asked()), SCRIPT),
    *(Group(f"swagger-{name}", versions(), SCRIPT, env=env) for name, env in SETTINGS.items()),
    *(Group(f"swagger-file-{name}", versions(), SCRIPT, files=files) for name, files in FILES.items()),
    Group("swagger-two-types", versions(), TWO_TYPES),
]
