# Versions of the cluster's parts. A change of Kubernetes is followed by ./go_mod.sh. Etcd is of the version that this
# Kubernetes requires.
KUBERNETES=1.36.3
CONTAINERD=2.2.1
HELM=4.3.1
