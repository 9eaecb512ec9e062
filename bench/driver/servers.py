"""The servers that are compared. Each knows how it is started and how the load client speaks to it."""

import http.client
import json
import os
import pathlib
import shutil
import tempfile
import time

from . import process


class Server:
    """One way to serve; `running` is its process while started."""

    protocol = ""
    lines = False
    hello = False
    ws_path = "/ws"
    publish_path = "/publish"
    publish_offset = 0  # the port for publishing, beside that for WebSocket

    def __init__(self, name):
        self.name = name
        self.running = None
        self.port = 0

    def command(self):
        raise NotImplementedError

    def start(self, cores=(process.SERVER_CORE,)):
        self.port = process.free_ports(2)
        self.running = process.start(self.command(), cores, stdout=process.subprocess.DEVNULL)
        process.wait_for_port(self.port, self.running)
        process.wait_for_port(self.port + self.publish_offset, self.running)
        return self

    def stop(self):
        if self.running:
            process.stop(self.running)
        self.running = None

    def pids(self):
        return process.descendants(self.running.pid)

    def subscription(self, query=""):
        """Arguments of bench_load that say how to subscribe."""
        arguments = ["--target", f"127.0.0.1:{self.port}", "--path", self.ws_path + query]
        if self.protocol:
            arguments += ["--protocol", self.protocol]
        return arguments + ["--lines"] * self.lines + ["--hello"] * self.hello

    def publication(self):
        return ["--publish-target", f"127.0.0.1:{self.port + self.publish_offset}", "--publish-path", self.publish_path]


class Peer(Server):
    """A server started by a fixed command with the port in it."""

    def __init__(self, name, command, **traits):
        super().__init__(name)
        self._command = command
        for trait, value in traits.items():
            setattr(self, trait, value)

    def command(self):
        return [str(part).replace("{port}", str(self.port)) for part in self._command]

    def available(self):
        # A prepared peer's script or binary; an interpreter alone does not make one.
        return all(shutil.which(str(part)) or pathlib.Path(part).exists() for part in self._command if "/" in str(part))


class Macp(Server):
    """`macp serve` on a fresh root, its log on a real disk, every commit synced."""

    hello = True
    publish_path = "/api/events"

    def __init__(self, name, binary, work, protocol="macp.v1", ws_settings=""):
        super().__init__(name)
        self.binary = binary
        self.work = work
        self.protocol = protocol
        self.lines = protocol.endswith("ndjson")
        self.ws_settings = ws_settings
        self.root = None
        self.events_file = None  # watched when set

    def command(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="macp-bench-", dir=self.work))
        watch = "enabled = false"
        if self.events_file:
            watch = f'events = "{self.events_file}"\npoll_interval_seconds = 0.05'
        (self.root / "macp.toml").write_text(
            f'listen = "127.0.0.1:{self.port}"\nthreads = 1\nroot = "{self.root}"\n'
            f'[log]\nsynchronous = "full"\n[watch]\n{watch}\n'
            '[http]\naccess_log = "off"\nmax_connections = 15000\n[ws]\nmax_subscribers = 12000\n'
            f'{self.ws_settings}[logging]\nlevel = "warn"\n'
        )
        return [str(self.binary), "serve", "--config", str(self.root / "macp.toml")]

    def start(self, cores=(process.SERVER_CORE,)):
        super().start(cores)
        deadline = time.monotonic() + 20
        while self.get("/readyz")[0] != 200:
            if time.monotonic() > deadline:
                raise process.BenchError("macp does not become ready")
            time.sleep(0.05)
        return self

    def stop(self):
        super().stop()
        if self.root:
            shutil.rmtree(self.root, ignore_errors=True)
        self.root = None

    def subscription(self, query="?channels=events&since=now"):
        return super().subscription(query)

    def get(self, path):
        """Status and body of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def last_seq(self):
        return json.loads(self.get("/api/status")[1])["last_seq"]


class Nginx(Server):
    """nginx that answers every GET out of its configuration, and `/file/` from a file."""

    def __init__(self, work, body):
        super().__init__("nginx")
        self.work = work
        self.body = body
        self.root = None

    def command(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="nginx-bench-", dir=self.work))
        (self.root / "file").mkdir()
        (self.root / "file" / "small.json").write_bytes(self.body)
        text = self.body.decode().replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
        paths = "".join(
            f"{name}_temp_path {self.root}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        (self.root / "nginx.conf").write_text(
            f"{user} daemon off; worker_processes 1; pid {self.root}/pid; error_log stderr crit;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000; {paths}\n"
            f"server {{ listen 127.0.0.1:{self.port}; default_type application/json;\n"
            f"location /file/ {{ root {self.root}; open_file_cache max=10; }}\n"
            f"location / {{ return 200 '{text}'; }} }} }}\n"
        )
        return ["nginx", "-c", str(self.root / "nginx.conf"), "-p", str(self.root), "-e", "stderr"]

    def stop(self):
        super().stop()
        if self.root:
            shutil.rmtree(self.root, ignore_errors=True)

    @staticmethod
    def available():
        return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is not None


def websocket_peers(build, prepared):
    """All peers that are there; and the names of those that are not."""
    all_peers = [
        Peer("raw epoll", [build / "bench_raw_epoll", "{port}"]),
        Peer("Go hub x16", [prepared / "go_hub", "{port}", "16"], lines=True),
        Peer("Go hub", [prepared / "go_hub", "{port}"]),
        Peer("node ws", ["node", prepared / "node_ws/server.mjs", "{port}"]),
        Peer(
            "python websockets",
            [prepared / "py_websockets/venv/bin/python", prepared / "py_websockets/server.py", "{port}"],
            publish_offset=1,
        ),
    ]
    there = [peer for peer in all_peers if peer.available()]
    return there, [peer.name for peer in all_peers if peer not in there]
