"""Starts that fail: exit code 3, the cause for people and for programs."""

import pytest
from replica import ECHO, wait_until


def failed(launch, script, **kwargs):
    replica = launch(script, **kwargs)
    assert replica.exit_code() == 3, replica.log()
    return replica


def test_before_init_has_returned_it_says_so(launch):
    replica = launch("""
        import os, time
        def init():
            while not os.path.exists('go'): time.sleep(0.002)
        def run(data): return data
        """)
    replica.wait_listening()
    health = replica.get("/")
    assert (health.status, health.message) == (503, "init() has not returned yet")
    assert replica.score(b"x").not_started
    (replica.app / "go").touch()
    assert replica.wait_ready().score(b"x").json() == "x"


def test_init_that_raises(launch):
    replica = failed(launch, "def init():\n    raise ValueError('no model')\ndef run(data): pass\n")
    error = replica.startup_error()
    assert error["stage"] == "init"
    assert error["message"] == "ValueError: no model"
    assert "score.py\", line 2, in init" in error["traceback"]
    assert "tidegate_server" not in error["traceback"]
    assert b"ValueError: no model" in replica.stderr
    assert "User's init function failed" in replica.log()


def test_an_error_file_that_cannot_be_renamed_over_is_written_in_place_and_short(launch):
    # As in a pod, where the file is a mount and 4096 bytes of it are kept.
    replica = failed(launch, """
        import os
        def init():
            os.mkdir(os.environ['TIDEGATE_STARTUP_ERROR'] + '.tmp')
            raise ValueError('\\u00fc' * 9000)
        def run(data): pass
        """)
    assert len(replica.error_file.read_bytes()) <= 4096
    error = replica.startup_error()
    assert error["stage"] == "init"
    assert error["message"].startswith("ValueError: \u00fc")


def test_import_that_raises(launch):
    error = failed(launch, "import no_such_module\n").startup_error()
    assert error["stage"] == "import"
    assert error["message"] == "ModuleNotFoundError: No module named 'no_such_module'"
    assert "score.py\", line 1, in <module>" in error["traceback"]


def test_a_syntax_error_names_file_line_and_column(launch):
    replica = failed(launch, "def init(): pass\ndef run(data)\n    return data\n")
    error = replica.startup_error()
    assert error["stage"] == "import"
    assert error["message"].startswith(f"{replica.app}/score.py, line 2, column 14: SyntaxError: ")


@pytest.mark.parametrize("where", ["init", "import"])
def test_a_script_that_ends_the_process(launch, where):
    script = "import sys\ndef init(): {}\ndef run(data): pass\n{}\n"
    script = script.format("sys.exit(0)", "") if where == "init" else script.format("pass", "sys.exit(0)")
    error = failed(launch, script).startup_error()
    assert error["stage"] == where
    assert error["message"].endswith("ended the process: sys.exit(0)")


def test_the_model_directory_is_shown_when_init_fails(launch):
    files = {f"models/m/1/part{i:03}.bin": "x" for i in range(250)}
    replica = failed(launch, "def init(): raise ValueError\ndef run(data): pass\n", files=files,
                     env={"AZUREML_MODEL_DIR": "models"})
    log = replica.log()
    at = log.index("Model Directory Contents:")
    assert " - models/\n" in log[at:]
    assert " -         1/" not in log[at:at + 100]
    assert "part196.bin" in log[at:] and "part197.bin" not in log[at:]  # 200 lines with the three folders
    assert "Output Truncated. First 200 lines shown." in log


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def run(data): pass", "does not have a init() function defined."),
        ("def init(): pass", "does not have a run() function defined."),
        ("def init(): pass\ndef run(*args): pass", "run() cannot accept positional-only arguments, *args, or **kwargs."),
        ("def init(): pass\ndef run(data, **kw): pass",
         "run() cannot accept positional-only arguments, *args, or **kwargs."),
        ("def init(): pass\ndef run(data, /): pass",
         "run() cannot accept positional-only arguments, *args, or **kwargs."),
        ("def init(): pass\ndef run(): pass", "run() needs to accept an argument for input data."),
        ("def init(): pass\ndef run(request_headers): pass",
         'run() needs to accept an argument other than "request_headers".'),
        ("def init(): pass\nasync def run(data): pass",
         "run() is declared with async; the server calls plain functions."),
        ("def init(): pass\nrun = 7", "is no function."),
    ],
)
def test_a_script_that_breaks_the_contract(launch, script, message):
    error = failed(launch, script + "\n").startup_error()
    assert error["stage"] == "check"
    assert error["message"].endswith(message)


def test_the_check_comes_before_init(launch):
    replica = failed(launch, "def init(): print('init ran')\ndef run(): pass\n")
    assert "init ran" not in replica.log()


def test_a_missing_script(launch):
    error = failed(launch, None).startup_error()
    assert error["stage"] == "import"
    assert "score.py" in error["message"]


def test_a_missing_main_explains_where_it_was_looked_for(launch):
    replica = failed(launch, None, files={"other.txt": ""}, env={"AZUREML_ENTRY_SCRIPT": None})
    assert "No score script found. Expected score script main.py." in replica.log()
    assert "Current contents of AML_APP_ROOT: ['other.txt']" in replica.log()


def test_a_main_that_misses_a_module_is_another_matter(launch):
    replica = failed(launch, None, files={"main.py": "import no_such_module\n"}, env={"AZUREML_ENTRY_SCRIPT": None})
    assert "No score script found" not in replica.log()
    assert replica.startup_error()["message"] == "ModuleNotFoundError: No module named 'no_such_module'"


def test_all_wrong_settings_at_once(launch):
    replica = failed(launch, ECHO, env={"SCORING_TIMEOUT_MS": "soon", "TIDEGATE_MAX_CONCURRENT": "0",
                                        "AZUREML_LOG_LEVEL": "LOUD", "AML_APP_ROOT": "/no/such/folder"})
    error = replica.startup_error()
    assert error["stage"] == "start"
    for name in ("SCORING_TIMEOUT_MS", "TIDEGATE_MAX_CONCURRENT", "AZUREML_LOG_LEVEL", "AML_APP_ROOT"):
        assert name in error["message"]


@pytest.mark.parametrize("address", ["nonsense", "unix:", "tcp:127.0.0.1:99999999"])
def test_a_wrong_address(launch, address):
    error = failed(launch, ECHO, listen=address).startup_error()
    assert error["stage"] == "start"
    assert error["message"]


def test_a_taken_address(serve, launch):
    first = serve(ECHO)
    error = failed(launch, ECHO, listen=f"unix:{first.socket}").startup_error()
    assert error["stage"] == "start"
    assert str(first.socket) in error["message"]
    assert first.score(b"x").json() == "x"


def test_threads_that_the_script_left_do_not_hold_a_failed_start(launch):
    replica = failed(launch, """
        import threading
        def init():
            threading.Thread(target=threading.Event().wait).start()
            raise ValueError('after the thread')
        def run(data): pass
        """)
    assert replica.startup_error()["message"] == "ValueError: after the thread"


def test_an_old_error_file_is_replaced(launch):
    replica = launch("def init(): raise ValueError('new')\ndef run(data): pass\n")
    replica.error_file.write_text("old")
    assert replica.exit_code() == 3
    wait_until(lambda: replica.startup_error()["message"] == "ValueError: new", "the new error")
    assert not replica.error_file.with_name("startup_error.json.tmp").exists()


def test_a_good_start_leaves_no_error_file(serve):
    assert not serve(ECHO).error_file.exists()
