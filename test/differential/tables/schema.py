"""@input_schema and @output_schema with the genuine inference-schema: spec/scoring-runtime.md 5."""

import json

from case import JSON, Case, Group, get, post

IMPORTS = """
import datetime
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass
"""

NUMPY = IMPORTS + """
@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0, 3.0]])))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(data):
    return [type(data).__name__, str(data.dtype), list(data.shape), data.sum(axis=1).tolist()]
"""

NUMPY_LOOSE = IMPORTS + """
@input_schema("data", NumpyParameterType(np.array([[1, 2]]), enforce_column_type=False, enforce_shape=False))
def run(data):
    return [str(data.dtype), list(data.shape)]
"""

PANDAS = IMPORTS + """
sample = pd.DataFrame({"a": [1], "b": [1.5], "c": ["x"], "d": [True]})
@input_schema("data", PandasParameterType(sample))
@output_schema(PandasParameterType(sample))
def run(data):
    return [type(data).__name__, list(map(str, data.dtypes)), list(data.columns), data.to_dict("records")]
"""

PANDAS_SPLIT = IMPORTS + """
@input_schema("data", PandasParameterType(pd.DataFrame({"a": [1], "b": [2]}), enforce_shape=False, orient="split"))
def run(data):
    return data.to_dict("list")
"""

STANDARD = IMPORTS + """
@input_schema("text", StandardPythonParameterType("x"))
@input_schema("number", StandardPythonParameterType(1.5), optional=True)
@input_schema("whole", StandardPythonParameterType(1), optional=True)
@input_schema("flag", StandardPythonParameterType(True), optional=True)
@input_schema("items", StandardPythonParameterType([1, 2]), optional=True)
@input_schema("table", StandardPythonParameterType({"k": 1}), optional=True)
@output_schema(StandardPythonParameterType([1, "a"]))
def run(text, number=2.5, whole=7, flag=None, items=None, table=None):
    return [text, number, whole, flag, items, table]
"""

TIMES = IMPORTS + """
@input_schema("day", StandardPythonParameterType(datetime.date(2020, 1, 2)), optional=True)
@input_schema("moment", StandardPythonParameterType(datetime.datetime(2020, 1, 2, 3, 4)), optional=True)
@input_schema("clock", StandardPythonParameterType(datetime.time(3, 4)), optional=True)
@input_schema("raw", StandardPythonParameterType(b"x"), optional=True)
def run(day=None, moment=None, clock=None, raw=None):
    return [repr(day), repr(moment), repr(clock), repr(raw)]
"""

NESTED = IMPORTS + """
inputs = StandardPythonParameterType({
    "input1": PandasParameterType(pd.DataFrame({"a": [1], "b": ["x"]})),
    "input2": NumpyParameterType(np.array([[1.5]])),
    "input3": StandardPythonParameterType("t"),
})
@input_schema("Inputs", inputs)
@input_schema("GlobalParameters", StandardPythonParameterType(1.0))
@output_schema(StandardPythonParameterType({"Results": StandardPythonParameterType([1.5])}))
def run(Inputs, GlobalParameters):
    kinds = {name: type(value).__name__ for name, value in Inputs.items()}
    return {"Results": [kinds, GlobalParameters]}
"""

WITH_HEADERS = IMPORTS + """
@input_schema("data", StandardPythonParameterType(1))
def run(request_headers, data):
    return [data, request_headers["X-A"]]
"""

OUTPUT_ONLY = IMPORTS + """
@output_schema(StandardPythonParameterType("x"))
def run(data):
    return data
"""

RETURNS_NUMPY = IMPORTS + """
@input_schema("data", NumpyParameterType(np.array([1])))
@output_schema(NumpyParameterType(np.array([1])))
def run(data):
    return data
"""

UNCONVERTED = IMPORTS + """
@input_schema("data", NumpyParameterType(np.array([1])), convert_to_provided_type=False)
def run(data):
    return [type(data).__name__, data]
"""

VERSIONS = ("", "?version=2", "?version=2.0", "?version=3", "?version=3.0", "?version=3.1", "?version=4")


def swaggers():
    for version in VERSIONS:
        yield get(f"swagger{version}", f"/swagger.json{version}")


def group(name, script, bodies, queries=()):
    cases = [post(json.dumps(body), json.dumps(body)) for body in bodies]
    cases += [get(query or "none", f"/score{query}") for query in queries]
    return Group(f"schema-{name}", (*cases, *swaggers()), script)


