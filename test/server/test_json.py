"""JSON that _core reads and writes itself: always what Python's json module makes of it."""

import collections
import enum
import json
import math
import random
import struct
import sys
import warnings

import numpy as np
import pytest
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema
from replica import PACKAGES

sys.path.append(str(PACKAGES))

from tidegate_server import _core, arrays  # noqa: E402


class Colour(enum.IntEnum):
    RED = 3


class Text(str):
    pass


class Rows(list):
    pass


class Half(float):
    def __repr__(self):
        return "a half"


Point = collections.namedtuple("Point", "x y")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def any_doubles(count):
    rng = random.Random(20261130)
    while count:
        value = struct.unpack("d", rng.randbytes(8))[0]
        if math.isfinite(value):
            count -= 1
            yield value


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, -0.0, math.nan, math.inf, -math.inf, "", "text", "ä", "\U0001f600", "\ud800",
        "\x00\x1f\x7f\"\\/\n", [], (), {}, [1, [2.5, (None, True)], {"a": [{}], "ä\n": "x"}], Colour.RED, Text("t"),
        Rows([1, 2]), Half(0.5), Point(1, 2.5), {"b": 1, "a": 2}, nested(60),
    ],
    ids=repr,
)
def test_values_are_written_as_by_json_dumps(value):
    assert _core.encode_json(value) == json.dumps(value).encode()


def test_doubles_are_written_as_by_json_dumps():
    values = list(any_doubles(200_000))
    values += [10.0**exponent for exponent in range(-20, 25)] + [n / 1000 for n in range(-5000, 5000)]
    assert _core.encode_json(values) == json.dumps(values).encode()


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), b"bytes", 2**63, [2**64], {1: 2}, {None: 1}, collections.OrderedDict(a=1), [object()], nested(100)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_left_to_json(value):
    assert _core.encode_json(value) is None


def test_circles_are_left_to_json():
    circle = []
    circle.append({"again": circle})
    assert _core.encode_json(circle) is None


def taken(body):
    found = _core.take_arrays(body, ("data",))
    return found and [(name, struct.unpack("%d%s" % (len(data) // 8, code), data), shape) for name, data, code, shape in found[1]]


def test_arrays_are_taken_out_of_a_body():
    assert taken(b'{"data": [[1, 2], [3, 4.5]]}') == [("data", (1.0, 2.0, 3.0, 4.5), (2, 2))]
    assert taken(b'{"data": [1, 2]}') == [("data", (1, 2), (2,))]
    assert taken(b'{"data": "no array"}') is None
    assert _core.take_arrays(b'{"a": "\\u00e4", "data": [1]}', ("data",))[0] == b'{"a": "\\u00e4", "data": null}'


def test_doubles_are_read_as_by_json_loads():
    values = list(any_doubles(50_000))
    [(_, read, _)] = taken(json.dumps({"data": values}).encode())
    assert list(read) == values


def test_wrong_arguments_are_errors():
    with pytest.raises(TypeError):
        _core.take_arrays("text", ("data",))
    with pytest.raises(TypeError):
        _core.take_arrays(b"{}", 5)


# What @input_schema makes of a value, with and without our decoder: equal in type, shape, dtype and bits, or the same error.

SAMPLES = {
    "float64": (np.zeros((2, 3)), {}),
    "float32": (np.zeros((2, 3), np.float32), {}),
    "int64": (np.zeros((2, 3), np.int64), {}),
    "int8": (np.zeros((2, 3), np.int8), {}),
    "one dimension": (np.zeros(3), {}),
    "any shape": (np.zeros((2, 3)), {"enforce_shape": False}),
    "any dtype": (np.zeros((2, 3)), {"enforce_column_type": False}),
    "rows with names": (np.zeros(2, dtype=[("a", "f8"), ("b", "i8")]), {}),
    "dates": (np.zeros(2, dtype="datetime64[D]"), {}),
}
BODIES = [
    '{"data": [[1.5, 2, 3], [4, 5, 6.25]]}', '{"data": [[1, 2, 3]]}', '{"data": [[1, 2, 3], [4, 5, 6], [7, 8, -0]]}',
    '{"data": [[16777217, 9007199254740993, 0.1]]}', '{"data": [[1e300, -1e-300, 3.4028235677973366e38]]}',
    '{"data": [[300, 2, 3]]}', '{"data": [1, 2, 3.5]}', '{"data": [1, 2]}', '{"data": [[1, 2], [3]]}', '{"data": []}',
    '{"data": [[[1, 2, 3]]]}', '{"data": "text"}', '{"data": [["1", "2", "3"]]}', '{"data": [["x", 2, 3]]}', '{"data": null}',
    '{"data": [[NaN, 2, 3]]}', '{"data": [[1e400, 2, 3]]}', '{"data": [[9223372036854775808, 2, 3]]}', '{"data": [true, 1]}',
    '{"data": [{"a": 1, "b": 2}]}', '{"data": ["2026-11-30"]}', '{"data": [[1, 2, 3]], "data": [[4, 5, 6]]}',
    '{"data": [[1, 2, 3]], "other": }', '{"data": [[1, 2, 3]]', '{"other": 1}', '[1]', '5', '', '{"data": [[1, 2, 3]], "more": "\\u00e4"}',
]


def outcome(run, decode, body):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a cast that overflows
            value = run(**decode(body))
    except Exception as error:
        return type(error).__name__, str(error)
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes(), value.flags.owndata, value.flags.writeable
    return value


@pytest.mark.parametrize("name", SAMPLES)
def test_arrays_are_those_of_inference_schema(name):
    sample, options = SAMPLES[name]

    @input_schema("data", NumpyParameterType(sample, **options))
    @input_schema("more", StandardPythonParameterType(""), optional=True)
    def run(data, more=""):
        return data

    decode = arrays.decoder(run)
    assert isinstance(decode, arrays.ArrayDecoder)
    for body in BODIES:
        assert outcome(run, decode, body.encode()) == outcome(run, json.loads, body.encode()), body


def test_arrays_are_not_parsed_twice():
    @input_schema("data", NumpyParameterType(np.zeros((1, 2))))
    def run(data):
        return data

    assert isinstance(arrays.decoder(run)(b'{"data": [[1, 2.5]]}')["data"], np.ndarray)


def test_scripts_without_numpy_samples_keep_json():
    @input_schema("data", StandardPythonParameterType([1.0]))
    def standard(data): ...

    @input_schema("data", NumpyParameterType(np.zeros(2)), convert_to_provided_type=False)
    def unconverted(data): ...

    for run in (standard, unconverted, outcome):
        assert arrays.decoder(run) is json.loads
