"""Webhooks from outside: real sockets, a receiver that is no part of macp, and a gateway that is killed."""
import base64
import json
import signal
import subprocess
import time

import pytest
from cloudevents.v1.http import from_http
from gateway import free_port, task
from sinks import Sink
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"abcdefabcdefabcdefabcdef").decode()


@pytest.fixture
def make_sink():
    made = []

    def make(*arguments):
        made.append(Sink(*arguments))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


@pytest.fixture
def sink(make_sink):
    return make_sink()


def write_config(gateway, text):
    (gateway.root / "macp.toml").write_text(text)


def write_mosaic(gateway, **webhook):
    file = gateway.root / ".mosaic/orchestrator/config.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"theirs": 1, "macp": {"webhook": webhook}}))


def create(gateway, sink, name="hook", **members):
    answer = gateway.post("/api/webhooks", {"name": name, "url": sink.url} | members)
    assert answer.status == 201, answer
    assert answer.headers["Location"] == f"/api/webhooks/{answer.json['id']}"
    return answer.json["id"]


def status_of(gateway, target):
    return gateway.get(f"/api/webhooks/{target}").json["status"]


def wait_for_status(gateway, target, holds, seconds=30):
    until = time.monotonic() + seconds
    while True:
        status = status_of(gateway, target)
        if holds(status):
            return status
        assert time.monotonic() < until, status
        time.sleep(0.02)


def test_a_signed_cloudevent_arrives_as_its_sdk_and_the_standard_packages_have_it(gateway, sink):
    create(gateway, sink, types=["task.*"], secrets=[OTHER, SECRET], headers={"X-Team": "blue"}, auth_token="t0ken")
    gateway.emit({"event": "task.completed", "task_id": "T1", "text": "grüße"}, {"type": "chat.message"})
    request = sink.wait_for(1).taken[0]
    headers = {name.lower(): value for name, value in request.headers.items()}
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(request.body, headers)["type"] == "task.completed"
    event = from_http(headers, request.body)
    assert event["subject"] == "T1"
    assert event.data["text"] == "grüße"
    assert headers["x-team"] == "blue"
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["macp-position"] == f"{gateway.epoch}:{headers['macp-seq']}"
    assert "expect" not in headers
    time.sleep(0.3)
    assert len(sink.taken) == 1


def test_every_format_has_the_same_event(gateway, make_sink):
    sinks = {name: make_sink() for name in ("cloudevents", "binary", "raw", "batch")}
    for name, sink in sinks.items():
        create(gateway, sink, name, format=name)
    line = {"event": "task.failed", "task_id": "T9", "n": 1}
    gateway.append(line)
    found = {name: sink.wait(lambda one: any(b"T9" in request.body for request in one.taken)) for name, sink in sinks.items()}
    last = {name: next(request for request in sink.taken if b"T9" in request.body) for name, sink in found.items()}
    assert last["raw"].json == line
    assert last["binary"].json == line
    assert last["binary"].headers["ce-type"] == "task.failed"
    assert from_http(dict(last["binary"].headers), last["binary"].body)["type"] == "task.failed"
    assert last["cloudevents"].json["data"] == line
    assert last["batch"].json[-1]["data"] == line
    assert last["batch"].headers["Content-Type"].startswith("application/cloudevents-batch+json")


def test_the_webhook_of_mosaic_gets_raw_lines_with_its_token(make_gateway, sink):
    gateway = make_gateway(start=False)
    write_mosaic(gateway, enabled=True, url=sink.url, auth_token="m0saic", timeout_seconds=10, retry_count=2,
                 event_filter=["task.completed", "task.failed"])
    gateway.start()
    gateway.append(task(1, "started"), task(2, "completed"), task(3, "failed"))
    taken = sink.wait_for(2).taken
    assert [request.json["n"] for request in taken] == [2, 3]
    assert {request.headers["Authorization"] for request in taken} == {"Bearer m0saic"}
    (target,) = gateway.get("/api/webhooks").json["items"]
    assert (target["id"], target["origin"], target["has_auth_token"]) == ("mosaic", "mosaic", True)
    assert "m0saic" not in json.dumps(target)


