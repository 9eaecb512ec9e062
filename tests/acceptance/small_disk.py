"""A disk of a few megabytes that can be filled to the last byte, without being root.

First choice: a tmpfs in a mount namespace of our own, which any user may make (a user namespace gives the right to
mount). A process holds it open; the server is started inside, the test reaches in through /proc. Where a container
forbids namespaces, its own small /dev/shm serves.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

MEGABYTES = 6
LARGEST_SHARED = 256 << 20  # a larger /dev/shm is the machine's memory, and not ours to fill


class SmallDisk:
    """`folder`: its path for the server; `outside`: for the test; `launcher`: starts a command that sees `folder`."""

    def __init__(self, folder, outside, launcher=()):
        self.folder, self.outside, self.launcher = pathlib.Path(folder), pathlib.Path(outside), list(launcher)

    def fill(self):
        """Takes all the space that is left; again, when some has come free since."""
        with open(self.outside / "filler", "ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def free(self):
        (self.outside / "filler").unlink()


@contextlib.contextmanager
def small_disk(folder):
    """A SmallDisk at `folder`, or near it; AssertionError saying why where there is none to be had."""
    with contextlib.ExitStack() as stack:
        refusals = []
        for way in (in_user_namespace, in_mount_namespace, in_shared_memory):
            try:
                disk = stack.enter_context(way(folder))
            except Refused as refusal:
                refusals.append(f"{way.__name__}: {refusal}")
                continue
            yield disk
            return
        raise AssertionError("no small disk to be had here; the tests of a full disk need one.\n" + "\n".join(refusals))


class Refused(Exception):
    pass


def in_user_namespace(folder):
    return namespace(folder, ["--user", "--map-root-user"], ["--user", "--preserve-credentials"])


def in_mount_namespace(folder):
    return namespace(folder, [], [])


@contextlib.contextmanager
def namespace(folder, make, enter):
    folder.mkdir(exist_ok=True)
    script = f'mount -t tmpfs -o size={MEGABYTES}m tmpfs "$0" && echo mounted && exec cat'
    command = ["unshare", *make, "--mount", "sh", "-c", script, folder]
    try:
        # It ends with the pipe to it, so with the test, however that ends; and the tmpfs with it.
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise Refused(error) from error
    with holder:
        if holder.stdout.readline() != "mounted\n":
            raise Refused(holder.communicate()[1].strip())
        yield SmallDisk(folder, f"/proc/{holder.pid}/root{folder}",
                        ["nsenter", "--target", str(holder.pid), *enter, "--mount", "--"])
        holder.stdin.close()


@contextlib.contextmanager
def in_shared_memory(folder):
    shared = pathlib.Path("/dev/shm")
    if not os.path.ismount(shared):
        raise Refused(f"{shared} is no file system of its own")
    size = shutil.disk_usage(shared).total
    if size > LARGEST_SHARED:
        raise Refused(f"{shared} has {size >> 20} MB: too much to fill")
    inside = pathlib.Path(tempfile.mkdtemp(prefix="macp-test-", dir=shared))
    try:
        yield SmallDisk(inside, inside)
    finally:
        shutil.rmtree(inside)
