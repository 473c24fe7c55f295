import os
from pathlib import Path

import pytest
from clusters import HERE, Cluster, OwnCluster, run
from support.processes import wait_until
from workloads import write_web_image

# Fixed, so that a run finds what one that was killed has left.
FOLDER = Path("/var/tmp/tidegate-cluster-test")


@pytest.fixture(scope="session")
def built():
    """Minutes of Go are not a test's to wait for."""
    done = run(HERE / "build", "--cached", check=False)
    assert done.returncode == 0, "run test/cluster/setup and test/cluster/build first"
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def cluster(request):
    """The cluster that TIDEGATE_KUBECONFIG leads to; without it one of our own, for the session."""
    if kubeconfig := os.environ.get("TIDEGATE_KUBECONFIG"):
        yield Cluster(kubeconfig, os.environ["TIDEGATE_REGISTRY"])
        return
    request.getfixturevalue("built")
    own = OwnCluster(FOLDER)
    own.down()
    own.up()
    yield own
    own.down()


@pytest.fixture
def own_cluster(cluster):
    if not isinstance(cluster, OwnCluster):
        pytest.skip("hurts the cluster, and TIDEGATE_KUBECONFIG names somebody's")
    yield cluster
    cluster.up()


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
