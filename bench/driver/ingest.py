"""How fast events come in: a file that is caught up, and posts, with what an append costs."""

import json
import os
import statistics
import tempfile
import time

from . import load, process
from .report import number

LINE_BYTES = 300


def run(bench):
    if not bench.macp:
        return
    _catch_up(bench)
    _posts(bench)


def _catch_up(bench):
    """File → log → one subscriber, on all cores: time, and the most memory that it took."""
    lines = (1 << 30) // LINE_BYTES if not bench.quick else 200_000
    bench.log(f"catching up on a file of {lines} lines")
    with tempfile.TemporaryDirectory(prefix="macp-lines-", dir=bench.work) as folder:
        path = os.path.join(folder, "events.ndjson")
        _write_lines(path, lines)
        os.sync()
        found = [_catch_up_once(bench, path, lines) for _ in range(1 if bench.quick else 2)]
    best = [statistics.median(values) for values in zip(*found)]
    seconds, idle_kib, peak_kib, cpu = best
    bench.report.table(
        f"Catching up: a file of {number(lines)} lines of {LINE_BYTES} B → durable log → one WebSocket subscriber",
        ["events/s", "seconds", "CPU µs per event", "RSS at the start, MB", "RSS at the most, MB"],
        [[number(lines / seconds), number(seconds), number(cpu * 1e6 / lines)]
         + [number(kib / 1024) for kib in (idle_kib, peak_kib)]],
        "Both cores, from the start of the process to the last event at the subscriber.",
    )
    bench.report.raw["catch up"] = found
    bench.report.at_least("file → log → one subscriber, every commit synced, events/s", 100_000, lines / seconds, "")
    bench.report.at_most("catching up: memory above that of an idle server", 64, (peak_kib - idle_kib) / 1024, " MB")


def _catch_up_once(bench, path, lines):
    (idle,) = bench.macps("macp.v1.ndjson")
    with bench.serving(idle, cores=None):
        idle_kib = process.status_kib(idle.running.pid, "VmRSS")[0]
    (server,) = bench.macps("macp.v1.ndjson")
    server.events_file = path
    begin = time.monotonic()
    with bench.serving(server, cores=None):
        arguments = server.subscription("?channels=events&since=start")
        bench.load.run("fanout", *arguments, "--subscribers", 1, "--expect", lines, "--guard", 600,
                       pinned=False, timeout=700)
        seconds = time.monotonic() - begin
        peak_kib = process.status_kib(server.running.pid, "VmHWM")[0]
        return seconds, idle_kib, peak_kib, process.cpu_seconds(server.running.pid)


def _write_lines(path, lines):
    with open(path, "w") as file:
        for number_of_line in range(lines):
            line = {"event_type": "task.progress", "task_id": f"bench-{number_of_line % 100:02}",
                    "n": 10**9 + number_of_line, "pad": ""}
            text = json.dumps(line, separators=(",", ":"))
            file.write(text[:-2] + "x" * (LINE_BYTES - 1 - len(text)) + '"}\n')


def _posts(bench):
    bench.log("posting events")
    shapes = {
        "1 connection, one event a post": (1, 1),
        "64 connections, one event a post": (64, 1),
        "1 connection, 1000 events a post": (1, 1000),
    }
    (server,) = bench.macps("macp.v1")
    found = {shape: [] for shape in shapes}
    half_load, commits = [], []
    with bench.serving(server):
        for _ in range(bench.rounds(5)):
            for shape, (connections, lines) in shapes.items():
                found[shape].append(_post(bench, server, connections, lines))
            commits.append(_commit_times(bench))
            rate = found["64 connections, one event a post"][-1]["lines_per_second"] / 2
            half_load.append(_post(bench, server, 64, 1, "--rate", rate))
            bench.log(f"    round {len(commits)} of {bench.rounds(5)}")
    rows = [[shape, *_post_row(reports)] for shape, reports in found.items()]
    rows.append(["64 connections at half that load", *_post_row(half_load)])
    disk_p50, disk_p99 = (statistics.median(values) for values in zip(*commits))
    bench.report.table(
        "Posting events, durable when answered",
        ["how", "events/s", "CPU µs per event (append cost)", "answer p50, ms", "p99, ms"],
        rows,
        f"Lines of 256 B, no subscriber. An 8 KiB append with fdatasync on the same disk takes {number(disk_p50)} ms "
        f"(p50), {number(disk_p99)} ms (p99).",
    )
    bench.report.raw["posts"] = found
    many = load.median(found["64 connections, one event a post"], "lines_per_second")
    bench.report.at_least("64 connections that post one event each, durable, events/s", 30_000, many, "")
    worst = statistics.median(
        report["latency_us"]["p99"] / 1000 / disk[1] for report, disk in zip(half_load, commits)
    )
    bench.report.at_most("post of one event at half load, p99, of the disk's own commit p99", 3, worst)


def _post(bench, server, connections, lines, *more):
    report = bench.load.http(server, "/api/events", "--connections", connections, "--post-lines", lines,
                             *bench.times(2.0), *more)
    if report["refusals"]:
        raise process.BenchError(f"{report['refusals']} posts were refused with {report['last_refusal']}")
    return report


def _post_row(reports):
    return [
        number(load.median(reports, "lines_per_second")),
        number(load.median(reports, "cpu_us_per_line")),
        *(number(load.median(reports, "latency_us", key) / 1000) for key in ("p50", "p99")),
    ]


def _commit_times(bench):
    """p50 and p99, in ms, of a small append that reaches the disk."""
    times = []
    with tempfile.NamedTemporaryFile(dir=bench.work) as file:
        block = os.urandom(8192)
        for _ in range(50 if bench.quick else 400):
            begin = time.monotonic_ns()
            os.write(file.fileno(), block)
            os.fdatasync(file.fileno())
            times.append((time.monotonic_ns() - begin) / 1e6)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)]
