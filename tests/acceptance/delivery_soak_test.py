"""Twenty targets, some dead, slow or ill-tempered, and a gateway that is killed every few seconds.

MACP_TEST_LONG=1 sends 100,000 events, else 1,000.
"""
import asyncio
import os
import random
import time

import pytest
from gateway import free_port, task

LONG = bool(os.environ.get("MACP_TEST_LONG"))
EVENTS = 100_000 if LONG else 1_000
KILL_EVERY = 4  # seconds


class Receiver(asyncio.Protocol):
    """One connection of a target: parses requests, and answers when the target says so."""

    def __init__(self, target):
        self.target, self.buffer = target, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15:].split(b"\r\n", 1)[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length:]
            seq = int(head[head.find(b"macp-seq:") + 9:].split(b"\r\n", 1)[0])
            self.target.take(seq, self.answer)

    def answer(self, text):
        if not self.transport.is_closing():
            self.transport.write(text)


class Target:
    """`kind`: live, slow (5 s), busy (429 with Retry-After) or flaky (500 a third of the time)."""

    def __init__(self, name, kind):
        self.name, self.kind, self.seqs, self.requests = name, kind, [], 0
        self.random = random.Random(name)

    async def listen(self):
        self.server = await asyncio.get_running_loop().create_server(lambda: Receiver(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/"

    def take(self, seq, answer):
        self.requests += 1
        if self.kind == "busy":
            answer(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
        elif self.kind == "flaky" and self.random.random() < 1 / 3:
            answer(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
        else:
            self.seqs.append(seq)
            text = b"HTTP/1.1 204 No Content\r\n\r\n"
            if self.kind == "slow":
                asyncio.get_running_loop().call_later(5, answer, text)
            else:
                answer(text)


@pytest.mark.guard(7200)
async def test_every_live_target_gets_every_event_in_order_and_the_others_are_explained(make_gateway):
    loop = asyncio.get_running_loop()
    gateway = await loop.run_in_executor(None, make_gateway)

    def away(call, *arguments):
        return loop.run_in_executor(None, call, *arguments)

    kinds = ["live"] * 14 + ["slow"] * 2 + ["busy", "flaky"]
    targets = [Target(f"{kind}-{n}", kind) for n, kind in enumerate(kinds)]
    retry = {"count": 50, "base_seconds": 0.05, "cap_seconds": 0.5}
    ids = {}
    for target in targets:
        await target.listen()
        wanted = {"types": ["task.failed"]} if target.name == "live-1" else {"types": ["task.*"]}
        body = {"name": target.name, "url": target.url, "retry": retry} | wanted
        ids[target.name] = (await away(gateway.post, "/api/webhooks", body)).json["id"]
    for name in ("dead-1", "dead-2"):
        body = {"name": name, "url": f"http://127.0.0.1:{free_port()}/", "types": ["task.*"]}
        ids[name] = (await away(gateway.post, "/api/webhooks", body)).json["id"]

    began = time.monotonic()
    live = [target for target in targets if target.kind in ("live", "flaky")]
    sent, killed, next_kill, memory = 0, 0, time.monotonic() + KILL_EVERY, []
    while sent < EVENTS or killed < 3:
        if sent < EVENTS:  # lines are taken up whether or not the gateway runs
            step = min(EVENTS - sent, 2000 if LONG else 50)
            gateway.append(*(task(sent + n, "failed" if n % 10 == 0 else "progress") for n in range(step)))
            sent += step
        await asyncio.sleep(0.2)
        if time.monotonic() > next_kill:
            memory.append(gateway.rss_bytes())
            await away(gateway.kill)
            await away(gateway.start)
            killed, next_kill = killed + 1, time.monotonic() + KILL_EVERY
    events = await away(gateway.wait_for_events, EVENTS, "type=task.*", 600)
    wanted = {"live-1": [event["seq"] for event in events if event["type"] == "task.failed"]}
    every = [event["seq"] for event in events]

    until = time.monotonic() + (5400 if LONG else 120)
    for target in live:
        seqs = wanted.get(target.name, every)
        while not target.seqs or target.seqs[-1] != seqs[-1]:
            assert time.monotonic() < until, f"{target.name} has {len(target.seqs)} of {len(seqs)}"
            await asyncio.sleep(0.1)
        assert list(dict.fromkeys(target.seqs)) == seqs, target.name
    memory.append(gateway.rss_bytes())
    if LONG:  # sanitizers take what they like
        assert max(memory[1:]) < memory[0] + (64 << 20), memory

    for target in targets:
        if target.kind == "slow":  # one at a time, five seconds each: nobody waited for them
            assert len(set(target.seqs)) < EVENTS
            assert list(dict.fromkeys(target.seqs)) == every[:len(set(target.seqs))]
    states = {name: (await away(gateway.get, f"/api/webhooks/{target}")).json["status"] for name, target in ids.items()}
    for name in ("dead-1", "dead-2"):
        assert states[name]["state"] == "failing" and "refused" in states[name]["last_attempt"]["error"]
        assert states[name]["dead_letters"] == 0
    busy = next(target for target in targets if target.kind == "busy")
    assert busy.requests <= (time.monotonic() - began) / 5 + 2  # its wish outlives a restart
    last = events[-1]["seq"]
    told = {one["name"]: one for one in (await away(gateway.get, f"/api/events/{last}/deliveries")).json["items"]}
    assert {told[target.name]["verdict"] for target in live if target.name != "live-1"} == {"delivered"}
    for name in ("dead-1", "dead-2", busy.name):
        assert told[name]["verdict"] == "pending" and told[name]["why"] and told[name]["next_try"], told[name]
