"""What goes wrong in a cluster is told with cause, object and next step, and hurts nobody else."""

import json
import time

import pytest
from support.processes import wait_until
from target import DEPLOY_SECONDS, READY_PYTHON, ready_project

pytestmark = pytest.mark.timeout(300)

TOLD_WITHIN_S = 5.0


def said(error, *words):
    for word in words:
        assert word in error, f"{word!r} is missing in:\n{error}"


@pytest.fixture
def fails(server, target, tmp_path):
    """Deploys what must fail, and returns what it says; nothing may be left, here or in the cluster."""

    def deploy(*script, environment=READY_PYTHON, **deployment):
        project = ready_project(tmp_path, *script, **deployment)
        project.inference["environment"] = environment
        project.save()
        error = target.deploy("bad", project, fails=True).err
        wait_until(lambda: target.of_service("bad") == [], seconds=60, what="nothing to be left of bad")
        return error

    return deploy


def with_packages(*packages, **docker):
    dependencies = ["python=3.11", {"pip": list(packages)}]
    environment = {"name": "packages", "python": {"condaDependencies": {"dependencies": dependencies}}}
    return {**environment, **({"docker": docker} if docker else {})}


# --- the environment ------------------------------------------------------------------------------


def test_a_base_image_that_is_not_in_its_registry(fails, cluster):
    image = f"{cluster.registry}/nobody/nothing:1"
    said(fails(environment={**READY_PYTHON, "docker": {"baseImage": image}}), image, "baseImage")


def test_packages_that_exclude_each_other_are_named(fails):
    error = fails(environment=with_packages("iniconfig==2.3.1", "iniconfig==2.0.0"))
    said(error, "iniconfig==2.3.1", "iniconfig==2.0.0")


def test_an_image_that_a_node_cannot_pull_is_named(server, target, own_cluster, images, tmp_path):
    """The registry knows the image and has lost its content: only the node finds out."""
    project = ready_project(tmp_path)
    steps = f"FROM {images.base}\nRUN echo {tmp_path} > /lost\n"
    project.inference["environment"] = {**READY_PYTHON, "docker": {"baseImage": None, "baseDockerfile": steps}}
    project.save()
    target.deploy("lost", project)
    image = server.service("lost")["tidegate"]["image"]
    server.cli("service", "delete", "-n", "lost", seconds=90)
    wait_until(lambda: target.of_service("lost") == [], seconds=60, what="nothing to be left of lost")
    lose_content(own_cluster, image)
    error = target.deploy("lost", project, fails=True).err
    said(error, "use the existing image", "cannot pull image", image, "Check that the registry has this image")


def lose_content(cluster, image):
    """Of the registry, what only this image has; of the node, all that it has of the image."""
    cluster.script("enter", "ctr", "-n", "k8s.io", "images", "rm", "--sync", *names_on_node(cluster, image))
    links = {}  # digest of a blob -> the repositories that have it
    for link in (cluster.state / "registry").rglob("_layers/sha256/*/link"):
        links.setdefault(link.parent.name, set()).add(link.parents[3])
    mine = image.split("/", 1)[1].split("@")[0]
    lost = [digest for digest, of in links.items() if {str(r).endswith(mine) for r in of} == {True}]
    assert lost, f"the registry has nothing of {image} alone"
    for digest in lost:
        for data in (cluster.state / "registry").rglob(f"blobs/sha256/{digest[:2]}/{digest}/data"):
            data.unlink()


def names_on_node(cluster, image):
    listed = cluster.script("enter", "ctr", "-n", "k8s.io", "images", "ls").stdout.splitlines()
    digest = image.split("@")[1]
    return [line.split()[0] for line in listed if digest in line]


def test_a_registry_that_is_down_is_named(fails, own_cluster):
    own_cluster.part("registry", "stop")
    try:
        error = fails("def init(): pass\ndef run(body): return 'never'\n")
    finally:
        own_cluster.part("registry", "start")
    said(error, own_cluster.registry.split("/")[0])


# --- the script -----------------------------------------------------------------------------------


def test_the_traceback_of_init_is_in_the_error_once_and_the_failure_is_listed(server, fails):
    error = fails("def init():\n    raise ValueError('no such column')\ndef run(body): return 1\n")
    said(error, "init() failed", "ValueError: no such column", "score.py", "line 2", "deploy again")
    assert error.count("Traceback (most recent call last)") == 1, error
    listed = {s["name"]: s["state"] for s in server.cli("service", "list").json()}
    assert listed["bad"] == server.service("bad")["state"] == "Failed"
    server.cli("service", "delete", "-n", "bad")
    assert "bad" not in server.cli("service", "list").out


def test_a_module_that_is_not_there_is_named(fails):
    said(fails("import absent_module\ndef init(): pass\ndef run(body): return 1\n"), "absent_module", "score.py")


