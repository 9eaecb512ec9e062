"""The doors of agents' hooks and of GitHub: what they take, what they refuse, what the log has of it."""
import hashlib
import hmac
import json
import time

import pytest

from gateway import task
from rest_test import problem

FAILED = {
    "schema_version": "1", "event": "test-failed", "event_id": "hook-1", "timestamp": "2026-03-31T09:00:00Z",
    "context": {"normalized_event": "test-failed", "session_name": "issue-65-contract", "repo_name": "clawhip",
                "command": "cargo test --all", "error_summary": "1 test failed", "status": "failed"},
}


def rejects(gateway):
    """The list once it holds something: a refusal is answered before it is kept."""
    deadline = time.monotonic() + 20
    while not (items := gateway.get("/api/ingest/rejects").json["items"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return items


@pytest.mark.parametrize("path", ["/api/omx/hook", "/omx/hook"])
def test_an_omx_envelope_becomes_an_event_of_the_contract(gateway, path):
    answer = gateway.post(path, FAILED)
    assert answer.status == 202, answer
    assert answer.json == {"ok": True, "type": "session.test-failed", "event_id": "hook-1", "seq": answer.json["seq"]}
    event = gateway.get(f"/api/events/{answer.json['seq']}").json
    assert event["source"] == "/hooks/omx" and event["id"] == "hook-1" and event["time"] == "2026-03-31T09:00:00Z"
    assert event["subject"] == "issue-65-contract"
    lifted = {"tool": "omx", "agent_name": "omx", "repo_name": "clawhip", "issue_number": 65, "raw_event": "test-failed",
              "test_runner": "cargo-test", "contract_event": "session.test-failed", "error_message": "1 test failed"}
    assert {name: event["data"].get(name) for name in lifted} == lifted
    assert event["data"]["context"] == FAILED["context"], "the envelope itself is kept"


def test_a_repeated_hook_is_answered_with_the_first_position(gateway):
    first = gateway.post("/api/omx/hook", FAILED).json
    assert gateway.post("/omx/hook", FAILED).json == first
    assert len(gateway.events("type=session.*")) == 1


def test_an_idempotency_key_gives_a_hook_its_first_answer(gateway):
    unnamed = {key: value for key, value in FAILED.items() if key != "event_id"}
    first = gateway.post("/api/omx/hook", unnamed, headers={"Idempotency-Key": "k"})
    again = gateway.post("/api/omx/hook", unnamed, headers={"Idempotency-Key": "k"})
    assert first.status == 202 and again.json == first.json
    problem(gateway.post("/api/omx/hook", FAILED, headers={"Idempotency-Key": "k"}), 422, "Idempotency-Key")


def test_what_the_contract_does_not_know_is_kept_and_never_refused(gateway):
    for name in ("worker.stalled", "turn-complete", "keyword-detector"):
        assert gateway.post("/api/omx/hook", {"event": name, "context": {"normalized_event": name}}).json["type"] == f"omx.{name}"
    wake = {"event": "post-tool-use", "signal": {"kind": "tool", "routeKey": "tool.finished", "toolName": "Bash"}}
    assert gateway.post("/api/omx/hook", wake).json["type"] == "tool.post"


@pytest.mark.parametrize("body,status,field", [
    (b"not json", 400, None), (b"[]", 422, None), (b"{}", 422, None),
    (b'{"schema_version":"2","event":"started"}', 422, "/schema_version"), (b'{"event":""}', 422, None),
])
def test_a_bad_envelope_is_refused_and_kept(gateway, body, status, field):
    refused = problem(gateway.post("/api/omx/hook", body), status, field)
    assert isinstance(refused["error"], str)
    (kept,) = rejects(gateway)
    assert kept["text"] == body.decode() and kept["door"] == "POST /api/omx/hook"


def test_a_refused_body_is_tried_again_at_its_own_door(gateway):
    problem(gateway.post("/api/omx/hook", {"type": "x"}), 422)
    (kept,) = rejects(gateway)
    refused = problem(gateway.post(f"/api/ingest/rejects/{kept['id']}/retry", b""), 422)
    assert refused["field"] == "/event", "POST /api/events would have taken it"
    long_key = {"Idempotency-Key": "k" * 256}
    problem(gateway.post(f"/api/ingest/rejects/{kept['id']}/retry", b"", headers=long_key), 422, "Idempotency-Key")
    assert rejects(gateway) == [kept]


def test_a_refused_cloud_event_is_tried_again_with_its_headers(gateway):
    binary = {"ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "/ci"}
    problem(gateway.post("/api/events", {"type": "x"}, headers=binary), 422, "ce-type")
    (kept,) = rejects(gateway)
    assert kept["headers"] == binary
    problem(gateway.post(f"/api/ingest/rejects/{kept['id']}/retry", b""), 422, "ce-type")


@pytest.mark.parametrize("path", ["/api/native/hook", "/native/hook"])
@pytest.mark.parametrize("name,kind", [
    ("SessionStart", "session.started"), ("stop", "session.finished"), ("UserPromptSubmit", "session.prompt-submitted"),
    ("PreToolUse", "tool.pre"), ("POSTTOOLUSE", "tool.post"),
])
def test_native_hooks(gateway, path, name, kind):
    repository = gateway.root / "repo"
    (repository / ".git").mkdir(parents=True)
    (repository / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (repository / "src").mkdir()
    hook = {"hook_event_name": name, "provider": "claude", "session_id": "s9", "cwd": str(repository / "src")}
    answer = gateway.post(path, hook)
    assert answer.status == 202 and answer.json["type"] == kind, answer
    event = gateway.get(f"/api/events/{answer.json['seq']}").json
    assert event["source"] == "/hooks/claude" and event["subject"] == "s9"
    assert event["data"]["repo_path"] == str(repository) and event["data"]["worktree_path"] == str(repository)


@pytest.mark.parametrize("hook", [{"hook_event_name": "Nonsense"}, {"cwd": "/"}, {"event": "Stop", "provider": "someone"}])
def test_a_native_hook_without_a_known_name_or_provider_is_refused(gateway, hook):
    assert problem(gateway.post("/native/hook", hook), 422)["field"]


@pytest.mark.parametrize("path", ["/api/events", "/api/event", "/event", "/events", "/macp/events"])
def test_every_name_of_the_events_door(gateway, path):
    assert gateway.post(path, [task(0), task(1)]).json["accepted"] == 2


def test_cloud_events_in_all_three_modes(gateway):
    binary = {"ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "/ci", "ce-type": "build.done", "ce-subject": "a%20b"}
    assert gateway.post("/api/events", {"n": 1}, headers=binary).status == 202
    event = {"specversion": "1.0", "id": "s-1", "source": "/ci", "type": "build.done", "data": {"n": 2}}
    assert gateway.post("/api/events", event, "application/cloudevents+json").status == 202
    batch = [{**event, "id": f"b-{n}", "data": {"n": n}} for n in (3, 4)]
    assert gateway.post("/api/events", batch, "application/cloudevents-batch+json").json["accepted"] == 2
    events = gateway.events("type=build.done")
    assert [e["data"]["n"] for e in events] == [1, 2, 3, 4] and events[0]["subject"] == "a b"
    problem(gateway.post("/api/events", {"type": "x"}, "application/cloudevents+json"), 422)


def signed(body, secret=b"gh-secret"):
    return {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "d-1",
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


MERGED = json.dumps({
    "action": "closed", "number": 72, "sender": {"login": "me"}, "repository": {"name": "clawhip", "full_name": "me/clawhip"},
    "pull_request": {"number": 72, "merged": True, "title": "Contract", "html_url": "https://github.com/me/clawhip/pull/72",
                     "head": {"ref": "feat/x"}},
}).encode()


def test_a_signed_github_webhook_is_taken_once(make_gateway):
    gateway = make_gateway(github_secret_env="MACP_TEST_SECRET", test_secret="gh-secret")
    answer = gateway.post("/github", MERGED, headers=signed(MERGED))
    assert answer.status == 202 and answer.json["type"] == "github.pr-merged", answer
    event = gateway.get(f"/api/events/{answer.json['seq']}").json
    assert event["source"] == "/github" and event["data"]["pr_number"] == 72 and event["data"]["repo_name"] == "clawhip"
    assert gateway.post("/github", MERGED, headers=signed(MERGED)).json["seq"] == answer.json["seq"]


def test_a_github_webhook_with_a_wrong_signature_is_refused(make_gateway):
    gateway = make_gateway(github_secret_env="MACP_TEST_SECRET", test_secret="gh-secret")
    problem(gateway.post("/github", MERGED, headers={"X-GitHub-Event": "pull_request"}), 401)
    problem(gateway.post("/github", MERGED, headers=signed(MERGED, b"other")), 403)
    problem(gateway.post("/github", MERGED + b" ", headers=signed(MERGED)), 403)
    assert gateway.get("/api/ingest/rejects").json["items"] == [], "a stranger's body is not kept"
