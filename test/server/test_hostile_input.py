"""Whatever arrives on the socket: an answer or a closed connection, no second request out of one, and the next
caller is served as if nothing had been."""

import os
import resource
import time

import pytest
from raw_client import RawClient, post
from replica import ECHO, wait_until

# Tells what reached it. "seen" is no part of any other input.
RECORDING = """
seen = []

def init():
    pass

def run(data):
    if data == "seen":
        told, seen[:] = list(seen), []
        return told
    seen.append(data[:100])
    return data
"""

# A request that another server on the way could have taken for a part of the first one.
SECOND = post(b"smuggled")
CHUNKED = b"Transfer-Encoding: chunked"
ONE_CHUNK = b"3\r\nabc\r\n0\r\n\r\n"

REFUSED = {
    "length-then-chunked": post(ONE_CHUNK, b"Content-Length: 3", CHUNKED),
    "chunked-then-length": post(ONE_CHUNK, CHUNKED, b"Content-Length: 3"),
    "two-lengths": post(b"abc", b"Content-Length: 3", b"Content-Length: 0"),
    "one-length-twice": post(b"abc", b"Content-Length: 3", b"Content-Length: 3"),
    "list-of-lengths": post(b"abc", b"Content-Length: 3, 3"),
    "length-plus": post(b"abc", b"Content-Length: +3"),
    "length-minus": post(b"abc", b"Content-Length: -3"),
    "length-hex": post(b"abc", b"Content-Length: 0x3"),
    "length-underscore": post(b"abc", b"Content-Length: 0_3"),
    "length-above-64-bits": post(b"abc", b"Content-Length: 18446744073709551619"),
    "length-empty": post(b"abc", b"Content-Length:"),
    "encoding-gzip": post(b"abc", b"Transfer-Encoding: gzip"),
    "encoding-identity": post(b"abc", b"Transfer-Encoding: identity"),
    "encoding-gzip-chunked": post(ONE_CHUNK, b"Transfer-Encoding: gzip, chunked"),
    "encoding-twice": post(ONE_CHUNK, CHUNKED, CHUNKED),
    "encoding-look-alike": post(ONE_CHUNK, b"Transfer-Encoding: xchunked"),
    "encoding-vertical-tab": post(ONE_CHUNK, b"Transfer-Encoding:\x0bchunked"),
    "encoding-quoted": post(ONE_CHUNK, b'Transfer-Encoding: "chunked"'),
    "encoding-in-http-1.0": post(ONE_CHUNK, CHUNKED, version=b"HTTP/1.0"),
    "encoding-space-before-colon": post(ONE_CHUNK, b"Transfer-Encoding : chunked"),
    "length-space-before-colon": post(b"abc", b"Content-Length : 3"),
    "encoding-folded": post(ONE_CHUNK, b"Transfer-Encoding:\r\n chunked"),
    "folded": post(b"abc", b"Content-Length: 3", b"X-A: b\r\n c"),
    "folded-with-tab": post(b"abc", b"Content-Length: 3", b"X-A: b\r\n\tc"),
    "bare-lf": post(b"abc", b"Content-Length: 3", b"X-A: b\nX-B: c"),
    "bare-lf-at-the-end": b"POST /score HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc",
    "bare-cr": post(b"abc", b"Content-Length: 3", b"X-A: b\rX-B: c"),
    "nul-in-value": post(b"abc", b"Content-Length: 3", b"X-A: b\0c"),
    "nul-in-name": post(b"abc", b"Content-Length: 3", b"X-\0A: b"),
    "nul-in-target": post(b"abc", target=b"/sc\0ore"),
    "control-in-value": post(b"abc", b"Content-Length: 3", b"X-A: \x1b[31m"),
    "no-colon": post(b"abc", b"Content-Length: 3", b"what is this"),
    "empty-name": post(b"abc", b"Content-Length: 3", b": b"),
    "no-host": b"POST /score HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    "two-hosts": post(b"abc", b"Content-Length: 3", b"Host: y"),
    "connect": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "http-2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http-1.2": post(b"abc", version=b"HTTP/1.2"),
    "no-version": b"POST /score\r\n\r\n",
    "relative-target": post(b"abc", target=b"score"),
    "fragment": post(b"abc", target=b"/score#x"),
    "not-ascii-target": post(b"abc", target=b"/sc\xc3\xb6re"),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "nothing-but-nul": b"\0" * 10_000 + b"\r\n\r\n",
    "unknown-expectation": post(b"abc", b"Content-Length: 3", b"Expect: 200-ok"),
    "head-above-64-kb": post(b"abc", b"Content-Length: 3", b"X-A: " + b"a" * 70_000),
    "line-without-end": b"GET /" + b"a" * 70_000,
    "300-headers": post(b"abc", b"Content-Length: 3", *(b"X-%d: y" % i for i in range(300))),
    "chunk-size-no-number": post(b"zz\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "chunk-size-empty": post(b"\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "chunk-size-negative": post(b"-3\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "chunk-size-0x": post(b"0x3\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "chunk-size-above-64-bits": post(b"10000000000000003\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "length-in-a-trailer": post(b"3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n", CHUNKED),
    "chunk-too-long-for-its-size": post(b"3\r\nabcd\r\n0\r\n\r\n", CHUNKED),
    "chunk-bare-lf": post(b"3\nabc\n0\n\n", CHUNKED),
    "chunk-lf-in-extension": post(b'3;a="\n"\r\nabc\r\n0\r\n\r\n', CHUNKED),
    "chunk-long-extension": post(b"3;" + b"a" * 2000 + b"\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "body-above-the-limit": post(b"", b"Content-Length: 2000000"),
    "chunks-above-the-limit": post((b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 20, CHUNKED),
}  # fmt: skip


@pytest.fixture(scope="module")
def recording(module_launch):
    """One for all cases: each must leave it as it was."""
    return module_launch(RECORDING, env={"TIDEGATE_BODY_MAX_BYTES": "1000000"}).wait_ready()


def seen(replica):
    return replica.score(b"seen").json()


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_read_in_two_ways_or_is_too_much_is_refused_and_the_connection_ends(recording, name):
    with RawClient(recording) as client:
        replies = client.send(REFUSED[name]).send(SECOND).stop_sending().replies()
    assert len(replies) == 1, "one answer, and nothing that came behind is a request"
    status, body = replies[0]
    assert status in {400, 413, 417, 431, 501, 505}, replies
    assert b"Traceback" not in body
    assert seen(recording) == []


SERVED = {
    "chunked": (post(ONE_CHUNK, CHUNKED), b'"abc"'),
    "chunked-in-other-case": (post(ONE_CHUNK, b"tRANSFER-eNCODING: ChUnKeD"), b'"abc"'),
    "chunk-extensions": (post(b'3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n', CHUNKED), b'"abc"'),
    "chunk-leading-zeros": (post(b"0003\r\nabc\r\n000\r\n\r\n", CHUNKED), b'"abc"'),
    "trailers": (post(b"3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n", CHUNKED), b'"abc"'),
    "many-small-chunks": (post(b"1\r\nx\r\n" * 3000 + b"0\r\n\r\n", CHUNKED), b'"' + b"x" * 3000 + b'"'),
    "empty-chunked": (post(b"0\r\n\r\n", CHUNKED), b'""'),
    "empty-lines-before": (b"\r\n\r\n" + post(b"abc"), b'"abc"'),
    "absolute-target": (post(b"abc", target=b"http://elsewhere/score"), b'"abc"'),
    "escaped-target": (post(b"abc", target=b"/%73core"), b'"abc"'),
    "header-not-utf-8": (post(b"abc", b"Content-Length: 3", b"X-A: \xff\xfe"), b'"abc"'),
    "upgrade": (post(b"abc", b"Content-Length: 3", b"Connection: upgrade", b"Upgrade: h2c"), b'"abc"'),
    "expect": (post(b"abc", b"Content-Length: 3", b"Expect: 100-continue"), b'"abc"'),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_unusual_but_sound_requests_are_served_and_so_is_the_next_on_the_connection(recording, name):
    request, answer = SERVED[name]
    with RawClient(recording) as client:
        replies = client.send(request).send(post(b"next")).stop_sending().replies()
    replies = [reply for reply in replies if reply[0] != 100]
    assert replies == [(200, answer), (200, b'"next"')]
    seen(recording)


BROKEN_OFF = {
    "nothing": b"",
    "half-a-head": b"POST /score HTTP/1.1\r\nHost",
    "half-a-body": post(b"abc", b"Content-Length: 10"),
    "half-a-chunk": post(b"a\r\nabc", CHUNKED),
    "half-a-chunk-of-almost-2^64": post(b"ffffffffffffffff\r\nabc", CHUNKED),
    "no-last-chunk": post(b"3\r\nabc\r\n", CHUNKED),
    "half-a-trailer": post(b"3\r\nabc\r\n0\r\nX-", CHUNKED),
}


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_half_a_request_never_runs(recording, name):
    with RawClient(recording) as client:
        replies = client.send(BROKEN_OFF[name]).stop_sending().replies()
    assert [status for status, _ in replies] in ([], [400])
    assert seen(recording) == []


def test_a_client_that_has_stopped_sending_still_gets_its_answer(recording):
    with RawClient(recording, tcp=True) as client:
        assert client.send(post(b"abc")).stop_sending().replies() == [(200, b'"abc"')]
    seen(recording)


def test_pipelined_requests_are_answered_in_order_and_one_at_a_time(recording):
    count = 200
    with RawClient(recording) as client:
        client.send(b"".join(post(b"%d" % i) for i in range(count)))
        assert [client.reply() for _ in range(count)] == [(200, b'"%d"' % i) for i in range(count)]
    assert seen(recording) == [str(i) for i in range(count)]


def test_requests_behind_one_that_says_close_are_not_served(recording):
    with RawClient(recording) as client:
        client.send(post(b"abc", b"Content-Length: 3", b"Connection: close") + SECOND)
        assert client.replies() == [(200, b'"abc"')]
    assert seen(recording) == ["abc"]


def test_who_reads_nothing_while_it_pipelines_keeps_nobody_from_being_served(recording):
    with RawClient(recording) as client:
        client.socket.setblocking(False)
        try:
            for _ in range(200):
                client.socket.sendall(post(b"x" * 100_000))
        except BlockingIOError:
            pass  # both sides' buffers are full
        assert recording.get("/").status == 200
        wait_until(lambda: recording.score(b"other").status == 200, "a free place", recording)
    seen(recording)


@pytest.mark.parametrize(
    "begun", [b"POST /sc", post(b"ab", b"Content-Length: 4"), post(b"4\r\nab", CHUNKED)], ids=["head", "body", "chunk"])
def test_many_slow_senders_hold_no_place(recording, begun):
    slow = [RawClient(recording).send(begun) for _ in range(100)]
    for i in range(20):
        assert recording.score(b"%d" % i).json() == str(i)
    for client in slow:
        client.socket.close()
    assert seen(recording) == [str(i) for i in range(20)]


def test_a_traceback_stays_in_the_log(serve):
    replica = serve("def init(): pass\ndef run(data): raise ValueError('secret of the script')\n")
    reply = replica.score(b"x")
    assert reply.status == 500
    assert b"Traceback" not in reply.body and b"secret" not in reply.body
    request_id = reply.headers["x-request-id"]
    replica.wait_for_log("secret of the script")
    assert any(request_id in line for line in replica.log().splitlines())


def test_silent_connections_beyond_the_descriptor_limit_keep_nobody_out(launch):
    replica = launch(ECHO).wait_ready()
    resource.prlimit(replica.process.pid, resource.RLIMIT_NOFILE, (80, 80))
    silent = [RawClient(replica) for _ in range(150)]
    began = time.monotonic()
    assert replica.score(b"x").json() == "x"
    assert replica.get("/").status == 200
    assert time.monotonic() - began < 10
    for client in silent:
        client.socket.close()
    assert replica.score(b"x").json() == "x"


def spilled(replica):
    """Nameless files that the replica has open in its temporary folder."""
    found = []
    folder = f"/proc/{replica.process.pid}/fd"
    for fd in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{fd}")
        except OSError:
            continue
        if target.startswith(f"{replica.root}/") and "(deleted)" in target:
            found.append(target)
    return found


@pytest.mark.parametrize("leaves", [False, True], ids=["whole", "broken-off"])
def test_a_large_body_waits_on_disk_and_is_removed(serve, leaves):
    replica = serve("def init(): pass\ndef run(data): return len(data)\n")
    size = 12 << 20
    with RawClient(replica) as client:
        client.send(post(b"a" * (size - 1), b"Content-Length: %d" % size))
        wait_until(lambda: spilled(replica), "the body on disk", replica)
        if not leaves:
            assert client.send(b"a").reply() == (200, b"%d" % size)
    wait_until(lambda: not spilled(replica), "its file to be gone", replica)
    assert replica.score(b"abc").json() == 3
