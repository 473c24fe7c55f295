import pytest
from support.example import Example
from support.project import Project
from support.server import BINARY, Tidegate


# Its asserts tell as much as those of a test module.
pytest.register_assert_rewrite("support.story")


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} is not built: cmake --workflow --preset release", returncode=1)


@pytest.fixture
def new_server(tmp_path):
    """Makes servers with a data folder of their own; afterwards they are stopped and nothing may be left."""
    servers = []

    def make(name="data", **options):
        servers.append(Tidegate(tmp_path / name, **options))
        return servers[-1]

    yield make
    check_nothing_left(servers)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as they found it."""
    shared = Tidegate(tmp_path_factory.mktemp("shared") / "data").start()
    yield shared
    check_nothing_left([shared])


def check_nothing_left(servers):
    left = {str(s.data): [p.describe() for p in s.clean_up()] for s in servers}
    assert not any(left.values()), f"processes outlived their server: {left}"


@pytest.fixture
def service(server):
    """Deploys services on the shared server and deletes them afterwards."""
    names = []

    def deploy(name, project, *flags):
        names.append(name)
        server.deploy(name, project, *flags)
        return server.service(name)

    yield deploy
    for name in names:
        server.cli("service", "delete", "-n", name)


@pytest.fixture
def project(tmp_path):
    def make(script=None, *, folder="project", **options):
        return Project(tmp_path / folder, *([script] if script else []), **options)

    return make


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    return Example(tmp_path_factory.mktemp("diabetes"))
