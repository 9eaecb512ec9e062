"""Runs bench_load and returns what it printed."""

import json
import statistics
import subprocess

from . import process


class Load:
    """The load client, pinned to the load's core unless told otherwise."""

    def __init__(self, binary):
        self.binary = str(binary)

    def run(self, *arguments, pinned=True, timeout=300):
        cores = (process.LOAD_CORE,) if pinned else None
        child = process.start([self.binary, *map(str, arguments)], cores, stdout=subprocess.PIPE, text=True)
        try:
            output, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise process.BenchError("the load client did not end in time") from error
        finally:
            process.stop(child)
        try:
            report = json.loads(output)
        except ValueError as error:
            raise process.BenchError(f"the load client printed {output!r}") from error
        if not report.get("ok", True):
            raise process.BenchError(report.get("error") or f"events are missing, doubled or out of order: {output}")
        return report

    def fanout(self, server, *arguments, **options):
        pids = ",".join(map(str, server.pids()))
        return self.run("fanout", *server.subscription(), *server.publication(), "--pid", pids, *arguments, **options)

    def http(self, server, path, *arguments, **options):
        pids = ",".join(map(str, server.pids()))
        return self.run(
            "http", "--target", f"127.0.0.1:{server.port}", "--path", path, "--pid", pids, *arguments, **options
        )

    def hold_idle(self, server, steps):
        """A load client that opens idle subscribers; each `yield` is a step that is open."""
        arguments = [*server.subscription(), "--steps", ",".join(map(str, steps))]
        child = process.start(
            [self.binary, "idle", *map(str, arguments)],
            (process.LOAD_CORE,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            for step in steps:
                line = json.loads(child.stdout.readline() or "{}")
                if line.get("open") != step:
                    raise process.BenchError(line.get("error", "the idle subscribers could not be opened"))
                yield step
                child.stdin.write("\n")
                child.stdin.flush()
        finally:
            process.stop(child)


def interleaved(servers, rounds, measure, log):
    """Measures A B C A B C …: `{name: [report, …]}`. A server that fails is left out from then on, and named."""
    reports = {server.name: [] for server in servers}
    failed = {}
    for turn in range(rounds):
        for server in servers:
            if server.name in failed:
                continue
            try:
                reports[server.name].append(measure(server))
            except process.BenchError as error:
                failed[server.name] = str(error)
                log(f"    {server.name}: {error}")
        log(f"    round {turn + 1} of {rounds}")
    return {name: found for name, found in reports.items() if found and name not in failed}, failed


def median(reports, *keys):
    """Median over the rounds of a value that lies under `keys`."""
    return statistics.median(_value(report, keys) for report in reports)


def ratio(reports, over, under, *keys):
    """Median over the rounds of over/under; nothing when one of the two was not measured."""
    if over not in reports or under not in reports:
        return None
    pairs = zip(reports[over], reports[under])
    return statistics.median(_value(a, keys) / max(_value(b, keys), 1e-12) for a, b in pairs)


def _value(report, keys):
    for key in keys:
        report = report[key]
    return report