def test_a_script_that_takes_more_memory_than_its_limit(fails):
    error = fails(
        "def init():\n    global kept\n    kept = bytearray(400 << 20)\n    kept[::4096] = b'x' * len(kept[::4096])\ndef run(body): return 1\n",
        containerResourceRequirements={"cpu": 0.1, "memoryInGB": 0.2, "memoryInGBLimit": 0.2},
    )
    said(error, "killed for memory", "memoryInGB")


# --- the cluster ----------------------------------------------------------------------------------


def test_too_little_cpu_is_told_with_numbers_within_seconds_and_leaves_the_old_version_serving(
    server, service, target, tmp_path
):
    project = ready_project(tmp_path, "def init(): pass\ndef run(body): return 'old'\n")
    service("greedy", project)
    project.deployment["containerResourceRequirements"] = {"cpu": 999, "memoryInGB": 0.1}
    project.save()
    files = ["-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
    server.cli("service", "update", "-n", "greedy", *files, "--no-wait", cwd=project.folder)
    began = time.monotonic()
    told = wait_until(lambda: has(operation_log(server, "greedy"), "Insufficient cpu"), seconds=30, what="the numbers")
    took = time.monotonic() - began
    said(told, "999", "0/1 nodes")
    assert server.score("greedy").json() == "old"
    operation = server.service("greedy")["operationId"]
    ended = wait_until(
        lambda: one if (one := operation_of(server, operation))["state"] == "Failed" else None, seconds=60,
        what="the update to be given up",
    )  # fmt: skip
    said(str(ended["error"]), "Insufficient cpu", "containerResourceRequirements")
    assert server.score("greedy").json() == "old"
    server.wait_state("greedy", "Healthy")
    assert took < TOLD_WITHIN_S


def has(text, word):
    return text if word in text else None


def operation_of(server, operation):
    return server.rest.mms("GET", f"operations/{operation}").json()


def operation_log(server, name):
    operation = server.service(name)["operationId"]
    return server.rest.mms("GET", f"operations/{operation}/log").body.decode()


def test_an_update_that_fails_leaves_the_old_version_serving(server, service, target, tmp_path):
    project = ready_project(tmp_path, "def init(): pass\ndef run(body): return 'old'\n")
    service("stays", project)
    old = target.pods("stays")
    project.write("score.py", "def init(): raise RuntimeError('not today')\ndef run(body): return 'new'\n")
    update = ["service", "update", "-n", "stays", "-ic", "inferenceconfig.json"]
    error = server.cli(*update, cwd=project.folder, fails=True, seconds=DEPLOY_SECONDS).err
    said(error, "RuntimeError: not today")
    assert server.score("stays").json() == "old"
    assert target.pods("stays") == old
    server.wait_state("stays", "Healthy")


def test_a_pod_that_is_deleted_by_hand_is_replaced(server, service, target, tmp_path):
    service("replaced", ready_project(tmp_path))
    (old,) = target.pods("replaced")
    target.delete_pod(old)
    wait_until(lambda: (now := target.pods("replaced")) and old not in now, seconds=60, what="another pod")
    server.wait_state("replaced", "Healthy")
    wait_until(lambda: server.score("replaced").status == 200, what="an answer of the new pod")


# What the body names ends the process.
ENDING = """
import os
def init(): pass
def run(body):
    if "exit" in body:
        os._exit(9)
    if "memory" in body:
        kept = bytearray(600 << 20)
        kept[::4096] = b"x" * len(kept[::4096])
    return "here"
"""


def test_a_replica_that_ends_in_a_pod_tells_its_caller_how_and_the_next_end_is_its_own(server, service, tmp_path):
    small = {"cpu": 0.1, "memoryInGB": 0.3, "memoryInGBLimit": 0.3}
    service("exits", ready_project(tmp_path, ENDING, containerResourceRequirements=small, maxQueueWaitMs=60_000))
    ways = {"exit": "its process exited with code 9", "memory": "its process killed by signal 9 (Killed), out of memory"}
    for way, told in ways.items():
        reply = server.score("exits", json.dumps(way))
        assert (reply.status, reply.reason) == (502, "replica_exited")
        assert told in reply.json()["message"], reply.json()
        assert server.score("exits").json() == "here", "the pod's container runs again"
    shown = wait_until(
        lambda: [r for r in server.service("exits")["tidegate"]["replicas"] if r["exit"]], what="how it ended"
    )
    assert "out of memory" in shown[0]["exit"]
    server.wait_state("exits", "Healthy")


def test_a_namespace_that_is_deleted_by_hand_is_told_at_once_and_comes_back_with_its_services(
    server, cluster, namespace, tmp_path
):
    target = server.attach("deleted", namespace)
    target.deploy("orphan", ready_project(tmp_path))
    uri = server.uri("orphan")
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    began = time.monotonic()
    error = wait_until(lambda: has(server.error_text("orphan"), "being deleted"), seconds=30, what="the error")
    took = time.monotonic() - began
    said(error, f"namespace {namespace} is being deleted", "detach")
    said(server.cli("computetarget", "show", "-n", "deleted", "-v").out, f"namespace {namespace} is being deleted")
    # A namespace goes when its pods have had their time to end, which for routers is minutes.
    target.kubectl("delete", "pods", "--all", "--force", "--grace-period=0", seconds=100)
    server.wait_state("orphan", "Healthy", seconds=120)
    assert server.uri("orphan") == uri
    wait_until(lambda: server.score("orphan").status == 200, seconds=30, what="an answer")
    server.cli("service", "delete", "-n", "orphan", seconds=90)
    target.detach()
    assert took < TOLD_WITHIN_S


def test_routers_that_were_deleted_are_put_back_for_the_next_deployment(server, namespace, tmp_path):
    target = server.attach("bare", namespace)
    target.kubectl("delete", "deployment,service", "tidegate-router", "--wait=false")
    target.deploy("again", ready_project(tmp_path))
    assert server.score("again").status == 200
    said(operation_log(server, "again"), "the routers of bare were gone; restored")
    assert "@sha256:" in server.service("again")["imageId"]
    server.cli("service", "delete", "-n", "again", seconds=90)
    target.detach()


def test_what_routers_need_is_put_back_when_it_alone_was_deleted(server, namespace, tmp_path):
    target = server.attach("robbed", namespace)
    target.deploy("robbed", ready_project(tmp_path))
    (router,) = target.routers()
    needed = {f"{kind}/tidegate-router" for kind in ("ServiceAccount", "Role", "RoleBinding", "Secret")}
    needed.add("Secret/tidegate-table")
    target.kubectl("delete", "--wait=false", *sorted(name.lower() for name in needed))
    # The next change reaches the routers only if they may read again what is published.
    scale = ["service", "update", "-n", "robbed", "--num-replicas", "2"]
    server.cli(*scale, seconds=DEPLOY_SECONDS)
    assert needed <= set(target.ours())
    said((server.data / "logs/control.log").read_text(), "routers_restored compute=robbed", "had lost ")
    wait_until(lambda: (now := target.routers()) and router not in now, seconds=60, what="a router of the new account")
    assert server.score("robbed").status == 200
    server.cli("service", "delete", "-n", "robbed", seconds=90)
    target.detach()


def test_a_deployment_that_finds_no_node_is_told_by_run_and_ended_by_delete(server, target, tmp_path):
    project = ready_project(tmp_path, containerResourceRequirements={"cpu": 999, "memoryInGB": 0.1})
    target.deploy("stuck", project, "--no-wait")
    server.wait_state("stuck", "Unschedulable", seconds=30)
    operation = server.service("stuck")["operationId"]
    run = server.cli("service", "run", "-n", "stuck", "-d", "1", fails=True).err
    said(run, "503 no_replica", "stuck is Unschedulable", "999", "service show -n stuck")
    server.cli("service", "delete", "-n", "stuck", seconds=20)
    ended = operation_of(server, operation)
    assert (ended["state"], ended["error"]["message"]) == ("Cancelled", "cancelled by service delete")
    wait_until(lambda: target.of_service("stuck") == [], seconds=60, what="nothing to be left of stuck")
    assert "stuck" not in server.cli("service", "list").out


def test_a_newer_update_takes_the_place_of_one_that_finds_no_node(server, service, target, tmp_path):
    project = ready_project(tmp_path, "def init(): pass\ndef run(body): return 'old'\n")
    service("mends", project)
    update = ["service", "update", "-n", "mends", "-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
    project.deployment["containerResourceRequirements"] = {"cpu": 999, "memoryInGB": 0.1}
    project.save()
    server.cli(*update, "--no-wait", cwd=project.folder)
    first = server.service("mends")["operationId"]
    wait_until(lambda: has(operation_log(server, "mends"), "Insufficient cpu"), seconds=30, what="the numbers")
    project.deployment["containerResourceRequirements"] = {"cpu": 0.1, "memoryInGB": 0.1}
    project.save()
    project.write("score.py", "def init(): pass\ndef run(body): return 'new'\n")
    server.cli(*update, cwd=project.folder, seconds=DEPLOY_SECONDS)
    assert server.score("mends").json() == "new"
    assert operation_of(server, first)["state"] == "Cancelled"


def test_other_services_answer_while_one_fails(server, service, target, fails, tmp_path):
    service("bystander", ready_project(tmp_path / "bystander"))
    fails("def init(): raise SystemExit(5)\ndef run(body): return 1\n")
    assert server.score("bystander").status == 200
