"""Tokens and scopes, Host and Origin, TLS."""
import asyncio
import contextlib
import http.client
import json
import signal
import ssl
import subprocess
import time

import pytest
import websockets

from gateway import task
from ws_client import connect, receive_op

TOKENS = {"reader": "read", "producer": "ingest", "operator": "read,control", "chief": "admin"}
SECRETS = {name: f"{name}-0123456789abcdef0123456789abcdef" for name in TOKENS}


def write_tokens(path, names=tuple(TOKENS)):
    path.write_text("".join(f"{name} {TOKENS[name]} {SECRETS[name]}\n" for name in names))
    path.chmod(0o600)


def bearer(name):
    return {"Authorization": f"Bearer {SECRETS[name]}"}


@pytest.fixture
def guarded(make_gateway, tmp_path):
    write_tokens(tmp_path / "tokens")
    gateway = make_gateway(start=False, access_tokens_file=tmp_path / "tokens")
    gateway.start(wait=False)
    wait_until(lambda: status_of(gateway) is not None)
    return gateway


def status_of(gateway, path="/healthz", headers=None):
    with contextlib.suppress(OSError):
        return gateway.request("GET", path, headers=headers).status
    return None


def wait_until(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.02)


def test_a_token_is_asked_for_and_its_scopes_decide(guarded):
    event = json.dumps(task(1)).encode()
    read = {"nobody": 401, "reader": 200, "producer": 403, "operator": 200, "chief": 200}
    write = {"nobody": 401, "reader": 403, "producer": 202, "operator": 403, "chief": 202}
    for name, expected in read.items():
        for path in ("/api/events", "/api/status", "/metrics", "/api/system/telemetry"):
            answer = guarded.request("GET", path, headers=bearer(name) if name in SECRETS else {})
            assert answer.status == expected, (name, path, answer)
    for name, expected in write.items():
        headers = {"Content-Type": "application/json"} | (bearer(name) if name in SECRETS else {})
        answer = guarded.request("POST", "/api/events", event, headers)
        assert answer.status == expected, (name, answer)
        if expected >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json" and answer.json["status"] == expected
        if expected == 401:
            assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_wrong_token_is_refused_and_no_token_is_ever_printed(guarded):
    for header in ("Bearer wrong", "Bearer " + SECRETS["chief"][:-1], "Basic abc", "Bearer", SECRETS["chief"]):
        assert guarded.request("GET", "/api/events", headers={"Authorization": header}).status == 401, header
    guarded.get(f"/api/events?access_token={SECRETS['reader']}")
    log = guarded.log_text()
    assert not any(secret in log for secret in SECRETS.values())


async def test_a_browser_may_give_its_token_in_the_address(guarded):
    async with connect(guarded, f"/ws?access_token={SECRETS['reader']}") as socket:
        await receive_op(socket, "hello")
    for path in ("/ws", "/ws?access_token=wrong"):
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with connect(guarded, path):
                pass
        assert refusal.value.response.status_code == 401
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with connect(guarded, f"/ws?access_token={SECRETS['producer']}"):
            pass
    assert refusal.value.response.status_code == 403


async def test_sighup_takes_a_token_away(guarded, tmp_path):
    async with connect(guarded, f"/ws?access_token={SECRETS['reader']}") as socket:
        await receive_op(socket, "hello")
        write_tokens(tmp_path / "tokens", ["chief"])
        guarded.signal(signal.SIGHUP)
        async with asyncio.timeout(20):
            await socket.wait_closed()
        assert socket.close_code == 1008
    assert guarded.request("GET", "/api/events", headers=bearer("reader")).status == 401
    assert guarded.request("GET", "/api/events", headers=bearer("chief")).status == 200


def test_sighup_with_a_bad_file_keeps_what_was(guarded, tmp_path):
    (tmp_path / "tokens").write_text("reader no-such-scope secret\n")
    guarded.signal(signal.SIGHUP)
    wait_until(lambda: "tokens:1" in guarded.log_text())
    assert guarded.request("GET", "/api/events", headers=bearer("reader")).status == 200


