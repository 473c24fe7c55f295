from pathlib import Path

import pytest
from clusters import OwnCluster, built_program, cluster_to_hurt, session_cluster
from support.processes import wait_until
from workloads import write_web_image

# Fixed, so that a run finds what one that was killed has left.
FOLDER = Path("/var/tmp/tidegate-cluster-test")


@pytest.fixture(scope="session")
def built():
    return built_program()


@pytest.fixture(scope="session")
def cluster():
    yield from session_cluster(FOLDER)


@pytest.fixture
def own_cluster(cluster):
    yield from cluster_to_hurt(cluster)


@pytest.fixture
def another(built):
    """A second cluster, not started; whatever the test does with it, it is down afterwards."""
    own = OwnCluster(f"{FOLDER}-2")
    own.down()
    yield own
    own.down()


@pytest.fixture
def namespace(cluster, request):
    """A namespace of the test's own, in which pods can be started."""
    name = cluster.kubectl("create", "-o", "name", "-f", "-", input=NAMESPACE).stdout.strip().split("/")[1]
    wait_until(
        lambda: cluster.kubectl("-n", name, "get", "serviceaccount", "default", check=False).returncode == 0,
        what=f"the default service account of {name}",
    )
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


NAMESPACE = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "smoke-"}}'


@pytest.fixture(scope="session")
def web_image(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    write_web_image(folder / "context")
    return cluster.push(folder, "smoke/web:1")
