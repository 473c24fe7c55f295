# The parts of the cluster, each a process of the node: how it is called, started, signalled, and known to work.
# Sourced by the scripts here.
# shellcheck shell=bash

# In the order in which they are started.
# shellcheck disable=SC2034  # others use it
parts=(etcd containerd registry apiserver controller-manager scheduler proxy coredns kubelet)

# Sets argv to the command line of a part. /run/kube: see node-init.
part_argv() {
  local pki=$state/pki
  case $1 in
    etcd)
      argv=(/run/kube etcd --name "$node_name" --data-dir "$state/etcd" --log-level warn
        # A test cluster has nothing to lose at a power cut.
        --unsafe-no-fsync
        --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
        --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380
        --initial-cluster "$node_name=http://127.0.0.1:2380")
      ;;
    containerd) argv=(containerd --config "$state/etc/containerd.toml") ;;
    registry) argv=(docker-registry serve "$state/etc/registry.yaml") ;;
    apiserver)
      # shellcheck disable=SC2054  # Node,RBAC is one word
      argv=(/run/kube kube-apiserver --etcd-servers=http://127.0.0.1:2379
        "--bind-address=$node_address" "--advertise-address=$node_address" "--service-cluster-ip-range=$service_range"
        "--tls-cert-file=$pki/apiserver.crt" "--tls-private-key-file=$pki/apiserver.key"
        "--client-ca-file=$pki/ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction
        --service-account-issuer=https://kubernetes.default.svc.cluster.local
        "--service-account-key-file=$pki/accounts.pub" "--service-account-signing-key-file=$pki/accounts.key"
        "--kubelet-client-certificate=$pki/apiserver-to-kubelet.crt"
        "--kubelet-client-key=$pki/apiserver-to-kubelet.key" "--kubelet-certificate-authority=$pki/ca.crt"
        --kubelet-preferred-address-types=InternalIP --allow-privileged=true)
      ;;
    controller-manager)
      argv=(/run/kube kube-controller-manager "--kubeconfig=$pki/controller-manager.kubeconfig"
        --bind-address=127.0.0.1 --use-service-account-credentials=true
        # It outlives an API server that is stopped and started, and not one that is away for a minute.
        --leader-elect=true --leader-elect-lease-duration=30s --leader-elect-renew-deadline=25s
        "--service-account-private-key-file=$pki/accounts.key" "--root-ca-file=$pki/ca.crt"
        "--cluster-signing-cert-file=$pki/ca.crt" "--cluster-signing-key-file=$pki/ca.key")
      ;;
    scheduler)
      argv=(/run/kube kube-scheduler "--kubeconfig=$pki/scheduler.kubeconfig" --bind-address=127.0.0.1
        --leader-elect=false)
      ;;
    proxy) argv=(/run/kube kube-proxy "--config=$state/etc/proxy.yaml") ;;
    coredns) argv=(/run/kube coredns -conf "$state/etc/Corefile") ;;
    kubelet)
      argv=(/run/kube kubelet "--config=$state/etc/kubelet.yaml" "--kubeconfig=$pki/kubelet.kubeconfig"
        "--root-dir=$state/kubelet" "--cert-dir=$state/kubelet/pki" "--hostname-override=$node_name"
        "--node-ip=$node_address")
      ;;
  esac
}

# Whether a part does its work, not only runs.
part_works() {
  case $1 in
    etcd) in_node curl -sf -m 2 http://127.0.0.1:2379/health ;;
    containerd) in_node timeout 5 ctr version ;;
    registry) curl -sf -m 2 "http://$registry/v2/" ;;
    apiserver) curl -sf -m 2 --cacert "$state/pki/ca.crt" "$api/readyz" ;;
    controller-manager) in_node curl -skf -m 2 https://127.0.0.1:10257/healthz ;;
    scheduler) in_node curl -skf -m 2 https://127.0.0.1:10259/readyz ;;
    proxy) in_node curl -sf -m 2 http://127.0.0.1:10256/healthz ;;
    coredns) in_node curl -sf -m 2 http://127.0.0.1:8181/ready ;;
    kubelet) in_node curl -sf -m 2 http://127.0.0.1:10248/healthz ;;
  esac
}

# The pid of a part as the node sees it; fails if it does not run.
part_pid() { recorded_pid "$state/parts/$1" "/proc/$(node_pid)/root/proc"; }

# Runs in the node. A part that gives up by itself is started again, as a kubelet does with the parts of a cluster
# that kubeadm made: a controller manager ends when it could not renew its lease, and begins anew without judging
# nodes by what it missed. One that was ended by a signal, or that `part` stops, stays dead.
# keep_part RECORD LOG COMMAND...
keep_part() {
  local record=$1 self pid code
  exec >>"$2" 2>&1
  self=$BASHPID
  echo "$self" >"$record.keeper"
  while :; do
    # The record is written by the process that then becomes the part: what runs is always recorded.
    (
      pid=$BASHPID
      echo "$pid $(start_time /proc "$pid")" >"$record.new"
      mv "$record.new" "$record"
      exec "${@:3}"
    ) &
    pid=$!
    code=0
    wait "$pid" || code=$?
    if [ "$code" -eq 0 ] || [ "$code" -gt 128 ] || [ -e "$record.stop" ]; then break; fi
    sleep 1
    # Whoever has started the part meanwhile keeps it from now on.
    if [ "$(cat "$record.keeper")" != "$self" ]; then break; fi
  done
}

# Whoever held it is dead, so nobody has to wait until it is over.
drop_lease() {
  in_node /run/kube kubectl --kubeconfig "$state/pki/admin.kubeconfig" --request-timeout=5s \
    -n kube-system delete lease "$1" --ignore-not-found >/dev/null 2>&1 || true
}

start_part() {
  local argv record=$state/parts/$1
  part_argv "$1"
  mkdir -p "$state/parts"
  rm -f "$record" "$record.stop" "$record.keeper"
  if [ "$1" = controller-manager ]; then drop_lease kube-controller-manager; fi
  # shellcheck disable=SC2016  # the inner shell expands
  in_node setsid --fork bash -c "$(declare -f start_time keep_part)"'
    keep_part "$@"' \
    - "$record" "$log/$1.log" "${argv[@]}" </dev/null >/dev/null 2>>"$log/$1.log" 9>&-
  poll 10 test -e "$record" || die "$1 could not be started; see $log/$1.log"
}

# signal_part NAME SIGNAL
signal_part() {
  local pid
  pid=$(part_pid "$1") || die "$1 does not run"
  in_node kill -s "$2" "$pid"
}

# wait_for_part NAME: until it works; gives up at once if it has ended.
wait_for_part() {
  local deadline=$((SECONDS + 90))
  until part_works "$1" >/dev/null 2>&1; do
    if ! part_pid "$1" >/dev/null; then
      tail -n 20 "$log/$1.log" >&2
      die "$1 has ended; the end of its log is above"
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 20 "$log/$1.log" >&2
      die "$1 runs but did not begin to work in 90 s; the end of its log is above"
    fi
    sleep 0.1
  done
}
