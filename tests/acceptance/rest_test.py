"""REST as clients see it: pages, streams, appending, refusals."""
import gzip
import http.client
import json
import re
import socket

import pytest

from gateway import task


def problem(answer, status, field=None):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers
    body = answer.json
    assert body["status"] == status and body["title"] and body["detail"] and body["error"] == body["detail"]
    assert body["type"] and body["request_id"]
    if field is not None:
        assert body["field"] == field, body
    return body


def numbers(events):
    return [event["data"]["n"] for event in events]


def test_events_are_read_page_by_page(gateway):
    gateway.emit(*[task(n) for n in range(250)])
    seen, cursor, pages = [], None, 0
    while True:
        page = gateway.get("/api/events?limit=100&type=task.*" + (f"&since={cursor}" if cursor else "")).json
        pages += 1
        seen += page["items"]
        cursor = page["next_cursor"]
        if not cursor or not page["items"]:
            break
    assert numbers(seen) == list(range(250)) and pages <= 4
    seqs = [event["seq"] for event in seen]
    assert seqs == list(range(seqs[0], seqs[0] + 250))
    for event in seen[:3]:
        assert event["specversion"] == "1.0" and event["datacontenttype"] == "application/json"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", event["time"])


def test_until_and_since_bound_a_page(gateway):
    last = gateway.emit(*[task(n) for n in range(20)])
    page = gateway.get(f"/api/events?since={last - 10}&until={last - 5}").json
    assert [event["seq"] for event in page["items"]] == list(range(last - 9, last - 4))
    page = gateway.get(f"/api/events?since={gateway.epoch}:{last - 1}").json
    assert [event["seq"] for event in page["items"]] == [last]
    assert gateway.get("/api/events?since=now").json["items"] == []


@pytest.mark.parametrize("query,expected", [
    ("type=task.created", [0]), ("type=task.created&type=other.*", [0, 4]), ("subject=T2", [2]), ("data.repo_name=x", [1, 2]),
    ("repo_name=x&type=task.failed", [2]), ("data.inner.deep=y*", [3]), ("attempt=2", [2]), ("repo_name=nobody", []),
    ("source=/api/events&type=other.*", [4]),
])
def test_filters_of_a_page(gateway, query, expected):
    gateway.emit(task(0, kind="created"), task(1, repo_name="x"), task(2, kind="failed", repo_name="x", attempt=2),
                 task(3, inner={"deep": "yes"}), {"event": "other.thing", "n": 4})
    assert numbers(gateway.events(query)) == expected


def test_ndjson_streams_the_whole_log(gateway):
    gateway.emit(*[task(n) for n in range(900)])
    gateway.emit(*[task(n) for n in range(900, 1500)])
    answer = gateway.get("/api/events?since=start&type=task.*", Accept="application/x-ndjson")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/x-ndjson")
    events = [json.loads(line) for line in answer.body.splitlines()]
    assert numbers(events) == list(range(1500))


def test_lines_end_at_until_in_a_log_that_grows(gateway):
    gateway.emit(*[task(n) for n in range(20)])
    for query, expected in (("until=5", [0, 1, 2, 3, 4]), ("since=4&until=2", []), ("until=now&type=nothing.*", [])):
        answer = gateway.get(f"/api/events?{query}", Accept="application/x-ndjson")
        seqs = [json.loads(line)["seq"] for line in answer.body.splitlines()]
        assert seqs == [n + 1 for n in expected], query


def test_lines_are_an_answer_with_an_end_while_others_append(gateway):
    gateway.emit(*[task(n) for n in range(1000)])
    gateway.emit(*[task(n) for n in range(1000, 5000)])
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("GET", "/api/events?type=task.*", headers={"Accept": "application/x-ndjson"})
    answer = connection.getresponse()
    first = answer.readline()
    gateway.emit(task(5000))  # behind what was there when the answer began
    rest = answer.read().splitlines()
    connection.close()
    assert numbers([json.loads(line) for line in [first, *rest]]) == list(range(5000))


def test_the_last_page_before_until_says_so(gateway):
    gateway.emit(*[task(n) for n in range(20)])
    page = gateway.get("/api/events?since=3&until=5").json
    assert [event["seq"] for event in page["items"]] == [4, 5] and page["next_cursor"] is None
    page = gateway.get("/api/events?since=3&until=9&limit=2").json
    assert page["next_cursor"] == f"{gateway.epoch}:5"
    assert gateway.get(f"/api/events?cursor={gateway.epoch}:9&until=9").json["next_cursor"] is None


