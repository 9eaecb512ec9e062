"""A full disk: ingest is refused, reading goes on, and all is well again once there is space."""
import subprocess
import time

import pytest

from gateway import task
from ws_client import connect, receive_op, send


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"needs to mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    """Takes all the space that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


@pytest.mark.guard(120)
async def test_ingest_is_refused_reads_go_on_and_it_recovers(make_gateway, small_disk):
    gateway = make_gateway(root=small_disk / "root")
    first = gateway.emit(*[task(n) for n in range(100)])
    async with connect(gateway, "/ws?channels=events") as socket:
        await receive_op(socket, "hello")
        fill(small_disk / "filler")
        statuses = []
        for n in range(100, 140):
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

        (small_disk / "filler").unlink()
        until = time.monotonic() + 30
        while gateway.post("/api/events", task(500)).status != 202:
            assert time.monotonic() < until, "it did not recover"
            time.sleep(0.05)
        while (await receive_op(socket, "event"))["event"]["data"].get("n") != 500:
            pass
    gateway.wait_ready()
    numbers = [event["data"]["n"] for event in gateway.events("type=task.*")]
    assert len(numbers) == len(set(numbers)) == 101 + statuses.count(202)


def test_lines_of_the_file_wait_for_space(make_gateway, small_disk, tmp_path):
    # The watched file is elsewhere: only the log is on the full disk.
    watched = tmp_path / "watched.ndjson"
    gateway = make_gateway(root=small_disk / "root", watch_events=watched)
    gateway.events_file = watched
    gateway.append(task(0))
    gateway.wait_for_events(1)
    fill(small_disk / "filler")
    gateway.append(*[task(n, filler="x" * 20000) for n in range(1, 60)])
    until = time.monotonic() + 20
    while gateway.get("/readyz").status == 200:
        assert time.monotonic() < until, "it never noticed"
        time.sleep(0.05)
    (small_disk / "filler").unlink()
    events = gateway.wait_for_events(60, seconds=40)
    assert [event["data"]["n"] for event in events] == list(range(60))
