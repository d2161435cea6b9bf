#!/usr/bin/env bash
# What `make test`, `make check`, `make bench`, `make scale`, `make losses`, `make fuzz` and `make soak` do, step by step,
# each with the time that has passed.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '== %02d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$1"; shift; "$@"; }

# Output only where it matters: the whole log of a step that fails.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else tail -n 200 "$log"; rm -f "$log"; return 1; fi
}

# Most tests that may run beside others wait; those that measure run alone.
run_ctest() { ctest --test-dir build/dev --output-on-failure --parallel $(($(nproc) + 1)) --no-tests=error "$@"; }

# What ships, for tests that measure and write their figures into a document.
build_for_figures() {
  step "packages" cmake/deps.sh test
  step "test cluster's binaries" tests/cluster/cluster.sh build
  step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
  step "build release" cmake --build --preset release
  export STEVEDORE_BUILD=$PWD/build/release STEVEDORE_LONG=1 STEVEDORE_FIGURES=1 PYTHONPATH=tests
}

build_fuzz() {
  step "configure fuzz" quietly cmake --preset fuzz
  step "build fuzz" cmake --build --preset fuzz
}

case ${1:-} in
  test)
    step "packages" cmake/deps.sh test
    step "test cluster's binaries" tests/cluster/cluster.sh build
    step "configure dev (ASan, UBSan)" quietly cmake --preset dev
    step "build dev" cmake --build --preset dev
    step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
    step "build release" cmake --build --preset release
    step "configure tsan" quietly cmake --preset tsan
    step "build tsan" cmake --build --preset tsan --target stevedore-tsan
    build_fuzz
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
  fuzz)
    step "packages" cmake/deps.sh test
    build_fuzz
    step "fuzz" python3 -B tests/fuzz/fuzz.py "${@:2}"
    ;;
  soak)
    step "packages" cmake/deps.sh test
    step "configure dev" quietly cmake --preset dev
    step "build the load" cmake --build --preset dev --target stevedore-load
    step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF
    step "build release" cmake --build --preset release
    export STEVEDORE_BUILD=$PWD/build/release STEVEDORE_LOAD=$PWD/build/dev/tests/load/stevedore-load PYTHONPATH=tests
    step "soak" /usr/bin/python3 -B tests/soak/run.py --page "${@:2}"
    [[ ${3%.*} -lt 30 ]] || STEVEDORE_LONG=1 STEVEDORE_FIGURES=1 step "floods of 2 000 000 datagrams" \
      /usr/bin/python3 -B -m pytest -q -p no:cacheprovider tests/dataplane/test_flood.py
    ;;
  bench)
    step "packages" cmake/deps.sh test
    step "configure release" quietly cmake --preset release -DSTEVEDORE_TESTS=OFF -DSTEVEDORE_BENCH=ON
    step "build the proxy, the load, the bare forwarder, the micro ladder" cmake --build --preset release --target \
      stevedore-proxy stevedore-bench stevedore-micro
    export STEVEDORE_BUILD=$PWD/build/release PYTHONPATH=tests
    step "measure" python3 -B tests/bench/bench.py --program build/release/tests/bench/stevedore-bench "${@:2}"
    ;;
  *) echo "usage: tests/run.sh test|check|scale|losses|fuzz|soak|bench" >&2; exit 2 ;;
esac
