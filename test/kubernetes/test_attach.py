"""Attach and detach: what they check, what they leave."""

import json

import pytest
from access import of_account, with_server, with_token
from support.processes import wait_until
from support.server import free_port
from target import ATTACH_SECONDS, KINDS, READY_PYTHON, ready_project

pytestmark = pytest.mark.timeout(300)


def said(error, *words):
    for word in words:
        assert word in error, f"{word!r} is missing in:\n{error}"


def exists(cluster, namespace):
    return cluster.kubectl("get", "namespace", namespace, check=False).returncode == 0


@pytest.fixture
def there(cluster, namespace):
    """The namespace, made by somebody else than attach."""
    cluster.kubectl("create", "namespace", namespace)
    return namespace


@pytest.fixture
def refused(server, cluster, namespace):
    """An attachment that must not leave anything, neither here nor there."""

    def attach(**options):
        before = server.cli("computetarget", "list").json()
        error = server.refuses_attach("refused", namespace, **options)
        assert server.cli("computetarget", "list").json() == before
        assert not exists(cluster, namespace)
        return error

    return attach


# --- a kubeconfig that is no good -----------------------------------------------------------------


def test_a_kubeconfig_that_is_not_there(refused, tmp_path):
    said(refused(kubeconfig=tmp_path / "nowhere"), "--kubeconfig", str(tmp_path / "nowhere"))


def test_a_kubeconfig_that_is_no_yaml(refused, tmp_path):
    (tmp_path / "kubeconfig").write_text("clusters: [\n")
    said(refused(kubeconfig=tmp_path / "kubeconfig"), "kubeconfig")


def test_a_kubeconfig_of_a_user_whom_the_cluster_does_not_know(refused, cluster, tmp_path):
    said(refused(kubeconfig=with_token(cluster, tmp_path / "kubeconfig", "nobody")), "kubeconfig", "Unauthorized")


def test_an_api_server_that_cannot_be_reached_is_named(refused, cluster, tmp_path):
    url = f"https://127.0.0.1:{free_port()}"
    said(refused(kubeconfig=with_server(cluster, tmp_path / "kubeconfig", url)), url.removeprefix("https://"))


def test_rights_that_are_missing_are_listed_by_verb_and_resource(server, cluster, there, tmp_path):
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    little = of_account(cluster, there, tmp_path / "kubeconfig", rules=rules)
    error = server.refuses_attach("little", there, kubeconfig=little)
    said(error, "may not", "create, patch, delete secrets", "deployments.apps", there, "grant it by a Role")
    said(error, "list nodes", "may not get, create, patch namespaces")
    assert cluster.get("-n", there, "deployments")["items"] == []


# --- a registry that is no good -------------------------------------------------------------------


def test_a_registry_that_cannot_be_reached_is_named(refused):
    registry = f"127.0.0.1:{free_port()}"
    said(refused(registry=registry), registry, "nodes")


def test_an_agent_image_that_is_not_in_the_registry_is_named(server, namespace, cluster):
    words = server.attach_words("noagent", namespace)
    words[words.index("--agent-image") + 1] = f"{cluster.registry}/tidegate/agent:nowhere"
    said(server.cli(*words, fails=True, seconds=ATTACH_SECONDS).err, "tidegate/agent:nowhere", "not in the registry")
    assert not exists(cluster, namespace)


def test_a_registry_without_tls_is_told_how_to_say_so(server, namespace, cluster):
    words = server.attach_words("plain", namespace)
    words.remove("--registry-plain-http")
    said(server.cli(*words, fails=True, seconds=ATTACH_SECONDS).err, "does not speak TLS", "--registry-plain-http")
    assert not exists(cluster, namespace)


def test_a_default_base_image_that_cannot_be_pulled_is_named(server, namespace, cluster):
    words = server.attach_words("nobase", namespace)
    words[words.index("--default-base-image") + 1] = f"{cluster.registry}/base:nowhere"
    error = server.cli(*words, fails=True, seconds=ATTACH_SECONDS).err
    said(error, "--default-base-image", "base:nowhere", "not in its registry")
    assert not exists(cluster, namespace)


# --- looking first --------------------------------------------------------------------------------


def test_dry_run_prints_the_manifests_and_touches_nothing(server, namespace, cluster):
    before = server.cli("computetarget", "list").json()
    printed = server.cli(*server.attach_words("dry", namespace), "--dry-run").out
    objects = documents(cluster.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", input=printed).stdout)
    assert {"Namespace", "Deployment", "Service", "ServiceAccount", "Role", "RoleBinding"} <= {o["kind"] for o in objects}
    assert not exists(cluster, namespace)
    assert server.cli("computetarget", "list").json() == before


def documents(text):
    """JSON documents, one behind the other."""
    found = []
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_the_api_server_takes_what_dry_run_prints(server, there, cluster):
    printed = server.cli(*server.attach_words("dry", there), "--dry-run").out
    cluster.kubectl("-n", there, "apply", "--dry-run=server", "-f", "-", input=printed)


# --- detach ---------------------------------------------------------------------------------------


def test_detach_leaves_nothing(server, cluster, namespace, tmp_path):
    target = server.attach("leaving", namespace)
    assert "Deployment/tidegate-router" in target.ours()
    target.deploy("tenant", ready_project(tmp_path))
    in_use = target.detach(fails=True)
    said(in_use.err, "tenant")
    server.cli("service", "delete", "-n", "tenant", seconds=90)
    target.detach()
    # The cluster itself takes its time to end a namespace that is empty.
    wait_until(lambda: not exists(cluster, namespace), seconds=60, what="the end of the namespace")
    assert "leaving" not in server.cli("computetarget", "list").out


def test_detach_leaves_a_namespace_that_was_there_before(server, cluster, there):
    target = server.attach("guest", there)
    target.kubectl("create", "configmap", "of-somebody-else")
    target.detach()
    assert exists(cluster, there)
    assert target.ours() == []
    left = {o["metadata"]["name"] for o in target.get(f"{KINDS},configmaps")}
    assert left == {"of-somebody-else", "default", "kube-root-ca.crt", "kubernetes"} & left
    assert "of-somebody-else" in left


def test_attach_again_changes_the_target_and_keeps_its_services(server, target, service, tmp_path):
    service("keeps", ready_project(tmp_path))
    uri = server.uri("keeps")
    server.attach(target.name, target.namespace)
    assert server.uri("keeps") == uri
    assert server.score("keeps").status == 200


def test_detach_leaves_nothing_of_the_targets_builds_on_this_machine(server, namespace, images, tmp_path):
    target = server.attach("builds", namespace)
    project = ready_project(tmp_path)
    steps = f"FROM {images.base}\nRUN echo {tmp_path} > /built\n"
    project.inference["environment"] = {**READY_PYTHON, "docker": {"baseImage": None, "baseDockerfile": steps}}
    project.save()
    target.deploy("built", project)
    kept = server.data / "images/default.builds"
    assert (kept / "buildah").is_dir()
    server.cli("service", "delete", "-n", "built", seconds=90)
    target.detach()
    wait_until(lambda: not kept.exists(), seconds=60, what="what the builds kept to go")
