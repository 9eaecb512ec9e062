"""A `macp serve` under test: started on a free loopback port in a folder of its own, spoken to through its doors only."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """An HTTP answer, read to its end."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Gateway:
    """`settings` are environment names without MACP_, in lower case: watch_poll_interval_seconds=0.05."""

    def __init__(self, binary, root, scheme="http", **settings):
        self.binary, self.root, self.scheme = pathlib.Path(binary), pathlib.Path(root), scheme
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log_path = self.root.parent / f"{self.root.name}.log"
        self.events_file = self.root / ".mosaic/orchestrator/events.ndjson"
        self.settings = {"listen": f"127.0.0.1:{self.port}", "root": self.root, "watch_poll_interval_seconds": 0.05}
        self.settings.update(settings)
        self.arguments = []
        self.launcher = []  # a command in front of macp that becomes it
        self.process = None

    # -- life

    @property
    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MACP_")}
        return kept | {f"MACP_{name.upper()}": str(value) for name, value in self.settings.items()}

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.launcher, self.binary, "serve", *self.arguments], cwd=self.root, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=30):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"macp serve ended with {self.process.returncode}:\n{self.log_text()[-2000:]}")
            with contextlib.suppress(OSError):
                if self.get("/readyz").status == 200:
                    return self
            time.sleep(0.01)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log_text()[-2000:]}")

    def kill(self):
        """As kill -9 does it: nothing in the process gets a chance to tidy up."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait(10)

    def terminate(self, seconds=20):
        """Asks it to stop; answers the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def rss_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def heap_bytes(self):
        """Memory of its own: no mapped files, and nothing that is only reserved."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Anonymous")

    def run(self, *arguments, **options):
        """Runs another `macp` command against this gateway."""
        environment = self.environment | {"MACP_URL": self.url("")} | options.pop("env", {})
        return subprocess.run([self.binary, *arguments], cwd=self.root, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=options.pop("timeout", 30), **options)

    # -- doors

    def url(self, path):
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def ws_url(self, path="/ws"):
        return ("wss" if self.scheme == "https" else "ws") + f"://127.0.0.1:{self.port}{path}"

    def request(self, method, path, body=None, headers=None, context=None, timeout=20):
        request = urllib.request.Request(self.url(path), data=body, method=method, headers=headers or {})
        handlers = [urllib.request.ProxyHandler({})]
        if context:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, refusal.headers, refusal.read())

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path, document, content_type="application/json", headers=None):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.request("POST", path, body, {"Content-Type": content_type} | (headers or {}))

    # -- events

    def append(self, *lines):
        """Appends lines to the watched file: dicts become JSON, text and bytes go as they are."""
        self.events_file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.events_file, "ab") as file:
            file.write(b"".join(as_line(line) for line in lines))

    def emit(self, *events):
        """POSTs events and answers the seq of the last one."""
        answer = self.post("/api/events", list(events))
        assert answer.status == 202, answer
        return answer.json["last_seq"]

    def events(self, query=""):
        """Every event that the log has (of `query`), read page by page."""
        found, since = [], "start"
        while True:
            page = self.get(f"/api/events?since={since}&limit=1000&{query}").json
            found += page["items"]
            if not page.get("next_cursor") or not page["items"]:
                return found
            since = page["items"][-1]["seq"]

    def wait_for_events(self, count, query="type=task.*", seconds=20):
        until = time.monotonic() + seconds
        while True:
            found = self.events(query)
            if len(found) >= count or time.monotonic() > until:
                assert len(found) == count, f"{len(found)} events instead of {count}"
                return found
            time.sleep(0.02)

    @property
    def epoch(self):
        return self.get("/api/status").json["epoch"]


def as_line(line):
    if isinstance(line, dict):
        line = json.dumps(line)
    return line.encode() + b"\n" if isinstance(line, str) else line


def task(number, kind="progress", **members):
    """A line as the orchestrator writes it. It has no id of its own: doubling it could not be hidden by one."""
    return {"event": f"task.{kind}", "task_id": f"T{number % 7}", "n": number} | members
