"""Arrays of numbers in a JSON body, for @input_schema with numpy samples: made without a Python object per number."""

import json
from typing import Any, Callable, Dict, Optional, Tuple

from . import _core

# Of samples. Others (structured, dates, text, small integers that can overflow) go the usual way.
_DTYPES = ("float64", "float32", "int64")


def decoder(run: Callable[..., Any]) -> Callable[[bytes], Any]:
    """As json.loads, but what is an array that fits its parameter's sample is a numpy array already, which
    inference-schema then takes as it is."""
    types = _numpy_types(run)
    return ArrayDecoder(types) if types else json.loads


class ArrayDecoder:
    def __init__(self, types: Dict[str, Any]) -> None:
        self._types = types
        self._names = tuple(types)

    def __call__(self, body: bytes) -> Any:
        """Raises ValueError, as json.loads does."""
        taken = _core.take_arrays(body, self._names)
        if taken is None:
            return json.loads(body)
        rest, found = taken
        arrays = {name: _fitting(self._types[name], data, code, shape) for name, data, code, shape in found}
        if any(array is None for array in arrays.values()):
            return json.loads(body)  # inference-schema says what is wrong with it
        try:
            values = json.loads(rest)
        except ValueError:
            return json.loads(body)  # which names the place in the whole body
        values.update(arrays)
        return values


def _fitting(kind: Any, data: bytes, code: str, shape: Tuple[int, ...]) -> Optional[Any]:
    """What NumpyParameterType.deserialize_input() makes of it, or None if that should be asked."""
    import numpy

    sample = kind.sample_input
    dtype = sample.dtype if kind.enforce_column_type else numpy.dtype(code)
    if dtype.name not in _DTYPES or (dtype.kind == "i" and code == "d"):
        return None
    if kind.enforce_shape and (len(shape) != sample.ndim or shape[1:] != sample.shape[1:]):
        return None
    array = numpy.frombuffer(data, code).reshape(shape)
    if dtype.kind == "i":
        return array.copy()
    return array.astype("d").astype(dtype, copy=False)  # by way of a double, as numpy does it with Python's integers


def _numpy_types(run: Any) -> Dict[str, Any]:
    """Parameter -> its NumpyParameterType. Decorators are wrapt's, and what they were told is in their closures; where
    it is not to be found, there is nothing to be gained."""
    types = {}
    while (decorate := getattr(run, "_self_wrapper", None)) is not None:
        told = _closure(decorate)
        kind = told.get("param_type")
        if _is_numpy(kind) and told.get("convert_to_provided_type") is True:
            types[told.get("param_name")] = kind
        run = getattr(run, "__wrapped__", None)
    return {name: kind for name, kind in types.items() if isinstance(name, str)}


def _closure(function: Any) -> Dict[str, Any]:
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    return {name: cell.cell_contents for name, cell in zip(names, getattr(function, "__closure__", None) or ())}


def _is_numpy(kind: Any) -> bool:
    kind = type(kind)
    return (kind.__name__, kind.__module__) == (
        "NumpyParameterType", "inference_schema.parameter_types.numpy_parameter_type")
