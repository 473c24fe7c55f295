"""examples/diabetes, trained with the pinned scikit-learn."""

import json
import subprocess

from support.server import ROOT


class Example:
    """A copy in `folder`; train it once per session."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["cp", "-r", f"{ROOT}/examples/diabetes/.", folder], check=True)
        subprocess.run([f"{ROOT}/.venv/bin/python", "train.py"], cwd=folder, check=True)
        self.rows = self.python("from sklearn.datasets import load_diabetes; print(load_diabetes().data[:3].tolist())")
        self.body = json.dumps({"data": self.rows})

    def python(self, code, interpreter=f"{ROOT}/.venv/bin/python"):
        done = subprocess.run([interpreter, "-c", code], cwd=self.folder, text=True, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def prediction(self, interpreter):
        """scikit-learn's own answer, in the environment of the service."""
        return self.python(
            f"import joblib; print(joblib.load('model.pkl').predict({self.rows!r}).tolist())", interpreter
        )
