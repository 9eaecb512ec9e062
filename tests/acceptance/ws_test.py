"""The WebSocket protocol as clients see it."""
import asyncio
import contextlib
import json

import pytest
import websockets

from gateway import task
from ws_client import closed_with, connect, receive, receive_events, receive_op, send, subscribe


async def nothing_more(socket, seconds=0.3):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            message = await socket.recv()
            raise AssertionError(f"unexpected {message}")


def numbers(events):
    return [event["data"]["n"] for event in events]


async def test_hello_comes_first_and_then_nothing_until_it_subscribes(gateway):
    last = gateway.emit(*[task(n) for n in range(3)])
    async with connect(gateway) as socket:
        hello = await receive(socket)
        assert hello["op"] == "hello" and hello["epoch"] == gateway.epoch and hello["seq"] == last
        assert hello["heartbeat_seconds"] == 25 and hello["version"]
        gateway.emit(task(3))
        await nothing_more(socket)


async def test_a_subscription_is_acknowledged_before_its_events(gateway):
    gateway.emit(*[task(n) for n in range(10)])
    async with connect(gateway) as socket:
        before = await subscribe(socket, channels=["events"], types=["task.*"], since="start")
        assert [message["op"] for message in before] == ["hello"]
        events = await receive_events(socket, 10)
        assert numbers(events) == list(range(10))
        assert all(left["seq"] + 1 == right["seq"] for left, right in zip(events, events[1:]))
        gateway.emit(task(10))
        assert numbers(await receive_events(socket, 1)) == [10]


async def test_the_id_comes_back_as_it_was_sent(gateway):
    async with connect(gateway) as socket:
        await receive_op(socket, "hello")
        for id in ("a", 7, "1\n\"2"):
            await send(socket, op="subscribe", id=id, types=["none"])
            assert await receive(socket) == {"op": "ack", "id": id}
        await send(socket, op="subscribe", types=["none"])
        assert (await receive(socket))["op"] == "ack"


async def test_a_new_subscription_replaces_the_old_one(gateway):
    async with connect(gateway) as socket:
        await subscribe(socket, types=["task.created"])
        await subscribe(socket, types=["task.completed"])
        gateway.emit(task(1, kind="created"), task(2, kind="completed"), task(3, kind="created"), task(4, kind="completed"))
        assert numbers(await receive_events(socket, 2)) == [2, 4]
        await nothing_more(socket)


async def test_unsubscribe_ends_the_events_and_only_those(gateway):
    async with connect(gateway) as socket:
        await subscribe(socket, channels=["events", "telemetry"], interval_ms=100)
        await send(socket, op="unsubscribe", id="u", channels=["events"])
        await receive_op(socket, "ack")
        gateway.emit(task(1))
        for _ in range(3):
            assert (await receive(socket))["op"] == "telemetry"
        await send(socket, op="unsubscribe")
        await receive_op(socket, "ack")
        gateway.emit(task(2))
        await nothing_more(socket)


@pytest.mark.parametrize("filter,expected", [
    ({"types": ["task.completed"]}, [1, 4]),
    ({"types": ["*.failed", "task.created"]}, [0, 2]),
    ({"types": ["task.*"], "where": {"repo_name": "x"}}, [0, 2]),
    ({"where": {"repo_name": "*", "attempt": 2}}, [2]),
    ({"where": {"inner.deep": "y*"}}, [4]),
    ({"where": {"hidden": "m"}}, [3]),
    ({"where": {"missing": "*"}}, []),
])
async def test_filters_are_globs_over_type_and_fields(gateway, filter, expected):
    events = [task(0, kind="created", repo_name="x"), task(1, kind="completed", repo_name="y"),
              task(2, kind="failed", repo_name="x", attempt=2), task(3, metadata={"hidden": "m"}),
              task(4, kind="completed", inner={"deep": "yes"}), {"event": "other.end", "n": 5}]
    gateway.emit(*events)
    async with connect(gateway) as socket:
        await subscribe(socket, since="start", **filter)
        gateway.emit({"event": "task.completed", "n": 99, "repo_name": "end", "attempt": 2, "inner": {"deep": "yes"},
                      "hidden": "m"})
        found = []
        async with asyncio.timeout(2):
            while len(found) < len(expected):
                found += [event for event in await receive_events(socket, 1) if event["source"] != "/gateway"]
        assert numbers(found)[:len(expected)] == expected