def test_sighup_with_a_bad_configuration_keeps_what_was(make_gateway, tmp_path):
    config = tmp_path / "macp.toml"
    config.write_text("drain_seconds = 3\n")
    gateway = make_gateway(start=False)
    gateway.arguments = ["--config", str(config)]
    gateway.start()
    config.write_text("drain_seconds = 3\ndrian_seconds = 4\n")
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "drian_seconds" in gateway.log_text())
    assert "drain_seconds" in gateway.log_text() and gateway.get("/api/status").status == 200
    assert gateway.terminate() == 0


def test_a_bad_configuration_stops_the_start_with_file_line_and_nearest_key(make_gateway, tmp_path):
    config = tmp_path / "macp.toml"
    config.write_text('listen = "127.0.0.1:1"\n\n[watch]\npoll_intervall_seconds = 1\n')
    gateway = make_gateway(start=False)
    answer = gateway.run("serve", "--config", str(config))
    assert answer.returncode == 2, answer
    assert "macp.toml" in answer.stderr and "4" in answer.stderr and "poll_interval_seconds" in answer.stderr


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]"])
def test_without_a_token_only_loopback_is_served(make_gateway, address):
    gateway = make_gateway(start=False)
    gateway.settings["listen"] = f"{address}:{gateway.port}"
    answer = gateway.run("serve")
    assert answer.returncode not in (0, None) and "token" in answer.stderr.lower(), answer


def test_only_hosts_and_origins_of_its_own_are_served(gateway):
    def get(**headers):
        return gateway.get("/api/status", **headers).status
    own = f"127.0.0.1:{gateway.port}"
    assert get(Host=own) == get(Host=f"localhost:{gateway.port}") == get(Host=own, Origin=f"http://{own}") == 200
    assert get(Host="evil.example") == get(Host=f"evil.example:{gateway.port}") == 403
    assert get(Host=own, Origin="http://evil.example") == get(Host=own, Origin="null") == 403


@pytest.mark.parametrize("path,accept", [
    ("/api/status", "application/json"), ("/api/events", "application/x-ndjson"), ("/api/events/stream", "text/event-stream"),
])
def test_pages_of_a_listed_origin_may_read_every_answer(make_gateway, path, accept):
    gateway = make_gateway(access_origins="https://dash.example")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Origin": "https://dash.example", "Accept": accept})
        answer = connection.getresponse()
        assert answer.status == 200 and answer.headers.get_content_type() == accept
        assert answer.headers["Access-Control-Allow-Origin"] == "https://dash.example"
        assert "Origin" in answer.headers["Vary"]


async def test_a_foreign_origin_gets_no_websocket(gateway):
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with connect(gateway, origin="http://evil.example"):
            pass
    assert refusal.value.response.status_code == 403


def self_signed(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    return ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())


async def test_tls_serves_every_door_and_sighup_takes_the_new_certificate(make_gateway, tmp_path):
    first = self_signed(tmp_path, "first")
    gateway = make_gateway(start=False, scheme="https", tls_certificate_file=tmp_path / "cert.pem", tls_key_file=tmp_path / "key.pem")
    gateway.start(wait=False)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    def served():
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", gateway.port)))

    def up():
        with contextlib.suppress(OSError):
            return served() == first
    wait_until(up)
    assert gateway.request("GET", "/healthz", context=trusting).status == 200
    body = json.dumps([task(n) for n in range(50)]).encode()
    assert gateway.request("POST", "/api/events", body, {"Content-Type": "application/json"}, trusting).status == 202
    async with connect(gateway, "/ws?since=start&type=task.*&channels=events", ssl=trusting) as socket:
        numbers = [(await receive_op(socket, "event"))["event"]["data"]["n"] for _ in range(50)]
        assert numbers == list(range(50))
        second = self_signed(tmp_path, "second")
        gateway.signal(signal.SIGHUP)
        await asyncio.to_thread(wait_until, lambda: served() == second)
        # A connection made before goes on under the old one.
        await socket.send('{"op":"ping"}')
        await receive_op(socket, "pong")
    (tmp_path / "cert.pem").write_text("nonsense")
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "cert.pem" in gateway.log_text())
    assert served() == second
