"""How much a delivery costs: every server, by subscribers and size, in bursts and one event at a time."""

from . import load
from .report import number

SUBSCRIBERS = (10, 100, 1000, 5000)
PACED_DELIVERIES = 40_000  # a second; what the slowest peer still keeps up with
RAW = "raw epoll"


def run(bench):
    wire = {size: _wire_bytes(bench, size) for size in bench.sizes}
    for title, mode, servers in (
        ("bursts of 64", "burst", [*bench.macps("macp.v1", "macp.v1.ndjson"), *bench.peers]),
        ("one event at a time", "paced", [*bench.macps("macp.v1"), *bench.macp_plain_send(), *bench.peers]),
    ):
        cells = {}
        for size in bench.sizes:
            for subscribers in bench.subscribers(SUBSCRIBERS):
                bench.log(f"fan-out, {title}, {subscribers} subscribers, {size} B")
                cells[subscribers, size] = _cell(bench, mode, servers, subscribers, size, wire[size])
        _tables(bench, title, cells, [server.name for server in servers], wire)
        _goals(bench, mode, cells)
        bench.report.raw[f"fanout {mode}"] = {f"{n} x {size}": cell for (n, size), cell in cells.items()}


def _wire_bytes(bench, size):
    """What a message weighs that macp makes of a line of `size` bytes; the peers get lines as heavy as that."""
    for server in bench.macps("macp.v1"):
        with bench.serving(server):
            found = bench.load.fanout(server, "--subscribers", 1, "--line-bytes", size, "--warmup", 0, "--seconds", 0)
            return round(found["message_bytes"])
    return size


def _cell(bench, mode, servers, subscribers, size, wire):
    if mode == "burst":
        shape = ["--burst", 64, "--latency-every", 64]
    else:
        shape = ["--burst", 1, "--rate", min(1000, PACED_DELIVERIES / subscribers), "--publishers", 16]

    def measure(server):
        line = size if server.hello else wire
        return bench.load.fanout(
            server, "--subscribers", subscribers, "--line-bytes", line, *shape, *bench.times(2.0)
        )

    with bench.serving(*servers) as running:
        return load.interleaved(running, bench.rounds(5 if subscribers < 5000 else 3), measure, bench.log)[0]


def _tables(bench, title, cells, names, wire):
    header = ["server", *(f"{n} × {size} B" for n, size in cells)]
    sizes = ", ".join(f"{size} B → {sent} B" for size, sent in wire.items())
    rates, ratios, latencies = [], [], []
    for name in names:
        found = [cell.get(name) for cell in cells.values()]
        if not any(found):
            continue
        rates.append([name, *(_mega(reports) for reports in found)])
        latencies.append([name, *(_latency(reports) for reports in found)])
        if name != names[0]:
            ratios.append([name, *(number(_ratio(cell, name, names[0])) for cell in cells.values())])
    bench.report.table(
        f"Fan-out, {title}: million deliveries per second of server CPU",
        header,
        rates,
        f"Event lines and the messages that they become: {sizes}; the peers send messages of the same size.",
    )
    bench.report.table(
        f"Fan-out, {title}: CPU per delivery, times that of {names[0]}", header, ratios, "Above 1: dearer."
    )
    bench.report.table(
        f"Fan-out, {title}: latency p50 / p99, ms",
        header,
        latencies,
        "From the moment that an event is posted to its arrival; for macp that includes the commit to disk.",
    )


def _goals(bench, mode, cells):
    first = "macp.v1" if bench.macp else None
    if not first:
        return
    name = f"macp ({first})"
    many = {key: cell for key, cell in cells.items() if key[0] >= 100}
    if mode == "burst":
        worst = _extreme(max, (_ratio(cell, name, RAW) for cell in many.values()))
        bench.report.at_most("bursts, 100 and more subscribers: CPU per delivery, of raw epoll's", 1.15, worst)
        for peer, least in (("Go hub x16", 6), ("node ws", 25), ("python websockets", 25)):
            worst = _extreme(min, (_ratio(cell, peer, name) for cell in many.values()))
            bench.report.at_least(f"bursts, 100 and more subscribers: {peer}, CPU per delivery of macp's", least, worst)
        _growth_goal(bench, cells, name)
        return
    large = [cell for (n, _), cell in cells.items() if n >= 1000]
    plain = "macp (send)"
    worst = _extreme(max, (_ratio(cell, plain, RAW) for cell in large))
    bench.report.at_most("one event at a time, send(): CPU per delivery, of raw epoll's", 1.05, worst)
    least = _extreme(min, (_ratio(cell, RAW, name) for cell in large))
    bench.report.at_least("one event at a time, io_uring: raw epoll's CPU per delivery, of macp's", 1.15, least)


def _growth_goal(bench, cells, name):
    size = bench.sizes[0]
    counts = [n for n, of_size in cells if of_size == size and n >= 100 and name in cells[n, of_size]]
    if len(counts) < 2:
        return
    few, many = (load.median(cells[n, size][name], "cpu_us_per_delivery") for n in (counts[0], counts[-1]))
    raw_few, raw_many = (
        load.median(cells[n, size][RAW], "cpu_us_per_delivery") if RAW in cells[n, size] else None
        for n in (counts[0], counts[-1])
    )
    bench.report.table(
        "Growth of the cost with subscribers",
        ["server", f"µs per delivery, {counts[0]} subscribers", f"{counts[-1]} subscribers", "times"],
        [
            [server, number(a), number(b), number(b / a)]
            for server, a, b in ((name, few, many), (RAW, raw_few, raw_many))
            if a
        ],
        "In bursts. 1: the cost grows exactly with the deliveries; the rest is the processor's caches.",
    )
    if raw_few:
        bench.report.at_most(
            f"growth of the cost per delivery from {counts[0]} to {counts[-1]} subscribers, of raw epoll's growth",
            1.15,
            (many / few) / (raw_many / raw_few),
        )


def _ratio(cell, over, under):
    return load.ratio(cell, over, under, "cpu_us_per_delivery")


def _extreme(choose, values):
    known = [value for value in values if value is not None]
    return choose(known) if known else None


def _mega(reports):
    return number(load.median(reports, "deliveries_per_cpu_second") / 1e6) if reports else "–"


def _latency(reports):
    if not reports:
        return "–"
    return " / ".join(number(load.median(reports, "latency_us", key) / 1000) for key in ("p50", "p99"))
