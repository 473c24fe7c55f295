"""Tensors of callers: nested lists made into arrays of the type and shape that a model declares."""

from typing import Any, List, NamedTuple, Optional, Sequence

import numpy as np

from . import bodies


class Declared(NamedTuple):
    """What a model says of an input."""
    name: str
    dtype: Any  # numpy's; object: texts
    shape: Optional[Sequence[Any]]  # an int is fixed, anything else free; None: any number of dimensions

    @property
    def text(self) -> str:
        return "%s: %s%s" % (self.name, type_name(self.dtype), shape_text(self.shape))


def type_name(dtype: Any) -> str:
    return "string" if np.dtype(dtype).kind == "O" else np.dtype(dtype).name


def shape_text(shape: Optional[Sequence[Any]]) -> str:
    if shape is None:
        return ""
    return " [%s]" % ", ".join(str(side) if isinstance(side, (int, str)) else "?" for side in shape)


def made_of(value: Any, declared: Declared) -> Any:
    """Raises BadRequest, which names the input and what it is declared as."""
    return checked(_array(value, declared), declared)


def checked(array: Any, declared: Declared) -> Any:
    """The shape is one that the model takes."""
    shape = declared.shape
    if shape is None:
        return array
    fits = len(shape) == array.ndim and all(
        not isinstance(side, int) or side < 0 or side == there for side, there in zip(shape, array.shape))
    if not fits:
        raise bodies.refused("input %r has the shape %s; the model takes %s" % (
            declared.name, list(array.shape), declared.text))
    return array


def _array(value: Any, declared: Declared) -> Any:
    kind = np.dtype(declared.dtype).kind
    if kind == "O":
        return _texts(value, declared)
    try:
        array = np.array(value)
    except (ValueError, OverflowError):  # rows of different lengths
        array = np.array([], dtype="V1")
    if kind == "f" and array.dtype.kind == "O":
        array = _with_nulls(value, array)
    if array.size == 0 and array.dtype.kind == "f":  # []
        return array.astype(declared.dtype)
    if kind == "f" and array.dtype.kind in "fiu":
        return array.astype(declared.dtype)
    if kind == "b" and array.dtype.kind == "b":
        return array
    if kind in "iu" and array.dtype.kind in "fiu":
        return _whole(array, declared)
    raise _other_type(declared)


def _texts(value: Any, declared: Declared) -> Any:
    array = np.array(value, dtype=object)
    if all(isinstance(item, (str, bytes)) for item in array.ravel().tolist()):
        return array
    raise _other_type(declared)


def _other_type(declared: Declared) -> bodies.BadRequest:
    return bodies.refused("input %r is no tensor of that type; the model takes %s" % (declared.name, declared.text))


def _with_nulls(value: Any, array: Any) -> Any:
    """JSON has no NaN: null stands for it."""
    try:
        flat = [None if item is None else float(item) for item in array.ravel().tolist() if not isinstance(item, str)]
    except (TypeError, ValueError, OverflowError):
        return array
    return np.array(flat, dtype=float).reshape(array.shape) if len(flat) == array.size else array


def _whole(array: Any, declared: Declared) -> Any:
    """Numbers without a fraction that fit into the type; clients write 1.0 for 1."""
    limits = np.iinfo(declared.dtype)
    inside = bool(np.all(np.isfinite(array)) and np.all(array >= limits.min) and np.all(array <= limits.max))
    if not inside or bool(np.any(array != np.floor(array))):
        raise bodies.refused("input %r holds what is no whole number from %d to %d; the model takes %s" % (
            declared.name, limits.min, limits.max, declared.text))
    return array.astype(declared.dtype)


def example(declared: Declared, skip: int = 0) -> Any:
    """A tensor that fits, of zeros; free sides are 1. Without the first `skip` sides."""
    shape = [side if isinstance(side, int) and side >= 0 else 1 for side in declared.shape or ()][skip:]
    return np.full(shape, "" if declared.dtype.kind == "O" else 0, dtype=declared.dtype).tolist()


def named(given: Any, inputs: List[Declared]) -> Any:
    """Checks the names of a JSON object of tensors. Raises BadRequest."""
    takes = "the model takes %s" % "; ".join(one.text for one in inputs)
    if not isinstance(given, dict):
        raise bodies.refused("inputs must be an object with a member for each input; " + takes)
    known = {one.name for one in inputs}
    missing = sorted(known - set(given))
    unknown = sorted(set(given) - known)
    if missing:
        raise bodies.refused("inputs that are missing: %s; %s" % (", ".join(missing), takes))
    if unknown:
        raise bodies.refused("inputs that the model has not: %s; %s" % (", ".join(unknown), takes))
    return given
