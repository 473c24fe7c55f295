"""An XGBoost model of save_model() or in a pickle: {"data": [[...]], "method": "predict"} -> {"predict": [...]}."""

import json
import pickle

import joblib
import numpy as np
import xgboost

from tidegate_server.no_code import model_files, rows

_SAVED = (".json", ".ubj", ".model", ".bin", ".deprecated", ".xgb")
_PICKLES = (".pkl", ".pickle", ".joblib", ".sav")
_ESTIMATORS = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}


def init():
    global estimator
    path = model_files.find(_SAVED + _PICKLES, "an XGBoost model")
    try:
        model = load(path)
    except (xgboost.core.XGBoostError, pickle.UnpicklingError, EOFError, ImportError, AttributeError, TypeError,
            ValueError, IndexError, KeyError) as error:
        words = str(error).strip().split("\n")[0]
        raise model_files.ModelFileError(
            "%s cannot be loaded with xgboost %s: %s: %s. Save it with save_model() as .json or .ubj, and register it "
            "with --model-framework-version of the xgboost that wrote it"
            % (path, xgboost.__version__, type(error).__name__, words)) from error
    if isinstance(model, xgboost.Booster):
        features = rows.Features(model.num_features(), list(model.feature_names or []))
        estimator = rows.Estimator(Scorer(model), features, numbers)
    else:
        estimator = rows.Estimator(model, features_of(model), numbers)
    if not estimator.methods:
        raise model_files.ModelFileError("%s holds a %s, which is no model of XGBoost" % (path, type(model).__name__))
    print("serving %s from %s with xgboost %s; methods: %s" % (
        type(model).__name__, path, xgboost.__version__, ", ".join(estimator.methods)))


def load(path):
    """A Booster, or what scikit-learn's interface of XGBoost has saved, as that."""
    if path.lower().endswith(_PICKLES):
        return joblib.load(path)
    booster = xgboost.Booster()
    booster.load_model(path)
    saved_by = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type", "")
    if saved_by not in _ESTIMATORS:
        return booster
    model = getattr(xgboost, _ESTIMATORS[saved_by])()
    model.load_model(path)
    return model


def features_of(model):
    booster = model.get_booster() if hasattr(model, "get_booster") else None
    if booster is None:
        return rows.features_of(model)
    return rows.Features(booster.num_features(), list(booster.feature_names or []))


class Scorer:
    """A Booster as an estimator."""

    def __init__(self, booster):
        self._booster = booster

    def predict(self, table):
        return self._booster.predict(xgboost.DMatrix(table, feature_names=self._booster.feature_names))


def numbers(data, features):
    """Rows as an array of floats, null and NaN for what is missing; rows that are objects have a member for each
    feature. Raises ValueError, TypeError, KeyError."""
    if not isinstance(data, list) or not all(isinstance(row, (list, dict)) for row in data):
        raise TypeError("data must be a list of rows")
    if any(isinstance(row, dict) for row in data):
        data = [by_name(row, features) for row in data]
    if any(isinstance(item, (str, bool)) for row in data for item in row):
        raise TypeError("features must be numbers")
    table = np.array(data, dtype=np.float32)
    if table.ndim != 2 or (features.count and table.shape[1] != features.count):
        raise ValueError("data has the shape %s" % (list(table.shape),))
    return table


def by_name(row, features):
    if not isinstance(row, dict) or not features.names:
        raise TypeError("rows are lists" if not features.names else "rows are lists or objects, not both")
    unknown = sorted(set(row) - set(features.names))
    missing = sorted(set(features.names) - set(row))
    if unknown or missing:
        raise KeyError("features of a row: unknown %s, missing %s" % (unknown, missing))
    return [row[name] for name in features.names]


def run(raw_data):
    return estimator.score(raw_data)


run.tidegate_schemas = lambda: estimator.schemas()
