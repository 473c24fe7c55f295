# What a machine must have before a test cluster is started on it. Sourced by `up`.
# shellcheck shell=bash

# Prints a line for each thing that is missing, with what to do about it; nothing if the machine will do.
machine_lacks() {
  lacks_folder
  lacks_programs
  lacks_cgroups
  lacks_room
  if [ "$(id -u)" -ne 0 ]; then
    echo "root: the cluster makes namespaces, cgroups and mounts; run this as root"
    return
  fi
  # Without these, what the kernel has cannot be tried.
  lacks_capabilities || return 0
  lacks_namespaces || return 0
  lacks_kernel_features
}

lacks_folder() {
  [[ $state =~ ^/[A-Za-z0-9._/-]+$ ]] ||
    echo "a plain folder: TIDEGATE_CLUSTER_DIR=$state may hold letters, digits and . _ / - only"
  case $state/ in
    /run/* | /var/run/* | /var/lib/* | /var/log/*)
      echo "a folder elsewhere: TIDEGATE_CLUSTER_DIR=$state lies where the node has folders of its own" ;;
  esac
}

lacks_programs() {
  local program missing=()
  for program in buildah busybox conntrack containerd containerd-shim-runc-v2 ctr curl docker-registry ip iptables \
    jq nsenter openssl runc sysctl unshare; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  [ -x /usr/lib/cni/bridge ] || missing+=(/usr/lib/cni/bridge)
  # The image that every pod's sandbox is made of holds this one file.
  ! ldd "$(command -v busybox)" >/dev/null 2>&1 || missing+=(busybox-static)
  [ ${#missing[@]} -eq 0 ] || echo "programs: ${missing[*]}: run test/cluster/setup"
  # Go is needed only until what it builds is in the cache.
  "$cluster/build" --can-build 2>&1 >/dev/null | sed 's/^.*error: /Go: /' || true
}

lacks_cgroups() {
  local controller missing=()
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    for controller in cpu cpuset memory pids; do
      grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers || missing+=("$controller")
    done
  else
    for controller in cpu cpuacct cpuset devices freezer memory pids; do
      [ -e "/sys/fs/cgroup/$controller/cgroup.procs" ] || missing+=("$controller")
    done
  fi
  [ ${#missing[@]} -eq 0 ] || echo "cgroup controllers below /sys/fs/cgroup: ${missing[*]}"
  [ -w /sys/fs/cgroup ] || echo "cgroups: /sys/fs/cgroup cannot be written"
}

lacks_room() {
  local folder=$state memory_mb disk_mb
  until [ -d "$folder" ]; do folder=$(dirname "$folder"); done
  memory_mb=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  disk_mb=$(df --output=avail -B 1M "$folder" | tail -n 1)
  [ "$memory_mb" -ge 1024 ] || echo "memory: 1024 MB must be available, $memory_mb MB are"
  [ "$disk_mb" -ge 2048 ] || echo "disk: 2048 MB must be free in $folder, $((disk_mb)) MB are"
}

lacks_capabilities() {
  local have entry missing=()
  have=$((16#$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)))
  for entry in CHOWN:0 DAC_OVERRIDE:1 FOWNER:3 KILL:5 SETGID:6 SETUID:7 NET_ADMIN:12 NET_RAW:13 SYS_CHROOT:18 \
    SYS_PTRACE:19 SYS_ADMIN:21 MKNOD:27; do
    ((have >> ${entry#*:} & 1)) || missing+=("CAP_${entry%:*}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "capabilities: ${missing[*]}"
    return 1
  fi
}

lacks_namespaces() {
  if ! unshare --mount --pid --net --fork true 2>/dev/null; then
    echo "namespaces: unshare --mount --pid --net is refused"
    return 1
  fi
}

# Each is tried in namespaces that are gone with the try: what a kernel has is not written in one place.
lacks_kernel_features() {
  local rules=(
    "-t nat -A POSTROUTING -m comment --comment x -m addrtype --dst-type LOCAL -j MASQUERADE --random-fully"
    "-t nat -A PREROUTING -p tcp -m statistic --mode random --probability 0.5 -j DNAT --to-destination 127.0.0.1:1"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m mark --mark 0x4000/0x4000 -j ACCEPT"
  )
  unshare --net ip link add bridge0 type bridge 2>/dev/null || echo "kernel: no bridge interfaces"
  unshare --net ip link add veth0 type veth peer name veth1 2>/dev/null || echo "kernel: no veth interfaces"
  for rule in "${rules[@]}"; do
    # shellcheck disable=SC2086  # words of the rule
    unshare --net --mount bash -c 'mount -t tmpfs x /run && exec iptables "$@"' - $rule 2>/dev/null ||
      echo "kernel: iptables refuses $rule"
  done
  unshare --net test -e /proc/sys/net/bridge/bridge-nf-call-iptables ||
    echo "kernel: module br_netfilter is not loaded: modprobe br_netfilter"
  overlay_works || echo "kernel: no overlay mounts in $state"
}

overlay_works() {
  local try result=0
  mkdir -p "$state"
  try=$(mktemp -d "$state/try.XXXXXX")
  mkdir "$try"/{lower,upper,work,merged}
  unshare --mount mount -t overlay overlay \
    -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null || result=1
  rm -r "$try"
  rmdir --ignore-fail-on-non-empty "$state"
  return $result
}
