# Builds the cluster's binaries from their Go modules into the cache, once per go.mod. Sourced by cluster.sh.

TOOLS="kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet kube-proxy"
CONTAINERD_TOOLS="containerd containerd-shim-runc-v2 ctr"

. "$(dirname "${BASH_SOURCE[0]}")/../go.sh"

# say NAME: with the seconds that have passed.
say() { echo "cluster: building $1 ($SECONDS s)"; }

# Etcd and Kubernetes share a module, the one in this folder.
build_kubernetes() {
  local version=k8s.io/component-base/version
  say etcd
  go build -trimpath -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3
  for tool in $TOOLS; do
    say "$tool $KUBERNETES"
    go build -trimpath -o "$1/$tool" -ldflags \
      "-s -w -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=${KUBERNETES:2:2}" \
      "k8s.io/kubernetes/cmd/$tool"
  done
}

# Programs of modules of their own, with what these require.
build_others() {
  local module=github.com/containerd/containerd/v2
  for tool in $CONTAINERD_TOOLS; do
    say "$tool $CONTAINERD"
    GOFLAGS='' GOBIN=$1 go install -trimpath -tags "no_btrfs no_zfs no_devmapper no_aufs" \
      -ldflags "-s -w -X $module/version.Version=v$CONTAINERD" "$module/cmd/$tool@v$CONTAINERD"
  done
  say "helm $HELM"
  GOFLAGS='' GOBIN=$1 go install -trimpath -ldflags "-s -w" "helm.sh/helm/v4/cmd/helm@v$HELM"
}

build() {
  local here stamp new
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  stamp=$({ cat "$here/go.mod" "$here/go.sum"; echo "$TOOLS $CONTAINERD_TOOLS $CONTAINERD $HELM"; } | sha256sum | cut -d' ' -f1)
  mkdir -p "$CLUSTER_BIN"
  exec 9>"$CLUSTER_BIN/.lock"
  flock 9   # two test runs at once build once
  if [ "$(cat "$CLUSTER_BIN/.built" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  find_go
  new=$CLUSTER_BIN/.new   # a program that runs is replaced, never written over
  mkdir -p "$new"
  cd "$here"
  export GOTOOLCHAIN=local GOFLAGS=-mod=readonly
  build_kubernetes "$new"
  build_others "$new"
  mv "$new"/* "$CLUSTER_BIN/"
  rmdir "$new"
  echo "$stamp" >"$CLUSTER_BIN/.built"
  echo "cluster: binaries are in $CLUSTER_BIN"
}
