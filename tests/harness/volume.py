"""A volume that can be full, read-only, or both: a tmpfs in a mount namespace of its own, which ends with the test."""

import errno
import pathlib
import subprocess

from harness import netns


class Volume:
    """`path` leads to it, for every process of this machine; nothing is mounted in the namespace of others."""

    def __init__(self, folder, kib=1024):
        netns.require_root()
        mount = f"mount -t tmpfs -o size={kib}k,mode=0777 tmpfs {folder} && echo mounted && read -r end"
        self._holder = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", mount],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "mounted\n"
        self._folder = folder
        self.path = pathlib.Path(f"/proc/{self._holder.pid}/root{folder}")

    def fill(self):
        """Takes what is free, to the last byte."""
        with open(self.path / "filler", "ab", buffering=0) as filler:
            for size in (4096, 1):
                try:
                    while filler.write(bytes(size)):
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error

    def empty(self):
        (self.path / "filler").unlink()

    def remount(self, how):
        """`how` is ro or rw."""
        subprocess.run(["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "mount", "-o", f"remount,{how}",
                        self._folder], check=True)

    def close(self):
        self._holder.communicate("\n", timeout=10)
