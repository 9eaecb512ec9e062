"""The commands that agents run as hooks, with and without a gateway: they harm nobody, and lose nothing."""
import json
import os
import random
import socket
import subprocess
import threading
import time

import pytest

ENVELOPE = {"event": "test-failed", "context": {"normalized_event": "test-failed", "session_name": "s-1"}}
NATIVE = {"hook_event_name": "Stop", "session_id": "s-1"}
COMMANDS = [
    (["omx", "hook"], ENVELOPE, "session.test-failed"),
    (["native", "hook", "--provider", "claude"], NATIVE, "session.finished"),
    (["emit", "build.done", "--branch", "main"], None, "build.done"),
]


def run_hook(gateway, arguments, document=None, **options):
    """As an agent runs it: in the workspace, with the hook's JSON on standard input."""
    environment = gateway.environment | {"MACP_URL": options.pop("url", gateway.url(""))}
    text = document if isinstance(document, str) else json.dumps(document) if document else ""
    return subprocess.run([gateway.binary, *arguments], cwd=gateway.root, env=environment, input=text,
                          capture_output=True, text=True, timeout=30, **options)


def spooled(gateway):
    """What waits for the gateway: the files' content, oldest first."""
    folder = gateway.root / ".mosaic/orchestrator/spool"
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))] if folder.exists() else []


def wait_until_taken(gateway, seconds=20):
    until = time.monotonic() + seconds
    while left := spooled(gateway):
        assert time.monotonic() < until, f"{len(left)} still in the spool"
        time.sleep(0.02)


def hook_events(gateway):
    return [event for event in gateway.events() if event["source"] != "/gateway"]


@pytest.mark.parametrize("arguments,document,kind", COMMANDS)
def test_a_hook_without_a_gateway_becomes_one_event_of_the_next(make_gateway, arguments, document, kind):
    gateway = make_gateway(start=False)
    done = run_hook(gateway, [*arguments, "--best-effort"], document)
    assert done.returncode == 0 and done.stdout == "", done
    (kept,) = spooled(gateway)
    name = json.loads(kept["text"])["event_id"]
    gateway.start()
    (event,) = gateway.wait_for_events(1, f"type={kind}")
    assert event["id"] == name
    wait_until_taken(gateway)
    status = gateway.get("/api/status").json["spool"]
    assert status["taken"] == status["events"] == 1 and status["files"] == 0 and status["error"] is None
    assert "macp_spool_taken_total 1" in gateway.get("/metrics").body.decode()


@pytest.mark.parametrize("arguments,document,kind", COMMANDS)
def test_a_hook_with_a_gateway_is_there_at_once(gateway, arguments, document, kind):
    done = run_hook(gateway, [*arguments, "--best-effort"], document)
    assert done.returncode == 0 and done.stderr == "", done
    assert arguments[0] == "emit" or done.stdout == ""
    assert len(gateway.events(f"type={kind}")) == 1 and spooled(gateway) == []


class DeafServer:
    """Accepts, and hands what it gets on to `port` if there is one. Never answers."""

    def __init__(self, port=None):
        self.to, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.peers = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self.listen, args=(peer,), daemon=True).start()

    def listen(self, peer):
        there = socket.create_connection(("127.0.0.1", self.to)) if self.to else None
        while block := peer.recv(65536):
            if there:
                there.sendall(block)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.mark.parametrize("arguments,document,kind", COMMANDS)
def test_a_hook_ends_within_a_second_when_nobody_answers(make_gateway, arguments, document, kind):
    gateway = make_gateway(start=False)
    took = []
    with DeafServer() as deaf:
        for _ in range(5):
            began = time.monotonic()
            done = run_hook(gateway, [*arguments, "--best-effort"], document, url=deaf.url)
            took.append(time.monotonic() - began)
            assert done.returncode == 0 and done.stdout == "", done
    assert min(took) < 1, took  # the best of five: the machine has other work too
    assert len(spooled(gateway)) == 5


def test_a_hook_whose_answer_was_lost_is_not_doubled_by_the_spool(gateway):
    with DeafServer(gateway.port) as deaf:
        for arguments, document, kind in COMMANDS:
            done = run_hook(gateway, [*arguments, "--best-effort"], document, url=deaf.url)
            assert done.returncode == 0 and "kept for the gateway" in done.stderr, done
    gateway.wait_for_events(3, "source=/hooks/*&source=/api/events")
    wait_until_taken(gateway)
    assert len(hook_events(gateway)) == 3
    assert gateway.get("/api/status").json["spool"]["repeats"] == 3


def test_a_hook_that_is_refused_is_no_event_and_not_retried(gateway):
    refused = run_hook(gateway, ["omx", "hook"], {"type": "no hook"})
    assert refused.returncode == 1 and refused.stdout == "" and "event" in refused.stderr
    assert run_hook(gateway, ["omx", "hook", "--best-effort"], "{broken").returncode == 0
    assert spooled(gateway) == []


def test_a_bad_hook_from_the_spool_becomes_a_reject(make_gateway):
    gateway = make_gateway(start=False)
    for document in ({"type": "no hook"}, "{broken", ENVELOPE):
        assert run_hook(gateway, ["omx", "hook", "--best-effort"], document).returncode == 0
    gateway.start()
    wait_until_taken(gateway)
    kept = gateway.get("/api/ingest/rejects").json["items"]
    assert [reject["door"] for reject in kept] == ["POST /api/omx/hook"] * 2
    assert kept[1]["text"] == "{broken\n" or kept[1]["text"] == "{broken"
    assert len(gateway.events("type=session.*")) == 1


def test_a_file_that_is_no_body_is_set_aside(make_gateway):
    gateway = make_gateway(start=False)
    folder = gateway.root / ".mosaic/orchestrator/spool"
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text("odd")
    gateway.start()
    until = time.monotonic() + 20
    while not (folder / "odd.json.unreadable").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert gateway.get("/api/status").json["spool"]["set_aside"] == 1


@pytest.mark.guard(300)
def test_every_hook_becomes_one_event_while_the_gateway_is_killed(make_gateway):
    gateway = make_gateway()
    seed = int(os.environ.get("MACP_TEST_SEED", random.randrange(1 << 32)))
    print(f"MACP_TEST_SEED={seed}")
    choose = random.Random(seed)
    names, stop = [], threading.Event()

    def agent(which):
        while not stop.is_set():
            name = f"agent-{which}-{len(names)}-{time.monotonic_ns()}"
            names.append(name)
            done = run_hook(gateway, ["omx", "hook", "--best-effort"], ENVELOPE | {"event_id": name})
            assert done.returncode == 0 and done.stdout == ""

    agents = [threading.Thread(target=agent, args=(which,)) for which in range(3)]
    for thread in agents:
        thread.start()
    for _ in range(int(os.environ.get("MACP_TEST_KILLS", 5))):
        time.sleep(choose.uniform(0.05, 0.6))
        gateway.kill()
        time.sleep(choose.uniform(0, 0.3))
        gateway.start(wait=choose.random() < 0.5)
    stop.set()
    for thread in agents:
        thread.join(30)
    gateway.wait_ready()
    wait_until_taken(gateway, 60)
    assert sorted(event["id"] for event in hook_events(gateway)) == sorted(names)
