"""An API server that knows list and watch of Secrets and Pods of one namespace, over TLS with a CA of its own."""

import base64
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-service-account"


def field(number, value):
    """One field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def table(version, service, version_id, *, replica_secret="", wait_ms=5000):
    """An encoded table (src/table/table.proto) with one service without keys, whose replicas are pods."""
    of_pods = field(1, version_id) + field(2, service) + field(3, 100) + field(4, 1)
    of_pods += field(5, wait_ms) + field(6, 60_000) + field(8, 1)
    one = field(1, "default") + field(2, service) + field(5, of_pods) + field(6, replica_secret)
    return b"TGT1" + field(1, version) + field(2, one)


class FakeApi:
    def __init__(self, folder):
        self.mount = folder / "service-account"
        self.mount.mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", folder / "api.key", "-out", self.mount / "ca.crt"],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        (self.mount / "token").write_text(TOKEN)
        (self.mount / "namespace").write_text("azureml-default")
        self.key = folder / "api.key"
        self.changed = threading.Condition()
        self.version = 1
        self.objects = {"secrets": {}, "pods": {}}
        self.events = []  # (resource version, plural, event)
        self.port = 0
        self.server = None
        self.start()

    def start(self):
        self.stopping = False
        server = ThreadingHTTPServer(("127.0.0.1", self.port), type("H", (Handler,), {"api": self}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.mount / "ca.crt", self.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        self.port = server.server_address[1]
        self.server = server
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """Nobody listens any more, and watches end."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def put(self, plural, item):
        self._change(plural, "MODIFIED" if item["metadata"]["name"] in self.objects[plural] else "ADDED", item)

    def remove(self, plural, name):
        self._change(plural, "DELETED", self.objects[plural][name])

    def publish(self, encoded):
        data = {"table.pb": base64.b64encode(encoded).decode()}
        self.put("secrets", {"metadata": {"name": "tidegate-table"}, "data": data})

    def put_pod(self, name, version_id, ip, *, ready=True, leaving=False, container="", exit_code=None):
        """container: the id of the one that runs, or has ended with this exit code."""
        metadata = {"name": name, "labels": {"tidegate.io/version": version_id}}
        if leaving:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        status = {"podIP": ip, "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
        if container:
            end = {"terminated": {"containerID": container, "exitCode": exit_code, "reason": "Error"}}
            state = {"running": {}} if exit_code is None else end
            status["containerStatuses"] = [{"name": "scoring", "containerID": container, "state": state}]
        self.put("pods", {"metadata": metadata, "status": status})

    def _change(self, plural, kind, item):
        with self.changed:
            self.version += 1
            item = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}
            if kind == "DELETED":
                del self.objects[plural][item["metadata"]["name"]]
            else:
                self.objects[plural][item["metadata"]["name"]] = item
            self.events.append((self.version, plural, {"type": kind, "object": item}))
            self.changed.notify_all()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        plural = url.path.rsplit("/", 1)[1]
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        assert url.path == f"/api/v1/namespaces/azureml-default/{plural}", self.path
        wanted = {"secrets": ("fieldSelector", "metadata.name=tidegate-table"),
                  "pods": ("labelSelector", "app.kubernetes.io/managed-by=tidegate,"
                                            "app.kubernetes.io/component=replica")}[plural]  # fmt: skip
        assert query[wanted[0]] == [wanted[1]], self.path
        if "watch" in query:
            return self.watch(plural, int(query["resourceVersion"][0]))
        with self.api.changed:
            items = list(self.api.objects[plural].values())
            body = {"metadata": {"resourceVersion": str(self.api.version)}, "items": items}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def watch(self, plural, since):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            with self.api.changed:
                self.api.changed.wait_for(lambda: self.api.stopping or self.api.version > since)
                if self.api.stopping:
                    return
                events = [e for version, which, e in self.api.events if version > since and which == plural]
                since = self.api.version
            for event in events:
                self.wfile.write(json.dumps(event).encode() + b"\n")
            self.wfile.flush()
