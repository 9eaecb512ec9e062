#!/usr/bin/env python3
"""Compares `macp serve` with other servers on this machine and says which goals are met.

Builds nothing: first build the targets bench_load, bench_raw_epoll and macp, and run bench/peers/prepare.
Server on core 0, load on core 1, everything on loopback; servers take turns (A B C A B C …), medians of the ratios.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True

from driver import fanout, http_get, ingest, latency, memory, micro, process, slow
from driver.load import Load
from driver.report import Report, write_between_marks
from driver.servers import Macp, websocket_peers

HERE = pathlib.Path(__file__).resolve().parent
PARTS = {
    "fanout": fanout,
    "latency": latency,
    "slow": slow,
    "ingest": ingest,
    "memory": memory,
    "http": http_get,
    "micro": micro,
}


class Bench:
    """What every part needs: the servers, the load, how long to measure, where to report."""

    def __init__(self, options):
        self.quick = options.quick
        self.work = options.work
        self.macp = options.macp
        self.bench_bin = options.bench_bin
        self.most_subscribers = 100 if options.quick else options.most_subscribers
        self.most_rounds = options.most_rounds
        self.sizes = (256,) if options.quick else (256, 1024)
        self.load = Load(options.bench_bin / "bench_load")
        self.peers, missing = websocket_peers(options.bench_bin, options.peers)
        self.report = Report(_title(options))
        if missing:
            self.log("not there and left out: " + ", ".join(missing))

    def macps(self, *protocols):
        """A server of ours for each sub-protocol; none when there is no binary."""
        return [Macp(f"macp ({name})", self.macp, self.work, name) for name in protocols if self.macp]

    def macp_plain_send(self):
        """Ours without io_uring."""
        return [Macp("macp (send)", self.macp, self.work, ws_settings="io_uring = false\n")] if self.macp else []

    @contextlib.contextmanager
    def serving(self, *servers, cores=(process.SERVER_CORE,)):
        """The servers, running; one that cannot start is named and left out, unless it is alone."""
        running = []
        try:
            for server in servers:
                try:
                    running.append(server)
                    server.start(cores)
                except (process.BenchError, OSError) as error:
                    running.pop()
                    server.stop()
                    if len(servers) == 1:
                        raise process.BenchError(f"{server.name}: {error}") from error
                    self.log(f"    {server.name}: {error}")
            yield running
        finally:
            for server in running:
                server.stop()

    def subscribers(self, counts):
        return [count for count in counts if count <= self.most_subscribers]

    def rounds(self, full):
        return 1 if self.quick else min(full, self.most_rounds)

    def times(self, seconds):
        return ["--warmup", 0.1, "--seconds", 0.3] if self.quick else ["--warmup", 0.3, "--seconds", seconds]

    @staticmethod
    def log(text):
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _title(options):
    if options.quick:
        return "Quick run: only shows that everything works"
    short = options.most_rounds < 5 or options.most_subscribers < 5000
    return ("Shortened run" if short else "Full run") + ("" if options.macp else ", peers among themselves")


def parse_arguments():
    build = HERE.parent / "build"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a smoke run of a minute; its figures mean nothing")
    size.add_argument("--full", action="store_true", help="the default: everything, about an hour")
    parser.add_argument("--macp", type=pathlib.Path, help="the macp binary; without it only the peers are compared")
    parser.add_argument("--bench-bin", type=pathlib.Path, default=build / "release" / "bench",
                        help="folder of bench_load and bench_raw_epoll")
    parser.add_argument("--peers", type=pathlib.Path, default=build / "bench-peers",
                        help="folder that bench/peers/prepare has filled")
    parser.add_argument("--work", type=pathlib.Path, default=build, help="folder on a real disk for logs and files")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; repeatable")
    parser.add_argument("--most-subscribers", type=int, default=5000)
    parser.add_argument("--most-rounds", type=int, default=5, help="fewer make a shorter, rougher run")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures here")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the tables between the marks of this document")
    options = parser.parse_args()
    for name in ("macp", "bench_bin", "peers", "work"):
        if path := getattr(options, name):
            setattr(options, name, path.resolve())
    if not (options.bench_bin / "bench_load").exists():
        parser.error(f"no bench_load in {options.bench_bin}; build it, or name its folder with --bench-bin")
    if options.macp and not options.macp.is_file():
        parser.error(f"no macp at {options.macp}")
    if on_memory(options.work):
        parser.error(f"{options.work} lies in memory; a commit would cost nothing there. Name another with --work")
    return options


def on_memory(folder):
    """Whether the folder's file system is a tmpfs."""
    mounts = []
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if folder.is_relative_to(point):
            mounts.append((len(point), kind))
    return max(mounts)[1] in ("tmpfs", "ramfs")


def main():
    options = parse_arguments()
    process.exit_on_signals()
    bench = Bench(options)
    failures = []
    for name in options.only or PARTS:
        try:
            PARTS[name].run(bench)
        except process.BenchError as error:
            failures.append(name)
            bench.log(f"{name} failed: {error}")
            bench.report.goal(f"the part “{name}” runs to its end", "yes", str(error).splitlines()[0][:200], False)
    markdown = bench.report.markdown()
    print(markdown)
    if options.json:
        options.json.write_text(json.dumps(bench.report.as_json(), indent=1) + "\n")
    if options.markdown:
        write_between_marks(options.markdown, markdown)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
