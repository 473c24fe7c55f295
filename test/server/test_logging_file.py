"""logging.json: levels, handlers and forms of the script's own, over all that the server says."""

import json
import os
import re
import signal

import pytest

CHATTY = """
import logging, threading
def init(): print('in init')
def run(data):
    print('printed')
    logging.getLogger('mine').warning('warned')
    if data == 'bad': raise ValueError('of run')
    return data
"""

FORMS = {
    "version": 1,
    "formatters": {"own": {"format": "OWN %(levelname)s %(name)s <%(request_id)s> %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "own"}},
    "loggers": {"azmlinfsrv": {"level": "INFO", "handlers": ["out"]}},
    "root": {"level": "WARNING", "handlers": ["out"]},
}

# As the platform's server brings it, and users copy it.
COPIED = {
    "version": 1,
    "handlers": {"azmlinfsrv": {"class": "logging.StreamHandler", "level": "INFO", "stream": "ext://sys.stdout",
                                "formatter": "azmlinfsrv"}},
    "formatters": {"azmlinfsrv": {"class": "azureml_inference_server_http.log_config.AMLLogFormatter",
                                  "format": "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s",
                                  "style": "%"}},
    "loggers": {"azmlinfsrv": {"level": "INFO", "handlers": ["azmlinfsrv"], "propagate": False},
                "gunicorn.access": {"level": "INFO", "handlers": ["azmlinfsrv"], "filters": ["RootAccessFilter"]}},
    "filters": {"RootAccessFilter": {"()": "azureml_inference_server_http.log_config.RootAccessFilter"}},
}


def with_file(config, **changes):
    text = config if isinstance(config, str) else json.dumps({**config, **changes})
    return {"files": {"logging.json": text}}


def own_lines(replica):
    return [line for line in replica.log().splitlines() if line.startswith("OWN ")]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{bad", "Expecting property name enclosed in double quotes: line 1 column 2"),
        ("[]", "it must hold one JSON object"),
        ("{}", "dictionary doesn't specify a version"),
        ('{"version": 1, "handlers": {"a": {"class": "no.such.Handler"}}, "root": {"handlers": ["a"]}}',
         "Unable to configure handler 'a': Cannot resolve 'no.such.Handler': No module named 'no'"),
        ('{"version": 1, "loggers": 7}', "object"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_start(launch, text, cause):
    replica = launch(CHATTY, **with_file(text))
    assert replica.exit_code() == 3
    error = replica.startup_error()
    assert error["stage"] == "start"
    assert error["message"].startswith(f"the logging configuration {replica.app}/logging.json cannot be used: ")
    assert cause in error["message"]
    assert error["message"].endswith("Correct it, or remove it")
    assert replica.stderr.startswith(b"Configuration Error\n")
    assert "in init" not in replica.log()


def test_everything_goes_its_way_with_the_request_id(serve):
    replica = serve(CHATTY, **with_file(FORMS))
    replica.score(b"good", x_request_id="a - b")
    replica.score(b"bad", x_request_id="def")
    replica.terminate()
    assert replica.exit_code() == 0
    lines = own_lines(replica)
    assert "OWN INFO azmlinfsrv.print <> in init" in lines
    for request_id in ("a - b", "def"):
        assert f"OWN INFO azmlinfsrv.print <{request_id}> printed" in lines
        assert f"OWN WARNING mine <{request_id}> warned" in lines
    assert [line for line in lines if re.fullmatch(r"OWN INFO azmlinfsrv <a - b> POST /score 200 \d+\.\d{3}ms 6", line)]
    assert [line for line in lines if re.fullmatch(r"OWN INFO azmlinfsrv <def> POST /score 500 \d+\.\d{3}ms \d+", line)]
    assert [line for line in lines if line.startswith("OWN ERROR azmlinfsrv <def> Encountered Exception: Traceback")]
    assert "ValueError: of run" in replica.log()
    # The last one, too, is out before the process ends; lines of requests come by another thread.
    assert [line for line in lines if line.startswith("OWN INFO azmlinfsrv <> Worker exiting")]


def test_levels_hide_what_they_should(serve):
    loggers = {"azmlinfsrv": {"level": "WARNING", "handlers": ["out"]}, "mine": {"level": "ERROR"}}
    replica = serve(CHATTY, **with_file(FORMS, loggers=loggers))
    replica.score(b"good")
    replica.score(b"bad")
    replica.terminate()
    replica.exit_code()
    assert [line.split()[1] for line in own_lines(replica)] == ["ERROR"]
    assert "POST /score" not in replica.log()


def test_what_the_file_does_not_name_stays_as_it_is(serve):
    replica = serve(CHATTY, **with_file(FORMS, loggers={}))
    replica.score(b"good", x_request_id="abc")
    replica.terminate()
    replica.exit_code()
    assert own_lines(replica) == ["OWN WARNING mine <abc> warned"]
    for text in ("azmlinfsrv - Invoking user's init function", "azmlinfsrv.print [abc] - printed",
                 "azmlinfsrv [abc] - POST /score 200 "):
        assert text in replica.log()


def test_a_copy_of_the_platforms_file_gives_the_usual_lines(serve):
    replica = serve(CHATTY, **with_file(COPIED))
    replica.score(b"good", x_request_id="abc")
    replica.terminate()
    replica.exit_code()
    stamp = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d{{3}} I \[{replica.process.pid}\]"
    assert re.search(rf"^{stamp} azmlinfsrv\.print \[abc\] - printed$", replica.log(), re.MULTILINE)
    assert re.search(rf"^{stamp} azmlinfsrv \[abc\] - POST /score 200 \d+\.\d{{3}}ms 6$", replica.log(), re.MULTILINE)
    assert re.search(rf"^{stamp} azmlinfsrv - Loaded logging config from {replica.app}/logging.json$", replica.log(),
                     re.MULTILINE)


def test_the_file_may_lie_beside_the_script_and_write_files_and_use_the_scripts_classes(serve):
    handlers = {"out": {"class": "logging.FileHandler", "filename": "own.log", "formatter": "own"},
                "mine": {"class": "handlers_of_mine.Shouting"}}
    config = {**FORMS, "handlers": handlers, "loggers": {"azmlinfsrv": {"handlers": ["out", "mine"]}}}
    shouting = "import logging\nclass Shouting(logging.Handler):\n    def emit(self, record): print(record.getMessage().upper())\n"
    replica = serve(None, files={"code/score.py": CHATTY, "code/logging.json": json.dumps(config),
                                 "handlers_of_mine.py": shouting}, env={"AZUREML_ENTRY_SCRIPT": "code/score.py"})
    replica.score(b"good", x_request_id="abc")
    replica.terminate()
    assert replica.exit_code() == 0
    assert "OWN WARNING mine <abc> warned\n" in (replica.app / "own.log").read_text()
    assert "POST /score 200" in (replica.app / "own.log").read_text()
    assert "\nPRINTED\n" in replica.log()  # a handler that prints does not go round in circles


def test_a_script_may_use_the_name_request_id_itself(serve):
    replica = serve("""
        import logging
        def init(): pass
        def run(data): logging.getLogger('mine').warning('warned', extra={'request_id': 'of mine'})
        """, **with_file(FORMS))
    assert replica.score(b"x").status == 200
    assert "OWN WARNING mine <of mine> warned" in own_lines(replica)


def test_a_child_that_the_script_left_behind_does_not_hold_the_end(serve):
    replica = serve("""
        import os, time
        def init(): pass
        def run(data):
            child = os.fork()
            if child == 0:
                time.sleep(60)
            return child
        """, **with_file(FORMS))
    child = replica.score(b"x").json()
    try:
        replica.terminate()
        assert replica.exit_code() == 0
    finally:
        os.kill(child, signal.SIGKILL)
