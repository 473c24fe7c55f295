"""The server as a program of its own: flags, settings, what it prints, and how it refuses to start."""

import re
import socket
import subprocess
import sys

import pytest
from replica import ECHO, PACKAGES, wait_until
from support.server import free_port
from test_limits import GATED, InBackground, hold, release

TELL = "import os\ndef init(): pass\ndef run(name): return os.environ.get(name)\n"


@pytest.fixture
def program(launch):
    """program(script, *flags, ...) -> a server started from its app root, with a free port among its flags."""

    def start(script, *flags, entry=("--entry_script", "score.py"), **kwargs):
        port = free_port()
        return launch(script, flags=[*entry, "--port", str(port), *flags], port=port, **kwargs)

    return start


def run(*flags, **env):
    """Flags that end the program at once."""
    return subprocess.run(
        [sys.executable, "-m", "tidegate_server", *flags], env={"PYTHONPATH": str(PACKAGES), **env}, cwd="/",
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)


def refused(program, script, *flags, **kwargs):
    """Standard error of a start that fails."""
    started = program(script, *flags, **kwargs)
    assert started.exit_code() == 3, started.log()
    return started.stderr.decode()


# --- wrong arguments: usage, exit code 1 ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        (["--port", "abc"], "argument --port: a port is a whole number from 1 to 65535, not 'abc'"),
        (["--port", "0"], "argument --port: a port is a whole number from 1 to 65535, not '0'"),
        (["--port", "65536"], "argument --port: a port is a whole number from 1 to 65535, not '65536'"),
        (["--health_port", "-1"], "argument --health_port"),
        (["--worker_count", "0"], "argument --worker_count: a whole number from 1 up is needed, not '0'"),
        (["--entry_script"], "argument --entry_script: expected one argument"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["score.py"], "unrecognized arguments: score.py"),
        ([], "no script to serve: give --entry_script score.py, or --config_file"),
    ],
)
def test_wrong_arguments_are_named_under_the_usage(flags, cause):
    done = run(*flags)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("usage: ")
    assert f"error: {cause}" in done.stderr
    assert done.stderr.endswith("--help lists all flags\n")


def test_help_names_every_flag():
    done = run("--help")
    assert done.returncode == 0
    for flag in ("entry_script", "model_dir", "port", "health_port", "worker_count", "access_control_allow_origins",
                 "config_file", "appinsights_instrumentation_key"):
        assert f"--{flag} " in done.stdout


def test_version_names_the_contract_and_the_interpreter():
    done = run("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"tidegate-server \d+\.\d+\.\d+ \(contract of azureml-inference-server-http 1\.5\.1\), "
                        r"Python 3\.\d+\.\d+\n", done.stdout)


# --- starts that fail: cause, object, next step, exit code 3 ----------------------------------------------


def test_a_script_that_is_not_there(program):
    error = refused(program, None, files={"other.py": ECHO})
    assert "No such file or directory (the entry script, AZUREML_ENTRY_SCRIPT or --entry_script" in error
    assert "/app/score.py'" in error


def test_a_script_with_a_syntax_error(program):
    error = refused(program, "def init(): pass\ndef run(data)\n    return data\n")
    assert 'score.py", line 2' in error
    assert "SyntaxError" in error


def test_a_port_that_is_taken(program):
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        error = refused(program, ECHO, "--port", str(port))
    assert error == (f"Start failed\n  cannot bind tcp:0.0.0.0:{port}: Address already in use. Stop what listens there, "
                     "or choose another port with --port\n")


