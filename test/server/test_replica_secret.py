"""TIDEGATE_REPLICA_SECRET: a replica that can be reached over a network answers its routers only."""

import pytest

SECRET = "s3cret-for-routers"
ENV = {"TIDEGATE_REPLICA_SECRET": SECRET}
HEADER = "x-tidegate-replica-secret"

PLAIN = """
import os, subprocess

def init():
    global at_init
    at_init = dict(os.environ)

def run(data, request_headers):
    child = subprocess.run(["env"], capture_output=True, text=True).stdout
    return [at_init, dict(os.environ), child, request_headers]
"""

RAW = """
from azureml.contrib.services.aml_request import rawhttp

def init(): pass

@rawhttp
def run(request):
    return [list(request.headers.items()), {k: str(v) for k, v in request.environ.items()}]
"""


@pytest.mark.parametrize("shown", [None, "", "wrong", SECRET + "x", SECRET[:-1]])
def test_who_does_not_show_it_is_refused_before_anything_starts(serve, shown):
    replica = serve("def init(): pass\ndef run(data):\n    open('ran', 'w')\n", env=ENV)
    headers = {} if shown is None else {HEADER: shown}
    for method, target in [("POST", "/score"), ("GET", "/score"), ("GET", "/swagger.json"), ("GET", "/nowhere")]:
        reply = replica.call(method, target, b"{}" if method == "POST" else None, headers)
        assert reply.status == 401, (method, target)
        assert reply.headers["x-tidegate-not-started"] == "1"
        assert HEADER in reply.message
        assert SECRET not in reply.body.decode()
    assert not (replica.app / "ran").exists()


def test_a_probe_needs_none(serve):
    assert serve(env=ENV).get("/").status == 200


@pytest.mark.parametrize("script", [PLAIN, RAW], ids=["request_headers", "rawhttp"])
def test_the_script_sees_neither_header_nor_variable(serve, script):
    replica = serve(script, env=ENV)
    reply = replica.score(b"{}", x_mine="1", **{HEADER: SECRET})
    assert reply.status == 200
    text = reply.body.decode()
    assert SECRET not in text
    assert "REPLICA_SECRET" not in text.upper().replace("-", "_")
    assert "X-Mine" in text


def test_without_the_variable_everybody_is_served(serve):
    assert serve(PLAIN).score(b"{}").status == 200
