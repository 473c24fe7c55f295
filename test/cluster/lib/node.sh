# The node: namespaces held by one process, a cable to the machine, cgroups. Sourced by the scripts here.
# shellcheck shell=bash

# The pid of the node's first process as the machine sees it; fails if the node is not there.
node_pid() { recorded_pid "$state/init" /proc; }

# in_node COMMAND...: as a process of the node.
in_node() { nsenter --target "$(node_pid)" --mount --pid --net --wd=/ -- "$@"; }

# make_node PROGRAM: namespaces, network, cgroups. PROGRAM is what the parts are.
make_node() {
  mkdir -p "$log" "$state"/node/{run,var/lib,var/log,sysctl}
  setsid unshare --mount --pid --net --fork "$cluster/lib/node-init" "$state" "$1" \
    >>"$log/node.log" 2>&1 </dev/null 9>&- &
  poll 20 eval "[ -e $state/node/made ] || ! kill -0 $!"
  [ -e "$state/node/made" ] || die "the node's namespaces could not be made: $(cat "$log/node.log")"
  lay_cable
  make_cgroups
}

# The first index whose interface nobody has yet: making it is what takes it.
lay_cable() {
  local pid try
  pid=$(node_pid)
  for try in {0..63}; do
    use_index "$try"
    if ip link add "$link" type veth peer name eth0 netns "$pid" 2>/dev/null; then
      echo "$try" >"$state/index"
      break
    fi
    [ "$try" -lt 63 ] || die "no interface tidegate0 .. tidegate63 could be made"
  done
  # Without a node its addresses lead nowhere, instead of out of the machine by the default route.
  ip route replace unreachable "$subnet" metric 4294967295
  ip addr add "$host_address/30" dev "$link"
  ip link set "$link" up
  in_node ip addr add "$node_address/30" dev eth0
  in_node ip link set eth0 up
  in_node ip route add default via "$host_address"
  # Pods talk to services of pods on the same bridge.
  in_node sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
}

# The roots of all cgroup hierarchies: several in version 1, one in version 2.
cgroup_roots() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
    return
  fi
  local folder
  for folder in /sys/fs/cgroup/*; do
    if [ -e "$folder/cgroup.procs" ]; then realpath "$folder"; fi
  done | sort -u
}

make_cgroups() {
  local root file
  for root in $(cgroup_roots); do
    mkdir -p "$root/$cgroup"
    # In version 1 a new cpuset is empty, and nothing can run in it.
    for file in cpuset.cpus cpuset.mems; do
      if [ -e "$root/tasks" ] && [ -e "$root/$file" ]; then cat "$root/$file" >"$root/$cgroup/$file"; fi
    done
  done
}

remove_cgroups() {
  local root
  for root in $(cgroup_roots); do
    if [ -d "$root/$cgroup" ]; then find "$root/$cgroup" -depth -type d -exec rmdir {} + || return 1; fi
  done
}

no_link() { ! ip link show "$link"; }

# Ends every process of the node and takes away all that was made for it. Works from any state, again and again.
remove_node() {
  local pid
  if pid=$(node_pid); then
    kill -KILL "$pid"
    # The kernel reaps the first process only after all others.
    poll 30 eval "! kill -0 $pid" || die "process $pid, the first of the node, does not end"
  fi
  if [ -n "${index:-}" ]; then
    # The kernel takes both ends of the cable away with the node's network, a moment later.
    poll 10 no_link || ip link delete "$link"
    ip route delete unreachable "$subnet" metric 4294967295 2>/dev/null || true
    poll 10 remove_cgroups || die "cgroups $cgroup are still in use"
  fi
  find "$state" -mindepth 1 -maxdepth 1 ! -name lock -exec rm -rf --one-file-system {} +
  unset index
}

# The folder itself, and the lock in it last: who waits for it makes another.
remove_folder() {
  rm -f "$state/lock"
  rmdir --ignore-fail-on-non-empty "$state"
}