@pytest.mark.parametrize("name,value", [("limit", 2), ("since", 1), ("until", 3), ("cursor", 1)])
def test_a_parameter_with_one_value_given_twice_is_refused(gateway, name, value):
    problem(gateway.get(f"/api/events?{name}={value}&{name}={value}"), 422, name)


def test_one_event_by_its_seq(gateway):
    seq = gateway.emit(task(1))
    assert numbers([gateway.get(f"/api/events/{seq}").json]) == [1]
    problem(gateway.get(f"/api/events/{seq + 1000}"), 404)
    for wrong in ("0", "x", "-1", "99999999999999999999"):
        assert gateway.get(f"/api/events/{wrong}").status in (404, 422), wrong


def test_a_foreign_or_future_position_is_a_conflict(gateway):
    gateway.emit(task(1))
    for position in ("00000000:1", f"{gateway.epoch}:1000000", "1000000"):
        problem(gateway.get(f"/api/events?since={position}"), 409)


def test_one_an_array_and_ndjson_can_be_posted(gateway):
    one = gateway.post("/api/events", task(0))
    assert one.status == 202 and one.json["accepted"] == 1 and one.json["first_seq"] == one.json["last_seq"]
    many = gateway.post("/api/events", [task(n) for n in range(1, 5)])
    first = one.json["last_seq"] + 1
    assert many.json.items() >= {"accepted": 4, "first_seq": first, "last_seq": first + 3}.items()
    lines = b"".join(json.dumps(task(n)).encode() + b"\n" for n in range(5, 9))
    assert gateway.post("/api/events", lines, "application/x-ndjson").json["accepted"] == 4
    assert numbers(gateway.events("type=task.*")) == list(range(9))


def test_a_cloudevent_keeps_its_attributes(gateway):
    sent = {"specversion": "1.0", "id": "ce-1", "source": "/elsewhere", "type": "com.example.thing", "subject": "s",
            "time": "2026-03-31T09:00:00Z", "data": {"n": 1}, "traceid": "abc"}
    seq = gateway.post("/api/events", sent, "application/cloudevents+json").json["last_seq"]
    got = gateway.get(f"/api/events/{seq}").json
    assert {name: got[name] for name in sent} == sent


def test_a_repeat_of_an_id_is_acknowledged_and_not_appended(gateway):
    event = task(1, event_id="same")
    first, again = gateway.post("/api/events", event), gateway.post("/api/events", event)
    assert first.status == again.status == 202 and first.json["last_seq"] == again.json["last_seq"]
    assert len(gateway.events("type=task.*")) == 1
    both = gateway.post("/api/events", [event, task(2, event_id="other"), task(2, event_id="other")])
    assert both.status == 202 and len(gateway.events("type=task.*")) == 2


def test_an_idempotency_key_gives_the_same_answer_also_after_a_restart(gateway):
    key = {"Idempotency-Key": "k-1"}
    first = gateway.post("/api/events", task(1), headers=key)
    assert gateway.post("/api/events", task(1), headers=key).json == first.json
    gateway.kill()
    gateway.start()
    again = gateway.post("/api/events", task(1), headers=key)
    assert again.status == 202 and again.json == first.json
    problem(gateway.post("/api/events", task(2), headers=key), 422)
    assert len(gateway.events("type=task.*")) == 1


@pytest.mark.parametrize("body,kind,status", [
    (b"{not json", "application/json", 400), (b"", "application/json", 400), (b"7", "application/json", 422),
    (b'{"no":"type"}', "application/json", 422), (b'{"type":""}', "application/json", 422), (b"[7]", "application/json", 422),
    (b'{"specversion":"1.0","type":"a.b"}', "application/cloudevents+json", 422),
    (b'{"type":"a"}\n{broken\n', "application/x-ndjson", 400), (b"x=1", "application/x-www-form-urlencoded", 415),
    (b"[" * 5000 + b"]" * 5000, "application/json", 400),
    (b'{"type":"a.b","x":' + b"[" * 200 + b"]" * 200 + b"}", "application/json", 400), (b'{"type":"a.b","x":"\xff"}', "application/json", 400),
])
def test_a_bad_body_is_refused_and_nothing_of_it_is_appended(gateway, body, kind, status):
    problem(gateway.post("/api/events", body, kind), status)
    assert gateway.events("type=task.*") == [] and gateway.events("type=a*") == []


