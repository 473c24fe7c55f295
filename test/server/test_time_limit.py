"""SCORING_TIMEOUT_MS."""

import pytest
from replica import ECHO

SLEEPER = """
import time
def init():
    pass
def run(data):
    if data == 'sleep': time.sleep(60)
    if data == 'spin':
        while True: pass
    if data == 'swallow':
        try:
            time.sleep(60)
        except Exception as error:
            return isinstance(error, TimeoutError)
    return data
"""


@pytest.mark.parametrize("how", [b"sleep", b"spin"])
def test_run_is_interrupted_and_the_server_lives_on(serve, how):
    replica = serve(SLEEPER, env={"SCORING_TIMEOUT_MS": "100"})
    reply = replica.score(how, x_request_id="abc")
    assert (reply.status, reply.message) == (500, "Scoring timeout after 100 ms")
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None
    assert "azmlinfsrv [abc] - Encountered Exception: Traceback" in replica.log()
    for _ in range(5):
        assert replica.score(b"fine").json() == "fine"


def test_the_script_sees_a_timeout_error(serve):
    assert serve(SLEEPER, env={"SCORING_TIMEOUT_MS": "100"}).score(b"swallow").json() is True


def test_time_is_counted_per_request(serve):
    """Many requests that together take longer than the limit."""
    replica = serve("import time\ndef init(): pass\ndef run(data): time.sleep(0.05)\n", env={"SCORING_TIMEOUT_MS": "200"})
    assert {replica.score().status for _ in range(10)} == {200}


def test_zero_is_no_limit(serve):
    assert serve(ECHO, env={"SCORING_TIMEOUT_MS": "0"}).score(b"fine").json() == "fine"


def test_a_timeout_error_of_the_scripts_own_is_an_ordinary_failure(serve):
    reply = serve("def init(): pass\ndef run(data): raise TimeoutError('database')\n").score()
    assert reply.message == "An unexpected error occurred in scoring script. Check the logs for more info."
