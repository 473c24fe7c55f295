"""The entry script that every server runs, or imports `run` from."""

import json


def init():
    pass


def run(raw):
    return [sum(r) for r in json.loads(raw)["data"]]
