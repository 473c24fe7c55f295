"""What run() returns or raises, and what the caller gets for it."""

import json

import pytest

INTERNAL = "An unexpected internal error occurred. Check the logs for more info."
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


def returning(expression, before=""):
    return f"{before}\ndef init(): pass\ndef run(data): return {expression}\n"


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("'{\"a\": 1}'", '"{\\"a\\": 1}"'),  # encoded again, as ever
        ("None", "{}"),
        ("[1, 2.5, True, None, 'ä']", '[1, 2.5, true, null, "\\u00e4"]'),
        ("{'result': [1]}", '{"result": [1]}'),
        ("(1, 2)", "[1, 2]"),
        ("float('nan')", "NaN"),
        ("0", "0"),
        ("''", '""'),
    ],
)
def test_values_become_json(serve, expression, body):
    reply = serve(returning(expression)).score()
    assert (reply.status, reply.body.decode()) == (200, body)
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("expression", ["{1, 2}", "object()", "b'bytes'", "cycle"])
def test_what_is_not_serialisable_is_an_internal_error(serve, expression):
    replica = serve(returning(expression, before="cycle = []\ncycle.append(cycle)"))
    reply = replica.score(x_request_id="abc")
    assert (reply.status, reply.message) == (500, INTERNAL)
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None
    assert "Traceback" in replica.log()


@pytest.mark.parametrize("raised", ["ValueError('secret')", "SystemExit(1)", "KeyboardInterrupt()", "RecursionError()"])
def test_an_exception_is_a_500_without_its_text_and_the_server_lives_on(serve, raised):
    replica = serve(f"""
        def init(): pass
        def run(data):
            if data == 'raise': raise {raised}
            return data
        """)
    reply = replica.score(b"raise", x_request_id="abc")
    assert (reply.status, reply.message) == (500, FAILED)
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None
    assert replica.score(b"fine").json() == "fine"


def test_the_traceback_is_in_the_log_with_the_request_id(serve):
    replica = serve("def init(): pass\ndef run(data): return {}['no such key']\n")
    replica.score(x_request_id="abc")
    log = replica.log()
    at = log.index("azmlinfsrv [abc] - Encountered Exception: Traceback (most recent call last):")
    assert "score.py\", line 2, in run" in log[at:]
    assert "KeyError: 'no such key'" in log[at:]
    assert "tidegate_server" not in log[at:]


def test_large_values_go_both_ways(serve):
    replica = serve("import json\ndef init(): pass\ndef run(data): return json.loads(data)\n")
    value = list(range(2_000_000))  # about 15 MB, more than a body has in memory
    assert replica.score(json.dumps(value).encode()).json() == value
