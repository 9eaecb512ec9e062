"""Stopping and reloading."""
import asyncio
import json
import signal
import socket
import time

from gateway import task
from ws_client import closed_with, connect, receive_op


def raw_post_head(gateway, length):
    return (f"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


async def test_sigterm_closes_websockets_finishes_requests_and_exits_0(make_gateway):
    gateway = make_gateway(drain_seconds=10)
    body = json.dumps(task(1)).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    async with connect(gateway, "/ws?channels=events") as subscriber, connect(gateway) as idle:
        await receive_op(subscriber, "hello")
        writer.write(raw_post_head(gateway, len(body)) + body[:5])
        await writer.drain()
        await asyncio.sleep(0.2)  # the request is under way; nothing else tells when its head has been read
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        codes = await asyncio.gather(closed_with(subscriber), closed_with(idle))
        writer.write(body[5:])
        async with asyncio.timeout(10):
            answer = await reader.read()
        code = await asyncio.to_thread(gateway.process.wait, 15)
    writer.close()
    assert codes == [1001, 1001]
    assert answer.startswith(b"HTTP/1.1 202"), answer[:200]
    assert code == 0 and time.monotonic() - began < 10
    gateway.start()
    assert [event["data"]["n"] for event in gateway.events("type=task.*")] == [1]


def test_a_request_that_never_ends_does_not_hold_up_the_stop(make_gateway):
    gateway = make_gateway(drain_seconds=1)
    with socket.create_connection(("127.0.0.1", gateway.port)) as peer:
        peer.sendall(raw_post_head(gateway, 1000))
        time.sleep(0.2)
        assert gateway.terminate(15) == 0


def test_events_waiting_in_the_file_are_not_lost_by_a_stop(gateway):
    for round in range(5):
        gateway.append(*[task(n) for n in range(round * 100, round * 100 + 100)])
        assert gateway.terminate() == 0
        gateway.start()
    events = gateway.wait_for_events(500)
    assert [event["data"]["n"] for event in events] == list(range(500))


def test_a_second_gateway_on_the_same_port_says_so_and_exits(gateway, make_gateway):
    other = make_gateway(start=False, listen=f"127.0.0.1:{gateway.port}")
    other.start(wait=False)
    assert other.process.wait(20) != 0
    assert str(gateway.port) in other.log_text()
