"""Every difference from the reference implementation that is meant, and why. Nothing else may differ.

EVERYWHERE: what each reply has; a function makes our reply of the reference's. IN_CASES: what the cases of
the tables say in `differs(name, ...)`. An entry that no case uses any more fails the test.
"""

from dataclasses import dataclass, replace
from typing import Callable

from case import KEEP


@dataclass(frozen=True)
class Everywhere:
    why: str
    expected: Callable  # changes the reference's reply into ours


def _version(reply):
    if reply.get("x-ms-server-version") == ["azmlinfsrv/1.5.1"]:
        reply.set("x-ms-server-version", "tidegate/0.1.0")


def _no_server(reply):
    if reply.get("server") == ["gunicorn"]:
        reply.set("server", None)


EVERYWHERE = {
    "version header": Everywhere(
        "spec/scoring-runtime.md 3: the header names the server and its version, and we are another", _version),
    "no Server header": Everywhere("gunicorn's name, of no use to a caller", _no_server),
}

IN_CASES = {
    "form body": "python/server/README.md: a body of a form type (curl -d's default) is text like any other",
    "strict request line": "RFC 9112 3.2: a request's target has no fragment; src/http refuses what two readers may understand "
                           "in two ways (issue 6, hardening)",
    "response that cannot be sent": "the reference answers with gunicorn's HTML page, without ids: ours is the JSON message "
                                    "with ids of spec/scoring-runtime.md 3, and the log says what is wrong",
    "length of a reply": "the reference sends a length that is not the body's and breaks the connection; ours counts",
    "own headers once": "the reference sends the script's header and its own of the same name; two values say nothing",
    "no trailers": "RFC 9110 6.6.2: Trailer announces fields after the body; replies of ours have none",
    "TimeoutError of the script's own": "the reference calls it 'Scoring timeout after 3600000 ms', which is not true: any "
                                        "socket's time-out is a TimeoutError (python/server/README.md)",
    "CORS without a package": "spec/scoring-runtime.md 3: the reference needs flask-cors; ours has the rules itself",
    "help ends well": "--help is no wrong argument: exit code 0 (python/server/README.md)",
    "first piece in context": "the first piece of a stream is made before the reply's head, within Flask's context: what fails "
                              "until then is a 500 with a message and ids instead of gunicorn's page",
    "HEAD of a stream": "RFC 9110 9.3.2: the head that a GET would get, which is chunked; the reference leaves it out",
    "exit in run()": "the reference's worker ends without a reply; a caller gets one, and the server lives on (issue 6: never a "
                     "lost worker)",
    "bad UTF-8 in JSON": "spec/scoring-runtime.md 3: what cannot be decoded is a 400; the reference's is an internal error",
    "time limit that is caught": "the exception of the time limit has a class of its own (python/server/README.md)",
}


def expected(case, reference):
    """Our reply as it must be, and the names of the differences that it has from the reference's."""
    used = []
    ours = replace(reference, headers=list(reference.headers))
    for name, entry in EVERYWHERE.items():
        before = list(ours.headers)
        entry.expected(ours)
        if ours.headers != before:
            used.append(name)
    if case.intended:
        used.append(case.intended)
        _apply(case, ours)
    return ours, used


def _apply(case, ours):
    if case.status is not KEEP:
        ours.status = case.status
    if case.reply_whole is not KEEP:
        ours.whole = case.reply_whole
    if case.reply_body is not KEEP:
        ours.body = case.reply_body(ours.body) if callable(case.reply_body) else case.reply_body
        if ours.get("content-length") and case.method != "HEAD":
            ours.set("content-length", str(len(ours.body)))
    for name, value in case.reply_headers:
        ours.set(name, value)