def test_a_configuration_file_that_is_not_there(program):
    error = refused(program, ECHO, "--config_file", "no.json")
    assert "Configuration Error\n  AZUREML_CONFIG_FILE (--config_file): there is no file " in error
    assert "/app/no.json. Name an existing JSON file" in error


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('{"SERVICE_NAME": ', "cannot be read: Expecting value: line 1"),
        ("[]", "must hold one JSON object, not list"),
        ('{"SCORING_TIMEOUT_MS": "soon"}', "SCORING_TIMEOUT_MS must be a whole number from 0 up, not 'soon' ("),
        ('{"SCORING_TIMEOUT_MS": -1}', "SCORING_TIMEOUT_MS must be a whole number from 0 up, not '-1' ("),
        ('{"SERVICE_NAME": ["a"]}', 'SERVICE_NAME in '),
        ('{"AZUREML_LOG_LEVEL": "LOUD"}', "AZUREML_LOG_LEVEL must be one of CRITICAL, ERROR, "),
    ],
)
def test_a_broken_configuration_file(program, text, cause):
    error = refused(program, ECHO, files={"config.json": text})
    assert error.startswith("Configuration Error\n")
    assert cause in error
    assert "/app/config.json" in error


def test_all_wrong_settings_are_named_at_once(program):
    error = refused(program, ECHO, env={"WORKER_COUNT": "many", "AZUREML_DEBUG_PORT": "x"})
    assert "WORKER_COUNT must be a whole number from 1 up, not 'many' (environment)" in error
    assert "AZUREML_DEBUG_PORT must be a whole number from 1 to 65535, not 'x' (environment)" in error


# --- settings ---------------------------------------------------------------------------------------------


def test_flags_over_environment_over_file(program):
    config = '{"SERVICE_VERSION": "of the file", "SERVICE_NAME": "of the file", "AZUREML_MODEL_DIR": "of the file"}'
    server = program(TELL, "--model_dir", "models", files={"config.json": config, "models/m": ""},
                     env={"SERVICE_NAME": "of the environment", "AZUREML_MODEL_DIR": "x"}).wait_ready()
    assert server.score(b"AZUREML_MODEL_DIR").json() == "models"
    info = server.get("/swagger.json").json()["info"]
    assert (info["title"], info["version"]) == ("of the environment", "of the file")


def test_a_file_may_name_script_and_model(program):
    config = '{"AZUREML_ENTRY_SCRIPT": "code/mine.py", "AZUREML_MODEL_DIR": "models"}'
    server = program(None, entry=("--config_file", "my.json"),
                     files={"my.json": config, "code/mine.py": TELL, "models/m": ""}).wait_ready()
    assert server.score(b"AZUREML_MODEL_DIR").json() == "models"


def test_a_model_folder_elsewhere_is_found_from_the_app_root(program):
    server = program(TELL, "--model_dir", "../elsewhere", files={"sub/x": "", "../elsewhere/m": ""},
                     env={"AML_APP_ROOT": "sub"})
    assert server.wait_ready().score(b"AZUREML_MODEL_DIR").json() == str(server.root / "elsewhere")


def test_a_model_folder_that_is_not_there_is_said_in_the_log(program):
    log = program(ECHO, "--model_dir", "nowhere").wait_ready().log()
    assert "W [" in log and "AZUREML_MODEL_DIR (--model_dir): there is no directory nowhere" in log
    assert "Model Directory: nowhere (does not exist)" in log


def test_what_does_not_count_is_said_in_the_log(program):
    key = "11111111-2222-3333-4444-555555555555"
    server = program(
        ECHO, "--appinsights_instrumentation_key", key, "--rest", files={"config.json": '{"WORKER_COUNT": 2, "mine": 1}'},
        env={"WORKER_PRELOAD": "true", "SERVER_PORT": "tcp://10.0.0.1:80", "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "true",
             "AML_MDC_STORAGE_ENABLED": "true"}).wait_ready()
    for text in ("AML_APP_INSIGHTS_ENABLED is ignored", "APP_INSIGHTS_LOG_RESPONSE_ENABLED is ignored",
                 "AML_MDC_STORAGE_ENABLED is ignored", "WORKER_PRELOAD is ignored", "TRANSPORT_PROTOCOL is ignored",
                 "SERVER_PORT=tcp://10.0.0.1:80 of the environment is not used", "Extra keys = ['WORKER_COUNT', 'mine']"):
        assert text in server.log()
    assert key not in server.log()


def test_settings_that_count_are_not_complained_about(program):
    server = program(ECHO, env={"AML_APP_INSIGHTS_ENABLED": "false", "AML_APP_INSIGHTS_KEY": "k", "WORKER_PRELOAD": "false",
                                "HOSTNAME": "h", "WORKSPACE_NAME": "w"}).wait_ready()
    assert " W [" not in server.log()


