"""What a cluster could leave on a machine."""

import subprocess
from pathlib import Path

# kubelet would set some of these, kube-proxy and whoever forwards packets the others.
SYSCTLS = (
    "vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys "
    "kernel/keys/root_maxbytes net/ipv4/ip_forward net/ipv4/conf/all/route_localnet net/netfilter/nf_conntrack_max "
    "net/bridge/bridge-nf-call-iptables"
).split()

# Where Kubernetes, containerd and CNI keep things wherever they run.
FOLDERS = (
    "/run/containerd /run/netns /run/cni /var/lib/cni /var/lib/kubelet /var/lib/containerd /var/log/pods "
    "/var/log/containers /etc/kubernetes /opt/containerd /usr/libexec/kubernetes"
).split()


def said(*argv):
    return subprocess.run(argv, text=True, capture_output=True, check=True, timeout=20).stdout


def is_ours(mount):
    """Others may mount things meanwhile; what a cluster mounts comes from or goes to one of these."""
    return any(name in mount for name in ("tidegate-cluster", *FOLDERS))


def snapshot():
    return {
        "mounts": sorted(filter(is_ours, Path("/proc/self/mounts").read_text().splitlines())),
        "interfaces": sorted(line.split()[0] for line in said("ip", "-br", "link").splitlines()),
        "routes": sorted(said("ip", "route", "show", "table", "all").splitlines()),
        "iptables": [line for line in said("iptables-save").splitlines() if line[0] != "#"],
        "cgroups": sorted(str(f) for f in Path("/sys/fs/cgroup").glob("**/*tidegate-cluster*")),
        "sysctls": {name: file.read_text() for name in SYSCTLS if (file := Path("/proc/sys", name)).exists()},
        "folders": [name for name in FOLDERS if Path(name).exists()],
    }
