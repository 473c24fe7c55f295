"""An open-loop load generator.

Requests start by a schedule that knows nothing of replies, so a server that stalls is not spared: what
waits piles up, as it does with real callers. Nothing is retried. Every request ends as exactly one Outcome,
connect errors and time-outs among them. Even requests use kept connections, odd ones a new one each.
"""

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Outcome:
    number: int
    due: float  # seconds since the load began
    kept: bool
    latency: float = 0.0  # from due, not from when it was really sent
    status: int = 0  # 0: no reply
    body: bytes = b""
    error: str = ""

    @property
    def ok(self):
        return self.status == 200


class Report:
    def __init__(self, outcomes):
        self.outcomes = outcomes

    @property
    def failed(self):
        return [o for o in self.outcomes if not o.ok]

    def latency(self, share):
        ordered = sorted(o.latency for o in self.outcomes)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def __str__(self):
        kinds = Counter(str(o.status) if o.status else o.error for o in self.outcomes)
        kept = sum(o.kept for o in self.outcomes)
        return (
            f"{len(self.outcomes)} requests ({kept} on kept connections): {dict(kinds)}; latency"
            f" p50 {self.latency(0.5) * 1e3:.1f} ms, p99 {self.latency(0.99) * 1e3:.1f} ms,"
            f" max {self.latency(1) * 1e3:.1f} ms"
        )

    def assert_none_failed(self):
        assert self.outcomes, "the load sent nothing"
        assert not self.failed, f"{self}\n" + "\n".join(map(repr, self.failed[:10]))


class Load:
    """`with Load(uri, key, rate=50) as load: ...` runs until the block ends; then load.report is there."""

    def __init__(self, uri, key=None, *, rate, body=b"{}", seconds_max=60, request_limit_s=20):
        url = urlsplit(uri)
        self.host, self.port = url.hostname, url.port
        self.rate = rate
        self.count_max = int(rate * seconds_max)
        self.request_limit_s = request_limit_s
        authorization = f"Authorization: Bearer {key}\r\n" if key else ""
        self.head = (
            f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n{authorization}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        ).encode()
        self.body = body
        self.report = None
        self._idle = []
        self._outcomes = []
        self._halt = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._halt.set()
        self._thread.join()
        self.report = Report(self._outcomes)

    def sent(self):
        """How many requests have ended so far."""
        return len(self._outcomes)

    async def _run(self):
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        tasks = set()
        for number in range(self.count_max):
            due = self._began + number / self.rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._halt.is_set():
                break
            tasks.add(asyncio.create_task(self._one(Outcome(number, due - self._began, number % 2 == 0))))
        if tasks:
            await asyncio.wait(tasks)
        for _, writer in self._idle:
            writer.close()

    async def _one(self, outcome):
        writer = None
        try:
            async with asyncio.timeout(self.request_limit_s):
                reader, writer = await self._connection(outcome.kept)
                close = b"" if outcome.kept else b"Connection: close\r\n"
                writer.write(self.head + close + b"\r\n" + self.body)
                outcome.status, outcome.body, reusable = await read_reply(reader)
            if outcome.kept and reusable:
                self._idle.append((reader, writer))
                writer = None
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            outcome.error = type(error).__name__
            outcome.status = 0
        finally:
            if writer:
                writer.close()
        outcome.latency = asyncio.get_running_loop().time() - self._began - outcome.due
        self._outcomes.append(outcome)

    async def _connection(self, kept):
        while kept and self._idle:
            reader, writer = self._idle.pop()
            # Any client notices the end of an idle connection before it writes into it. One that ends
            # while the request is under way counts as a failure.
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.host, self.port)


async def read_reply(reader):
    """(status, body, whether the connection may be used again)"""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return status, body, headers.get("connection", "").lower() != "close"


async def read_chunks(reader):
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return body
