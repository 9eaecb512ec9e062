"""Hours in minutes: steady load, subscribers that come and go, and memory that must not keep growing."""
import asyncio
import os
import random

import pytest

from gateway import task
from ws_client import connect, receive_op

SECONDS = int(os.environ.get("MACP_SOAK_SECONDS", "20"))


@pytest.mark.guard(SECONDS * 2 + 120)
async def test_memory_settles_under_steady_load(make_gateway):
    gateway = make_gateway(log_tail_bytes=8 << 20, ws_ring_bytes=4 << 20, log_max_bytes=64 << 20)
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS
    chance = random.Random(1)

    async def produce():
        n = 0
        while loop.time() < end:
            await asyncio.to_thread(gateway.append, *[task(n + i, f="x" * chance.randrange(800)) for i in range(50)])
            n += 50
            await asyncio.sleep(0.05)

    async def visit():
        while loop.time() < end:
            async with connect(gateway, "/ws?channels=events,telemetry&since=start") as socket:
                for _ in range(chance.randrange(5, 200)):
                    await receive_op(socket, "event", seconds=30)

    half = None
    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        for _ in range(8):
            group.create_task(visit())
        await asyncio.sleep(SECONDS / 2)
        half = gateway.rss_bytes()
    full = gateway.rss_bytes()
    print(f"RSS {half >> 20} MB after half, {full >> 20} MB at the end; last_seq {gateway.get('/api/status').json['last_seq']}")
    assert full < half * 1.5 + (16 << 20)
