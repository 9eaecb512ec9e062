"""What slow readers do to the others: the same load with and without them, by turns."""

import statistics

from . import load, process
from .report import number

SUBSCRIBERS = 1000
SLOW = 10


def run(bench):
    if not bench.macp:
        return
    subscribers = min(SUBSCRIBERS, bench.most_subscribers)
    bench.log(f"slow readers beside {subscribers} subscribers")
    (server,) = bench.macps("macp.v1")
    shape = ["--subscribers", subscribers, "--burst", 8, "--rate", 12, "--line-bytes", 1024, *bench.times(5.0)]
    variants = {
        "none": [],
        f"{SLOW} that read 1 KB/s": ["--slow", SLOW, "--slow-rate", 1024, "--drain-slow"],
        f"{SLOW} that read nothing": ["--slow", SLOW, "--slow-rate", 0, "--drain-slow"],
    }
    found = {variant: [] for variant in variants}
    with bench.serving(server):
        for turn in range(bench.rounds(5)):
            for variant, arguments in variants.items():
                report = bench.load.fanout(server, *shape, *arguments)
                report["rss_kib"] = process.status_kib(server.running.pid, "VmRSS")[0]
                found[variant].append(report)
            bench.log(f"    round {turn + 1} of {bench.rounds(5)}")
    rows = []
    for variant, reports in found.items():
        p99, cost = (_ratio(reports, found["none"], *keys) for keys in (("latency_us", "p99"), ("cpu_us_per_delivery",)))
        slow = [report["slow"] for report in reports if "slow" in report]
        whole = f"{min(s['complete'] for s in slow)} of {SLOW}" if slow else "–"
        rows.append(
            [variant, number(load.median(reports, "latency_us", "p99") / 1000), number(p99), number(cost),
             number(max(report["rss_kib"] for report in reports) / 1024), whole]
        )
        if slow:
            bench.report.at_most(f"p99 of the others beside {variant}, of that without", 1.1, p99)
            met = all(s["complete"] == SLOW and s["closed"] == 0 for s in slow)
            bench.report.goal(f"{variant}: every event reaches them in the end", f"{SLOW} of {SLOW}", whole, met)
    bench.report.table(
        f"Slow readers beside {subscribers} subscribers",
        ["slow readers", "p99 of the others, ms", "times", "CPU per delivery, times", "RSS, MB", "got everything at last"],
        rows,
    )
    bench.report.raw["slow readers"] = found


def _ratio(reports, base, *keys):
    return statistics.median(
        load.median([a], *keys) / load.median([b], *keys) for a, b in zip(reports, base)
    )
