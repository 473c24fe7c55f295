"""Rows of features as estimators take them: `{"data": ...}` or `{"input_data": ...}`, with an optional "method"."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np

from tidegate_server import swagger

from . import bodies

_METHODS = ("predict_proba", "predict", "predict_log_proba", "decision_function", "score_samples", "transform")


class Features(NamedTuple):
    count: int  # 0: not known
    names: List[str]  # []: not known

    @property
    def text(self) -> str:
        if not self.count:
            return "Send rows as the model was fitted with"
        names = " (%s)" % ", ".join(self.names[:50]) if self.names else ""
        return "The model takes rows of %d features%s" % (self.count, names)


def features_of(model: Any) -> Features:
    names = getattr(model, "feature_names_in_", None)
    return Features(int(getattr(model, "n_features_in_", 0) or 0), [] if names is None else [str(n) for n in names])


def methods_of(model: Any) -> List[str]:
    """The first one is the default, as on the platform: probabilities of a model that has them."""
    return [name for name in _METHODS if callable(getattr(model, name, None))]


class Estimator:
    """run() of a model with scikit-learn's interface."""

    def __init__(self, model: Any, features: Features, to_input: Callable[[Any, Features], Any]) -> None:
        self._model = model
        self._features = features
        self._to_input = to_input
        self.methods = methods_of(model)
        width = max(features.count, 1)
        self._form = '{"data": [[%s]], "method": "%s"}' % (", ".join(["0.0"] * min(width, 4)) + (
            ", ..." if width > 4 else ""), self.methods[0] if self.methods else "predict")

    def score(self, text: str) -> Dict[str, Any]:
        body = bodies.read_object(text, self._form)
        bodies.only_known(body, ("data", "input_data", "method"), self._form)
        data = bodies.one_of(body, ("data", "input_data"), self._form)
        method = self._method(body.get("method"))
        try:
            rows = self._to_input(data, self._features)
            return {method: bodies.plain(getattr(self._model, method)(rows))}
        except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            if type(error).__name__ == "NotFittedError":
                raise  # no data would do
            raise bodies.refused_by("%s() does not take this data" % method, error, self._features.text) from error

    def _method(self, asked: Any) -> str:
        if asked is None:
            return self.methods[0]
        if asked not in self.methods:
            raise bodies.refused("the model has no method %r; it has: %s" % (asked, ", ".join(self.methods)))
        return asked

    def schemas(self) -> swagger.Schemas:
        count = self._features.count
        row = {"type": "array", "items": {}}  # type: Dict[str, Any]
        if count:
            row.update(minItems=count, maxItems=count)
        data = {"type": "array", "items": row}
        method = {"type": "string", "enum": self.methods, "default": self.methods[0]}
        taken = {"type": "object", "properties": {"data": data, "method": method}, "required": ["data"],
                 "example": {"data": [[0.0] * max(count, 1)], "method": self.methods[0]}}
        given = {name: {"type": "array", "items": {}} for name in self.methods}
        return swagger.Schemas(taken, {"type": "object", "properties": given})


def table(data: Any, features: Features) -> Any:
    """Rows as an array; as a frame where columns have names: of objects, of pandas' "split" form, or because the
    model was fitted with names. Raises ValueError, TypeError, KeyError."""
    pandas = _pandas()
    if isinstance(data, dict) and pandas is not None:
        return pandas.DataFrame(data["data"], columns=data["columns"])
    if not isinstance(data, list):
        raise TypeError("data must be a list of rows, is %s" % type(data).__name__)
    if data and isinstance(data[0], dict):
        if pandas is None:
            raise TypeError("rows that are objects need pandas, which this environment lacks")
        return pandas.DataFrame(data)
    if features.names and pandas is not None and _fits(data, len(features.names)):
        return pandas.DataFrame(data, columns=features.names)
    rows = np.array(data)
    return np.array(data, dtype=object) if rows.dtype.kind in "US" else rows


def _fits(data: List[Any], width: int) -> bool:
    return bool(data) and all(isinstance(row, list) and len(row) == width for row in data)


def _pandas() -> Optional[Any]:
    try:
        import pandas
    except ImportError:
        return None
    return pandas
