# A node of the cluster: containerd, kubelet, kube-proxy and the scheduler. Sourced by cluster.sh.

NODE_PARTS="kube-scheduler containerd kubelet kube-proxy"
POD_CIDR=10.244.0.0/24
RUN=/run/$CLUSTER_NS-containerd   # short: a socket's path has 107 bytes
SOCKET=$RUN/containerd.sock

ctr() { "$CLUSTER_BIN/ctr" -a "$SOCKET" -n k8s.io "$@"; }

# The cluster's own cgroup in each hierarchy (version 1) or the one (version 2): a kubelet ends processes of pods that it
# does not know, also those of another cluster on this machine.
cgroups() {
  local root=/sys/fs/cgroup
  if [ -f "$root/cgroup.controllers" ]; then
    echo "$root/$CLUSTER_NS"
  else
    awk -v name="$CLUSTER_NS" '$3 ~ /^cgroup/ { print $2 "/" name }' /proc/mounts
  fi
}

# The hierarchy whose lists of processes are used.
process_cgroup() { cgroups | grep -E "/(pids|cgroup)/$CLUSTER_NS\$"; }

# import FILE...: docker-archives into the node.
import() {
  local file
  for file in "$@"; do ctr images import "$file" >/dev/null || die "could not import $file"; done
}

write_cni() {
  mkdir -p "$CLUSTER_DIR/cni"
  cat >"$CLUSTER_DIR/cni/10-pods.conflist" <<EOT
{"cniVersion": "1.0.0", "name": "$CLUSTER_NS", "plugins": [
  {"type": "ptp", "ipMasq": false,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": "$CLUSTER_DIR/cni-ipam"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOT
}

# Unprivileged ports stay those from 1024: else a test of a low port would prove nothing. The network namespaces of pods
# are mounted in the state folder, so that they are found again.
start_containerd() {
  cat >"$CLUSTER_DIR/containerd.toml" <<EOT
version = 3
root = "$CLUSTER_DIR/containerd"
state = "$RUN"
[grpc]
  address = "$SOCKET"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "localhost/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_unprivileged_ports = false
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "$CLUSTER_DIR/cni"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "$RUN/runc"
EOT
  # In a cgroup of the cluster, and with it every shim that it starts.
  spawn containerd sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$(process_cgroup)/runtime" \
    env PATH="$CLUSTER_BIN:$PATH" "$CLUSTER_BIN/containerd" -c "$CLUSTER_DIR/containerd.toml"
  wait_for containerd 20 ctr version
}

# The kubelet's own API is open: nobody but the API server is in its network. A kubelet removes logs of pods that it does
# not know, hence a folder of its own.
start_kubelet() {
  cat >"$CLUSTER_DIR/kubelet.yaml" <<EOT
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /$CLUSTER_NS
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix://$SOCKET
clusterDomain: cluster.local
resolvConf: ""
makeIPTablesUtilChains: false
localStorageCapacityIsolation: false
evictionHard: {nodefs.available: "1%", imagefs.available: "1%", memory.available: 50Mi}
podCIDR: $POD_CIDR
podLogsDir: $CLUSTER_DIR/pod-logs
allowedUnsafeSysctls: []
EOT
  spawn kubelet "$CLUSTER_BIN/kubelet" --config="$CLUSTER_DIR/kubelet.yaml" --kubeconfig="$CLUSTER_DIR/kubelet.kubeconfig" \
    --hostname-override="$CLUSTER_NS" --node-ip="$NODE_IP" --root-dir="$CLUSTER_DIR/kubelet" \
    --cert-dir="$CLUSTER_DIR/kubelet-pki"
}

start_kube-proxy() {
  cat >"$CLUSTER_DIR/kube-proxy.yaml" <<EOT
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: $CLUSTER_NS
clientConnection: {kubeconfig: "$KUBECONFIG_FILE"}
conntrack: {maxPerCore: 0}
EOT
  spawn kube-proxy "$CLUSTER_BIN/kube-proxy" --config="$CLUSTER_DIR/kube-proxy.yaml"
}

start_kube-scheduler() {
  spawn kube-scheduler "$CLUSTER_BIN/kube-scheduler" --kubeconfig="$KUBECONFIG_FILE" --leader-elect=false
}

node() {
  local tool cgroup
  for tool in runc buildah nft iptables; do
    command -v "$tool" >/dev/null || die "a node needs $tool: cmake/deps.sh test"
  done
  mkdir -p "$RUN"
  for cgroup in $(cgroups); do mkdir -p "$cgroup"; done
  mkdir -p "$(process_cgroup)/runtime"
  in_ns sysctl -qw net.ipv4.ip_forward=1
  write_cni
  image pause
  start_kube-scheduler
  start_containerd
  import "$IMAGES/pause.tar"
  start_kubelet
  start_kube-proxy
  wait_for "the node's registration" 60 kubectl --request-timeout=2s get node "$CLUSTER_NS"
  kubectl wait --for=condition=Ready --timeout=60s "node/$CLUSTER_NS"
}

# The processes of every pod and every shim: whoever is in the cluster's cgroup.
pod_processes() {
  local top
  top=$(process_cgroup)
  # A container may go meanwhile, and its files with it.
  [ ! -d "$top" ] || find "$top" -name cgroup.procs -exec cat {} + 2>/dev/null || true
}

end_pods() {
  local pid
  for _ in $(seq 100); do
    [ -n "$(pod_processes)" ] || return 0
    for pid in $(pod_processes); do kill -9 "$pid" 2>/dev/null || true; done
    sleep 0.05
  done
  echo "cluster: processes of pods are left: $(pod_processes)" >&2
}

# What containerd, the kubelet and the CNI plugins keep in places of their own choice.
remove_traces() {
  local id tasks=$RUN/io.containerd.runtime.v2.task/k8s.io
  for id in $(ls "$tasks" 2>/dev/null); do rm -f /var/lib/cni/results/*-"$id"-*; done
  [ ! -d /var/log/containers ] || find /var/log/containers -lname "$CLUSTER_DIR/*" -delete
  grep -rhoE '/run/containerd/s/[0-9a-f]{64}' "$RUN" 2>/dev/null | sort -u | xargs -r rm -f || true
}

# Does nothing where there was no node.
node_down() {
  local part mount cgroup
  [ -d "$RUN" ] || return 0
  for part in kubelet kube-proxy kube-scheduler containerd; do stop "$part"; done
  end_pods
  awk -v run="$RUN/" -v state="$CLUSTER_DIR/" 'index($2, run) == 1 || index($2, state) == 1 { print $2 }' /proc/mounts |
    sort -r | while read -r mount; do umount -l "$mount" || true; done
  remove_traces
  for cgroup in $(cgroups); do
    [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} + || true
  done
  rm -rf "$RUN"
}
