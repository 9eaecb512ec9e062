"""kill -9 at random moments under load: nothing complete is lost, nothing doubled, every reader goes on where it was."""
import asyncio
import collections
import json
import os
import random

import aiohttp
import pytest

from gateway import as_line, task
from readers import Resumer, read_rest, read_sse, read_ws

KILLS = int(os.environ.get("MACP_TEST_KILLS", "5"))


class Producer:
    """Appends lines without ids of their own, now and then in two pieces, for as long as it runs."""

    def __init__(self, gateway, chance):
        self.gateway, self.chance, self.written = gateway, chance, 0
        gateway.append()
        self.task = asyncio.create_task(self._run())

    async def _run(self):
        with open(self.gateway.events_file, "ab", buffering=0) as file:
            while True:
                lines = b""
                for _ in range(self.chance.choice([1, 1, 5, 40])):
                    lines += as_line(task(self.written, line=True, filler="x" * self.chance.randrange(400)))
                    self.written += 1
                cut = self.chance.randrange(len(lines)) if self.chance.random() < 0.3 else len(lines)
                # Not awaited between the count and the write of the rest: what is counted gets written whole.
                file.write(lines[:cut])
                if cut < len(lines):
                    try:
                        await asyncio.sleep(self.chance.random() * 0.03)
                    finally:
                        file.write(lines[cut:])
                await asyncio.sleep(self.chance.random() * 0.02)

    async def stop(self):
        self.task.cancel()
        await asyncio.wait([self.task])


class Poster:
    """POSTs events with ids and without repeating any: an answer 202 is a promise, no answer is none."""

    def __init__(self, gateway, name, repeat):
        self.gateway, self.name, self.repeat = gateway, name, repeat
        self.sent, self.acknowledged = set(), {}
        self.stopping = False
        self.task = asyncio.create_task(self._run())

    async def _run(self):
        number = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            while not self.stopping:
                event = {"event": "task.progress", "event_id": f"{self.name}-{number}", "task_id": self.name}
                number += 1
                self.sent.add(event["event_id"])
                while not await self._post(session, event) and self.repeat:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.002)

    async def _post(self, session, event):
        try:
            async with session.post(self.gateway.url("/api/events"), json=event) as answer:
                if answer.status == 202:
                    body = await answer.json()
                    self.acknowledged[event["event_id"]] = body["last_seq"]
                    return True
                assert answer.status == 503, f"{answer.status} {await answer.text()}"
        except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(0.02)
        return False

    async def stop(self):
        self.stopping = True
        await self.task


@pytest.mark.guard(60 + KILLS * 10)
async def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(make_gateway):
    gateway = make_gateway()
    gateway.known_epoch = gateway.epoch
    seed = int(os.environ.get("MACP_TEST_SEED", random.randrange(1 << 30)))
    print(f"MACP_TEST_SEED={seed}")
    chance = random.Random(seed)

    producer = Producer(gateway, chance)
    posters = [Poster(gateway, f"repeating-{n}", repeat=True) for n in range(2)]
    posters += [Poster(gateway, f"once-{n}", repeat=False) for n in range(2)]
    readers = [Resumer(gateway, door) for door in (read_ws, read_ws, read_sse, read_sse, read_rest)]
    readers.append(Resumer(gateway, read_ws, "type=task.*"))
    for _ in range(KILLS):
        await asyncio.sleep(chance.random() * 0.5)
        gateway.kill()
        gateway.start(wait=False)
        if chance.random() < 0.7:  # else the next kill may come while it is still starting
            await asyncio.to_thread(gateway.wait_ready)
    await asyncio.to_thread(gateway.wait_ready)
    await producer.stop()
    for poster in posters:
        await poster.stop()

    def lines_in_log():
        return [event for event in gateway.events("source=/orchestrator/events")]

    while len(await asyncio.to_thread(lines_in_log)) < producer.written:
        await asyncio.sleep(0.05)
    log = gateway.events()
    last = log[-1]["seq"]
    for reader in readers:
        await reader.until(log[-1]["seq"] if not reader.query else [e["seq"] for e in log if e["type"].startswith("task.")][-1])
        await reader.stop()

    assert gateway.epoch == gateway.known_epoch, "the log was made anew"
    assert [event["seq"] for event in log] == list(range(1, last + 1)), "a gap or a repeat in seq"
    lines = [event["data"]["n"] for event in log if event["data"] and event["data"].get("line")]
    assert lines == list(range(producer.written)), differences(lines, range(producer.written))
    count = collections.Counter(event["id"] for event in log)
    assert max(count.values()) == 1
    by_id = {event["id"]: event["seq"] for event in log}
    for poster in posters:
        for id, seq in poster.acknowledged.items():
            assert by_id.get(id) == seq, f"{id} was acknowledged as {seq} and is {by_id.get(id)}"
        found = {id for id in by_id if id.startswith(poster.name + "-")}
        assert found <= poster.sent and (not poster.repeat or found == poster.sent)
    text = {event["seq"]: json.dumps(event, sort_keys=True) for event in log}
    for reader in readers:
        expected = [e["seq"] for e in log if not reader.query or e["type"].startswith("task.")]
        seen = [event["seq"] for event in reader.events if event["seq"] <= last]
        assert seen == expected, f"{reader.door.__name__}: {differences(seen, expected)}"
        assert all(json.dumps(event, sort_keys=True) == text[event["seq"]] for event in reader.events if event["seq"] <= last)
    print(f"{KILLS} kills, {len(log)} events, {producer.written} lines, "
          f"{sum(len(p.acknowledged) for p in posters)} posts acknowledged, connections: {[r.connections for r in readers]}")


def differences(seen, expected):
    count = collections.Counter(seen)
    lost = sorted(set(expected) - set(seen))
    doubled = sorted(n for n, times in count.items() if times > 1)
    return f"lost {lost[:20]}, doubled {doubled[:20]}, in order: {list(seen) == sorted(seen)}"