async def test_since_is_start_now_or_a_position(gateway):
    last = gateway.emit(*[task(n) for n in range(5)])
    for since, expected in [("start", 0), (last - 2, 3), (str(last - 2), 3), (f"{gateway.epoch}:{last - 1}", 4)]:
        async with connect(gateway) as socket:
            await subscribe(socket, types=["task.*"], since=since)
            assert numbers(await receive_events(socket, 1)) == [expected]
    for now in [{"since": "now"}, {}]:
        async with connect(gateway) as socket:
            await subscribe(socket, types=["task.*"], **now)
            last = gateway.emit(task(77))
            event, = await receive_events(socket, 1)
            assert event["seq"] == last


@pytest.mark.parametrize("foreign", ["00000000:1", "{epoch}:999999", "999999"])
async def test_a_position_that_is_not_of_this_log_gives_a_gap_and_then_everything(gateway, foreign):
    gateway.emit(task(1), task(2))
    async with connect(gateway) as socket:
        await subscribe(socket, types=["task.*"], since=foreign.format(epoch=gateway.epoch))
        message = await receive(socket)
        assert message["op"] == "gap" and message["why"] == "epoch", message
        assert numbers(await receive_events(socket, 2)) == [1, 2]


async def test_query_parameters_subscribe_at_once(gateway):
    gateway.emit(task(1), {"event": "other.x", "n": 2}, task(3))
    async with connect(gateway, "/api/ws?type=task.*&since=start&channels=events,telemetry") as socket:
        assert numbers(await receive_events(socket, 2)) == [1, 3]
        assert (await receive_op(socket, "telemetry"))["data"]


async def test_ping_is_answered_on_both_levels(gateway):
    async with connect(gateway) as socket:
        await receive_op(socket, "hello")
        await send(socket, op="ping")
        assert await receive(socket) == {"op": "pong"}
        async with asyncio.timeout(5):
            await (await socket.ping(b"payload"))


async def test_telemetry_comes_as_often_as_asked_for(gateway):
    async with connect(gateway) as socket:
        await subscribe(socket, channels=["telemetry"], interval_ms=100)
        loop = asyncio.get_running_loop()
        first = await receive_op(socket, "telemetry")
        began = loop.time()
        for _ in range(5):
            last = await receive_op(socket, "telemetry")
        assert loop.time() - began > 0.3
        assert isinstance(last["data"], dict) and first["data"].keys() == last["data"].keys()


async def test_the_ndjson_protocol_carries_the_same_messages_in_fewer_frames(gateway):
    gateway.emit(*[task(n) for n in range(500)])
    async with connect(gateway, "/ws?since=start&type=task.*&channels=events", protocol="macp.v1.ndjson") as socket:
        assert socket.subprotocol == "macp.v1.ndjson"
        found, frames = [], 0
        async with asyncio.timeout(10):
            while len(found) < 500:
                frames += 1
                messages = [json.loads(line) for line in (await socket.recv()).splitlines()]
                found += [message["event"] for message in messages if message["op"] == "event"]
    assert numbers(found) == list(range(500)) and frames < 250


async def test_the_cloudevents_protocol_sends_nothing_but_cloudevents(gateway):
    gateway.emit(task(1), task(2))
    async with connect(gateway, protocol="cloudevents.json") as socket:
        assert socket.subprotocol == "cloudevents.json"
        hello = await receive(socket)
        assert hello["specversion"] == "1.0" and hello["type"] == "macp.hello" and hello["source"] == "/gateway"
        assert "seq" not in hello and hello["data"]["epoch"] == gateway.epoch
        await send(socket, op="subscribe", id="1", types=["task.*"], since="00000000:1")
        seen = [await receive(socket) for _ in range(4)]
        assert [message["type"] for message in seen] == ["macp.ack", "macp.gap", "task.progress", "task.progress"]
        assert all(message["specversion"] == "1.0" for message in seen)
        assert numbers(seen[2:]) == [1, 2]
        await send(socket, op="subscribe", id="2", channels=["telemetry"])
        assert (await receive(socket))["type"] == "macp.error"