def test_sighup_takes_up_new_targets_and_keeps_the_place_of_old_ones(make_gateway, make_sink):
    old, new = make_sink(), make_sink()
    gateway = make_gateway(start=False)
    write_config(gateway, f'[[webhooks]]\nname = "old"\nurl = "{old.url}"\ntypes = ["task.*"]\n')
    gateway.start()
    first = gateway.emit(task(1))
    old.wait_for(1)
    gateway.post("/api/webhooks/old/pause", {})
    second = gateway.emit(task(2))
    write_config(gateway, f'[[webhooks]]\nname = "old"\nurl = "{old.url}"\ntypes = ["task.*"]\nrate_per_second = 50\n'
                          f'[[webhooks]]\nname = "new"\nurl = "{new.url}"\n')
    gateway.signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while len(gateway.get("/api/webhooks").json["items"]) != 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert status_of(gateway, "old")["state"] == "paused"
    third = gateway.emit(task(3))
    new.wait(lambda sink: third in sink.seqs)
    gateway.post("/api/webhooks/old/resume", {})
    assert old.wait_for(3).seqs == [first, second, third]

    write_config(gateway, '[[webhooks]]\nname = "old"\nurl = "ftp://no"\n')
    gateway.signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while "macp.toml:3" not in gateway.log_text():
        assert time.monotonic() < until, gateway.log_text()
        time.sleep(0.02)
    assert len(gateway.get("/api/webhooks").json["items"]) == 2


@pytest.mark.parametrize(("text", "line", "says"), [
    ('[[webhooks]]\nname = "a"\nurl = "http://127.0.0.1:1"\ntimeout = 3\n', 4, "timeout_seconds"),
    ('[[webhooks]]\nname = "a"\n', 1, "url is missing"),
    ('[[webhooks]]\nname = "a"\nurl = "http://127.0.0.1:1"\n[webhooks.retry]\ncount = "x"\n', 5, "retry"),
    ('[[webhooks]]\nname = "a"\nurl = "http://127.0.0.1:1"\nsecrets = ["whsec_x"]\n', 4, "secret_env"),
    ('[[webhooks]]\nname = "a"\nurl = "http://127.0.0.1:1"\nsecret_env = "MACP_NOT_SET"\n', 4, "MACP_NOT_SET"),
    ('[[webhoks]]\nname = "a"\n', 1, "`webhooks`"),
    ('[webhooks]\nname = "a"\n', 1, "[[webhooks]]"),
])
def test_a_bad_table_stops_the_start_with_its_line(make_gateway, text, line, says):
    gateway = make_gateway(start=False)
    write_config(gateway, text)
    checked = gateway.run("config", "--check")
    assert checked.returncode == 2
    assert f"macp.toml:{line}:" in checked.stderr and says in checked.stderr, checked.stderr
    gateway.start(wait=False)
    assert gateway.process.wait(20) != 0
    assert f"macp.toml:{line}:" in gateway.log_text()


