#!/usr/bin/env bash
# Builds the container image with buildah or docker. `make image` calls it; settings come from the environment:
#
#   IMAGE        name:tag; default the one that the chart installs
#   BASE_IMAGE   a Debian 12: a reference, or docker-archive:FILE where no registry can be reached; default debian:12-slim
#   OUT          also write the image to this file, as a docker-archive
#   FROM_BUILD   1: take build/release, built by `make build` on this machine's Debian 12, instead of compiling in a
#                container. Needs root, and no network.
#   BUILD_FLAGS  more flags for the build, for example "--volume /etc/apt:/etc/apt:ro" for apt's settings of this machine
#   BUILDAH      how buildah is called, for example "buildah --storage-driver vfs"
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -nE 's/^project\(stevedore VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
image=${IMAGE:-localhost/stevedore:$version}
base=${BASE_IMAGE:-debian:12-slim}
files=from-source
if [ -n "${FROM_BUILD:-}" ]; then
  files=from-build
  cmake/image_root.sh build/release build/image
fi

if command -v buildah >/dev/null; then tool=buildah; elif command -v docker >/dev/null; then tool=docker; else
  echo "image: needs buildah or docker" >&2
  exit 1
fi
buildah_=${BUILDAH:-buildah}

if [[ $base == docker-archive:* ]]; then
  file=${base#docker-archive:}
  case $tool in
    buildah) base=$($buildah_ pull --quiet "$base") ;;
    docker) base=$(docker load --quiet --input "$file" | sed 's/^Loaded image[^:]*: //' | tail -n 1) ;;
  esac
fi

arguments=(--build-arg "BASE_IMAGE=$base" --build-arg "FILES=$files" --build-arg "VERSION=$version"
  --build-arg "REVISION=$revision" --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" --tag "$image" --file Dockerfile .)
echo "image: building $image with $tool, $files, on $base"
case $tool in
  buildah)
    $buildah_ build --format oci ${BUILD_FLAGS:-} "${arguments[@]}"
    if [ -n "${OUT:-}" ]; then
      rm -f "$OUT"   # an archive is not added to
      $buildah_ push --quiet "$image" "docker-archive:$OUT:$image"
    fi
    ;;
  docker)
    docker build ${BUILD_FLAGS:-} "${arguments[@]}"
    if [ -n "${OUT:-}" ]; then docker save --output "$OUT" "$image"; fi
    ;;
esac
echo "image: $image${OUT:+, in $OUT}"
