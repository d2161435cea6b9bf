#!/usr/bin/env bash
# Lays out what the image adds to its Debian 12 base: image_root.sh BUILD OUT
#
# The programs without debug information, the libraries that the base lacks, CA certificates; for scanners and lawyers
# also the package records (as var/lib/dpkg/status.d, which they read) and licences of what was taken, and a list of
# everything that is in the programs (usr/share/doc/stevedore/sbom.spdx.json).
set -euo pipefail
build=$1
out=$2

# Every Debian 12 has these; a second copy could differ from the base's loader.
in_base='^(libc6|libgcc-s1|libstdc\+\+6)$'

rm -rf "$out"
mkdir -p "$out"
for program in proxy/stevedore-proxy controller/stevedore-controller; do
  install -D -m 755 "$build/$program" "$out/usr/bin/${program##*/}"
  strip --strip-all "$out/usr/bin/${program##*/}"
done
# Permitted and not effective: the program raises it where the container has it, and starts where it has not.
if ! setcap cap_net_bind_service=p "$out/usr/bin/stevedore-proxy"; then
  echo "image: setting the proxy's file capability needs root; or run all of it below \`buildah unshare\`" >&2
  exit 1
fi

# The package of a file: records name paths before or after the merge of /lib into /usr.
package_of() {
  local found
  found=$(dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null || dpkg-query -S "${1#/usr}")
  echo "${found%%:*}"
}

record() {
  install -d "$out/var/lib/dpkg/status.d"
  dpkg-query -s "$1" >"$out/var/lib/dpkg/status.d/$1"
  install -D -m 644 "/usr/share/doc/$1/copyright" "$out/usr/share/doc/$1/copyright"
}

ldd "$out"/usr/bin/* | awk '$2 == "=>" { print $3 }' | sort -u | while read -r library; do
  package=$(package_of "$library")
  if [[ $package =~ $in_base ]]; then continue; fi
  install -D -m 644 "$library" "$out/usr/lib/$(gcc -print-multiarch)/${library##*/}"
  record "$package"
done
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$out/etc/ssl/certs/ca-certificates.crt"
record ca-certificates
install -D -m 644 "$(dirname "$0")/../LICENSE" "$out/usr/share/doc/stevedore/copyright"
"$(dirname "$0")/sbom.py" "$build" >"$out/usr/share/doc/stevedore/sbom.spdx.json"
chmod 644 "$out/usr/share/doc/stevedore/sbom.spdx.json"
