"""Entry scripts for models that come without one: TIDEGATE_NO_CODE names the framework, init() and run() are as in a
user's score.py. What they take and give: docs/guides/deploy-a-model-without-a-script.md."""

import os
from typing import List

SCRIPTS = {"Onnx": "onnx_model.py", "ScikitLearn": "scikit_learn_model.py", "TensorFlow": "tensorflow_model.py",
           "XGBoost": "xgboost_model.py"}


def frameworks() -> List[str]:
    return sorted(SCRIPTS)


def script_of(framework: str) -> str:
    """The absolute path of its script; "": there is none."""
    name = SCRIPTS.get(framework)
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name) if name else ""
