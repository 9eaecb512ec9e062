#!/usr/bin/env python3
"""Shows that bench_load notices a server that loses, doubles, swaps or withholds events. `selftest.py BENCH_LOAD`"""

import base64
import hashlib
import json
import socketserver
import subprocess
import sys
import threading

FAULTS = {
    "none": lambda lines: lines,
    "loses one": lambda lines: lines[:5] + lines[6:],
    "doubles one": lambda lines: lines[:5] + [lines[4]] + lines[5:],
    "doubles one instead of another": lambda lines: lines[:5] + [lines[4]] + lines[6:],
    "swaps two": lambda lines: lines[:3] + [lines[4], lines[3]] + lines[5:],
    "says gap": lambda lines: [b'{"op":"gap","from":1,"to":2,"why":"retention"}'] + lines,
}


def text_frame(payload):
    assert len(payload) < 65536
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + payload


class Broadcast(socketserver.StreamRequestHandler):
    """WebSocket for a GET; a POST is sent to all, with the server's fault in it."""

    def handle(self):
        while head := self.read_head():
            if b"sec-websocket-key" in head:
                return self.subscribe(head[b"sec-websocket-key"])
            body = self.rfile.read(int(head[b"content-length"]))
            lines = self.server.fault(body.splitlines())
            with self.server.lock:
                for client in self.server.clients:
                    client.sendall(b"".join(map(text_frame, lines)))
            self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def read_head(self):
        head = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b": ")
            head[name.lower()] = value
        return head

    def subscribe(self, key):
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        with self.server.lock:
            self.server.clients.append(self.connection)
        try:
            self.rfile.read()
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, fault):
        super().__init__(("127.0.0.1", 0), Broadcast)
        self.fault = fault
        self.clients = []
        self.lock = threading.Lock()

    def handle_error(self, request, client_address):
        """The load client ends its connections with a reset."""


def run(bench_load, fault):
    with Server(fault) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [bench_load, "fanout", "--target", f"127.0.0.1:{server.server_address[1]}"]
        command += ["--publish-path", "/publish", "--subscribers", "3", "--burst", "8"]
        command += ["--warmup", "0", "--seconds", "0", "--guard", "2"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        server.shutdown()
    return done.returncode, json.loads(done.stdout)


def main():
    wrong = 0
    for name, fault in FAULTS.items():
        status, report = run(sys.argv[1], fault)
        good = report["ok"] == (name == "none") and (status == 0) == report["ok"]
        wrong += not good
        verdict = "accepted" if report["ok"] else "refused: " + report.get("error", "not the events that were sent")
        print("ok " if good else "BAD", f"fault: {name}:", verdict)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
