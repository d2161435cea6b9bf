# Builds the cluster's binaries from their Go modules into the cache, once per go.mod. Sourced by cluster.sh.

TOOLS="kube-apiserver kube-controller-manager kube-scheduler kubectl"

. "$(dirname "${BASH_SOURCE[0]}")/../go.sh"

go_build() {
  local version=k8s.io/component-base/version started=$SECONDS
  cd "$(dirname "${BASH_SOURCE[0]}")"
  export GOTOOLCHAIN=local GOFLAGS=-mod=readonly
  echo "cluster: building etcd"
  go build -trimpath -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3
  for tool in $TOOLS; do
    echo "cluster: building $tool $KUBERNETES ($((SECONDS - started)) s)"
    go build -trimpath -o "$1/$tool" -ldflags \
      "-s -w -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=${KUBERNETES:2:2}" \
      "k8s.io/kubernetes/cmd/$tool"
  done
}

build() {
  local here stamp
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  stamp=$({ cat "$here/go.mod" "$here/go.sum"; echo "$TOOLS"; } | sha256sum | cut -d' ' -f1)
  mkdir -p "$CLUSTER_BIN"
  exec 9>"$CLUSTER_BIN/.lock"
  flock 9   # two test runs at once build once
  if [ "$(cat "$CLUSTER_BIN/.built" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  find_go
  go_build "$CLUSTER_BIN"
  echo "$stamp" >"$CLUSTER_BIN/.built"
  echo "cluster: binaries are in $CLUSTER_BIN"
}
