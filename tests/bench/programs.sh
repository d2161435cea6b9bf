#!/usr/bin/env bash
# Prints the folder that holds Debian's nginx with its stream module. They are unpacked, not installed: nobody's machine
# begins to serve port 80 because of a benchmark.
set -euo pipefail
folder=${XDG_CACHE_HOME:-$HOME/.cache}/stevedore/programs/nginx
if [ ! -x "$folder/usr/sbin/nginx" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  cd "$work"
  fetch() { apt-get -qq -o APT::Sandbox::User=root download nginx libnginx-mod-stream >&2; }
  fetch || { apt-get -qq update >&2; fetch; }
  mkdir -p "$folder"
  for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$folder"; done
fi
echo "$folder"
