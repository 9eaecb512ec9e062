"""Child processes: pinned to cores, ended at exit, read through /proc."""

import atexit
import os
import resource
import signal
import socket
import subprocess
import time

SERVER_CORE = 0
LOAD_CORE = 1

_children = []


class BenchError(Exception):
    """A run that could not be measured."""


def _prepare(cores):
    def run():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if cores:
            os.sched_setaffinity(0, cores)

    return run


def start(command, cores=None, **options):
    """Starts a process in a group of its own, on the given cores (None: all)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MACP_")}
    child = subprocess.Popen(
        command, start_new_session=True, preexec_fn=_prepare(cores), env=environment, **options
    )
    _children.append(child)
    return child


def stop(child, grace=5.0):
    """Asks the group to end, then kills it."""
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            pass
    _signal(child, signal.SIGKILL)
    child.wait()
    if child in _children:
        _children.remove(child)


def _signal(child, number):
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


@atexit.register
def _stop_all():
    for child in list(_children):
        stop(child, grace=1.0)


def exit_on_signals():
    """Turns the usual signals into an exit that ends the children too."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os.sys.exit(130))


def descendants(pid):
    """The process and all its children."""
    found = [pid]
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        for child in file.read().split():
            found += descendants(int(child))
    return found


def status_kib(pid, *fields):
    """Fields of /proc/PID/status such as VmRSS, in KiB."""
    values = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in fields:
                values[name] = int(rest.split()[0])
    return [values.get(name, 0) for name in fields]


def cpu_seconds(pid):
    """CPU time of all threads of another process (its POSIX clock), to the nanosecond."""
    return time.clock_gettime((~pid << 3) | 2)


def free_ports(count=1):
    """The first of `count` neighbouring free ports, below the range that connections are given theirs from."""
    for first in range(21000 + os.getpid() % 500 * 16, 32000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise BenchError("no free port")


def wait_for_port(port, child, seconds=20):
    """Until somebody listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise BenchError(f"{child.args[0]} ended with {child.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise BenchError(f"{child.args[0]} does not listen on {port}")
