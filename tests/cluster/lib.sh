# Shared by the scripts of this folder: where things are, processes by pid, waiting for a condition.
. "$(dirname "${BASH_SOURCE[0]}")/versions.sh"

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stevedore
CLUSTER_BIN=${CLUSTER_BIN:-$CACHE/cluster-$KUBERNETES}
CLUSTER_NS=${CLUSTER_NS:-stevedore}
CLUSTER_DIR=${CLUSTER_DIR:-${TMPDIR:-/tmp}/stevedore-cluster-$CLUSTER_NS}
KUBECONFIG_FILE=$CLUSTER_DIR/admin.kubeconfig

# Inside the cluster's own network namespace, so every cluster has the same addresses.
NODE_IP=10.201.0.1
NODE_NET=10.201.0.0/16
SERVICE_CIDR=10.96.0.0/16

die() { echo "cluster: $*" >&2; exit 1; }

# nsenter and not `ip netns exec`: the latter remounts /sys, which hides the cgroups from a kubelet.
in_ns() { nsenter --net="/run/netns/$CLUSTER_NS" "$@"; }

# When a process began, in clock ticks since boot: with the pid it names one process for good. Field 22, counted after
# the command's name, which may hold spaces. Fails when it is gone, or dead and not yet reaped.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}

# spawn NAME COMMAND...: runs a process of the cluster in the background and remembers it.
spawn() {
  local name=$1 pid
  shift
  setsid nsenter --net="/run/netns/$CLUSTER_NS" "$@" >>"$CLUSTER_DIR/$name.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid $(start_time "$pid")" >"$CLUSTER_DIR/$name.pid"
}

# The pid of a process that spawn started, if it still is that process.
pid_of() {
  local pid began
  [ -f "$CLUSTER_DIR/$1.pid" ] || return 1
  read -r pid began <"$CLUSTER_DIR/$1.pid"
  [ "$(start_time "$pid")" = "$began" ] && echo "$pid"
}

# stop NAME: at once, since nothing of a test's cluster is worth a tidy end; returns when it is gone.
stop() {
  local pid
  if pid=$(pid_of "$1"); then
    kill -9 "$pid" 2>/dev/null || true
    for _ in $(seq 80); do pid_of "$1" >/dev/null || break; sleep 0.05; done
  fi
  rm -f "$CLUSTER_DIR/$1.pid"
}

# wait_for WHAT SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local what=$1 tries=$(($2 * 20))
  shift 2
  for _ in $(seq "$tries"); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  die "$what is not ready; see $CLUSTER_DIR/*.log"
}
