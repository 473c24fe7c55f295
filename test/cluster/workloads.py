"""What the smoke test runs in a cluster: one image from Debian's packages, and objects that use it."""

import re
import shutil
import subprocess
from pathlib import Path

CONTAINERFILE = """
FROM scratch
COPY root /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /www /tmp /etc && echo root:x:0:0:root:/:/bin/sh > /etc/passwd && echo built > /www/built.txt
ENV PATH=/bin:/usr/bin
CMD ["/bin/sh", "-c", "hostname > /www/index.html; echo serving; exec httpd -f -p 8080 -h /www"]
"""


def write_web_image(context):
    """busybox serves and is the shell; curl is there because a static busybox cannot look names up."""
    root = Path(context) / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    curl = shutil.which("curl")
    libraries = re.findall(r"/\S+", subprocess.run(["ldd", curl], text=True, capture_output=True, check=True).stdout)
    for file in [curl, *libraries]:
        copy = root / file[1:]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (Path(context) / "Containerfile").write_text(CONTAINERFILE)


def container(image, *, command=None, **limits):
    written = {"name": "web", "image": image, "imagePullPolicy": "Always"}
    if command:
        written["command"] = list(command)
    else:
        written["readinessProbe"] = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    if limits:
        written["resources"] = {"limits": limits}
    return written


def pod(name, written):
    specification = {"containers": [written], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": specification}


def deployment(name, written, *, replicas):
    template = pod(name, written)
    del template["spec"]["restartPolicy"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": template["metadata"], "spec": template["spec"]},
        },
    }


def node_port(name):
    ports = [{"port": 80, "targetPort": 8080}]
    specification = {"type": "NodePort", "selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": specification}
