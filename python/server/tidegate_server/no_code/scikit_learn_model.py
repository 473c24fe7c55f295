"""A scikit-learn model in a pickle, of joblib or pickle: {"data": [[...]], "method": "predict"} -> {"predict": [...]}."""

import joblib
import sklearn

from tidegate_server.no_code import model_files, rows

try:
    import pandas  # noqa: F401, for rows with names
except ImportError:
    pass

_SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav")


def init():
    global estimator
    path = model_files.find(_SUFFIXES, "a pickle")
    try:
        model = joblib.load(path)
    except Exception as error:
        raise model_files.ModelFileError(
            "%s cannot be loaded with scikit-learn %s: %s: %s. A pickle needs the versions that wrote it: register it "
            "with --model-framework-version of that scikit-learn, or deploy with an environment of your own"
            % (path, sklearn.__version__, type(error).__name__, error)) from error
    estimator = rows.Estimator(model, rows.features_of(model), rows.table)
    if not estimator.methods:
        raise model_files.ModelFileError(
            "%s holds a %s, which has none of scikit-learn's methods such as predict(); deploy it with an entry script "
            "of your own" % (path, type(model).__name__))
    print("serving %s from %s with scikit-learn %s; methods: %s"
          % (type(model).__name__, path, sklearn.__version__, ", ".join(estimator.methods)))


def run(raw_data):
    return estimator.score(raw_data)


run.tidegate_schemas = lambda: estimator.schemas()
