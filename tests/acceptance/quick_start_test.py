"""What the README promises: lines appended to the file come out of every door."""
import asyncio
import contextlib
import json
import subprocess

from gateway import task
from readers import read_rest, read_sse
from ws_client import connect, receive_events


async def take(events, count):
    found = []
    async with contextlib.aclosing(events):
        async for event in events:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {len(found)} of {count} events")


async def test_lines_appended_come_out_of_every_door(gateway):
    gateway.known_epoch = gateway.epoch
    tail = subprocess.Popen([gateway.binary, "tail", "--json", "--type", "task.*", "--since", "start"], cwd=gateway.root,
                            env=gateway.environment | {"MACP_URL": gateway.url("")}, stdout=subprocess.PIPE, text=True)
    try:
        async with connect(gateway, "/ws?channels=events&type=task.*&since=start") as socket:
            sse = asyncio.create_task(take(read_sse(gateway, "start", "type=task.*"), 3))
            rest = asyncio.create_task(take(read_rest(gateway, "start", "type=task.*"), 3))
            gateway.append(task(1, title="first"), task(2, message="zweite Größe ✅"), task(3))
            seen = [await receive_events(socket, 3), await sse, await rest]
        lines = [json.loads(await asyncio.to_thread(tail.stdout.readline)) for _ in range(3)]
    finally:
        tail.kill()
        tail.wait()
    for events in [*seen, lines]:
        assert [event["data"]["n"] for event in events] == [1, 2, 3]
        assert [event["seq"] for event in events] == [event["seq"] for event in seen[0]]
    first = seen[0][0]
    assert first["specversion"] == "1.0" and first["type"] == "task.progress" and first["subject"] == "T1"
    assert first["source"] == "/orchestrator/events" and first["data"] == task(1, title="first")


def test_a_file_that_is_there_before_the_start_is_read_once(make_gateway):
    gateway = make_gateway(start=False)
    gateway.append(*[task(n) for n in range(500)])
    gateway.start()
    assert [event["data"]["n"] for event in gateway.wait_for_events(500)] == list(range(500))
    assert gateway.terminate() == 0
    gateway.append(task(500))
    gateway.start()
    assert [event["data"]["n"] for event in gateway.wait_for_events(501)] == list(range(501))


def test_a_torn_line_waits_for_its_end_and_a_bad_one_is_a_reject(gateway):
    whole = json.dumps(task(1)).encode()
    gateway.append(whole[:10])
    gateway.append(whole[10:] + b"\n")
    gateway.append(b"{not json\n", b'{"no":"type"}\n', b'\xff\xfe{"event":"task.x"}\n', task(2))
    events = gateway.wait_for_events(2)
    assert [event["data"]["n"] for event in events] == [1, 2]
    rejects = gateway.get("/api/ingest/rejects").json["items"]
    assert len(rejects) == 3, rejects


def test_the_file_may_be_rotated_and_truncated(gateway):
    gateway.append(task(1), task(2))
    gateway.wait_for_events(2)
    gateway.events_file.rename(gateway.events_file.with_suffix(".1"))
    gateway.append(task(3))
    gateway.wait_for_events(3)
    with open(gateway.events_file, "wb"):
        pass
    gateway.append(task(4))
    assert [event["data"]["n"] for event in gateway.wait_for_events(4)] == [1, 2, 3, 4]


def test_emit_and_status_and_events_speak_to_the_server(gateway):
    emitted = gateway.run("emit", "task.completed", "--task_id", "T9", "--title", "done")
    assert emitted.returncode == 0, emitted.stderr
    status = gateway.run("status", "--json")
    assert status.returncode == 0 and json.loads(status.stdout)["epoch"] == gateway.epoch, status
    events = gateway.run("events", "--json", "--type", "task.*")
    assert events.returncode == 0, events.stderr
    assert "T9" in events.stdout


def test_no_server_is_exit_code_3_and_bad_usage_2(make_gateway):
    gateway = make_gateway(start=False)
    assert gateway.run("status").returncode == 3
    assert gateway.run("status", "--no-such-option").returncode == 2
    assert gateway.run("no-such-command").returncode == 2


def test_version_and_help_are_everywhere(make_gateway):
    gateway = make_gateway(start=False)
    assert gateway.run("--version").stdout.startswith("macp ")
    for command in ["serve", "watch", "tail", "events", "emit", "status", "config", "completion"]:
        answer = gateway.run(command, "--help")
        assert answer.returncode == 0 and "Usage" in answer.stdout.title(), (command, answer)


def test_watch_needs_no_server_and_keeps_its_own_place(make_gateway):
    gateway = make_gateway(start=False)
    gateway.append({"event": "task.completed", "task_id": "TASK-001", "title": "Implement user auth", "attempt": 1,
                    "max_attempts": 1, "duration_seconds": 45})
    first = gateway.run("watch", "--once")
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip() == "✅ Task TASK-001 completed — Implement user auth (attempt 1/1, 45s)"
    assert (gateway.root / ".mosaic/orchestrator/event_cursor.json").is_file()
    again = gateway.run("watch", "--once")
    assert again.returncode == 0 and again.stdout == ""