async def test_an_unknown_protocol_gets_the_default_or_a_refusal(gateway):
    try:
        async with connect(gateway, protocol="nobody.knows") as socket:
            assert socket.subprotocol is None
            assert (await receive(socket))["op"] == "hello"
    except websockets.InvalidStatus as refusal:
        assert 400 <= refusal.response.status_code < 500


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"op":"fly"}', '{"op":1}', '"ping"', "[" * 100_000])
async def test_what_is_no_command_closes_with_4400(gateway, text):
    async with connect(gateway) as socket:
        await socket.send(text)
        assert await closed_with(socket) in (4400, 1009 if len(text) > 65536 else 4400)


@pytest.mark.parametrize("command,field", [
    ({"channels": ["nothing"]}, "channel"), ({"types": 7}, "types"), ({"types": [""]}, "types"),
    ({"since": "yesterday"}, "since"), ({"since": -1}, "since"), ({"where": []}, "where"), ({"interval_ms": 1}, "interval_ms"),
    ({"more": 1}, "more"),
])
async def test_a_command_with_a_mistake_is_refused_and_the_connection_lives(gateway, command, field):
    async with connect(gateway) as socket:
        await receive_op(socket, "hello")
        await send(socket, op="subscribe", id="bad", **command)
        error = await receive(socket)
        assert error["op"] == "error" and error["id"] == "bad" and field in json.dumps(error)
        await send(socket, op="ping")
        assert await receive(socket) == {"op": "pong"}


async def test_a_message_that_is_too_long_closes_with_1009(make_gateway):
    gateway = make_gateway(ws_command_bytes=4096)
    async with connect(gateway) as socket:
        await socket.send(json.dumps({"op": "ping", "x": "y" * 5000}))
        assert await closed_with(socket) == 1009


async def test_bytes_that_are_not_utf_8_close_with_1007(gateway):
    async with connect(gateway) as socket:
        await receive_op(socket, "hello")
        await socket.send(b"\xff\xfe", text=True)
        assert await closed_with(socket) == 1007


async def test_a_silent_peer_is_pinged_and_in_the_end_closed_with_4408(make_gateway):
    gateway = make_gateway(ws_heartbeat_seconds=1, ws_idle_timeout_seconds=2)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    async with asyncio.timeout(20):
        everything = await reader.read()
    writer.close()
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in everything
    assert b"\x88" in everything and (4408).to_bytes(2) in everything
    async with connect(gateway, "/ws?channels=events") as alive:
        await asyncio.sleep(4)  # longer than the limit: answering pings keeps it
        gateway.emit(task(1))
        assert numbers([e for e in await receive_events(alive, 1)]) == [1]


async def test_a_subscriber_that_was_away_catches_up_through_the_disk(make_gateway):
    gateway = make_gateway(log_tail_bytes=1 << 20, ws_ring_bytes=1 << 20)
    filler = "x" * 1000
    gateway.append(*[task(n, f=filler) for n in range(10_000)])
    gateway.wait_for_events(10_000, seconds=60)
    async with connect(gateway) as socket:
        await subscribe(socket, types=["task.*"], since="start")
        gateway.append(*[task(n, f=filler) for n in range(10_000, 11_000)])
        assert numbers(await receive_events(socket, 11_000, seconds=60)) == list(range(11_000))


async def test_the_limit_of_subscribers_holds_over_all_threads(make_gateway):
    gateway = make_gateway(threads=2, ws_max_subscribers=3)
    async with contextlib.AsyncExitStack() as subscribers:
        for _ in range(3):
            await receive_op(await subscribers.enter_async_context(connect(gateway)), "hello")
        for _ in range(4):
            with pytest.raises(websockets.InvalidStatus) as refusal:
                async with connect(gateway):
                    pass
            assert refusal.value.response.status_code == 503 and refusal.value.response.headers["Retry-After"]
        assert (await asyncio.to_thread(gateway.get, "/api/events/stream")).status == 503
    async with asyncio.timeout(20):
        while True:  # those that have left give their places back
            with contextlib.suppress(websockets.InvalidStatus):
                async with connect(gateway) as socket:
                    await receive_op(socket, "hello")
                    break
            await asyncio.sleep(0.02)


async def test_a_second_listener_serves_websockets_alone(make_gateway):
    from gateway import free_port
    port = free_port()
    gateway = make_gateway(ws_listen=f"127.0.0.1:{port}")
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as socket:
        assert (await receive(socket))["op"] == "hello"
    gateway.port, first = port, gateway.port
    assert gateway.get("/api/events").status == 404
    gateway.port = first
