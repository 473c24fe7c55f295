"""The program's command line. Flags become the variables that settings are read from: flags are stronger than
the environment, which is stronger than the configuration file; and the script sees them, as it does on the
platform."""

import argparse
import os
import platform
import sys
from typing import List, MutableMapping, NoReturn, Optional

from . import __version__
from .names import CONTRACT_VERSION
from .settings import PORT_DEFAULT, PORT_MAX, Settings

HEALTH_PORT_DEFAULT = 5000
USAGE_EXIT_CODE = 1  # as the platform's server

_DESCRIPTION = "Serves a v1 entry script (init(), run()) over HTTP."
_EPILOG = """\
Further settings are environment variables: AZUREML_SOURCE_DIRECTORY, SCORING_TIMEOUT_MS, AZUREML_LOG_LEVEL,
TIDEGATE_MAX_CONCURRENT (requests that may wait, 1000) and others. Flags are stronger than the environment,
which is stronger than the configuration file. Exit codes: 0 stopped, 1 wrong arguments, 3 start failed.

example:  %(prog)s --entry_script score.py --model_dir ./model --port 5001
          curl http://127.0.0.1:5001/score -H 'Content-Type: application/json' -d '{"data": [1, 2]}'
"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_EXIT_CODE, "%s: error: %s\n%s --help lists all flags\n" % (self.prog, message, self.prog))


def port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= PORT_MAX:
        return int(text)
    raise argparse.ArgumentTypeError("a port is a whole number from 1 to %d, not %r" % (PORT_MAX, text))


def count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError("a whole number from 1 up is needed, not %r" % text)


def make_parser(prog: str) -> Parser:
    parser = Parser(
        prog=prog, description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--version", action="version",
        version="tidegate-server %s (contract of azureml-inference-server-http %s), Python %s"
        % (__version__, CONTRACT_VERSION, platform.python_version()))
    parser.add_argument("--entry_script", metavar="FILE", help="the script; AZUREML_ENTRY_SCRIPT")
    parser.add_argument("--model_dir", metavar="FOLDER", help="where the script finds its model; AZUREML_MODEL_DIR")
    parser.add_argument("--port", type=port, help="where it listens, on all interfaces (%d)" % PORT_DEFAULT)
    parser.add_argument(
        "--health_port", type=port, metavar="PORT",
        help="a second port with the same routes (%d if SEPERATE_HEALTH_ENDPOINT=true, else none)"
        % HEALTH_PORT_DEFAULT)
    parser.add_argument("--worker_count", type=count, metavar="N", help="processes that score (1); WORKER_COUNT")
    parser.add_argument(
        "--access_control_allow_origins", metavar="ORIGINS",
        help='browsers\' origins that may call, as "http://a.com, http://b.com" (none); AML_CORS_ORIGINS')
    parser.add_argument("--config_file", metavar="FILE", help="JSON with names of variables; AZUREML_CONFIG_FILE")
    parser.add_argument(
        "--appinsights_instrumentation_key", metavar="KEY", help="accepted and ignored: no telemetry is sent")
    parser.add_argument("--rest", action="store_true", help=argparse.SUPPRESS)
    return parser


def apply(argv: List[str], prog: str, environ: MutableMapping[str, str]) -> List[str]:
    """Writes the flags into `environ`; returns what the log should say about variables that they replace. Ends
    the process for wrong arguments and for --help."""
    parser = make_parser(prog)
    flags = parser.parse_args(argv)
    environ.setdefault("AML_APP_ROOT", os.getcwd())
    if flags.entry_script:
        environ["AZUREML_ENTRY_SCRIPT"] = os.path.realpath(flags.entry_script)
    if flags.config_file:
        environ["AZUREML_CONFIG_FILE"] = os.path.realpath(flags.config_file)
    if flags.model_dir:
        environ["AZUREML_MODEL_DIR"] = model_dir(flags.model_dir, environ["AML_APP_ROOT"])
    if flags.worker_count:
        environ["WORKER_COUNT"] = str(flags.worker_count)
    if flags.access_control_allow_origins is not None:
        environ["AML_CORS_ORIGINS"] = flags.access_control_allow_origins
    if flags.appinsights_instrumentation_key is not None:
        environ["AML_APP_INSIGHTS_ENABLED"] = "true"
        environ["AML_APP_INSIGHTS_KEY"] = flags.appinsights_instrumentation_key
    if flags.rest:
        environ["TRANSPORT_PROTOCOL"] = "rest"
    if flags.port or flags.health_port:
        environ.pop("TIDEGATE_LISTEN", None)
    return [] if environ.get("TIDEGATE_LISTEN") else set_ports(flags.port, flags.health_port, environ)


def require_script(settings: Settings, prog: str) -> None:
    """Ends the process if nothing says what to serve."""
    if not settings.entry_script and not os.path.isfile(os.path.join(settings.app_root, "main.py")):
        make_parser(prog).error("no script to serve: give --entry_script score.py, or --config_file with a key "
                                "AZUREML_ENTRY_SCRIPT (there is no main.py in %s either)" % settings.app_root)


def model_dir(path: str, app_root: str) -> str:
    """As given, where it means the same to the script, whose current directory is the app root."""
    return path if os.path.abspath(path) == os.path.abspath(os.path.join(app_root, path)) else os.path.abspath(path)


def set_ports(serving: Optional[int], health: Optional[int], environ: MutableMapping[str, str]) -> List[str]:
    """SERVER_PORT and HEALTH_PORT are this program's output, not its input: in Kubernetes a service named
    "server" puts a SERVER_PORT into every pod."""
    serving = serving or PORT_DEFAULT
    if not health:
        has_own = environ.get("SEPERATE_HEALTH_ENDPOINT", "").lower() == "true"
        health = HEALTH_PORT_DEFAULT if has_own else serving
    notes = []
    for name, flag, value in (("SERVER_PORT", "--port", serving), ("HEALTH_PORT", "--health_port", health)):
        if environ.get(name, str(value)) != str(value):
            notes.append("%s=%s of the environment is not used, it is %d: use %s" % (name, environ[name], value, flag))
        environ[name] = str(value)
    return notes