def test_refusals_name_the_member(gateway, sink):
    good = {"name": "a", "url": sink.url}
    for body, field in (
        (good | {"colour": 1}, "/colour"), (good | {"url": "ftp://x"}, "/url"), ({"url": sink.url}, "/name"),
        (good | {"retry": {"count": -1}}, "/retry/count"), (good | {"types": [1]}, "/types/0"),
        (good | {"secrets": ["nonsense"]}, "/secrets/0"), (good | {"since": "yesterday"}, "/since"),
        (good | {"headers": {"Host": "x"}}, "/headers/Host"),
    ):
        refusal = gateway.post("/api/webhooks", body)
        assert (refusal.status, refusal.json["field"]) == (422, field), refusal
    target = create(gateway, sink)
    taken = gateway.post("/api/webhooks", {"name": "hook", "url": sink.url})
    assert (taken.status, taken.json["field"]) == (409, "/name")
    for path, body, field in (
        ("replay", {}, "/since"), ("replay", {"since": "x y"}, "/since"), ("replay", {"since": "now", "til": 1}, "/til"),
        ("dead-letters/redeliver", {}, "/ids"), ("dead-letters/discard", {"ids": ["1"]}, "/ids/0"),
        ("dead-letters/discard", {"all": False}, "/all"),
    ):
        refusal = gateway.post(f"/api/webhooks/{target}/{path}", body)
        assert (refusal.status, refusal.json.get("field")) == (422, field), refusal
    assert gateway.post("/api/webhooks", b"{half").status == 400
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("GET", "/deliveries"), ("GET", "/dead-letters")):
        assert gateway.request(method, f"/api/webhooks/nobody{path}").status == 404
    assert gateway.get("/api/events/999999/deliveries").status == 404


def test_secrets_are_never_read_back_and_scopes_are_kept(make_gateway, sink):
    gateway = make_gateway(token_reader="read:r3ader-secret", token_boss="control:b0ss-secret")
    reader, boss = ({"Authorization": f"Bearer {token}"} for token in ("r3ader-secret", "b0ss-secret"))
    body = {"name": "a", "url": sink.url, "secrets": [SECRET], "headers": {"X-Api-Key": "k3y"}, "auth_token": "t0k"}
    assert gateway.post("/api/webhooks", body).status == 401
    assert gateway.post("/api/webhooks", body, headers=reader).status == 403
    made = gateway.post("/api/webhooks", body, headers=boss)
    assert made.status == 201
    shown = gateway.request("GET", "/api/webhooks", headers=reader)
    for text in (made.body, shown.body):
        for secret in (SECRET, "k3y", "t0k"):
            assert secret.encode() not in text
    changed = gateway.request("PATCH", f"/api/webhooks/{made.json['id']}", json.dumps({"types": ["task.*"]}).encode(),
                              boss | {"Content-Type": "application/json"})
    assert (changed.status, changed.json["types"], changed.json["secrets"]) == (200, ["task.*"], 1)


