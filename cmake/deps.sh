#!/usr/bin/env bash
# Installs what is missing of the Debian 12 packages that a task needs, and says which. Does nothing when all are there.
#
#   cmake/deps.sh build    to build and run
#   cmake/deps.sh test     to run every test as well
#
# STEVEDORE_SKIP_DEPS=1: check nothing, install nothing.
set -euo pipefail
[ "${STEVEDORE_SKIP_DEPS:-}" != 1 ] || exit 0

build="g++ cmake ninja-build ccache git python3 ca-certificates
  libcpprest-dev nlohmann-json3-dev libyaml-cpp-dev prometheus-cpp-dev libboost-dev libspdlog-dev libcli11-dev libssl-dev libxxhash-dev libcap2-bin"
# gcc's sanitizers come with g++; python3-venv is for a Go that Debian 12 does not have (tests/go.sh).
tests="libgtest-dev libgmock-dev libbenchmark-dev clang libclang-rt-14-dev clang-tidy clang-format python3-pytest python3-yaml python3-venv python3-dev
  iproute2 procps strace openssl curl util-linux
  dnsmasq-base dnsperf tftp-hpa tftpd-hpa
  runc containernetworking-plugins nftables iptables conntrack buildah mmdebstrap prometheus
  chromium chromium-driver python3-selenium"

case ${1:-} in
  build) wanted=$build ;;
  test) wanted="$build $tests" ;;
  *) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "deps: this is not Debian. Install these yourself, then set STEVEDORE_SKIP_DEPS=1:" $wanted >&2
  exit 1
fi

missing=
for package in $wanted; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  as_root=sudo
  if ! command -v sudo >/dev/null; then
    echo "deps: these packages are missing, and installing them needs root or sudo:$missing" >&2
    exit 1
  fi
fi
echo "deps: installing$missing"

apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -qq "$@"; }
# A fresh machine has no package lists, and old lists name versions that are gone: refresh only then.
if ! apt install --yes --no-install-recommends $missing >/dev/null 2>&1; then
  apt update
  apt install --yes --no-install-recommends $missing >/dev/null
fi
