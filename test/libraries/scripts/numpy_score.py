"""A ridge regression on squares of the inputs, solved by hand (BLAS and LAPACK)."""

import json
import os

import numpy as np


def features(rows):
    return np.hstack([np.ones((len(rows), 1)), rows, rows**2, np.tanh(rows)])


def train(rows, targets, folder):
    x = features(rows)
    weights = np.linalg.solve(x.T @ x + 1e-3 * np.eye(x.shape[1]), x.T @ targets)
    np.save(os.path.join(folder, "weights.npy"), weights)


def init():
    global weights
    weights = np.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.npy"))


def run(raw):
    row = np.array(json.loads(raw)["row"])
    return {"pid": os.getpid(), "answer": (features(row[None]) @ weights).tolist()}
