"""LightGBM with two OpenMP threads."""

import json
import os

import lightgbm
import numpy as np


def train(rows, targets, folder):
    settings = {"objective": "regression", "num_threads": 2, "seed": 0, "deterministic": True, "verbose": -1}
    model = lightgbm.train(settings, lightgbm.Dataset(rows, targets), 30)
    model.save_model(os.path.join(folder, "model.txt"))


def init():
    global model
    model = lightgbm.Booster(model_file=os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt"))


def run(raw):
    row = np.array([json.loads(raw)["row"]])
    return {"pid": os.getpid(), "answer": model.predict(row, num_threads=2).tolist()}
