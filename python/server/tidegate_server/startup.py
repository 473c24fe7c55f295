"""What a failing start leaves behind: the cause on standard error, in the log, and in a file that
the deployment's error message is made of."""

import itertools
import json
import os
import sys
import traceback
from typing import Iterator

from . import logs
from .logging_file import LoggingFileError
from .script import ScriptError
from .settings import SettingsError

EXIT_CODE = 3
TREE_LINES_MAX = 200
ERROR_BYTES_MAX = 4000  # a termination message has 4096


class StartFailed(Exception):
    """stage: "start" (settings, addresses), "import", "check" or "init"."""

    def __init__(self, stage: str, cause: BaseException) -> None:
        super().__init__(stage)
        self.stage = stage
        self.cause = cause


def report(failure: StartFailed, model_dir: str, error_file: str) -> None:
    text = traceback_text(failure.cause) if failure.stage != "start" else problem_text(failure.cause)
    if logs.logger.handlers:  # none before there is a server: then standard error has it
        logs.logger.error("Encountered Exception: %s", text.rstrip("\n"))
    if failure.stage == "init" and model_dir and os.path.exists(model_dir):
        log_model_tree(model_dir)
    if error_file:
        write_error_file(error_file, failure.stage, message_of(failure), text)
    sys.stderr.write(text)
    sys.stderr.flush()


def cannot_listen(error: OSError, has_router: bool) -> OSError:
    setting = "another address in TIDEGATE_LISTEN" if has_router else "another port with --port"
    return OSError("%s. Stop what listens there, or choose %s" % (error, setting))


def message_of(failure: StartFailed) -> str:
    """One line for a person."""
    cause = failure.cause
    if isinstance(cause, SyntaxError) and cause.filename:
        return "%s, line %s, column %s: %s: %s" % (
            cause.filename, cause.lineno, cause.offset, type(cause).__name__, cause.msg)
    if isinstance(cause, SystemExit):
        where = "init()" if failure.stage == "init" else "the entry script"
        return "%s ended the process: sys.exit(%s)" % (where, "" if cause.code is None else repr(cause.code))
    if isinstance(cause, ScriptError) or failure.stage == "start":
        return str(cause)
    return "%s: %s" % (type(cause).__name__, cause)


def problem_text(cause: BaseException) -> str:
    """Nobody's code has failed: what is wrong is all there is to say."""
    kind = "Configuration Error" if isinstance(cause, (SettingsError, LoggingFileError)) else "Start failed"
    return "%s\n%s\n" % (kind, "\n".join("  " + line for line in str(cause).splitlines()))


def traceback_text(cause: BaseException) -> str:
    """Without the frames of this package and of the import machinery at its top."""
    frames = cause.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(cause), cause, frames))


def _is_ours(filename: str) -> bool:
    return filename.startswith((os.path.dirname(__file__), "<frozen importlib"))


def write_error_file(path: str, stage: str, message: str, text: str) -> None:
    """Written aside and renamed: whoever sees the file sees all of it. A pod's termination message is
    a mount that cannot be renamed over: it is written in place, and cut to what the kubelet keeps."""
    try:
        aside = path + ".tmp"
        try:
            with open(aside, "w", encoding="utf-8") as out:
                out.write(error_text(stage, message, text))
            os.replace(aside, path)
        except OSError:
            with open(path, "w", encoding="utf-8") as out:
                out.write(error_text(stage, message, text, ERROR_BYTES_MAX))
            if os.path.isfile(aside):
                os.remove(aside)
    except OSError as error:
        logs.logger.error("cannot write %s: %s", path, error)


def error_text(stage: str, message: str, text: str, bytes_max: int = 0) -> str:
    """One line of JSON, which is ASCII; of a traceback that is too long the end stays."""
    text = text[-bytes_max:]
    while True:
        line = json.dumps({"stage": stage, "message": message, "traceback": text}) + "\n"
        excess = len(line) - bytes_max
        if not bytes_max or excess <= 0 or not (text or message):
            return line
        if text:
            text = text[max(1, min(excess, len(text)) // 6) :]  # a character is at most \uXXXX
        else:
            message = message[: -max(1, min(excess, len(message)) // 6)]


def log_model_tree(model_dir: str) -> None:
    logs.logger.info("Model Directory Contents:")
    tree = walk(model_dir, 0)
    for line in itertools.islice(tree, TREE_LINES_MAX):
        logs.logger.info(line)
    if next(tree, None) is not None:
        logs.logger.info("Output Truncated. First %d lines shown.", TREE_LINES_MAX)


def walk(path: str, depth: int) -> Iterator[str]:
    name = os.path.basename(os.path.normpath(path))
    indent = "    " * depth
    if not os.path.isdir(path):
        yield indent + name
        return
    yield indent + name + os.sep
    try:
        children = sorted(os.listdir(path))
    except OSError as error:
        yield "%s    (%s)" % (indent, error)
        return
    for child in children:
        child_path = os.path.join(path, child)
        if os.path.islink(child_path):
            yield "%s    %s -> %s" % (indent, child, os.readlink(child_path))
        else:
            yield from walk(child_path, depth + 1)
