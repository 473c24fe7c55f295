"""What the tables are made of."""

import json
from dataclasses import dataclass, field, replace

KEEP = object()  # in Case.ours: as the reference has it


@dataclass(frozen=True)
class Case:
    name: str
    method: str = "POST"
    path: str = "/score"
    headers: tuple = ()  # (name, value) pairs, sent as they are
    body: object = b""  # bytes, or a list of bytes that are sent as chunks
    version: str = "HTTP/1.1"
    # An intended difference: its name in intended.py, and our reply where it is another.
    intended: str = ""
    status: object = KEEP
    reply_body: object = KEEP  # bytes, or a function of the reference's
    reply_headers: tuple = ()  # (name, value or None) pairs that replace the reference's
    reply_whole: object = KEEP  # whether the body comes to its end

    def differs(self, name, *, status=KEEP, body=KEEP, whole=KEEP, **headers):
        """`headers`: foo_bar="x" for "foo-bar: x", None for a header that we do not send."""
        changed = tuple((key.replace("_", "-").lower(), value) for key, value in headers.items())
        return replace(self, intended=name, status=status, reply_body=body, reply_headers=changed, reply_whole=whole)


@dataclass(frozen=True)
class Group:
    """One start of both servers and what is sent to them."""

    name: str
    cases: tuple
    script: str = ""
    files: dict = field(default_factory=dict)  # besides score.py, in the app root
    env: dict = field(default_factory=dict)
    flags: tuple = ()


@dataclass(frozen=True)
class Start:
    """A start that fails: both exit with the same code, and both logs have the texts."""

    name: str
    script: str
    texts: tuple = ()
    files: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)
    code: int = 3
    intended: str = ""
    our_code: object = KEEP
    flags: tuple = ()


JSON = (("Content-Type", "application/json"),)


def post(name, body=b"", headers=JSON, **more):
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, (dict,)):
        body = json.dumps(body).encode()
    return Case(name, "POST", headers=tuple(headers), body=body, **more)


def get(name, path, headers=(), **more):
    return Case(name, "GET", path, headers=tuple(headers), **more)


def message(text):
    return json.dumps({"message": text}).encode()
