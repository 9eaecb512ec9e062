"""A reader of 1 KB/s among many: it gets everything in the end, memory stays bounded, the others do not notice."""
import asyncio
import base64
import json
import os
import socket
import statistics
import time

import pytest

from ws_client import connect

SUBSCRIBERS = int(os.environ.get("MACP_TEST_SUBSCRIBERS", "200"))
MEASURED = 10


class SlowReader:
    """A bare WebSocket client with a small receive buffer that takes 1 KB/s until it is told to hurry."""

    def __init__(self, gateway):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", gateway.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /ws?channels=events&since=start HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.socket.setblocking(False)
        self.hurry = asyncio.Event()
        self.pending = b""
        self.numbers = []
        self.upgraded = False
        self.task = asyncio.create_task(self._run())

    async def _run(self):
        loop = asyncio.get_running_loop()
        while True:
            data = await loop.sock_recv(self.socket, 1 << 20 if self.hurry.is_set() else 256)
            assert data, "the slow reader was closed"
            self.pending += data
            await self._take_frames()
            if not self.hurry.is_set():
                await asyncio.sleep(0.25)

    async def _take_frames(self):
        if not self.upgraded:
            head, found, rest = self.pending.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.upgraded, self.pending = True, rest
        at = 0
        while (frame := parse_frame(self.pending, at)) is not None:
            opcode, start, end = frame
            payload = self.pending[start:end]
            if opcode == 1:
                message = json.loads(payload)
                assert message["op"] != "gap", message
                if message["op"] == "event" and "n" in (message["event"]["data"] or {}):
                    self.numbers.append(message["event"]["data"]["n"])
            elif opcode == 9:
                mask = b"\0\0\0\0"
                await asyncio.get_running_loop().sock_sendall(self.socket, bytes([0x8A, 0x80 | len(payload)]) + mask + payload)
            at = end
        self.pending = self.pending[at:]

    async def stop(self):
        self.task.cancel()
        await asyncio.wait([self.task])
        self.socket.close()


def parse_frame(data, at):
    """Opcode, start and end of the payload of the unmasked frame at `at`, when all of it is there."""
    if len(data) - at < 2:
        return None
    size, start = data[at + 1], at + 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(data) - start < width:
            return None
        size, start = int.from_bytes(data[start:start + width]), start + width
    return (data[at] & 15, start, start + size) if len(data) - start >= size else None


async def measure(gateway, sockets, numbers, count=40):
    """Paced events; the median time from the file to the measured subscribers."""
    times = []
    for _ in range(count):
        sent = time.monotonic()
        number = next(numbers)
        await asyncio.to_thread(gateway.append, {"event": "task.progress", "n": number, "measured": True})
        async def arrival(socket):
            while True:
                event = json.loads(await socket.recv())
                if event["op"] == "event" and (event["event"]["data"] or {}).get("n") == number:
                    return time.monotonic() - sent
        times += await asyncio.gather(*[arrival(socket) for socket in sockets])
    return statistics.median(times)


@pytest.mark.guard(600)
async def test_a_slow_reader_hurts_nobody_and_loses_nothing(make_gateway):
    gateway = make_gateway(log_tail_bytes=4 << 20, ws_ring_bytes=2 << 20, ws_idle_timeout_seconds=3600,
                           ws_heartbeat_seconds=600, watch_poll_interval_seconds=0.05)
    numbers = iter(range(10**9))
    async with asyncio.TaskGroup() as group:
        crowd = [await connect(gateway, "/ws?channels=events").__aenter__() for _ in range(SUBSCRIBERS - MEASURED)]
        drains = [group.create_task(drain(member)) for member in crowd]
        measured = [await connect(gateway, "/ws?channels=events").__aenter__() for _ in range(MEASURED)]

        without = await measure(gateway, measured, numbers)
        slow = SlowReader(gateway)
        filler = "x" * 4000
        before = gateway.rss_bytes()
        burst = 5000  # 20 MB: far more than socket buffers, tail and ring together
        for start in range(0, burst, 250):
            await asyncio.to_thread(gateway.append, *[{"event": "task.progress", "n": next(numbers), "f": filler} for _ in range(250)])
            await catch_up(gateway, measured)
        # The slow one is now far behind and stays there, still reading, while the others are measured again.
        behind = await measure(gateway, measured, numbers)
        grown = gateway.rss_bytes() - before
        assert not slow.task.done() and len(slow.numbers) < 1000, "the slow reader was not slow"
        slow.hurry.set()
        last = next(numbers)
        await asyncio.to_thread(gateway.append, {"event": "task.progress", "n": last})
        while not slow.numbers or slow.numbers[-1] != last:
            if slow.task.done():
                slow.task.result()
            await asyncio.sleep(0.05)
        assert slow.numbers == list(range(last + 1))
        await slow.stop()
        for task in drains:
            task.cancel()
    print(f"{SUBSCRIBERS} subscribers: median {without * 1e3:.1f} ms without, {behind * 1e3:.1f} ms with a slow reader; RSS +{grown >> 20} MB")
    assert grown < 40 << 20, f"memory grew by {grown >> 20} MB"
    assert behind < 3 * without, (without, behind)


async def drain(socket):
    async for _ in socket:
        pass


async def catch_up(gateway, sockets):
    """Reads what has come for the measured ones, so that their own buffers do not fill."""
    for socket in sockets:
        while True:
            try:
                async with asyncio.timeout(0.02):
                    await socket.recv()
            except TimeoutError:
                break
