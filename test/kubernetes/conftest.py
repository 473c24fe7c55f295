import http.client
import os
import secrets
from dataclasses import dataclass

import pytest
from cluster.clusters import HERE, Cluster, OwnCluster, run
from support.processes import wait_until
from support.server import BINARY, ROOT
from target import ClusterServer

# Fixed, so that a run finds what one that was killed has left.
FOLDER = "/var/tmp/tidegate-cluster-product-test"


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} is not built: cmake --workflow --preset release", returncode=1)


@pytest.fixture(scope="session")
def cluster():
    """The cluster that TIDEGATE_KUBECONFIG leads to; or one that is kept up in TIDEGATE_CLUSTER_DIR; or one for the
    session."""
    if kubeconfig := os.environ.get("TIDEGATE_KUBECONFIG"):
        yield Cluster(kubeconfig, os.environ["TIDEGATE_REGISTRY"])
        return
    # Minutes of Go are not a test's to wait for.
    done = run(HERE / "build", "--cached", check=False)
    assert done.returncode == 0, "run test/cluster/setup and test/cluster/build first"
    kept = os.environ.get("TIDEGATE_CLUSTER_DIR")
    own = OwnCluster(kept or FOLDER)
    if not kept:
        own.down()
    own.up()
    yield own
    if not kept:
        own.down()


@pytest.fixture
def own_cluster(cluster):
    """For tests that hurt it; afterwards it is whole again."""
    if not isinstance(cluster, OwnCluster):
        pytest.skip("hurts the cluster, and TIDEGATE_KUBECONFIG names somebody's")
    yield cluster
    cluster.up()
    # A node whose API server was away counts as lost for some seconds after.
    cluster.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")


@dataclass
class Images:
    agent: str
    base: str


@pytest.fixture(scope="session")
def images(cluster):
    done = run(
        ROOT / "scripts/images", "all", "--registry", cluster.registry, "--plain-http", "--print-name", seconds=600
    )
    agent, base = done.stdout.split()
    return Images(agent, base)


@pytest.fixture(scope="session")
def server(tmp_path_factory, cluster, images):
    shared = ClusterServer(tmp_path_factory.mktemp("shared") / "data", cluster, images).start()
    yield shared
    left = [p.describe() for p in shared.clean_up()]
    assert not left, f"processes outlived their server: {left}"


def new_name():
    return f"tidegate-test-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def target(server):
    """The target that tests share which leave it as they found it."""
    made = server.attach("myaks", new_name())
    yield made
    made.detach()


@pytest.fixture
def namespace(cluster):
    """A name that nobody has; gone afterwards, if anybody has made it."""
    name = new_name()
    yield name
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def service(server, target):
    """Deploys services on the shared target and deletes them afterwards."""
    names = []

    def deploy(name, project, *flags, **options):
        names.append(name)
        target.deploy(name, project, *flags, **options)
        return server.service(name)

    yield deploy
    for name in names:
        server.cli("service", "delete", "-n", name)
