"""Flask's own names work in run(), wherever the script imports Flask, as on the platform, whose server always has it."""

import pytest

AT_TOP = """
import flask

def init():
    pass

def run(data):
    return [flask.has_app_context(), flask.request.headers["X-Mine"], flask.url_for("main.handle_score")]
"""
IN_INIT = """
def init():
    global flask
    import flask

def run(data):
    return [flask.has_app_context(), flask.request.headers["X-Mine"], flask.url_for("main.handle_score")]
"""
IN_RUN = """
def init():
    pass

def run(data):
    from flask import has_app_context, request, url_for
    return [has_app_context(), request.headers["X-Mine"], url_for("main.handle_score")]
"""


@pytest.mark.parametrize("script", [AT_TOP, IN_INIT, IN_RUN], ids=["at the top", "in init()", "in run()"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_context_is_there_from_the_first_request_on(serve, script, workers):
    replica = serve(script, env={"WORKER_COUNT": workers})
    for number in range(3):
        assert replica.score(b"x", x_mine=str(number)).json() == [True, str(number), "/score"]


def test_a_script_that_only_speaks_of_flask_has_none(serve):
    replica = serve("""
        import sys
        def init(): pass
        def run(data): return "flask" in sys.modules
        """)
    assert replica.score().json() is False


def test_without_flask_a_script_that_can_do_without_serves(serve):
    replica = serve("""
        def init(): pass
        def run(data):
            try:
                import flask
            except ImportError as error:
                return str(error)
        """, files={"flask.py": "raise ImportError('not here')"})
    assert replica.score().json() == "not here"
