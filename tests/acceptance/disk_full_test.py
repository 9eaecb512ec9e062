"""A full disk: ingest is refused, reading goes on, and all is well again once there is space."""
import time

import pytest

from gateway import task
from small_disk import small_disk
from ws_client import connect, receive_op, send


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def make_gateway_on(disk, make_gateway, tmp_path):
    """A gateway whose root, and so its log, is on the small disk; what it prints goes elsewhere."""
    def make(**settings):
        (disk.outside / "root").mkdir()
        gateway = make_gateway(root=disk.folder / "root", start=False, **settings)
        gateway.launcher, gateway.log_path = disk.launcher, tmp_path / "macp.log"
        return gateway.start()
    return make


@pytest.mark.guard(120)
async def test_ingest_is_refused_reads_go_on_and_it_recovers(make_gateway_on, disk):
    gateway = make_gateway_on()
    first = gateway.emit(*[task(n) for n in range(100)])
    async with connect(gateway, "/ws?channels=events") as socket:
        await receive_op(socket, "hello")
        statuses = []
        for n in range(100, 140):
            disk.fill()  # also what the gateway gave back to go on for a while
            answer = gateway.post("/api/events", task(n, filler="x" * 20000))
            statuses.append(answer.status)
            if answer.status != 202:
                assert answer.headers["Content-Type"] == "application/problem+json"
        assert statuses[-1] in (503, 507) and set(statuses) <= {202, 503, 507}, statuses
        assert len(gateway.events("type=task.*")) == 100 + statuses.count(202)
        assert gateway.get(f"/api/events/{first}").status == 200 and gateway.get("/healthz").status == 200
        assert gateway.get("/readyz").status == 503
        await send(socket, op="ping")
        await receive_op(socket, "pong")

        disk.free()
        until = time.monotonic() + 30
        while gateway.post("/api/events", task(500)).status != 202:
            assert time.monotonic() < until, "it did not recover"
            time.sleep(0.05)
        while (await receive_op(socket, "event"))["event"]["data"].get("n") != 500:
            pass
    gateway.wait_ready()
    numbers = [event["data"]["n"] for event in gateway.events("type=task.*")]
    assert len(numbers) == len(set(numbers)) == 101 + statuses.count(202)


def test_lines_of_the_file_wait_for_space(make_gateway_on, disk, tmp_path):
    # The watched file is elsewhere: only the log is on the full disk.
    watched = tmp_path / "watched.ndjson"
    gateway = make_gateway_on(watch_events=watched)
    gateway.events_file = watched
    gateway.append(task(0))
    gateway.wait_for_events(1)
    disk.fill()
    gateway.append(*[task(n, filler="x" * 20000) for n in range(1, 60)])
    until = time.monotonic() + 20
    while gateway.get("/readyz").status == 200:
        assert time.monotonic() < until, "it never noticed"
        disk.fill()
        time.sleep(0.05)
    disk.free()
    events = gateway.wait_for_events(60, seconds=40)
    assert [event["data"]["n"] for event in events] == list(range(60))
