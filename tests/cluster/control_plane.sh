# The processes of the control plane and what they need. Sourced by cluster.sh.

make_network() {
  ip netns add "$CLUSTER_NS" || die "namespace $CLUSTER_NS exists: CLUSTER_NS=$CLUSTER_NS cluster.sh down, or choose another name"
  in_ns ip link set lo up
  # An address of its own: else a bridge takes its ports' lowest, and another one when that port is
  # unplugged, and everybody sends to the old one until their ARP entries are gone.
  in_ns ip link add node0 address 02:00:00:00:00:01 type bridge
  in_ns ip address add "$NODE_IP/${NODE_NET#*/}" dev node0
  in_ns ip link set node0 up
  in_ns ip route replace default dev node0   # the API server wants one; nothing is behind it
}

# write_kubeconfig USER TOKEN
write_kubeconfig() {
  cat >"$CLUSTER_DIR/$1.kubeconfig" <<EOT
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://$NODE_IP:6443", certificate-authority: "$CLUSTER_DIR/pki/apiserver.crt"}}]
users: [{name: $1, user: {token: $2}}]
contexts: [{name: test, context: {cluster: test, user: $1}}]
current-context: test
EOT
}

kubectl() { in_ns "$CLUSTER_BIN/kubectl" --kubeconfig="$KUBECONFIG_FILE" "$@"; }

make_credentials() {
  local admin kubelet pki=$CLUSTER_DIR/pki
  mkdir -p "$pki"
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/sa.key"
  openssl ec -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
  admin=$(openssl rand -hex 16)
  kubelet=$(openssl rand -hex 16)
  printf '%s,%s,%s,"%s"\n' "$admin" admin admin system:masters \
    "$kubelet" "system:node:$CLUSTER_NS" kubelet system:nodes >"$pki/tokens.csv"
  write_kubeconfig admin "$admin"
  write_kubeconfig kubelet "$kubelet"
  # Who did what, without bodies: tests count requests and writers in audit.log.
  printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n' >"$CLUSTER_DIR/audit-policy.yaml"
}

start_etcd() {
  spawn etcd "$CLUSTER_BIN/etcd" --data-dir "$CLUSTER_DIR/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
}

api_ready() {
  in_ns curl --silent --fail --max-time 2 --cacert "$CLUSTER_DIR/pki/apiserver.crt" \
    -H "Authorization: Bearer $(head -n 1 "$CLUSTER_DIR/pki/tokens.csv" | cut -d, -f1)" "https://$NODE_IP:6443/readyz"
}

start_kube-apiserver() {
  spawn kube-apiserver "$CLUSTER_BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --service-cluster-ip-range="$SERVICE_CIDR" --bind-address=0.0.0.0 --advertise-address="$NODE_IP" \
    --secure-port=6443 --cert-dir="$CLUSTER_DIR/pki" --token-auth-file="$CLUSTER_DIR/pki/tokens.csv" \
    --service-account-key-file="$CLUSTER_DIR/pki/sa.pub" --service-account-signing-key-file="$CLUSTER_DIR/pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --allow-privileged=true --kubelet-preferred-address-types=InternalIP \
    --audit-policy-file="$CLUSTER_DIR/audit-policy.yaml" --audit-log-path="$CLUSTER_DIR/audit.log" \
    --audit-log-mode=blocking
  wait_for "the API server" 60 api_ready
}

start_kube-controller-manager() {
  spawn kube-controller-manager "$CLUSTER_BIN/kube-controller-manager" --kubeconfig="$KUBECONFIG_FILE" \
    --leader-elect=false --service-account-private-key-file="$CLUSTER_DIR/pki/sa.key" \
    --root-ca-file="$CLUSTER_DIR/pki/apiserver.crt" --use-service-account-credentials=true
}

# The processes in the order of their start.
PARTS="etcd kube-apiserver kube-controller-manager"

up() {
  [ -x "$CLUSTER_BIN/kube-apiserver" ] || die "no binaries in $CLUSTER_BIN: run 'cluster.sh build' first"
  make_network
  mkdir -p "$CLUSTER_DIR"
  make_credentials
  for part in $PARTS; do "start_$part"; done
  # A namespace takes objects once its default ServiceAccount is there.
  wait_for "the default ServiceAccount" 30 kubectl --request-timeout=2s get serviceaccount default
  echo "$KUBECONFIG_FILE"
}

# A test peer's host: a namespace of its own, wired to the cluster's bridge.
peer() {
  local name=$CLUSTER_NS-$1 address=$2 link
  link=p$(printf '%s' "$1" | sha256sum | cut -c1-10)
  ip netns add "$name"
  echo "$name" >>"$CLUSTER_DIR/peers"
  in_ns ip link add "$link" type veth peer name eth0 netns "$name"
  in_ns ip link set "$link" master node0 up
  ip -n "$name" link set lo up
  ip -n "$name" address add "$address/${NODE_NET#*/}" dev eth0
  ip -n "$name" link set eth0 up
  echo "$name"
}

down() {
  local name
  node_down
  for part in $(printf '%s\n' $PARTS | tac); do stop "$part"; done
  if [ -f "$CLUSTER_DIR/peers" ]; then
    while read -r name; do ip netns delete "$name" 2>/dev/null || true; done <"$CLUSTER_DIR/peers"
  fi
  ip netns delete "$CLUSTER_NS" 2>/dev/null || true
  rm -rf "$CLUSTER_DIR"
}
