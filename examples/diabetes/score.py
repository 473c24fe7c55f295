"""Scores the diabetes model: a body {"data": [[10 numbers], ...]} becomes a list of predictions."""

import json
import os

import joblib
import numpy

model = None


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))


def run(body):
    rows = numpy.array(json.loads(body)["data"])
    return model.predict(rows).tolist()
