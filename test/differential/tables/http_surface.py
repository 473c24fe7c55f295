"""Paths, methods and ids: spec/scoring-runtime.md 3."""

from case import Case, Group, get, post

ECHO = "def init(): pass\ndef run(data): return data\n"

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
PATHS = ("/", "/score", "/swagger.json", "/nope", "/score/", "/SCORE", "/%73core", "/score%2F", "/score?x=1",
         "/?x=1", "/swagger.json/", "/favicon.ico", "/score/more", "/swagger.json?version=9")

LONG = "a" * 101
FITS = "a" * 100


def routes():
    for path in PATHS:
        for method in METHODS:
            case = Case(f"{method}-{path}", method, path, body=b"body" if method == "POST" else b"")
            yield case


ID_SETS = {
    "none": (),
    "request-id": (("x-request-id", "r"),),
    "request-id-empty": (("x-request-id", ""),),
    "request-id-100": (("x-request-id", FITS),),
    "request-id-101": (("x-request-id", LONG),),
    "request-id-upper": (("X-REQUEST-ID", "R"),),
    "client-id": (("x-ms-client-request-id", "c"),),
    "client-id-empty": (("x-ms-client-request-id", ""),),
    "client-id-101": (("x-ms-client-request-id", LONG),),
    "client-id-100": (("x-ms-client-request-id", FITS),),
    "legacy-id": (("x-ms-request-id", "l"),),
    "legacy-id-empty": (("x-ms-request-id", ""),),
    "legacy-id-101": (("x-ms-request-id", LONG),),
    "all": (("x-request-id", "r"), ("x-ms-client-request-id", "c"), ("x-ms-request-id", "l")),
    "request-and-client": (("x-request-id", "r"), ("x-ms-client-request-id", "c")),
    "request-and-legacy": (("x-request-id", "r"), ("x-ms-request-id", "l")),
    "client-and-legacy": (("x-ms-client-request-id", "c"), ("x-ms-request-id", "l")),
    "client-long-request-fine": (("x-request-id", "r"), ("x-ms-client-request-id", LONG)),
    "both-long": (("x-request-id", LONG), ("x-ms-client-request-id", LONG)),
    "trace-id": (("TraceId", "t"),),
    "trace-id-lower": (("traceid", "t"),),
    "trace-id-empty": (("TraceId", ""),),
    "trace-id-long": (("TraceId", LONG),),
    "request-id-latin1": (("x-request-id", "\xe9"),),
    "request-id-spaces": (("x-request-id", "  a b  "),),
}


def ids():
    for name, headers in ID_SETS.items():
        yield post(f"POST-{name}", b"x", headers)
    for name in ("none", "request-id", "request-id-101", "client-id", "legacy-id", "all", "trace-id", "client-id-101"):
        headers = ID_SETS[name]
        yield get(f"health-{name}", "/", headers)
        yield get(f"swagger-{name}", "/swagger.json?version=9", headers)
        yield get(f"unknown-{name}", "/nope", headers)
        yield Case(f"OPTIONS-{name}", "OPTIONS", headers=headers)
        yield Case(f"DELETE-{name}", "DELETE", headers=headers)


GROUPS = [Group("surface", (*routes(), *ids()), ECHO)]
