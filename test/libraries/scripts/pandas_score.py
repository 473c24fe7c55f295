"""Means of what was seen in the same bins, looked up by an index of two levels."""

import json
import os

import pandas as pd

BINS = 8


def binned(frame):
    return (frame * BINS).astype(int)


def train(rows, targets, folder):
    frame = binned(pd.DataFrame(rows[:, :2], columns=["a", "b"])).assign(target=targets)
    frame.groupby(["a", "b"], as_index=False)["target"].mean().to_csv(os.path.join(folder, "means.csv"), index=False)


def init():
    global means
    means = pd.read_csv(os.path.join(os.environ["AZUREML_MODEL_DIR"], "means.csv")).set_index(["a", "b"])["target"]


def run(raw):
    frame = pd.DataFrame([json.loads(raw)["row"]], columns=list("abcdef"))
    found = means.get(tuple(binned(frame[["a", "b"]]).iloc[0]), 0.0)
    return {"pid": os.getpid(), "answer": [float(found + frame.loc[0, "c":].sum())]}
