# Images of the tests' own: small programs, and a Debian 12 to build on where no registry can be reached. In the cache.
# Sourced by cluster.sh.

IMAGES=$CACHE/test-images

# A store of its own; no kernel feature is needed beyond what root in a container has.
BUILDAH="buildah --root $CACHE/containers/storage --runroot $CACHE/containers/run --storage-driver vfs"
export BUILDAH_ISOLATION=chroot

# archive FOLDER NAME: builds FOLDER as localhost/NAME:1 into NAME.tar in the cache.
archive() {
  $BUILDAH build --quiet --tag "localhost/$2:1" "$1" >/dev/null
  rm -f "$1/$2.tar"
  $BUILDAH push --quiet "localhost/$2:1" "docker-archive:$1/$2.tar:localhost/$2:1"
  mv "$1/$2.tar" "$IMAGES/"
  $BUILDAH rmi --force "localhost/$2:1" >/dev/null
}

# Two tests at once make an image once. In a subshell, so that nothing that is started later holds the lock.
locked() { (flock 8; "$@") 8>"$CACHE/images.lock"; }

# image NAME: a static program from images/NAME.c.
image() { locked make_image "$1"; }

make_image() {
  local source work
  source=$(dirname "${BASH_SOURCE[0]}")/images/$1.c
  [ "$IMAGES/$1.tar" -ot "$source" ] || return 0
  work=$(mktemp -d)
  mkdir -p "$IMAGES"
  gcc -O2 -static -o "$work/$1" "$source"
  printf 'FROM scratch\nCOPY %s /%s\nUSER 65532:65532\nENTRYPOINT ["/%s"]\n' "$1" "$1" "$1" >"$work/Dockerfile"
  archive "$work" "$1"
  rm -rf "$work"
}

# A small Debian 12 from the mirror that this machine's apt uses.
base() {
  local work sources=/etc/apt/sources.list.d/debian.sources
  [ ! -f "$IMAGES/debian.tar" ] || return 0
  [ -f "$sources" ] || sources=/etc/apt/sources.list
  work=$(mktemp -d)
  mkdir -p "$IMAGES"
  mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' bookworm "$work/root.tar" "$sources"
  printf 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n' >"$work/Dockerfile"
  archive "$work" debian
  rm -rf "$work"
}

# product FILE: the product's image from build/release, as the chart names it. Made again when a program is newer.
product() { locked make_product "$1"; }

make_product() {
  local root part
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  for part in build/release/{proxy/stevedore-proxy,controller/stevedore-controller} Dockerfile cmake/image_root.sh cmake/sbom.py; do
    [ -f "$root/$part" ] || die "$part is missing: make build"
    if [ "$1" -ot "$root/$part" ]; then rm -f "$1"; fi
  done
  [ ! -f "$1" ] || return 0
  base
  BUILDAH=$BUILDAH FROM_BUILD=1 BASE_IMAGE=docker-archive:$IMAGES/debian.tar OUT=$1 "$root/cmake/image.sh" >&2
  $BUILDAH rmi --all --force >/dev/null   # else each of them stays, whole
}
