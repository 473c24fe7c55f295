"""A cluster does what the tests of the product take for granted. Runs against any cluster: see README.md."""

import urllib.error
import urllib.request

import pytest
from clusters import UP_SECONDS
from support.processes import wait_until
from workloads import container, deployment, node_port, pod

# Most of it is the pull of an image.
START_SECONDS = 60

# The first test waits for the cluster too.
pytestmark = pytest.mark.timeout(UP_SECONDS)


@pytest.fixture
def kubectl(cluster, namespace):
    return lambda *words, **options: cluster.kubectl("-n", namespace, *words, **options)


@pytest.fixture
def start(cluster, namespace):
    def start(*objects):
        cluster.apply(namespace, *objects)
        for made in objects:
            if made["kind"] == "Pod":
                condition, name = "condition=Ready", f"pod/{made['metadata']['name']}"
            elif made["kind"] == "Deployment":
                condition, name = "condition=Available", f"deployment/{made['metadata']['name']}"
            else:
                continue
            cluster.kubectl("-n", namespace, "wait", "--for", condition, name, f"--timeout={START_SECONDS}s",
                            seconds=START_SECONDS + 10)
    return start


def reply(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()
    except (OSError, urllib.error.URLError):
        return None


def test_a_node_is_ready(cluster):
    conditions = cluster.get("nodes")["items"][0]["status"]["conditions"]
    assert {c["type"]: c["status"] for c in conditions}["Ready"] == "True"


def test_an_image_that_was_built_and_pushed_here_runs(start, kubectl, web_image):
    start(pod("one", container(web_image)))
    assert kubectl("exec", "one", "--", "cat", "/www/built.txt").stdout == "built\n"
    assert kubectl("logs", "one").stdout == "serving\n"


def test_a_service_answers_pods_at_its_address_and_at_its_names(cluster, namespace, start, kubectl, web_image):
    start(pod("client", container(web_image)), deployment("web", container(web_image), replicas=2), node_port("web"))
    address = cluster.get("-n", namespace, "service", "web")["spec"]["clusterIP"]
    pods = {p["metadata"]["name"] for p in cluster.get("-n", namespace, "pods", "-l", "app=web")["items"]}

    def ask(host):
        return kubectl("exec", "client", "--", "curl", "-sf", "-m", "2", f"http://{host}/", check=False).stdout.strip()

    for host in (address, "web", f"web.{namespace}.svc.cluster.local"):
        wait_until(lambda: ask(host) in pods, what=f"an answer from {host}")
    wait_until(lambda: {ask(address) for _ in range(8)} == pods, what="answers from both pods")
    # The answer comes back through the service even if the asking pod itself gave it.
    [first, _] = sorted(pods)
    wait_until(lambda: "web" in kubectl("exec", first, "--", "curl", "-sf", "-m", "2", "http://web/").stdout)


def test_a_node_port_answers_this_machine(cluster, namespace, start, web_image):
    start(deployment("web", container(web_image), replicas=1), node_port("web"))
    port = cluster.get("-n", namespace, "service", "web")["spec"]["ports"][0]["nodePort"]
    url = f"http://{cluster.node_address()}:{port}/"
    wait_until(lambda: (reply(url) or "").startswith("web-"), what=f"an answer from {url}")


def test_a_container_over_its_memory_limit_is_killed_and_says_so(cluster, namespace, web_image):
    hungry = container(web_image, command=["dd", "if=/dev/zero", "of=/dev/null", "bs=128M"], memory="32Mi")
    cluster.apply(namespace, pod("hungry", hungry))

    def ending():
        statuses = cluster.get("-n", namespace, "pod", "hungry")["status"].get("containerStatuses", [{}])
        return statuses[0].get("state", {}).get("terminated")

    ended = wait_until(ending, seconds=START_SECONDS, what="the end of the container")
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


def test_a_pod_that_asks_for_too_much_is_told_how_much_there_is(cluster, namespace, web_image):
    cluster.apply(namespace, pod("huge", container(web_image, cpu="1000")))

    def complaint():
        for condition in cluster.get("-n", namespace, "pod", "huge")["status"].get("conditions", []):
            if condition.get("reason") == "Unschedulable":
                return condition["message"]

    assert "Insufficient cpu" in wait_until(complaint, what="the scheduler's word")


def test_a_pod_that_is_deleted_is_replaced(cluster, namespace, start, kubectl, web_image):
    start(deployment("web", container(web_image), replicas=1))

    def pods():
        return {p["metadata"]["name"] for p in cluster.get("-n", namespace, "pods")["items"]}

    [old] = pods()
    kubectl("delete", "pod", old, "--wait=true")
    wait_until(lambda: len(pods() - {old}) == 1 and old not in pods(), what="a pod instead of the deleted one")


def test_a_pod_reaches_the_api_server_with_its_account(start, kubectl, web_image):
    start(pod("one", container(web_image)))
    ask = (
        "D=/var/run/secrets/kubernetes.io/serviceaccount; curl -s -m 5 --cacert $D/ca.crt "
        '-H "Authorization: Bearer $(cat $D/token)" https://kubernetes.default.svc/api/v1/pods'
    )
    answer = kubectl("exec", "one", "--", "sh", "-c", ask).stdout
    assert "system:serviceaccount:" in answer and '"code": 403' in answer


def test_the_api_server_leads_to_a_pod(start, namespace, kubectl, cluster, web_image):
    start(pod("one", container(web_image)))
    path = f"/api/v1/namespaces/{namespace}/pods/one:8080/proxy/built.txt"
    assert cluster.kubectl("get", "--raw", path).stdout == "built\n"
