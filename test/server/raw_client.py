"""A client that says whatever bytes it likes, and reads what comes back as HTTP."""

import socket

PATIENCE_S = 30


class RawClient:
    def __init__(self, replica, *, tcp=False):
        if tcp:
            self.socket = socket.create_connection(("127.0.0.1", replica.port), timeout=PATIENCE_S)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE_S)
            self.socket.connect(str(replica.socket))
        self._left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """A server that has refused and closed already is no error: its answer may still be there."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def stop_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self._left += data
        return bool(data)

    def reply(self):
        """(status, body) of the next reply, or None when the connection ends."""
        while b"\r\n\r\n" not in self._left:
            if not self._more():
                assert not self._left, f"half a reply: {self._left!r}"
                return None
        head, self._left = self._left.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        assert "transfer-encoding" not in headers, "the scoring server knows its lengths"
        size = int(headers.get("content-length", 0))
        while len(self._left) < size:
            assert self._more(), f"{lines[0]}: the body broke off"
        body, self._left = self._left[:size], self._left[size:]
        assert lines[0].startswith("HTTP/1.1 "), lines[0]
        return int(lines[0].split(" ")[1]), body

    def replies(self):
        """All, until the server closes."""
        found = []
        while (reply := self.reply()) is not None:
            found.append(reply)
        return found


def post(body=b"", *headers, target=b"/score", version=b"HTTP/1.1"):
    """A POST with `headers` instead of a length, or a sound one if there are none."""
    lines = headers or (b"Content-Length: %d" % len(body),)
    return b"POST %s %s\r\nHost: x\r\n%s\r\n\r\n%s" % (target, version, b"\r\n".join(lines), body)
