#!/usr/bin/env bash
# What `make test`, `make check`, `make bench`, `make scale` and `make losses` do, step by step, each with the time that has
# passed.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '== %02d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$1"; shift; "$@"; }

# Output only where it matters: the whole log of a step that fails.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else tail -n 200 "$log"; rm -f "$log"; return 1; fi
}

# Sanitized tests are patient with threads, not with memory: two at once on two cores.
run_ctest() { ctest --test-dir build/dev --output-on-failure --parallel "$(nproc)" --no-tests=error "$@"; }

# What ships, for tests that measure and write their figures into a document.
build_for_figures() {
  step "packages" cmake/deps.sh test
  step "test cluster's binaries" tests/cluster/cluster.sh build
  step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
  step "build release" cmake --build --preset release
  export STEVEDORE_BUILD=$PWD/build/release STEVEDORE_LONG=1 STEVEDORE_FIGURES=1 PYTHONPATH=tests
}

case ${1:-} in
  test)
    step "packages" cmake/deps.sh test
    step "test cluster's binaries" tests/cluster/cluster.sh build
    step "configure dev (ASan, UBSan)" quietly cmake --preset dev
    step "build dev" cmake --build --preset dev
    step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
    step "build release" cmake --build --preset release
    step "tests" run_ctest
    ;;
  check)
    step "packages" cmake/deps.sh test
    step "configure dev (ASan, UBSan)" quietly cmake --preset dev
    step "build dev" cmake --build --preset dev
    step "unit, golden and tidy tests" run_ctest --label-regex '^(unit|golden|tidy)$'
    ;;
  scale)
    build_for_figures
    step "500 routes, 10 000 peers" /usr/bin/python3 -B -m pytest -q -p no:cacheprovider tests/e2e/test_scale.py
    ;;
  losses)
    build_for_figures
    step "clients while pods go" /usr/bin/python3 -B -m pytest -q -p no:cacheprovider tests/e2e/test_losses.py \
      tests/e2e/test_crashes.py tests/e2e/test_ways_in.py
    ;;
  bench)
    step "packages" cmake/deps.sh test
    step "configure dev" quietly cmake --preset dev
    step "build the load and the bare forwarder" cmake --build --preset dev --target stevedore-bench
    step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
    step "build release" cmake --build --preset release --target stevedore-proxy
    export STEVEDORE_BUILD=$PWD/build/release PYTHONPATH=tests
    step "measure" python3 -B tests/bench/bench.py --program build/dev/tests/bench/stevedore-bench "${@:2}"
    ;;
  *) echo "usage: tests/run.sh test|check|scale|losses|bench" >&2; exit 2 ;;
esac
