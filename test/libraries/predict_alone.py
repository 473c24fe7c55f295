"""Trains the model of one script and answers all rows with it in this one process.

predict_alone.py SCRIPT ROWS.json FOLDER: the model and answers.json go to FOLDER.
"""

import importlib
import json
import os
import sys

import numpy as np

TRAINING_ROWS = 600


def main(name, rows_file, folder):
    with open(rows_file) as file:
        rows = json.load(file)
    script = importlib.import_module(name)
    training = np.array(rows[:TRAINING_ROWS])
    targets = np.sin(4 * training[:, 0]) + training[:, 1] ** 2 - training[:, 2] * training[:, 3] + 0.1 * training[:, 5]
    script.train(training, targets, folder)
    os.environ["AZUREML_MODEL_DIR"] = folder
    script.init()
    answers = [script.run(json.dumps({"row": row}))["answer"] for row in rows]
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump(answers, file)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "scripts"))
    main(*sys.argv[1:])
