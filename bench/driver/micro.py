"""Our own parts by themselves: runs each bench_micro_* that was built."""

import json
import statistics
import subprocess

from . import process
from .report import number


def run(bench):
    programs = sorted(bench.bench_bin.glob("bench_micro_*"))
    found = {}
    for program in programs:
        bench.log(f"micro: {program.name}")
        for _ in range(bench.rounds(3)):
            child = process.start([str(program)] + ["--quick"] * bench.quick, (process.SERVER_CORE,),
                                  stdout=subprocess.PIPE, text=True)
            output, _ = child.communicate(timeout=300)
            process.stop(child)
            for line in output.splitlines():
                entry = json.loads(line)
                found.setdefault(entry["what"], []).append(entry["per_second"])
    rows = [[what, number(statistics.median(rates) / 1e6)] for what, rates in found.items()]
    bench.report.table("Parts by themselves, one core", ["what", "million a second"], rows)
    bench.report.raw["micro"] = found
    ours, theirs = found.get("watcher: line to event"), found.get("nlohmann parse")
    if ours and theirs:
        value = statistics.median(a / b for a, b in zip(ours, theirs))
        bench.report.at_least("watcher: validated lines a second, of nlohmann's", 8, value)
