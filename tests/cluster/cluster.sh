#!/usr/bin/env bash
# A real Kubernetes in a network namespace of this machine. Needs root. Nothing leaves the namespace.
#
#   cluster.sh build               every program from its Go module: minutes, once, then kept in the cache
#   cluster.sh up                  etcd, API server, controller manager: 3 s; prints the kubeconfig's path
#   cluster.sh node                after up: scheduler, containerd, kubelet, kube-proxy: 10 s; pods run
#   cluster.sh image NAME          makes the image of tests/cluster/images/NAME.c; prints its archive
#   cluster.sh base                makes a Debian 12 image to build on; prints its archive
#   cluster.sh product FILE        the product's image from build/release, as an archive
#   cluster.sh import FILE...      archives of images into the node
#   cluster.sh peer NAME ADDRESS   a host of its own on the cluster's network (10.201.0.0/16); prints its namespace
#   cluster.sh kubectl ARGS...     kubectl as administrator
#   cluster.sh run COMMAND...      any command in the cluster's namespace, with KUBECONFIG set; helm too
#   cluster.sh processes           pids of everything that runs in pods
#   cluster.sh pid PART            of etcd, kube-apiserver, kubelet and so on
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
. "$here/images.sh"
. "$here/node.sh"

# Becomes the command, so that its pid is that of this script.
run() {
  export KUBECONFIG=$KUBECONFIG_FILE PATH=$CLUSTER_BIN:$PATH
  exec nsenter --net="/run/netns/$CLUSTER_NS" "$@"
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  build | up | node | down) "$command" ;;
  image) image "$1"; echo "$IMAGES/$1.tar" ;;
  base) base; echo "$IMAGES/debian.tar" ;;
  product) product "$1" ;;
  import) import "$@" ;;
  peer) peer "$1" "$2" ;;
  kubectl) kubectl "$@" ;;
  run) run "$@" ;;
  pid) pid_of "$1" ;;
  processes) pod_processes ;;
  start) "start_$1" ;;
  *) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
