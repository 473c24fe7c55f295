"""XGBoost with two OpenMP threads."""

import json
import os

import numpy as np
import xgboost


def train(rows, targets, folder):
    model = xgboost.train({"max_depth": 4, "nthread": 2, "seed": 0}, xgboost.DMatrix(rows, targets), 30)
    model.save_model(os.path.join(folder, "model.ubj"))


def init():
    global model
    model = xgboost.Booster({"nthread": 2})
    model.load_model(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.ubj"))


def run(raw):
    row = np.array([json.loads(raw)["row"]])
    return {"pid": os.getpid(), "answer": model.predict(xgboost.DMatrix(row)).tolist()}
