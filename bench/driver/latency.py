"""Latency of one event at half of what each server can do."""

from . import load
from .report import number


def run(bench):
    for subscribers in bench.subscribers((100, 1000)):
        bench.log(f"latency at half load, {subscribers} subscribers")
        servers = [*bench.macps("macp.v1"), *bench.peers]

        def measure(server, subscribers=subscribers):
            shape = ["--subscribers", subscribers, "--burst", 1, *bench.times(2.0)]
            most = bench.load.fanout(server, *shape)
            rate = most["events"] / most["seconds"] / 2
            report = bench.load.fanout(server, *shape, "--rate", rate, "--publishers", 16)
            return report | {"rate": rate}

        with bench.serving(*servers) as running:
            found, _ = load.interleaved(running, bench.rounds(3), measure, bench.log)
        rows = [
            [name, number(load.median(reports, "rate"))]
            + [number(load.median(reports, "latency_us", key) / 1000) for key in ("p50", "p99", "max")]
            for name, reports in found.items()
        ]
        bench.report.table(
            f"Latency at half load, {subscribers} subscribers",
            ["server", "events/s", "p50, ms", "p99, ms", "max, ms"],
            rows,
            "Half of the rate at which each keeps up when the next event waits for the one before. For macp an event's "
            "way includes the commit to disk.",
        )
        bench.report.raw[f"latency, {subscribers}"] = found
