"""From a request to the argument of an undecorated run(): spec/scoring-runtime.md 3."""

import json

from case import Case, Group, get, message, post

ECHO = "def init(): pass\ndef run(data): return [type(data).__name__, data]\n"

CONTENT_TYPES = (None, "", "application/json", "application/json; charset=utf-8", "application/JSON", "text/plain",
                 "text/plain; charset=latin-1", "application/octet-stream", "image/png", "application/xml", "nonsense",
                 "application/vnd.api+json")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
              "application/x-www-form-urlencoded; charset=utf-8")
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'

BODIES = {
    "empty": b"",
    "text": b"some text",
    "json": b'{"data": [[1, 2.5, null]]}',
    "utf8": "ä€😀".encode(),
    "bom": b"\xef\xbb\xbf{}",
    "not-utf8": b"ab\xff",
    "truncated-utf8": b"\xe2\x82",
    "nul": b"a\x00b",
    "newlines": b"a\r\nb\n",
    "chunked": [b"ab", "cä".encode(), b"d" * 5000],
    "large": b"x" * 300_000,
}

QUERIES = (
    "", "?", "?a", "?a=", "?a=1", "?a=1.5", "?a=-1e3", "?a=true", "?a=True", "?a=null", "?a=x", "?a=%22x%22", "?a=[1,2]",
    "?a={%22b%22:1}", "?a={b:1}", "?a=1&b=[1,2]&c=x&d=null&e=1&e=y", "?a=1&a=2&a=3", "?a=%C3%A4", "?a=%ff", "?a=%e4b",
    "?a=b+c", "?a=b%20c", "?a=b%2Bc", "?%C3%A4=1", "?=1", "?a=1&&b=2", "?a=1;b=2", "?a=b=c", "?a=NaN", "?a=Infinity",
    "?a=01", "?a=%00", "?a=%zz", "?a=%", "?a=1#b=2", "?a?b=1", "?a=%0a", "?request_headers=1", "?data=1", "?a[]=1&a[]=2",
    "?a=%F0%9F%98%80", "?a=%ED%A0%80", "?a=1e999", "?a=%20%201%20",
)


def bodies():
    for content_type in CONTENT_TYPES:
        for name, body in BODIES.items():
            if content_type not in (None, "application/json") and name in ("large", "nul", "newlines", "truncated-utf8"):
                continue
            headers = () if content_type is None else (("Content-Type", content_type),)
            yield post(f"{content_type}-{name}", body, headers)


def forms():
    for content_type in FORM_TYPES:
        for name, body in (("pair", b"a=b"), ("json", b'{"a": 1}'), ("empty", b""), ("multipart", MULTIPART)):
            case = post(f"{content_type}-{name}", body, (("Content-Type", content_type),))
            if body:
                text = json.dumps(["str", body.decode()]).encode()
                case = case.differs("form body", status=200, body=text, content_type="application/json",
                                    x_ms_run_fn_exec_ms="<ms>", x_ms_run_function_failed="False")
            yield case


def queries():
    for query in QUERIES:
        case = get(f"GET-{query or 'none'}", f"/score{query}")
        if "#" in query:
            case = case.differs("strict request line", status=400, body=message("malformed request target"),
                                x_request_id=None, x_ms_request_id=None, x_ms_server_version=None, x_ms_run_fn_exec_ms=None)
        yield case
    yield Case("POST-query-is-ignored", "POST", "/score?a=1", (("Content-Type", "text/plain"),), b"body")
    yield Case("GET-with-body", "GET", "/score?a=1", body=b"body")


HEADERS = "def init(): pass\ndef run(data, request_headers): return [data, sorted(request_headers.items()), type(request_headers).__name__]\n"

HEADER_SETS = {
    "none": (),
    "ids": (("x-ms-request-id", "1"), ("x-request-id", "2")),
    "content-type": (("content-type", "text/plain"),),
    "digits": (("x-1ab-2cd", "v"),),
    "upper": (("X-ABC", "V"),),
    "repeated": (("x-a", "1"), ("x-a", "2")),
    "underscore": (("x_a", "1"),),
    "both": (("x_a", "1"), ("x-a", "2")),
    "latin1": (("x-a", "\xe9"),),
    "empty": (("x-a", ""),),
    "spaces": (("x-a", "  b  c  "),),
    "host": (("Host", "example.com:81"),),
    "accept": (("Accept", "*/*"), ("Accept-Encoding", "gzip"), ("User-Agent", "t")),
    "authorization": (("Authorization", "Bearer x"),),
    "cookie": (("Cookie", "a=b"),),
    "forwarded": (("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https")),
}


def request_headers():
    for name, headers in HEADER_SETS.items():
        yield post(f"POST-{name}", b"body", headers)
    yield get("GET-ids", "/score?a=1", HEADER_SETS["ids"])
    yield post("chunked", [b"a", b"b"], ())


SIGNATURES = ("data, request_headers", "request_headers, data", "*, data, request_headers", "*, other",
              "data, request_headers=None")


def signature_groups():
    for number, signature in enumerate(SIGNATURES):
        name = "other" if "other" in signature else "data"
        headers = "request_headers.get('X-A')" if "request_headers" in signature else "None"
        script = f"def init(): pass\ndef run({signature}): return [{name}, {headers}]\n"
        yield Group(f"signature-{number}", (post("POST", b"b", (("X-A", "1"),)), get("GET", "/score?request_headers=2")), script)


GROUPS = [
    Group("text", (*bodies(), *forms(), *queries()), ECHO),
    Group("headers", tuple(request_headers()), HEADERS),
    *signature_groups(),
]
