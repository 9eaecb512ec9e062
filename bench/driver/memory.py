"""What an idle subscriber weighs in the server's own memory (the kernel's socket buffers are not counted)."""

from . import process
from .report import number


def run(bench):
    low, high = (100, 300) if bench.quick else (1000, 5000)
    rows = []
    for server in [*bench.macps("macp.v1"), *bench.peers]:
        if server.name == "Go hub x16":
            continue  # idle it is the Go hub
        bench.log(f"idle memory, {server.name}")
        try:
            with bench.serving(server):
                empty = _resident_kib(server)
                held = [(step, _resident_kib(server)) for step in bench.load.hold_idle(server, [low, high])]
        except process.BenchError as error:
            bench.log(f"    {error}")
            continue
        each = (held[1][1] - held[0][1]) / (high - low)
        rows.append([server.name, number(empty / 1024), number(held[1][1] / 1024), number(each)])
        bench.report.raw[f"idle memory, {server.name}"] = each
        if server.hello:
            bench.report.at_most("an idle subscriber's memory in the server", 5, each, " KB")
    bench.report.table(
        "Idle subscribers",
        ["server", "RSS without, MB", f"RSS with {high}, MB", "KB each"],
        rows,
        f"Resident memory with {high} subscribers less that with {low}, by their number.",
    )


def _resident_kib(server):
    return sum(process.status_kib(pid, "VmRSS")[0] for pid in server.pids())
