# Where a test cluster lives and what its addresses are. Sourced by the scripts here.
# shellcheck shell=bash disable=SC2034  # others use them

cluster=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything that a cluster writes lies below this folder; with it, the cluster is gone.
state=$(realpath -m "${TIDEGATE_CLUSTER_DIR:-/var/tmp/tidegate-cluster}")
log=$state/log
node_name=node1

# Inside the node only: each cluster has these ranges to itself.
pod_range=10.244.0.0/24
service_range=10.96.0.0/16
api_service_address=10.96.0.1

# What two clusters on one machine must not share carries the index of the cluster.
use_index() {
  index=$1
  link=tidegate$index             # the machine's end of the cable to the node
  cgroup=tidegate-cluster-$index
  subnet=10.250.$index.0/30
  host_address=10.250.$index.1
  node_address=10.250.$index.2
  registry=$node_address:5000
  api=https://$node_address:6443
}

if [ -e "$state/index" ]; then use_index "$(cat "$state/index")"; fi

say() { printf 'cluster: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# One up, down or part at a time for a folder. `down` removes the folder with the lock in it: who waited for that
# lock takes the next one. Processes that outlive the script are started with 9>&-.
lock() {
  until [ "$state/lock" -ef /proc/self/fd/9 ]; do
    mkdir -p "$state"
    exec 9>"$state/lock"
    flock 9
  done
}

# poll SECONDS COMMAND...: until the command succeeds.
poll() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# Pid and start time name a process for ever; a pid alone may be somebody else's by now.
# start_time PROC PID: prints it, fails if there is no such process or it is a zombie. PROC is /proc or a node's.
start_time() {
  local stat fields
  { stat=$(<"$1/$2/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" != Z ] && printf '%s\n' "${fields[19]}"
}

# recorded_pid FILE PROC: the pid in FILE ("PID START_TIME") if that very process still runs.
recorded_pid() {
  local pid began
  read -r pid began 2>/dev/null <"$1" || return 1
  [ "$(start_time "$2" "$pid")" = "$began" ] && printf '%s\n' "$pid"
}
