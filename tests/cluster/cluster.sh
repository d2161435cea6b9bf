#!/usr/bin/env bash
# A real Kubernetes control plane in a network namespace of this machine. Needs root. Nothing leaves the namespace.
#
#   cluster.sh build               etcd and Kubernetes from their Go modules: minutes, once, then kept in the cache
#   cluster.sh up                  etcd, API server, controller manager: 3 s; prints the kubeconfig's path
#   cluster.sh peer NAME ADDRESS   a host of its own on the cluster's network (10.201.0.0/16); prints its namespace
#   cluster.sh kubectl ARGS...     kubectl as administrator
#   cluster.sh run COMMAND...      any command in the cluster's namespace, with KUBECONFIG set
#   cluster.sh pid PART            of etcd, kube-apiserver or kube-controller-manager
#   cluster.sh start PART          once more, after it was killed
#   cluster.sh down                ends what it started, by pid, and removes the namespaces and the state
#
# CLUSTER_NS names the cluster (default "stevedore"): several may run at once. The state is in CLUSTER_DIR: logs,
# audit.log, admin.kubeconfig. Binaries are in CLUSTER_BIN.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/build.sh"
. "$here/control_plane.sh"

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  build | up | down) "$command" ;;
  peer) peer "$1" "$2" ;;
  kubectl) kubectl "$@" ;;
  run) export KUBECONFIG=$KUBECONFIG_FILE; in_ns "$@" ;;
  pid) pid_of "$1" ;;
  start) "start_$1" ;;
  *) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
