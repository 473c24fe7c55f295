"""A thin HTTP client: the REST API over the unix socket, and scoring over TCP. Never retries."""

import http.client
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tidegate"
    "/providers/Microsoft.MachineLearningServices/workspaces/default"
)
MMS = f"/modelmanagement/v1.0{WORKSPACE}"


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        """The fixed word of a reply that the router gave itself, else None."""
        try:
            return self.json().get("reason")
        except (ValueError, AttributeError):
            return None


def connect_unix(path, timeout=30):
    """Connects to a socket whose path may be longer than a socket address can hold."""
    path = Path(path)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection


def exchange(client, method, target, body, headers):
    client.request(method, target, body=body, headers=headers)
    reply = client.getresponse()
    return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())


class Rest:
    """The REST API of the server with this data folder."""

    def __init__(self, data):
        self.data = Path(data)

    def request(self, method, path, body=None, *, token=None, headers=None):
        """`token`: None sends the folder's own, "" sends none. A body that is not bytes is sent as JSON."""
        headers = dict(headers or {})
        token = (self.data / "api.token").read_text().strip() if token is None else token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        client = http.client.HTTPConnection("localhost")
        client.sock = connect_unix(self.data / "api.sock")
        try:
            return exchange(client, method, path, body, headers)
        finally:
            client.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def mms(self, method, path, body=None, **options):
        return self.request(method, f"{MMS}/{path}", body, **options)

    def health(self):
        """The health document, None while nobody answers."""
        try:
            reply = self.get("/tidegate/v1/health", token="")
        except (OSError, http.client.HTTPException):
            return None
        return reply.json() if reply.status == 200 else None

    def status(self):
        return self.get("/tidegate/v1/status").json()


def score(uri, key=None, body=b"{}", *, method="POST", headers=None, timeout=30):
    """One scoring request on a connection of its own."""
    url = urlsplit(uri)
    headers = {"Content-Type": "application/json", **(headers or {})}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    client = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    try:
        return exchange(client, method, url.path, body, headers)
    finally:
        client.close()
