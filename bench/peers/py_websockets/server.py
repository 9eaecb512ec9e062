"""Broadcast with websockets: `server.py PORT`. Bodies to publish are taken by a small HTTP door on PORT + 1."""

import asyncio
import logging
import sys

from websockets.asyncio.server import broadcast, serve

clients = set()


async def subscribe(connection):
    clients.add(connection)
    try:
        await connection.wait_closed()
    finally:
        clients.discard(connection)


async def publish(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1]))
            for line in body.decode().splitlines():
                broadcast(clients, line)
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port):
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    await asyncio.start_server(publish, "127.0.0.1", port + 1, limit=1 << 24)
    async with serve(subscribe, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
