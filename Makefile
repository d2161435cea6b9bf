# The targets that people and CI use. Each is a line or two over the presets and the scripts; `make` explains them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run deps build test check bench scale losses fuzz soak image sbom lint format clean

help: ## this text
	@echo "Stevedore: UDP load balancing by payload bytes. Targets:"
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "Missing Debian packages are installed first; STEVEDORE_SKIP_DEPS=1 leaves that to you."

run: build ## the demonstration: controller, proxy and peers on loopback; ONCE=1 ends after it
	@python3 tests/demo/demo.py --build build/release $(if $(ONCE),--once)

deps: ## install what builds and tests need
	@cmake/deps.sh test

build: ## build what ships, into build/release
	@cmake/deps.sh build
	@cmake --preset release -DSTEVEDORE_TESTS=OFF >/dev/null
	@cmake --build --preset release

test: ## every test, against real parts; the first time an hour, then 25 minutes
	@tests/run.sh test

check: ## unit, golden and tidy tests: under a minute when warm
	@tests/run.sh check

bench: ## CPU per datagram against a bare forwarder and nginx, into docs/performance.md; QUICK=1 looks only
	@tests/run.sh bench $(if $(QUICK),--quick,--page)

scale: ## 500 routes, 10 000 peers: from kubectl apply to the datagram, into docs/performance.md
	@tests/run.sh scale

losses: ## what clients lose while pods go, crash and are replaced, into docs/operations.md
	@tests/run.sh losses

fuzz: ## fuzz the parsers and the packet path, each target SECONDS=60; TARGET=name picks one, KEEP=1 keeps what is new
	@tests/run.sh fuzz --seconds $(or $(SECONDS),60) $(if $(KEEP),--keep) $(TARGET)

soak: ## MINUTES=30 of load while everything goes wrong, into docs/reliability.md; SEED=N repeats an order of events
	@tests/run.sh soak --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE))

image: ## the container image: IMAGE=name:tag BASE_IMAGE=ref|docker-archive:file OUT=file
	@IMAGE="$(IMAGE)" BASE_IMAGE="$(BASE_IMAGE)" OUT="$(OUT)" FROM_BUILD="$(FROM_BUILD)" cmake/image.sh

sbom: build ## what is in the programs: libraries, headers, versions; as SPDX JSON in build/sbom.spdx.json
	@cmake/sbom.py build/release >build/sbom.spdx.json
	@cmake/sbom.py build/release --list

lint: ## clang-format, clang-tidy and the project's own rules
	@cmake/deps.sh test
	@find proxy controller tests -name '*.h' -o -name '*.cc' | xargs clang-format --dry-run --Werror
	@python3 -B tests/tidy/tidy.py .
	@cmake --preset tidy >/dev/null
	@cmake --build --preset tidy

format: ## format the C++ files in place
	@cmake/deps.sh test
	@find proxy controller tests -name '*.h' -o -name '*.cc' | xargs clang-format -i

clean: ## remove the build directories; the caches under ~/.cache stay
	@rm -rf build
