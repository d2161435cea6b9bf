#!/bin/sh
# Runs a command without randomised addresses where that is allowed: gcc 12's ThreadSanitizer cannot start where the
# kernel randomises more bits (vm.mmap_rnd_bits) than it knows.
if setarch --addr-no-randomize true 2>/dev/null; then exec setarch --addr-no-randomize "$@"; fi
exec "$@"