FRAMING = (
    [post(f"type-{kind}", b'{"text": "a"}', (("Content-Type", kind),)) for kind in (
        "application/json; charset=utf-8", "application/JSON", "application/vnd.x+json", "text/json", "text/plain", "",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "application/+json",
        "application/json;", " application/json ", "application/ld+JSON")]
    + [post("type-none", b'{"text": "a"}', ())]
    + [post(f"body-{name}", body, JSON) for name, body in (
        ("empty", b""), ("blank", b"  "), ("half", b"{"), ("list", b"[1]"), ("number", b"1"), ("null", b"null"),
        ("string", b'"x"'), ("trailing", b"{} x"), ("single-quotes", b"{'text': 1}"), ("bom", b'\xef\xbb\xbf{"text": "a"}'),
        ("utf16", '{"text": "a"}'.encode("utf-16")), ("utf8", '{"text": "ä"}'.encode()), ("repeated", b'{"text": "a", "text": "b"}'),
        ("nan", b'{"text": "a", "number": NaN}'), ("escaped", b'{"text": "\\u00e4\\n"}'), ("control", b'{"text": "a\nb"}'),
        ("chunked", [b'{"text"', b': "a"}']), ("deep", b'{"text": "a", "items": ' + b"[" * 200 + b"]" * 200 + b"}"))]
    + [Case(f"{method}-framing", method, headers=JSON) for method in ("OPTIONS", "HEAD", "PUT")]
    + [post("with-ids", b"{}", (*JSON, ("x-request-id", "r"), ("x-ms-client-request-id", "c")))]
)

STANDARD_GROUP = group(
    "standard", STANDARD,
    ({"text": "a"}, {"text": 1}, {"text": None}, {}, {"text": "a", "number": 1}, {"text": "a", "number": "1"},
     {"text": "a", "whole": 1.5}, {"text": "a", "whole": 3}, {"text": "a", "flag": False}, {"text": "a", "flag": 1},
     {"text": "a", "items": []}, {"text": "a", "items": {}}, {"text": "a", "table": {"z": []}}, {"text": "a", "table": [1]},
     {"text": "a", "more": 1}, {"number": 1}, {"Text": "a"}, {"text": "a", "request_headers": 1}),
    ("", "?text=a", "?text=1", "?text=%22a%22", "?text=a&number=2&items=[1]&table={%22k%22:2}", "?text=a&text=b", "?number=1",
     "?text=a&flag=true"))

GROUPS = [
    Group(STANDARD_GROUP.name, (*STANDARD_GROUP.cases, *FRAMING), STANDARD),
    group("numpy", NUMPY,
          ({"data": [[1, 2, 3]]}, {"data": [[1, 2, 3], [4, 5, 6]]}, {"data": [[1, 2]]}, {"data": [1, 2, 3]}, {"data": []},
           {"data": "x"}, {"data": None}, {"data": [["1", "2", "3"]]}, {"data": [["x", "y", "z"]]}, {"data": [[1, 2, None]]},
           {"data": {"a": 1}}, {"data": [[1], [2, 3]]}, {"data": [[True, 2, 3]]}, {}),
          ("?data=[[1,2,3]]", "?data=1", "")),
    group("numpy-loose", NUMPY_LOOSE, ({"data": [[1, 2, 3]]}, {"data": [1.5]}, {"data": [["x"]]}, {"data": 7})),
    group("pandas", PANDAS,
          ({"data": [{"a": 1, "b": 2.5, "c": "y", "d": False}]}, {"data": [{"a": 1.5, "b": 2, "c": 3, "d": 0}]},
           {"data": [{"a": 1}]}, {"data": []}, {"data": {"a": [1]}}, {"data": "x"}, {"data": [{"a": "x", "b": 1, "c": "", "d": True}]},
           {"data": [{"d": True, "c": "y", "b": 1, "a": 1}]}, {"data": [[1, 2.5, "y", True]]}, {"data": None}, {}),
          ("?data=[{%22a%22:1,%22b%22:2,%22c%22:%22x%22,%22d%22:true}]",)),
    group("pandas-split", PANDAS_SPLIT,
          ({"data": {"columns": ["a", "b"], "data": [[1, 2]]}}, {"data": {"columns": ["a", "b"], "index": [5], "data": [[1, 2]]}},
           {"data": [{"a": 1, "b": 2}]})),
    group("times", TIMES,
          ({"day": "2021-02-03"}, {"day": "x"}, {"day": 5}, {"moment": "2021-02-03T04:05:06"}, {"moment": "2021-02-03 04:05:06+00:00"},
           {"clock": "04:05:06"}, {"raw": "eA=="}, {"raw": "x"}, {"raw": 5}, {})),
    group("nested", NESTED,
          ({"Inputs": {"input1": [{"a": 1, "b": "y"}], "input2": [[2.5]], "input3": "z"}, "GlobalParameters": 2.0},
           {"Inputs": {"input1": [], "input2": [], "input3": "z"}, "GlobalParameters": 2}, {"Inputs": {}, "GlobalParameters": 1.0},
           {"Inputs": {"input1": [{"a": 1, "b": "y"}]}, "GlobalParameters": 1.0}, {"GlobalParameters": 1.0}, {"Inputs": {}},
           {"Inputs": {"input3": "z"}, "GlobalParameters": "x"})),
    Group("schema-headers", (post("both", {"data": 1}, (*JSON, ("X-A", "1"))), post("missing", {"data": 1}), *swaggers()), WITH_HEADERS),
    group("output-only", OUTPUT_ONLY, ({"data": "a"}, {}, {"data": [1]}), ("?data=1",)),
    group("returns-numpy", RETURNS_NUMPY, ({"data": [1]},)),
    group("unconverted", UNCONVERTED, ({"data": [1]}, {"data": "x"})),
]
