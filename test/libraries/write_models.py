"""Writes models for test_no_code.py, and beside each what its library answers: write_models.py FOLDER."""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
import onnx
import onnxruntime
import pandas
import xgboost
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

ROWS = np.random.default_rng(7).random((80, 3))
TARGETS = ROWS @ [1.0, -2.0, 3.0]
CLASSES = (TARGETS > 1).astype(int)
SOME = [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]]
SETTINGS = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}


def note(folder, framework, *questions):
    """questions: (body, answer) each"""
    known = {"framework": framework, "questions": [{"body": body, "answer": answer} for body, answer in questions]}
    folder.with_name(f"{folder.name}.json").write_text(json.dumps(known))


def new(root, name):
    folder = root / name
    folder.mkdir()
    return folder


def scikit_learn(root):
    """Columns by name, one of them text."""
    folder = new(root, "frame")
    frame = pandas.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "colour": ["red", "blue", "red", "blue"]})
    model = make_pipeline(make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough"),
                          LinearRegression()).fit(frame, [1.0, 4.0, 3.0, 8.0])
    joblib.dump(model, folder / "model.joblib")
    answer = {"predict": model.predict(frame[:2]).tolist()}
    note(folder, "ScikitLearn",
         ({"data": [{"size": 1.0, "colour": "red"}, {"size": 2.0, "colour": "blue"}]}, answer),
         ({"data": [[1.0, "red"], [2.0, "blue"]]}, answer),
         ({"data": json.loads(frame[:2].to_json(orient="split"))}, answer))


def boosters(root):
    for name, file, names in (("booster_json", "model.json", None), ("booster_ubj", "model.ubj", None),
                              ("named_booster", "model.json", ["x", "y", "z"])):
        folder = new(root, name)
        model = xgboost.train({"max_depth": 3, "nthread": 1}, xgboost.DMatrix(ROWS, TARGETS, feature_names=names), 5)
        model.save_model(folder / file)
        missing = [[None, 0.2, 0.3]]

        def answer(rows):
            table = xgboost.DMatrix(np.array(rows, dtype=np.float32), feature_names=names)
            return {"predict": model.predict(table).tolist()}

        questions = [({"data": SOME}, answer(SOME)), ({"input_data": SOME, "method": "predict"}, answer(SOME)),
                     ({"data": missing}, answer(missing))]
        if names:
            questions.append(({"data": [dict(zip("zyx", reversed(row))) for row in SOME]}, answer(SOME)))
        note(folder, "XGBoost", *questions)


def estimators(root):
    classifier = xgboost.XGBClassifier(**SETTINGS).fit(ROWS, CLASSES)
    table = np.array(SOME, dtype=np.float32)
    questions = (({"data": SOME}, {"predict_proba": classifier.predict_proba(table).tolist()}),
                 ({"data": SOME, "method": "predict"}, {"predict": classifier.predict(table).tolist()}))
    folder = new(root, "classifier_json")
    classifier.save_model(folder / "model.json")
    note(folder, "XGBoost", *questions)
    folder = new(root, "pickled_xgb")
    joblib.dump(classifier, folder / "model.pkl")
    note(folder, "XGBoost", *questions)
    folder = new(root, "regressor_ubj")
    regressor = xgboost.XGBRegressor(**SETTINGS).fit(ROWS, TARGETS)
    regressor.save_model(folder / "model.ubj")
    note(folder, "XGBoost", ({"data": SOME}, {"predict": regressor.predict(table).tolist()}))


def converted(root):
    """A classifier by skl2onnx: labels, and probabilities as a list of maps."""
    folder = new(root, "converted")
    model = LogisticRegression().fit(ROWS, CLASSES)
    proto = to_onnx(model, ROWS[:1].astype(np.float32))
    (folder / "model.onnx").write_bytes(proto.SerializeToString())
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    label, probabilities = session.run(None, {session.get_inputs()[0].name: np.array(SOME, dtype=np.float32)})
    maps = [{str(name): float(value) for name, value in one.items()} for one in probabilities]
    names = [one.name for one in session.get_outputs()]
    answer = {"outputs": dict(zip(names, (label.tolist(), maps)))}
    name = session.get_inputs()[0].name
    note(folder, "Onnx", ({"inputs": {name: SOME}}, answer), ({"data": SOME}, answer), ({"input_data": SOME}, answer),
         ({"inputs": SOME, "outputFilter": [names[0]]}, {"outputs": {names[0]: label.tolist()}}))


def write_graph(folder, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, folder.name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def graphs(root):
    value, float32 = helper.make_tensor_value_info, TensorProto.FLOAT
    folder = new(root, "linear")
    write_graph(folder, [helper.make_node("Mul", ["x", "two"], ["twice"]), helper.make_node("Add", ["twice", "one"], ["y"])],
                [value("x", float32, ["rows", 2])], [value("y", float32, ["rows", 2])],
                [helper.make_tensor("two", float32, [], [2.0]), helper.make_tensor("one", float32, [], [1.0])])
    note(folder, "Onnx", ({"inputs": {"x": [[1, 2], [3, 4.5]]}}, {"outputs": {"y": [[3.0, 5.0], [7.0, 10.0]]}}),
         ({"data": [[0, 0]]}, {"outputs": {"y": [[1.0, 1.0]]}}))

    folder = new(root, "typed")
    kinds = {"count": TensorProto.INT64, "flag": TensorProto.BOOL, "small": TensorProto.UINT8}
    write_graph(folder, [helper.make_node("Identity", [name], [f"same_{name}"]) for name in kinds],
                [value(name, kind, [1]) for name, kind in kinds.items()],
                [value(f"same_{name}", kind, [1]) for name, kind in kinds.items()])
    note(folder, "Onnx", ({"inputs": {"count": [2.0], "flag": [True], "small": [255]}},
                          {"outputs": {"same_count": [2], "same_flag": [True], "same_small": [255]}}))

    folder = new(root, "texts")
    write_graph(folder, [helper.make_node("Identity", ["text"], ["same"])],
                [value("text", TensorProto.STRING, ["n"])], [value("same", TensorProto.STRING, ["n"])])
    note(folder, "Onnx", ({"inputs": {"text": ["a", "Grüße"]}}, {"outputs": {"same": ["a", "Grüße"]}}))

    folder = new(root, "dynamic")
    write_graph(folder, [helper.make_node("Add", ["a", "b"], ["sum"])],
                [value("a", float32, ["n", "m"]), value("b", float32, ["n", "k"])], [value("sum", float32, ["n", "l"])])
    note(folder, "Onnx", ({"inputs": {"a": [[1, 2]], "b": [[3, 4]]}}, {"outputs": {"sum": [[4.0, 6.0]]}}))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for write in (scikit_learn, boosters, estimators, converted, graphs):
        write(folder)
