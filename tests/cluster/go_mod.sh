#!/usr/bin/env bash
# Writes go.mod and go.sum of the test cluster for the Kubernetes version in versions.sh. Needed only to move to
# another version: both files are committed. k8s.io/kubernetes names its staging modules v0.0.0, which exist only
# inside its own tree, so each is replaced by its published twin.
set -euo pipefail
cd "$(dirname "$0")"
. ./versions.sh
export GOTOOLCHAIN=local GOFLAGS=-mod=mod

module=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
staging=v0.${KUBERNETES#1.}
{
  echo "// Written by go_mod.sh."
  echo "module stevedore.io/tests/cluster"
  sed -n '/^go /p; /^godebug /p' "$module/go.mod"
  echo "tool ("
  printf '\t%s\n' go.etcd.io/etcd/server/v3 k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubectl,kubelet,kube-proxy}
  echo ")"
  echo "require k8s.io/kubernetes v$KUBERNETES"
  sed -n '/^require (/,/^)/p' "$module/go.mod" | sed "s/ v0\.0\.0$/ $staging/"
  echo "replace ("
  grep -oE 'k8s\.io/[a-z-]+ v0\.0\.0$' "$module/go.mod" | sort -u | sed "s/\(.*\) v0\.0\.0/\t\1 => \1 $staging/"
  echo ")"
} >go.mod
cp "$module/go.sum" go.sum
chmod u+w go.sum
go mod tidy
