"""One position works on every door."""
import contextlib

from gateway import task
from readers import read_rest, read_sse, read_ws


async def take(door, gateway, position, count):
    found = []
    async with contextlib.aclosing(door(gateway, position, "")) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError("the stream ended early")


async def test_a_position_hops_from_door_to_door(gateway):
    gateway.known_epoch = gateway.epoch
    gateway.append(*[task(n) for n in range(300)])
    gateway.wait_for_events(300)
    everything = gateway.events()
    seen, doors = [], [read_ws, read_sse, read_rest, read_sse, read_ws, read_rest]
    for step in range(12):
        position = f"{gateway.known_epoch}:{seen[-1]['seq']}" if seen else "start"
        seen += await take(doors[step % len(doors)], gateway, position, 25)
    assert seen == everything[:300]


async def test_a_bare_seq_is_a_position_of_this_log(gateway):
    gateway.known_epoch = gateway.epoch
    last = gateway.emit(*[task(n) for n in range(10)])
    for door in (read_ws, read_sse, read_rest):
        events = await take(door, gateway, last - 4, 4)
        assert [event["seq"] for event in events] == list(range(last - 3, last + 1))
