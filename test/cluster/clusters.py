"""Clusters as tests speak to them: any cluster that a kubeconfig leads to, and one of our own that can be hurt."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.processes import Process, start_ticks

HERE = Path(__file__).resolve().parent
UP_SECONDS = 300


def run(*argv, seconds=60, check=True, **options):
    """Runs a command to its end; a failed one fails the test with all that it said."""
    done = subprocess.run(
        [str(a) for a in argv], text=True, capture_output=True, timeout=seconds,
        **({} if "input" in options else {"stdin": subprocess.DEVNULL}), **options,
    )
    assert not check or done.returncode == 0, f"{argv} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def built_program():
    """Minutes of Go are not a test's to wait for."""
    done = run(HERE / "build", "--cached", check=False)
    assert done.returncode == 0, "run test/cluster/setup and test/cluster/build first"
    return Path(done.stdout.strip())


def session_cluster(folder, *, is_kept=False):
    """For a fixture: the cluster that TIDEGATE_KUBECONFIG leads to; without it one of our own in `folder`, from its
    beginning to its end unless it is kept."""
    if kubeconfig := os.environ.get("TIDEGATE_KUBECONFIG"):
        yield Cluster(kubeconfig, os.environ["TIDEGATE_REGISTRY"])
        return
    built_program()
    own = OwnCluster(folder)
    if not is_kept:
        own.down()
    own.up()
    yield own
    if not is_kept:
        own.down()


def cluster_to_hurt(cluster):
    """For a fixture: afterwards it is whole again."""
    if not isinstance(cluster, OwnCluster):
        pytest.skip("hurts the cluster, and TIDEGATE_KUBECONFIG names somebody's")
    yield cluster
    cluster.up()
    # A node whose API server was away counts as lost for some seconds after.
    cluster.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")


class Cluster:
    """A cluster and a registry that both this machine and the cluster's nodes reach under one name."""

    def __init__(self, kubeconfig, registry):
        self.kubeconfig = Path(kubeconfig)
        self.registry = registry
        # Whichever there is: an own cluster brings one, for another people have one.
        self._kubectl = shutil.which("kubectl") or Path(run(HERE / "build", "--cached").stdout.strip()).with_name("kubectl")

    def kubectl(self, *words, check=True, seconds=60, **options):
        return run(self._kubectl, "--kubeconfig", self.kubeconfig, *words, check=check, seconds=seconds, **options)

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json").stdout)

    def apply(self, namespace, *objects):
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("-n", namespace, "apply", "-f", "-", input=json.dumps(listed))

    def node_address(self):
        addresses = self.get("nodes")["items"][0]["status"]["addresses"]
        return next(a["address"] for a in addresses if a["type"] == "InternalIP")

    def push(self, folder, name):
        """Builds the Containerfile in `folder` as a user would, without a daemon; returns the image's name."""
        image = f"{self.registry}/{name}"
        buildah = ("buildah", "--root", f"{folder}/.root", "--runroot", f"{folder}/.run", "--storage-driver", "vfs")
        run(*buildah, "bud", "--isolation", "chroot", "--ignorefile", "/dev/null", "--tag", image, f"{folder}/context")
        run(*buildah, "push", "--tls-verify=false", image)
        return image


class OwnCluster(Cluster):
    """One that `up` made in a folder: its parts can be killed."""

    def __init__(self, state):
        self.state = Path(state)

    def script(self, name, *words, check=True, seconds=UP_SECONDS, environment=None):
        environment = {**os.environ, "TIDEGATE_CLUSTER_DIR": str(self.state), **(environment or {})}
        return run(HERE / name, *words, check=check, seconds=seconds, env=environment)

    def up(self):
        done = self.script("up")
        said = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
        super().__init__(said["KUBECONFIG"], said["TIDEGATE_REGISTRY"])
        return done

    def down(self):
        return self.script("down")

    def part(self, *words):
        return self.script("part", *words)

    def pids(self):
        """The parts by name, with their pids as the node counts."""
        return dict(line.split() for line in self.part("list").stdout.splitlines())

    def first_process(self):
        """Its end is the end of the node."""
        pid, ticks = map(int, (self.state / "init").read_text().split())
        return Process(pid, ticks)

    def processes(self):
        """Every process of the node, as the machine sees it."""
        mine = os.readlink(f"/proc/{self.first_process().pid}/ns/pid")
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                ticks = start_ticks(folder.name)
                if ticks is not None and os.readlink(folder / "ns/pid") == mine:
                    found.append(Process(int(folder.name), ticks))
            except OSError:
                continue
        return found
