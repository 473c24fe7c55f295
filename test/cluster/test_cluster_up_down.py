"""up and down: again and again, beside others, after kills; nothing of them stays."""

import os
import subprocess
from pathlib import Path

import pytest
from clusters import HERE, UP_SECONDS, run
from machine import snapshot
from support.processes import Process, belonging_to, start_ticks, wait_until
from workloads import container, pod

PARTS = "etcd containerd registry apiserver controller-manager scheduler proxy coredns kubelet".split()

pytestmark = pytest.mark.timeout(UP_SECONDS)


def runs_a_pod(cluster, namespace, image):
    name = f"pod-{os.urandom(3).hex()}"
    cluster.apply(namespace, pod(name, container(image)))
    cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s", seconds=70)
    return True


def nothing_is_left(cluster, processes):
    assert not cluster.state.exists()
    assert [p.describe() for p in processes if p.alive()] == []
    # Whoever waited for the node's first process sees its end a moment later.
    wait_until(lambda: not belonging_to(f"{cluster.state}/".encode()), what=f"the end of all that names {cluster.state}")
    return True


def test_up_again_changes_nothing(own_cluster):
    before, first = own_cluster.pids(), own_cluster.first_process()
    done = own_cluster.up()
    assert "is up already" in done.stderr
    assert (own_cluster.pids(), own_cluster.first_process()) == (before, first)


@pytest.mark.parametrize("name", PARTS)
def test_up_starts_a_part_that_was_killed(own_cluster, namespace, web_image, name):
    before = own_cluster.pids()
    own_cluster.part(name, "kill")
    assert own_cluster.pids()[name] == "dead"
    assert f"was dead: {name}\n" in own_cluster.up().stderr
    after = own_cluster.pids()
    assert {part for part in PARTS if before[part] != after[part]} == {name}
    assert runs_a_pod(own_cluster, namespace, web_image)


def test_a_part_that_does_not_end_when_asked_is_killed(own_cluster):
    """An API server waits for those who watch it, and the controllers always do."""
    own_cluster.part("apiserver", "stop")
    assert own_cluster.pids()["apiserver"] == "dead"
    assert own_cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=1s", check=False).returncode != 0
    own_cluster.part("apiserver", "start")
    assert own_cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"


@pytest.mark.parametrize("words", [["nobody", "kill"], ["etcd", "frighten"], ["etcd"], []])
def test_a_wrong_word_hurts_nothing(own_cluster, words):
    before = own_cluster.pids()
    assert own_cluster.script("part", *words, check=False).returncode != 0
    assert own_cluster.pids() == before


def test_up_wakes_a_part_that_was_paused(own_cluster):
    before = own_cluster.pids()
    own_cluster.part("apiserver", "pause")
    assert own_cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=1s", check=False).returncode != 0
    own_cluster.up()
    assert own_cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"
    assert own_cluster.pids() == before


def test_two_clusters_run_beside_each_other_and_down_leaves_nothing_of_one(own_cluster, another, namespace, web_image):
    before = snapshot()
    another.up()
    assert another.registry != own_cluster.registry
    processes = another.processes()
    assert len(processes) > len(PARTS)
    # A pod, so that there are mounts, interfaces and cgroups to be left.
    another.apply("kube-system", pod("idle", {"name": "c", "image": f"{another.registry}/pause:1"}))
    another.kubectl("-n", "kube-system", "wait", "--for=condition=Ready", "pod/idle", "--timeout=60s", seconds=70)
    assert snapshot() != before
    another.down()
    assert nothing_is_left(another, processes)
    assert snapshot() == before
    assert "is down already" in another.down().stderr
    assert runs_a_pod(own_cluster, namespace, web_image)


def test_a_node_that_was_killed_as_a_whole_leaves_nothing_and_up_starts_another(another):
    before = snapshot()
    another.up()
    processes = another.processes()
    another.first_process().kill()
    assert [p.describe() for p in processes if p.alive()] == []
    another.up()
    assert another.get("nodes")["items"]
    processes = another.processes()
    another.down()
    assert nothing_is_left(another, processes)
    assert snapshot() == before


@pytest.mark.parametrize("moment", ["init", "index", "parts/etcd", "parts/apiserver"])
def test_down_takes_away_what_a_killed_up_has_made(another, moment):
    before = snapshot()
    environment = {**os.environ, "TIDEGATE_CLUSTER_DIR": str(another.state)}
    up = subprocess.Popen([HERE / "up"], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: (another.state / moment).exists() or up.poll() is not None, seconds=60, what=moment)
    Process(up.pid, start_ticks(up.pid)).signal(9)
    up.wait()
    another.down()
    assert nothing_is_left(another, [])
    assert snapshot() == before


def test_a_start_that_fails_says_why_and_takes_everything_back(another, tmp_path):
    before = snapshot()
    broken = tmp_path / "docker-registry"
    broken.write_text("#!/bin/sh\necho the disk is on fire\nexit 1\n")
    broken.chmod(0o755)
    done = another.script("up", check=False, environment={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the disk is on fire" in done.stderr and "registry has ended" in done.stderr
    assert nothing_is_left(another, [])
    assert snapshot() == before


# --- what the machine lacks ----------------------------------------------------------------------


def complaints(done):
    assert done.returncode == 1
    head, *lines = done.stderr.splitlines()
    assert head == "cluster: error: this machine cannot run the test cluster. It lacks:"
    return {line.removeprefix("  - ").split(":")[0]: line for line in lines}


@pytest.fixture
def programs(tmp_path):
    """A PATH that has everything but what the test takes out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("/bin", "/usr/bin", "/usr/sbin"):
        for file in Path(name).iterdir():
            if not (folder / file.name).exists():
                (folder / file.name).symlink_to(file)
    (folder / "go").unlink(missing_ok=True)
    return folder


def test_all_that_a_machine_lacks_is_named_at_once(another, programs, tmp_path):
    before = snapshot()
    for name in ("buildah", "runc"):
        (programs / name).unlink()
    environment = {
        **os.environ, "PATH": str(programs), "TIDEGATE_CACHE": str(tmp_path / "empty"),
        "TIDEGATE_CLUSTER_DIR": str(another.state),
    }
    done = run("setpriv", "--bounding-set=-net_admin,-mknod", HERE / "up", check=False, env=environment)
    named = complaints(done)
    assert "buildah runc" in named["programs"] and "test/cluster/setup" in named["programs"]
    assert "1.24" in named["Go"]
    assert "CAP_NET_ADMIN CAP_MKNOD" in named["capabilities"]
    assert not another.state.exists()
    assert snapshot() == before


def test_a_user_who_is_not_root_is_told_so(another):
    environment = {**os.environ, "TIDEGATE_CLUSTER_DIR": str(another.state)}
    # In a user namespace: an ordinary user might not be let into the folder that these scripts lie in.
    done = run("unshare", "--user", "--map-user=65534", HERE / "up", check=False, env=environment)
    assert "root" in complaints(done)
    assert not another.state.exists()


@pytest.mark.parametrize("folder", ["/run/tidegate-cluster", "/var/lib/x", "/var/tmp/with space"])
def test_a_folder_that_the_node_would_hide_is_refused(folder):
    environment = {**os.environ, "TIDEGATE_CLUSTER_DIR": folder}
    assert any("folder" in name for name in complaints(run(HERE / "up", check=False, env=environment)))
    assert not Path(folder).exists()