def test_what_is_refused_can_be_looked_at(gateway):
    gateway.append("{broken", task(1))
    gateway.wait_for_events(1)
    item, = gateway.get("/api/ingest/rejects").json["items"]
    assert "{broken" in json.dumps(item) and "events.ndjson" in json.dumps(item)


def test_paths_methods_and_parameters_that_are_wrong(gateway):
    problem(gateway.get("/no/such/path"), 404)
    answer = gateway.request("DELETE", "/api/events")
    problem(answer, 405)
    assert {"GET", "POST"} <= set(re.split(r",\s*", answer.headers["Allow"]))
    for query, field in [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("since=yesterday", "since"),
                         ("limit=2&limit=3", "limit")]:
        problem(gateway.get(f"/api/events?{query}"), 422, field)
    problem(gateway.get("/api/ingest/rejects?cursor=zz"), 422, "cursor")
    assert gateway.get("/api/events?type=%zz").status in (400, 422)


def test_a_compressed_body_is_refused_and_leaves_no_reject(gateway):
    body = gzip.compress(json.dumps(task(1)).encode())
    answer = gateway.post("/api/events", body, headers={"Content-Encoding": "gzip"})
    problem(answer, 415, "Content-Encoding")
    assert answer.headers["Accept-Encoding"] == "identity"
    assert gateway.get("/api/ingest/rejects").json["items"] == []


def test_other_versions_of_http_get_505(gateway):
    for version in ("0.9", "1.2", "2.0", "3.0"):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as peer:
            peer.sendall(f"GET /healthz HTTP/{version}\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n".encode())
            assert peer.recv(65536).startswith(b"HTTP/1.1 505 "), version


def test_refused_lines_are_logged_without_their_text_and_counted_with_refused_bodies(gateway):
    gateway.append(*["{a secret"] * 50, task(1))
    gateway.wait_for_events(1)
    gateway.post("/api/events", {"no": "type"})
    assert gateway.get("/api/status").json["counts"]["rejects"] == 51
    metrics = gateway.get("/metrics").body.decode()
    assert 'macp_rejects_total{door="watch"} 50' in metrics and 'macp_rejects_total{door="POST /api/events"} 1' in metrics
    log = gateway.log_text()
    assert "events.ndjson at byte 0: refused a line: not JSON" in log and "secret" not in log
    assert log.count("refused a line") == 10


def test_too_large_bodies_and_headers_are_refused(make_gateway):
    gateway = make_gateway(http_bulk_body_bytes=65536)
    problem(gateway.post("/api/events", task(1, f="x" * 70000)), 413)
    peer = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    peer.request("GET", "/healthz", headers={"X-Long": "y" * 20000})
    answer = peer.getresponse()
    assert answer.status == 431 or answer.status == 413
    peer.close()


def test_a_connection_is_kept_and_requests_may_be_pipelined(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as peer:
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n"
        last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        peer.sendall((request * 20 + last).encode())
        received = b""
        while piece := peer.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 200 ") == 21


def test_what_is_not_http_gets_a_problem_and_not_a_dropped_connection(gateway):
    for text in (b"\x16\x03\x01\x00\xa5\x01\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET\r\n\r\n",
                 b"POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as peer:
            peer.sendall(text)
            assert re.match(rb"HTTP/1\.1 4\d\d ", peer.recv(65536)), text
    assert gateway.get("/healthz").status == 200


def test_a_large_answer_is_compressed_when_asked_for(gateway):
    gateway.emit(*[task(n, f="abc" * 100) for n in range(200)])
    plain = gateway.get("/api/events?type=task.*&limit=200")
    small = gateway.get("/api/events?type=task.*&limit=200", Accept_Encoding="gzip")
    assert small.headers["Content-Encoding"] == "gzip" and len(small.body) < len(plain.body) / 5
    assert gzip.decompress(small.body) == plain.body


def test_every_page_of_the_gateway_itself_answers(gateway):
    gateway.emit(task(1))
    status = gateway.get("/api/status").json
    assert status["last_seq"] >= 1 and status["epoch"] and status["version"] and status["uptime_seconds"] >= 0
    for path in ("/healthz", "/health", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs", "/api/system/telemetry"):
        answer = gateway.get(path)
        assert answer.status == 200 and answer.body, path
        assert answer.headers["Date"] and (answer.headers["X-Request-Id"] or path)
    assert gateway.get("/openapi.json").json["openapi"].startswith("3.1")
    assert b"http" not in re.findall(rb'<script[^>]*src="([^"]*)"', gateway.get("/docs").body)
