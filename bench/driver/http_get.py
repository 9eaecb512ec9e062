"""What a small GET costs: macp beside nginx."""

from . import load
from .report import number
from .servers import Nginx


def run(bench):
    macps = bench.macps("macp.v1")
    servers = [*macps, *(peer for peer in bench.peers if peer.name == "raw epoll")]
    bench.log("small GETs")
    with bench.serving(*servers) as running:
        body = macps[0].get("/healthz")[1] if macps else b'{"status":"ok"}'
        nginx = [Nginx(bench.work, body)] if Nginx.available() else []
        with bench.serving(*nginx) as also:
            found = {}
            for pipeline in (1, 16):
                def measure(server, pipeline=pipeline):
                    return bench.load.http(server, "/healthz", "--pipeline", pipeline, *bench.times(2.0))

                found[pipeline], _ = load.interleaved([*running, *also], bench.rounds(5), measure, bench.log)
    rows = [
        [f"{name}, {'16 in flight' if pipeline > 1 else 'one at a time'}"]
        + [number(load.median(reports, key)) for key in ("cpu_us_per_response", "responses_per_second")]
        + [number(load.median(reports, "latency_us", "p99") / 1000)]
        for pipeline, of_servers in found.items()
        for name, reports in of_servers.items()
    ]
    bench.report.table(
        "Small GET, 64 keep-alive connections",
        ["server", "CPU µs per request", "requests/s", "p99, ms"],
        rows,
        f"`/healthz`; nginx returns the same {len(body)} bytes out of its configuration. The raw server reads next to "
        "nothing of a request: a bound, not a web server.",
    )
    bench.report.raw["get"] = found
    if macps:
        value = load.ratio(found[1], macps[0].name, "nginx", "cpu_us_per_response")
        bench.report.at_most("small GET: CPU per request, of nginx's", 1.0, value)
