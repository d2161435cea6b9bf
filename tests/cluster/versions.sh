# Version of the control plane under test. A change here is followed by ./go_mod.sh. Etcd is of the version that this
# Kubernetes requires.
KUBERNETES=1.36.3
