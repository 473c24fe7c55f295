"""One request, from bytes to a reply: what _core calls for each."""

import signal
import traceback
from time import perf_counter
from typing import Any, Callable, Optional

from . import logs, outputs
from .inputs import BadRequest
from .script import Script

logger = logs.logger

INTERNAL = "An unexpected internal error occurred. Check the logs for more info."
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


class ScoringTimeout(TimeoutError):
    """Raised inside run() when SCORING_TIMEOUT_MS has passed."""


def raise_on_alarm(timed_out: Callable[[], bool]) -> None:
    """_core sends SIGALRM to this thread when a request is over its time. The question keeps an alarm
    that arrives a moment late from hitting the next request."""

    def on_alarm(signum: int, frame: Any) -> None:
        if timed_out():
            raise ScoringTimeout

    signal.signal(signal.SIGALRM, on_alarm)


def make_handler(script: Script, timeout_ms: int) -> Callable[..., outputs.Reply]:
    run, read_input, wants_headers = script.run, script.read_input, script.wants_request_headers
    value_reply = script.flask.value_reply if script.flask else outputs.value_reply

    def handle(method: str, body: bytes, target: str, headers: Optional[dict], peer: str) -> outputs.Reply:
        try:
            arguments = read_input(method, body, target, headers)
            if wants_headers:
                arguments["request_headers"] = headers or {}
            started = perf_counter()
            try:
                value = run(**arguments)
            except (ScoringTimeout, BadRequest):
                raise
            except BaseException as error:
                # Also SystemExit: a request must not end the server.
                log_exception(error)
                return outputs.message_reply(500, FAILED, failed=True)
            run_ms = (perf_counter() - started) * 1000.0
            return with_logged_stream(value_reply(value, run_ms))
        except BadRequest as error:
            return outputs.message_reply(error.status, error.message)
        except ScoringTimeout as error:
            log_exception(error)
            return outputs.message_reply(500, "Scoring timeout after %d ms" % timeout_ms, failed=True)
        except Exception as error:
            log_exception(error)
            return outputs.message_reply(500, INTERNAL)
        finally:
            logs.end_print_line()

    return script.flask.around(handle) if script.flask else handle


def with_logged_stream(reply: outputs.Reply) -> outputs.Reply:
    """What goes wrong while a body is being made comes after the reply's head: it can only be logged."""
    pieces = reply[1]
    if not isinstance(pieces, outputs.Pieces):
        return reply
    return (reply[0], LoggedPieces(pieces)) + reply[2:]


class LoggedPieces:
    def __init__(self, pieces: outputs.Pieces) -> None:
        self._pieces = pieces
        self.length = pieces.length

    def __call__(self, write: Callable[[bytes], bool]) -> bool:
        try:
            return self._pieces(write)
        except BaseException as error:
            log_exception(error)
            return False
        finally:
            logs.end_print_line()


def log_exception(error: BaseException) -> None:
    # From the first frame that is not ours.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, frames))
    logger.error("Encountered Exception: %s", text.rstrip("\n"))
