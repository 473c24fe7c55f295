"""Small projects to deploy: a folder with score.py and the two config files."""

import json
import sys
from pathlib import Path

# The project's own .venv has scikit-learn; a service that uses it needs no build.
READY_INTERPRETER = sys.executable

ECHO = """
import json, os

def init():
    pass

def run(body):
    return {"pid": os.getpid(), "got": body}
"""


def user_managed(interpreter=READY_INTERPRETER):
    return {"name": "ready", "python": {"userManagedDependencies": True, "interpreterPath": interpreter}}


def conda(*packages, python="3.11"):
    dependencies = [f"python={python}", {"pip": list(packages)}]
    return {"name": "built", "python": {"condaDependencies": {"dependencies": dependencies}}}


class Project:
    """Writes the files of one service; keyword arguments become keys of the deployment config."""

    def __init__(self, folder, script=ECHO, *, environment=None, **deployment):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write("score.py", script)
        self.inference = {"entryScript": "score.py", "sourceDirectory": ".", "environment": environment or user_managed()}
        self.deployment = {"computeType": "aks", "numReplicas": 1, **deployment}
        self.save()

    def write(self, name, text):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def save(self):
        self.write("inferenceconfig.json", json.dumps(self.inference, indent=1))
        self.write("deploymentconfig.json", json.dumps(self.deployment, indent=1))
