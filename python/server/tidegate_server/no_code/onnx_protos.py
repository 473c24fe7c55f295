"""Tensors as ONNX Runtime Server's JSON has them: the JSON form of the protobuf message TensorProto (onnx.proto),
{"dims": ["1", "2"], "dataType": 1, "floatData": [1, 2]} or with "rawData" in base64, little-endian."""

import base64
import binascii
from typing import Any, Dict

import numpy as np

from . import bodies, tensors

# TensorProto.DataType, and the field that holds it when it is not raw.
TYPES = {
    1: ("float32", "floatData"), 2: ("uint8", "int32Data"), 3: ("int8", "int32Data"), 4: ("uint16", "int32Data"),
    5: ("int16", "int32Data"), 6: ("int32", "int32Data"), 7: ("int64", "int64Data"), 8: ("object", "stringData"),
    9: ("bool", "int32Data"), 10: ("float16", "int32Data"), 11: ("float64", "doubleData"), 12: ("uint32", "uint64Data"),
    13: ("uint64", "uint64Data"),
}
_NAMES = {"FLOAT": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7, "STRING": 8, "BOOL": 9,
          "FLOAT16": 10, "DOUBLE": 11, "UINT32": 12, "UINT64": 13}
_NUMBERS = {np.dtype(name): number for number, (name, _) in TYPES.items()}


def is_proto(value: Any) -> bool:
    return isinstance(value, dict)


def read(proto: Dict[str, Any], declared: tensors.Declared) -> Any:
    """An array. Raises BadRequest."""
    try:
        array = _read(_camel(proto))
    except (ValueError, TypeError, KeyError, OverflowError, binascii.Error) as error:
        raise bodies.refused("input %r is no TensorProto (%s: %s); the model takes %s" % (
            declared.name, type(error).__name__, error, declared.text)) from None
    if array.dtype != np.dtype(declared.dtype):
        raise bodies.refused("input %r has the type %s; the model takes %s" % (
            declared.name, tensors.type_name(array.dtype), declared.text))
    return tensors.checked(array, declared)


def _camel(proto: Dict[str, Any]) -> Dict[str, Any]:
    """protobuf's JSON has both spellings of a field: data_type, dataType."""
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    return {camel(name): value for name, value in proto.items()}


def _read(proto: Dict[str, Any]) -> Any:
    number = proto["dataType"]
    number = _NAMES[number] if number in _NAMES else int(number)
    name, field = TYPES[number]
    dims = [int(side) for side in proto.get("dims", [])]  # 64 bit numbers are texts
    if name != "object" and proto.get("rawData"):
        raw = base64.b64decode(proto["rawData"], validate=True)
        array = np.frombuffer(raw, dtype=np.dtype(name).newbyteorder("<")).astype(name)
    elif name == "object":
        texts = [base64.b64decode(item, validate=True).decode("utf-8") for item in proto.get(field, [])]
        array = np.array(texts, dtype=object)
    elif name == "float16":  # bits in the low half
        array = np.array(proto.get(field, []), dtype=np.uint16).view(np.float16)
    else:
        kind = float if name.startswith("float") else int
        array = np.array([kind(item) for item in proto.get(field, [])], dtype=name)
    return array.reshape(dims)


def write(array: Any) -> Dict[str, Any]:
    """As ONNX Runtime Server answers: raw data, but for texts."""
    number = _NUMBERS[array.dtype if array.dtype.kind not in "US" else np.dtype(object)]
    proto = {"dims": [str(side) for side in array.shape], "dataType": number}  # type: Dict[str, Any]
    if number == _NAMES["STRING"]:
        texts = [str(item).encode("utf-8") for item in array.ravel().tolist()]
        proto["stringData"] = [base64.b64encode(text).decode("ascii") for text in texts]
    else:
        raw = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        proto["rawData"] = base64.b64encode(raw).decode("ascii")
    return proto
