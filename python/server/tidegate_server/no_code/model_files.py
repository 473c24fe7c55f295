"""The file in AZUREML_MODEL_DIR that a script serves."""

import os
from typing import List, Sequence

_LISTED_MAX = 10


class ModelFileError(Exception):
    """The registered model is not what its framework says; the message is for who registered it."""


def find(suffixes: Sequence[str], kind: str) -> str:
    """The only file of the model, or the only one with such a suffix. Raises ModelFileError."""
    root = os.environ.get("AZUREML_MODEL_DIR", "")
    files = all_files(root)
    if len(files) == 1:
        return os.path.join(root, files[0])
    fitting = [name for name in files if name.lower().endswith(tuple(suffixes))]
    if len(fitting) == 1:
        return os.path.join(root, fitting[0])
    raise ModelFileError(
        "the model has %s files that may be %s (%s), one is needed; it holds: %s. Register that file alone, or deploy "
        "with an entry script of your own" % (len(fitting), kind, ", ".join(suffixes), listed(files)))


def all_files(root: str) -> List[str]:
    """Relative to `root`, in a settled order."""
    found = []
    for folder, _, names in os.walk(root):
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def listed(files: List[str]) -> str:
    more = len(files) - _LISTED_MAX
    return ", ".join(files[:_LISTED_MAX]) + (" and %d more" % more if more > 0 else "") or "nothing"
