"""A server with a compute target on a cluster, driven through its CLI as a user would; what it has made in the
cluster is looked at with kubectl."""

import json

from support.processes import wait_until
from support.project import Project
from support.server import Tidegate

READY_PYTHON = {"name": "ready", "python": {"userManagedDependencies": True, "interpreterPath": "/usr/bin/python3"}}
OURS = "app.kubernetes.io/managed-by=tidegate"
# Everything of ours that can be in a namespace.
KINDS = "deployments,replicasets,pods,services,secrets,serviceaccounts,roles,rolebindings"
ATTACH_SECONDS = 150
DEPLOY_SECONDS = 110


def ready_project(folder, *script, **options):
    """A service that needs nothing but the Python of the base image: its image is the base image."""
    return Project(folder, *script, environment=READY_PYTHON, **options)


class Target:
    """Where one compute target of the server lives."""

    def __init__(self, server, name, namespace):
        self.server, self.name, self.namespace = server, name, namespace
        self.cluster = server.cluster

    def kubectl(self, *words, **options):
        return self.cluster.kubectl("-n", self.namespace, *words, **options)

    def get(self, *words):
        return self.cluster.get("-n", self.namespace, *words)["items"]

    def ours(self, selector=OURS):
        """Names of all objects, `Kind/name`."""
        return sorted(f"{o['kind']}/{o['metadata']['name']}" for o in self.get(KINDS, "-l", selector))

    def of_service(self, name):
        return self.ours(f"tidegate.io/service={name}")

    def pods(self, service):
        """Names of the service's pods that are Ready and not on their way out."""
        return sorted(
            pod["metadata"]["name"]
            for pod in self.get("pods", "-l", f"tidegate.io/service={service}")
            if "deletionTimestamp" not in pod["metadata"] and is_ready(pod)
        )

    def routers(self):
        return sorted(
            pod["metadata"]["name"]
            for pod in self.get("pods", "-l", f"{OURS},app.kubernetes.io/component=router")
            if "deletionTimestamp" not in pod["metadata"] and is_ready(pod)
        )

    def delete_pod(self, name):
        self.kubectl("delete", "pod", name, "--wait=false")

    def deploy(self, name, project, *flags, **options):
        options.setdefault("seconds", DEPLOY_SECONDS)
        return self.server.deploy(name, project, "-ct", self.name, *flags, **options)

    def detach(self, *flags, **options):
        return self.server.cli("computetarget", "detach", "-n", self.name, *flags, seconds=ATTACH_SECONDS, **options)


def is_ready(pod):
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


class ClusterServer(Tidegate):
    """A server on this machine that knows a cluster."""

    def __init__(self, data, cluster, images):
        super().__init__(data)
        self.cluster, self.images = cluster, images

    def environment(self):
        # Minutes of patience with a full cluster are not a test's to wait for.
        return {**super().environment(), "TIDEGATE_SCHEDULE_LIMIT_MS": "15000"}

    def attach_words(self, name, namespace, *, kubeconfig=None, registry=None, purpose="DevTest"):
        return [
            *("computetarget", "attach", "kubernetes", "-n", name, "--namespace", namespace),
            *("--kubeconfig", kubeconfig or self.cluster.kubeconfig, "--cluster-purpose", purpose),
            *("--registry", registry or self.cluster.registry, "--registry-plain-http"),
            *("--agent-image", self.images.agent, "--default-base-image", self.images.base),
        ]

    def attach(self, name, namespace, **options):
        self.cli(*self.attach_words(name, namespace, **options), seconds=ATTACH_SECONDS)
        return Target(self, name, namespace)

    def refuses_attach(self, name, namespace, **options):
        """What it says."""
        return self.cli(*self.attach_words(name, namespace, **options), fails=True, seconds=ATTACH_SECONDS).err

    def uri(self, name):
        return self.service(name)["scoringUri"]

    def phases(self, name):
        return sorted(r["phase"] for r in self.service(name)["tidegate"]["replicas"])

    def wait_state(self, name, state, seconds=60):
        wait_until(
            lambda: self.service(name)["state"] == state, seconds=seconds, what=f"{name} to be {state}"
        )

    def error_text(self, name):
        return json.dumps(self.service(name)["error"])
