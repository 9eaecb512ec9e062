"""Clients that read the log through one door each and resume by position whenever they lose the gateway."""
import asyncio
import contextlib
import json

import aiohttp
import websockets

LOST = (OSError, asyncio.IncompleteReadError, aiohttp.ClientError, websockets.WebSocketException, EOFError, asyncio.TimeoutError)


async def read_ws(gateway, position, query=""):
    """Yields events after `position` over one WebSocket, until it ends."""
    url = gateway.ws_url(f"/ws?channels=events&since={position}&{query}")
    async with websockets.connect(url, max_size=None, open_timeout=10, close_timeout=1, proxy=None) as socket:
        async for text in socket:
            message = json.loads(text)
            assert message["op"] != "gap", f"unexpected {message}"
            if message["op"] == "event":
                yield message["event"]


async def read_sse(gateway, position, query=""):
    """Yields events after `position` over one SSE stream, until it ends. `start` is a position, too."""
    headers = {"Last-Event-ID": str(position), "Accept": "text/event-stream"}
    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=1 << 20) as session:
        async with session.get(gateway.url(f"/api/events/stream?{query}"), headers=headers) as answer:
            assert answer.status == 200, f"{answer.status} {await answer.text()}"
            fields = {}
            async for raw in answer.content:
                line = raw.decode().rstrip("\r\n")
                if line == "":
                    if "data" in fields:
                        assert fields.get("event") != "gap", f"unexpected {fields}"
                        event = json.loads(fields["data"])
                        if "seq" in event:
                            assert fields["id"].rpartition(":")[2] == str(event["seq"]), fields
                            yield event
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")


async def read_rest(gateway, position, query=""):
    """Yields events after `position` page by page, asking again when there is nothing new."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        while True:
            async with session.get(gateway.url(f"/api/events?since={position}&limit=250&{query}")) as answer:
                assert answer.status == 200, f"{answer.status} {await answer.text()}"
                page = await answer.json()
            assert not page.get("gap"), f"unexpected {page['gap']}"
            for event in page["items"]:
                yield event
                position = f"{gateway.known_epoch}:{event['seq']}"
            if not page["items"]:
                await asyncio.sleep(0.05)


class Resumer:
    """Reads through a door for as long as the test runs, over any number of kills, and remembers what it saw."""

    def __init__(self, gateway, door, query=""):
        self.gateway, self.door, self.query = gateway, door, query
        self.events = []
        self.connections = 0
        self.task = asyncio.create_task(self._run())

    @property
    def position(self):
        return f"{self.gateway.known_epoch}:{self.events[-1]['seq']}" if self.events else "start"

    async def _run(self):
        while True:
            self.connections += 1
            with contextlib.suppress(*LOST):
                async with contextlib.aclosing(self.door(self.gateway, self.position, self.query)) as events:
                    async for event in events:
                        self.events.append(event)
            await asyncio.sleep(0.02)

    async def until(self, seq):
        """Waits until the event at `seq` has been seen."""
        while not self.events or self.events[-1]["seq"] < seq:
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0.02)

    async def stop(self):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
