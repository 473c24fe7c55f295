import http.client
import os
import secrets
from dataclasses import dataclass

import pytest
from cluster.clusters import cluster_to_hurt, run, session_cluster
from support.processes import wait_until
from support.server import BINARY, ROOT
from target import ClusterServer

# Its asserts tell as much as those of a test module.
pytest.register_assert_rewrite("support.story")

# Fixed, so that a run finds what one that was killed has left.
FOLDER = "/var/tmp/tidegate-cluster-product-test"


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} is not built: cmake --workflow --preset release", returncode=1)


@pytest.fixture(scope="session")
def cluster():
    """Whoever names a folder in TIDEGATE_CLUSTER_DIR keeps the cluster up there."""
    kept = os.environ.get("TIDEGATE_CLUSTER_DIR")
    yield from session_cluster(kept or FOLDER, is_kept=bool(kept))


@pytest.fixture
def own_cluster(cluster):
    yield from cluster_to_hurt(cluster)


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
