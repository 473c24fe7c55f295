"""A registry with a login, on this machine: the cluster's nodes and pods reach it at its host's address."""

import contextlib
import ctypes
import json
import shutil
import subprocess
import urllib.error
import urllib.request

from support.processes import wait_until
from support.server import free_port

USER = "builder"
ROUNDS = "$2b$04$"  # docker-registry knows bcrypt alone; few rounds are quick
SALT = "abcdefghijklmnopqrstuu"


def bcrypt(password):
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), (ROUNDS + SALT).encode()).decode()


class GuardedRegistry:
    """Has what the cluster's own registry has: it serves the same files."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster = folder, cluster
        host = cluster.node_address().rsplit(".", 1)[0] + ".1"  # of this machine, as the node sees it
        self.address = f"{host}:{free_port()}"
        self.passwords = folder / "htpasswd"
        self.nodes_know_it = cluster.state / "etc/registries" / self.address

    def set_password(self, password):
        self.passwords.write_text(f"{USER}:{bcrypt(password)}\n")
        wait_until(lambda: self.takes(password), what="the registry to take the new password")

    def takes(self, password):
        request = urllib.request.Request(f"http://{self.address}/v2/")
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, request.full_url, USER, password)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
        try:
            return opener.open(request, timeout=2).status == 200
        except (OSError, urllib.error.URLError):
            return False

    @contextlib.contextmanager
    def serving(self, password):
        config = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.cluster.state / "registry")}},
            "http": {"addr": self.address, "secret": "of a test"},
            "auth": {"htpasswd": {"realm": "test", "path": str(self.passwords)}},
        }
        (self.folder / "registry.yaml").write_text(json.dumps(config))  # JSON is YAML
        self.passwords.write_text(f"{USER}:{bcrypt(password)}\n")
        self.nodes_know_it.mkdir()
        url = f"http://{self.address}"
        hosts = f'server = "{url}"\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n'
        (self.nodes_know_it / "hosts.toml").write_text(hosts)
        with (self.folder / "registry.log").open("w") as log:
            argv = ["docker-registry", "serve", self.folder / "registry.yaml"]
            process = subprocess.Popen(argv, stdout=log, stderr=log)
        try:
            wait_until(lambda: self.takes(password), what=f"the registry; its log is {self.folder}/registry.log")
            yield self
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(self.nodes_know_it)
