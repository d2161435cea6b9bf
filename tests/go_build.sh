#!/usr/bin/env bash
# Builds the program of a small Go module: go_build.sh FOLDER OUTPUT
set -euo pipefail
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stevedore
. "$(dirname "${BASH_SOURCE[0]}")/go.sh"
find_go
cd "$1"
GOTOOLCHAIN=local GOFLAGS=-mod=readonly go build -trimpath -o "$2" .