def test_a_key_makes_a_call_happen_once(gateway, sink):
    body, key = {"name": "once", "url": sink.url}, {"Idempotency-Key": "k1"}
    first, again = (gateway.post("/api/webhooks", body, headers=key) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert gateway.post("/api/webhooks", body | {"name": "other"}, headers=key).status == 422
    assert len(gateway.get("/api/webhooks").json["items"]) == 1
    target = first.json["id"]
    tests = [gateway.post(f"/api/webhooks/{target}/test", {}, headers={"Idempotency-Key": "t"}) for _ in range(2)]
    assert tests[0].body == tests[1].body and tests[0].json["outcome"] == "delivered"
    assert [request.json["type"] for request in sink.taken] == ["macp.test"]


def test_a_dead_letter_is_explained_redelivered_and_forgotten(gateway, make_sink):
    refuse = {2, 4}
    sink = make_sink(lambda request: 400 if request.json["data"].get("n") in refuse else 200)
    target = create(gateway, sink, types=["task.*"])
    seqs = [gateway.emit(task(n)) for n in range(1, 6)]
    wait_for_status(gateway, target, lambda status: status["delivered"] == 3 and status["dead_letters"] == 2)
    letters = gateway.get(f"/api/webhooks/{target}/dead-letters").json
    assert [letter["id"] for letter in letters["items"]] == [seqs[1], seqs[3]]
    assert letters["items"][0]["event"]["data"]["n"] == 2
    assert (letters["items"][0]["status"], letters["items"][0]["answer"]) == (400, "said the sink")
    page = gateway.get(f"/api/webhooks/{target}/dead-letters?limit=1").json
    more = gateway.get(f"/api/webhooks/{target}/dead-letters?limit=1&cursor={page['next_cursor']}").json
    assert (more["items"][0]["id"], more["next_cursor"]) == (seqs[3], None)
    (told,) = gateway.get(f"/api/events/{seqs[1]}/deliveries").json["items"]
    assert (told["verdict"], told["matched"], told["attempts"][0]["status"]) == ("dead", True, 400)
    (other,) = gateway.get(f"/api/events/{gateway.emit({'type': 'chat.message'})}/deliveries").json["items"]
    assert (other["verdict"], other["matched"]) == ("unwanted", False) and "types" in other["why"]

    refuse.discard(2)
    assert gateway.post(f"/api/webhooks/{target}/dead-letters/redeliver", {"all": True}).status == 202
    sink.wait(lambda one: seqs[1] in one.seqs)
    wait_for_status(gateway, target, lambda status: status["dead_letters"] == 1 and not status["replaying"])
    assert gateway.post(f"/api/webhooks/{target}/dead-letters/discard", {"ids": [seqs[3]]}).status == 200
    assert status_of(gateway, target)["dead_letters"] == 0
    assert {event["data"]["why"] for event in gateway.events("type=delivery.failed")} == {"dead-letter"}


def test_a_replay_comes_again_in_order_and_pages_of_tries_are_whole(gateway, sink):
    target = create(gateway, sink, types=["task.*"])
    seqs = [gateway.emit(task(n)) for n in range(30)]
    sink.wait_for(30)
    answer = gateway.post(f"/api/webhooks/{target}/replay", {"since": str(seqs[9]), "until": str(seqs[19])})
    assert (answer.status, answer.json["since"]) == (202, f"{gateway.epoch}:{seqs[9]}")
    assert sink.wait_for(40).seqs == seqs + seqs[10:20]
    assert [request.headers.get("macp-replay") for request in sink.taken[30:]] == ["1"] * 10
    tries, cursor = [], ""
    while cursor is not None:
        page = gateway.get(f"/api/webhooks/{target}/deliveries?limit=7{cursor and '&cursor='}{cursor}").json
        tries, cursor = tries + page["items"], page["next_cursor"]
    assert [one["seq"] for one in tries] == (seqs + seqs[10:20])[::-1]


def test_a_slow_target_and_a_dead_one_delay_nobody_and_are_explained(gateway, make_sink):
    slow = make_sink(lambda request: time.sleep(2) or 200)
    busy = make_sink(lambda request: (429, {"Retry-After": "3600"}))
    live = make_sink()
    ids = {name: create(gateway, one, name) for name, one in (("slow", slow), ("busy", busy), ("live", live))}
    dead = gateway.post("/api/webhooks", {"name": "dead", "url": f"http://127.0.0.1:{free_port()}/"}).json["id"]
    seqs = [gateway.emit(task(n)) for n in range(100)]
    live.wait(lambda sink: seqs[-1] in sink.seqs, 20)
    assert [seq for seq in live.seqs if seq in seqs] == seqs
    assert wait_for_status(gateway, ids["busy"], lambda status: status["waits_for"] == "retry-after")["next_try"]
    failing = wait_for_status(gateway, dead, lambda status: status["breaker"] != "closed")
    assert failing["state"] == "failing" and "refused" in failing["last_attempt"]["error"]
    assert len(slow.taken) < 20
    told = {one["name"]: one for one in gateway.get(f"/api/events/{seqs[-1]}/deliveries").json["items"]}
    assert {name: one["verdict"] for name, one in told.items()} == {
        "slow": "pending", "busy": "pending", "dead": "pending", "live": "delivered"}
    assert "wait" in told["busy"]["why"] and "failed too often" in told["dead"]["why"]

    ready = gateway.get("/readyz")
    parts = {part["name"]: part for part in ready.json["parts"]}
    assert ready.status == 200 and parts[f"target:{dead}"]["detail"] == "failing"
    states = {one["name"]: one["state"] for one in gateway.get("/api/status").json["targets"]}
    assert states["dead"] == "failing" and states["live"] == "healthy"
    metrics = gateway.get("/metrics").body.decode()
    assert f'macp_delivery_state{{target="{dead}",state="failing"}} 1' in metrics
    assert f'macp_delivery_breaker_open{{target="{dead}"}} 1' in metrics


def test_a_private_address_is_refused_by_its_rule(gateway):
    target = gateway.post("/api/webhooks", {"name": "x", "url": "http://169.254.169.254/latest"}).json["id"]
    answer = gateway.post(f"/api/webhooks/{target}/test", {}).json
    assert answer["outcome"] == "retry" and "metadata" in answer["error"] and "outgoing.allow" in answer["error"]


@pytest.mark.guard(300)
def test_kill_9_loses_nothing_and_keeps_the_order(make_gateway, make_sink):
    flaky = {"n": 0}

    def every_third(_):
        flaky["n"] += 1
        return 503 if flaky["n"] % 3 == 0 else 200

    steady, shaky = make_sink(), make_sink(every_third)
    gateway = make_gateway()
    create(gateway, steady, "steady", types=["task.*"])
    create(gateway, shaky, "shaky", types=["task.*"], retry={"count": 20, "base_seconds": 0.05, "cap_seconds": 0.2})
    total = 0
    for _ in range(4):
        for _ in range(5):
            gateway.emit(*(task(total + n) for n in range(20)))
            total += 20
        gateway.kill()
        gateway.start()
    last = gateway.events("type=task.*")[-1]["seq"]
    wanted = [event["seq"] for event in gateway.events("type=task.*")]
    assert len(wanted) == total
    for sink in (steady, shaky):
        sink.wait(lambda one: last in one.seqs, 60)
        firsts = list(dict.fromkeys(sink.seqs))
        assert firsts == wanted
    assert len({request.headers["webhook-id"] for request in steady.taken}) == total


def test_a_stop_lets_what_is_on_its_way_end(gateway, make_sink):
    sink = make_sink(lambda request: time.sleep(0.5) or 200)
    target = create(gateway, sink, types=["task.*"])
    gateway.emit(task(1))
    wait_for_status(gateway, target, lambda status: status["in_flight"] == 1)
    assert gateway.terminate() == 0
    assert len(sink.requests) == 1
    gateway.start()
    assert status_of(gateway, target)["lag"] <= 3  # its own start and stop
    time.sleep(0.3)
    assert len(sink.requests) == 1


def test_the_command_line_does_it_all(gateway, sink, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.write_text(SECRET + "\n")
    made = gateway.run("webhooks", "add", "cli", sink.url, "--type", "task.*", "--secret-file", str(secrets))
    assert made.returncode == 0, made.stderr
    target = made.stdout.strip()
    listed = gateway.run("webhooks", "list")
    assert target in listed.stdout and "healthy" in listed.stdout
    assert gateway.run("webhooks", "test", target).stdout.startswith("delivered")
    assert gateway.run("webhooks", "pause", target).returncode == 0
    seq = gateway.emit(task(1))
    assert json.loads(gateway.run("webhooks", "show", target, "--json").stdout)["status"]["state"] == "paused"
    assert gateway.run("webhooks", "resume", target).returncode == 0
    sink.wait(lambda one: len(one.taken) == 2)
    assert "replays" in gateway.run("webhooks", "replay", target, "--since", str(seq - 1)).stdout
    sink.wait(lambda one: len(one.taken) == 3)
    assert str(seq) in gateway.run("webhooks", "deliveries", target).stdout
    assert gateway.run("webhooks", "dead-letters", target).returncode == 0
    assert gateway.run("webhooks", "dead-letters", target, "--all").returncode == 2
    assert gateway.run("webhooks", "pause", "nobody").returncode == 1
    assert gateway.run("webhooks", "delete", target).returncode == 0
    assert gateway.get("/api/webhooks").json["items"] == []


@pytest.fixture
def start_sink(binary, tmp_path):
    """start_sink(*arguments) starts `macp sink` on a free port."""
    made = []

    def start(*arguments):
        port = free_port()
        process = subprocess.Popen([binary, "sink", "--listen", f"127.0.0.1:{port}", *arguments], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
        made.append(process)
        assert "takes webhooks at" in process.stderr.readline()
        return process, f"http://127.0.0.1:{port}/a/b"

    yield start
    for process in made:
        process.kill()
        process.wait(10)


def test_macp_sink_prints_checks_and_misbehaves(gateway, start_sink, tmp_path):
    (tmp_path / "secrets").write_text(SECRET + "\n")
    process, url = start_sink("--secret-file", "secrets", "--status", "503:50%", "--count", "20", "--json")
    members = {"retry": {"count": 100, "base_seconds": 0.01, "cap_seconds": 0.02}, "types": ["task.*"]}
    made = gateway.post("/api/webhooks", {"name": "s", "url": url, "secrets": [SECRET]} | members)
    assert made.status == 201
    seqs = [gateway.emit(task(n)) for n in range(20)]
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert [json.loads(line)["seq"] for line in out.splitlines()] == seqs
    assert "20 events, 0 repeats, 0 out of order" in err and "answered 503" in err


def test_macp_sink_refuses_a_wrong_signature_and_tells_repeats_and_gaps(gateway, start_sink, tmp_path):
    (tmp_path / "secrets").write_text(OTHER + "\n")
    _, url = start_sink("--secret-file", "secrets")
    target = gateway.post("/api/webhooks", {"name": "s", "url": url, "secrets": [SECRET]}).json["id"]
    assert gateway.post(f"/api/webhooks/{target}/test", {}).json["status"] == 401
    gateway.request("DELETE", f"/api/webhooks/{target}")

    process, url = start_sink("--count", "4")
    target = gateway.post("/api/webhooks", {"name": "t", "url": url, "types": ["task.*"]}).json["id"]
    first = gateway.emit(task(1))
    gateway.emit({"type": "other"})
    second = gateway.emit(task(2))
    wait_for_status(gateway, target, lambda status: status["delivered"] == 2)
    gateway.post(f"/api/webhooks/{target}/replay", {"since": str(first - 1), "until": str(second)})
    _, err = process.communicate(timeout=60)
    assert f"event {first} was here before" in err and "2 events, 2 repeats" in err
    assert f"events {first + 1} to {first + 1} did not come" in err


def test_watch_posts_to_the_webhook_without_a_server(make_gateway, sink):
    here = make_gateway(start=False)
    write_mosaic(here, enabled=True, url=sink.url, auth_token="m0saic", timeout_seconds=5, retry_count=1,
                 event_filter=["task.completed"])
    here.append(task(1, "started"), task(2, "completed"), task(3, "completed"))
    watched = here.run("watch", "--webhook", "--once")
    assert watched.returncode == 0, watched.stderr
    assert [request.json["n"] for request in sink.taken] == [2, 3]
    assert {request.headers["Authorization"] for request in sink.taken} == {"Bearer m0saic"}
    assert here.run("watch", "--webhook", "--once").returncode == 0
    assert len(sink.taken) == 2

    here.start()
    refused = here.run("watch", "--webhook", "--once")
    assert refused.returncode == 2 and "--force" in refused.stderr
    assert here.run("watch", "--webhook", "--once", "--force").returncode == 0


def test_watch_outlives_a_webhook_that_is_down(make_gateway):
    here = make_gateway(start=False)
    write_mosaic(here, enabled=True, url=f"http://127.0.0.1:{free_port()}/", timeout_seconds=1, retry_count=1)
    here.append(task(1, "completed"))
    watched = here.run("watch", "--webhook", "--once")
    assert watched.returncode == 0 and "was not delivered" in watched.stderr
    write_mosaic(here, enabled=False, url="http://127.0.0.1:1/")
    assert here.run("watch", "--webhook", "--once").returncode == 2