# --- what it prints and where it listens ------------------------------------------------------------------


def test_the_start_prints_version_settings_and_routes(program):
    server = program(ECHO).wait_ready()
    lines = server.log().splitlines()
    assert re.fullmatch(r"Tidegate scoring server v\d+\.\d+\.\d+", lines[1])
    assert f"Entry Script Name: {server.app}/score.py" in lines
    assert "Worker Count: 1" in lines
    assert f"Liveness Probe: GET   127.0.0.1:{server.port}/" in lines
    assert f"Score:          POST  127.0.0.1:{server.port}/score" in lines


def test_a_replica_prints_no_settings(serve):
    assert "Server Settings" not in serve(ECHO).log()


def test_a_flag_for_the_port_is_stronger_than_the_listed_addresses(program):
    server = program(ECHO, env={"TIDEGATE_LISTEN": "tcp:127.0.0.1:1"}).wait_ready()
    assert server.score(b"x").json() == "x"


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_health_port_has_the_same_routes(program, by_variable):
    health = free_port()
    env = {"SEPERATE_HEALTH_ENDPOINT": "true"} if by_variable else {}
    server = program(ECHO, "--health_port", str(health), env=env).wait_ready()
    server.fixed_port, serving = health, server.fixed_port
    assert server.get("/").body == b"Healthy"
    assert server.score(b"x").json() == "x"
    assert f"Liveness Probe: GET   127.0.0.1:{health}/" in server.log()
    assert f"Score:          POST  127.0.0.1:{serving}/score" in server.log()


def test_requests_beyond_the_worker_wait(program):
    server = program(GATED).wait_ready()
    held = hold(server, "gate")
    waiting = [InBackground(lambda: server.score(b"x")) for _ in range(20)]
    assert server.get("/").body == b"Healthy"
    release(server, "gate")
    assert held.result().status == 200
    assert [thread.result().status for thread in waiting] == [200] * 20


def test_the_number_that_may_wait_is_a_setting(program):
    server = program(GATED, env={"TIDEGATE_MAX_CONCURRENT": "2"}).wait_ready()
    held = hold(server, "gate")
    waiting = [InBackground(lambda: server.score(b"x")) for _ in range(5)]
    wait_until(lambda: sum(not thread.is_alive() for thread in waiting) == 4, "four refusals", server)
    release(server, "gate")
    assert sorted(thread.result().status for thread in waiting) == [200] + [503] * 4
    assert held.result().status == 200


def test_sigterm_ends_it_with_code_0(program):
    server = program(ECHO).wait_ready()
    server.terminate()
    assert server.exit_code() == 0
    assert server.stderr == b""


# --- a debugger -------------------------------------------------------------------------------------------


def test_without_debugpy_the_log_says_what_to_install(program):
    script = "import sys\nassert 'debugpy' not in sys.modules\n" + ECHO
    server = program(script, files={"debugpy.py": "raise ImportError('not here')"}, env={"AZUREML_DEBUG_PORT": "5678"})
    assert "no debugger: not here. Install it into this environment: pip install debugpy" in server.wait_ready().log()


def test_the_server_connects_out_to_the_debugger_before_the_script_is_loaded(program):
    stand_in = "def connect(address): print('connects to', *address)\n"
    server = program("print('loaded')\n" + ECHO, files={"debugpy.py": stand_in}, env={"AZUREML_DEBUG_PORT": "5678"})
    log = server.wait_ready().log()
    assert log.index("connects to 127.0.0.1 5678") < log.index("azmlinfsrv.print - loaded")


def test_a_debugger_that_does_not_listen_is_said_in_the_log(program):
    stand_in = "def connect(address): raise ConnectionRefusedError('nobody listens')\n"
    server = program(ECHO, files={"debugpy.py": stand_in}, env={"AZUREML_DEBUG_PORT": "5678"}).wait_ready()
    assert "no debugger at 127.0.0.1:5678: nobody listens" in server.log()
    assert server.score(b"x").json() == "x"
