"""Small helpers over a WebSocket of the gateway."""
import asyncio
import contextlib
import json

import websockets


@contextlib.asynccontextmanager
async def connect(gateway, path="/ws", protocol=None, **options):
    subprotocols = [protocol] if protocol else None
    async with websockets.connect(gateway.ws_url(path), subprotocols=subprotocols, max_size=None, proxy=None,
                                  close_timeout=2, **options) as socket:
        yield socket


async def receive(socket, seconds=10):
    async with asyncio.timeout(seconds):
        return json.loads(await socket.recv())


async def receive_op(socket, op, seconds=10):
    """The next message of that kind; others on the way are dropped."""
    async with asyncio.timeout(seconds):
        while True:
            message = json.loads(await socket.recv())
            if message["op"] == op:
                return message


async def receive_events(socket, count, seconds=10):
    """The next `count` events."""
    return [(await receive_op(socket, "event", seconds))["event"] for _ in range(count)]


async def send(socket, **command):
    await socket.send(json.dumps(command))


async def subscribe(socket, **command):
    """Subscribes and waits for the acknowledgement; answers what came before it."""
    before = []
    await send(socket, op="subscribe", id="s", **command)
    async with asyncio.timeout(10):
        while True:
            message = json.loads(await socket.recv())
            if message["op"] in ("ack", "error") and message.get("id") == "s":
                assert message["op"] == "ack", message
                return before
            before.append(message)


async def closed_with(socket, seconds=10):
    """The close code, after reading whatever is still on the way."""
    async with asyncio.timeout(seconds):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
        await socket.wait_closed()
    return socket.close_code
