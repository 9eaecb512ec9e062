"""Holds a running gateway against the specs that it serves.

    python3 openapi_contract.py BASE_URL [--token TOKEN]

Checks the documents themselves (valid OpenAPI 3.1, every example fits its schema), then every route: its answer when all
is well, and the refusals that every route must have. An answer may carry no member that the spec does not know. Ends with
1 when anything differs. Writes a few events of type `contract.*` into the log.
"""

import argparse
import copy
import http.client
import json
import sys
import urllib.parse
import uuid

import jsonschema
import openapi_spec_validator

PROBLEM = "application/problem+json"
UPGRADES = {"openWebSocket", "openWebSocketAlias"}


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.type = (response.headers.get("Content-Type") or "").split(";")[0].strip()
        self.body = body

    def json(self):
        return json.loads(self.body)


class Gateway:
    def __init__(self, base, token):
        self.host = urllib.parse.urlsplit(base).netloc
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def connect(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=self.headers | named)
        return connection, connection.getresponse()

    def ask(self, method, path, body=None, **headers):
        connection, response = self.connect(method, path, body, **headers)
        answer = Answer(response, response.read())
        connection.close()
        return answer

    def post(self, body, kind="application/json", **headers):
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.ask("POST", "/api/events", text, Content_Type=kind, **headers)


def closed(schema):
    """The same schema, but an object may only have the members that it names (unless it says otherwise itself)."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value if key == "allOf" else closed(value) for key, value in schema.items()}  # parts of one object stay open
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


class Spec:
    def __init__(self, document):
        self.document = document
        self.operations = {}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self.operations[operation["operationId"]] = (method.upper(), path, operation)

    def follow(self, value):
        while "$ref" in value:
            target = self.document
            for key in value["$ref"][2:].split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def validator(self, schema, strict=True):
        components = self.document["components"]
        whole = {"components": components, **copy.deepcopy(schema)}
        return jsonschema.Draft202012Validator(
            closed(whole) if strict else whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)

    def response(self, operation_id, status):
        answers = self.operations[operation_id][2]["responses"]
        return self.follow(answers[str(status)]) if str(status) in answers else None

    def contents(self):
        """Every body that is described, with a name for it."""
        for operation_id, (_, _, operation) in self.operations.items():
            if "requestBody" in operation:
                yield from ((f"{operation_id} body {kind}", body) for kind, body in operation["requestBody"]["content"].items())
            for status, response in operation["responses"].items():
                for kind, body in self.follow(response).get("content", {}).items():
                    yield f"{operation_id} {status} {kind}", body


class Contract:
    def __init__(self, gateway):
        self.gateway = gateway
        self.failures = []
        self.checks = 0
        self.seen = set()
        self.spec = None

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.failures.append(what)
            print(f"FAIL {what}")
        return holds

    def fits(self, schema, value, what, strict=True):
        for error in self.spec.validator(schema, strict).iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path)
            self.check(False, f"{what}: at /{place}: {error.message[:300]}")
            return False
        return self.check(True, what)

    def answer(self, operation_id, answer, wanted, about="", kind=None):
        """The answer has the status wanted, and the type and shape that the spec gives it. Hands back its JSON."""
        what = f"{operation_id} {about}".strip()
        self.seen.add(operation_id)
        if not self.check(answer.status == wanted, f"{what}: {answer.status} instead of {wanted}: {answer.body[:200]!r}"):
            return None
        self.check(answer.headers.get("X-Request-Id"), f"{what}: no X-Request-Id")
        described = self.spec.response(operation_id, wanted)
        if not self.check(described is not None, f"{what}: {wanted} is not in the spec"):
            return None
        contents = described.get("content", {})
        if kind:
            self.check(answer.type == kind, f"{what}: it is {answer.type}, not {kind}")
        if not self.check(answer.type in contents, f"{what}: the spec has no {answer.type} for {wanted}"):
            return None
        if not answer.type.endswith("json") or answer.type == "application/x-ndjson":
            return answer.body.decode()
        value = answer.json()
        self.fits(contents[answer.type].get("schema", {}), value, f"{what}: the answer fits its schema")
        return value

    def refusal(self, operation_id, answer, status, about, field=None):
        problem = self.answer(operation_id, answer, status, about, PROBLEM)
        if problem is None:
            return
        what = f"{operation_id} {about}"
        self.check(problem["status"] == status, f"{what}: the problem says {problem['status']}")
        self.check(problem["error"] == problem["detail"], f"{what}: error and detail differ")
        self.check(problem["request_id"] == answer.headers.get("X-Request-Id"), f"{what}: another request_id than the header's")
        if field:
            self.check(problem.get("field") == field, f"{what}: field is {problem.get('field')!r}, not {field!r}")

    # ---- the documents ----

    def documents(self):
        document = self.gateway.ask("GET", "/openapi.json").json()
        openapi_spec_validator.validate(document)
        self.spec = Spec(document)
        for name, body in self.spec.contents():
            values = [body["example"]] if "example" in body else [one["value"] for one in body.get("examples", {}).values()]
            for value in values:
                self.fits(body["schema"], value, f"the example of {name} fits its schema", strict=False)
        streams = self.gateway.ask("GET", "/asyncapi.json").json()
        for name, message in streams["components"]["messages"].items():
            schema = {"components": streams["components"], **message["payload"]}
            for example in message.get("examples", []):
                errors = list(jsonschema.Draft202012Validator(schema).iter_errors(example["payload"]))
                self.check(not errors, f"the example of message {name} fits its schema: {errors[:1]}")
        self.same_event(document, streams)

    def same_event(self, document, streams):
        for name in ("Event", "Gap"):
            here, there = document["components"]["schemas"][name], streams["components"]["schemas"][name]
            self.check(set(here["properties"]) == set(there["properties"]) and here["required"] == there["required"],
                       f"both documents describe the same {name}")

    # ---- every route ----

    def every_route(self):
        methods = {}
        for method, path, _ in self.spec.operations.values():
            methods.setdefault(path, set()).add(method)
        for operation_id, (_, path, _) in self.spec.operations.items():
            live = path.replace("{seq}", "1").replace("{id}", "none")
            answer = self.gateway.ask("PUT", live, "{}", Content_Type="application/json")
            self.refusal(operation_id, answer, 405, "with the wrong method")
            allowed = {one.strip() for one in answer.headers.get("Allow", "").split(",")}
            self.check(methods[path] <= allowed, f"{path}: Allow is {sorted(allowed)}, without all of {sorted(methods[path])}")
            answer = self.gateway.ask("GET" if "GET" in methods[path] else "POST", live, Host="elsewhere.example")
            self.refusal(operation_id, answer, 403, "for a host that is not ours")
        for path in ("/nothing-here", "/api", "/api/events/1/2", "/healthz/"):
            answer = self.gateway.ask("GET", path)
            fits = answer.status == 404 and answer.type == PROBLEM
            self.check(fits, f"GET {path}: {answer.status} {answer.type} instead of a 404 problem")
            if fits:
                self.fits({"$ref": "#/components/schemas/Problem"}, answer.json(), f"GET {path}: the problem fits its schema")

    def system(self):
        for operation_id in ("getHealthz", "getHealth", "getReadyz", "getMetrics", "getOpenapi", "getAsyncapi", "getStatus",
                             "getTelemetry", "getDocs"):
            self.answer(operation_id, self.gateway.ask("GET", self.spec.operations[operation_id][1]), 200)
        docs = self.gateway.ask("GET", "/docs")
        self.check("default-src 'none'" in docs.headers.get("Content-Security-Policy", ""), "/docs: no strict policy")

    def posting(self):
        mark = uuid.uuid4().hex
        one = {"type": "contract.one", "event_id": f"{mark}-1", "task_id": mark}
        cloud = {"specversion": "1.0", "id": f"{mark}-2", "source": "/contract", "type": "contract.two", "subject": mark, "data": {"a": 1}}
        first = self.answer("postEvents", self.gateway.post(one), 202, "with one event")
        again = self.answer("postEvents", self.gateway.post(one), 202, "with the same event again")
        if first and again:
            self.check(again["repeats"] == 1 and again["first_seq"] == first["first_seq"], "a repeat has the first one's position")
        self.answer("postEvents", self.gateway.post([one, cloud]), 202, "with a list")
        self.answer("postEvents", self.gateway.post([]), 202, "with an empty list")
        self.answer("postEvents", self.gateway.post(cloud, "application/cloudevents+json"), 202, "with a CloudEvent")
        self.answer("postEvents", self.gateway.post([cloud], "application/cloudevents-batch+json"), 202, "with a batch")
        lines = "".join(json.dumps({"event": "contract.line", "task_id": mark, "n": n}) + "\n" for n in range(4))
        self.answer("postEvents", self.gateway.post(lines, "application/x-ndjson"), 202, "with lines")

        key = {"Idempotency_Key": mark}
        stored = [self.gateway.post({"type": "contract.once"}, **key).body for _ in range(2)]
        self.check(stored[0] == stored[1], "the same key and body have the same answer")
        self.refusal("postEvents", self.gateway.post({"type": "contract.other"}, **key), 422, "with a used key", "Idempotency-Key")

        self.refusal("postEvents", self.gateway.post("{half"), 400, "with half an object")
        self.refusal("postEvents", self.gateway.post(""), 400, "without a body")
        self.refusal("postEvents", self.gateway.post({}, "text/plain"), 415, "with text")
        self.refusal("postEvents", self.gateway.post({"type": "a"}, Content_Encoding="gzip"), 415, "compressed", "Content-Encoding")
        self.answer("postEvents", self.gateway.post({"event_type": "", "kind": "contract.kind"}), 202, "with its type in `kind`")
        self.refusal("postEvents", self.gateway.post("7"), 422, "with a number")
        self.refusal("postEvents", self.gateway.post({"message": "no type"}), 422, "without a type")
        self.refusal("postEvents", self.gateway.post({"specversion": "1.0", "id": "1", "source": "/x"}), 422, "without a CloudEvent's type", "/type")
        self.refusal("postEvents", self.gateway.post([one, {"specversion": "0.3"}]), 422, "with a wrong version", "/1/specversion")
        return mark

    def reading(self, mark):
        ask = self.gateway.ask
        page = self.answer("listEvents", ask("GET", f"/api/events?subject={mark}&limit=1"), 200, "first page")
        if not page:
            return
        self.check(len(page["items"]) == 1 and page["next_cursor"], "listEvents: a page of one has one, and goes on")
        for name in ("cursor", "since"):
            after = urllib.parse.quote(page["next_cursor"] or "")
            more = self.answer("listEvents", ask("GET", f"/api/events?subject={mark}&{name}={after}"), 200, f"by {name}")
            if more:
                self.check(len(more["items"]) == 5, f"listEvents by {name}: {len(more['items'])} instead of the other 5")
        for query in (f"data.task_id={mark}", f"task_id={mark}", f"type=contract.*&type=none&task_id={mark}"):
            found = self.answer("listEvents", ask("GET", f"/api/events?{query}"), 200, query)
            self.check(found and len(found["items"]) == 5, f"listEvents {query}: not the 5 events of this run")
        self.answer("listEvents", ask("GET", "/api/events?since=2020-01-01T00:00:00Z&limit=2"), 200, "since a time")
        lines = self.answer("listEvents", ask("GET", f"/api/events?task_id={mark}", Accept="application/x-ndjson"), 200,
                            "as lines", "application/x-ndjson")
        for line in (lines or "").splitlines():
            self.fits({"$ref": "#/components/schemas/Event"}, json.loads(line), "listEvents as lines: each is an event")
        self.check(len((lines or "").splitlines()) == 5, "listEvents as lines: not the 5 events of this run")

        epoch = page["position"].split(":")[0]
        for field, value in (("limit", "0"), ("limit", "1001"), ("limit", "x"), ("since", "yesterday"), ("until", ":")):
            self.refusal("listEvents", ask("GET", f"/api/events?{field}={value}"), 422, f"with {field}={value}", field)
        self.refusal("listEvents", ask("GET", "/api/events?since=elsewhere:5"), 409, "from another log", "since")
        self.refusal("listEvents", ask("GET", f"/api/events?since={epoch}:9007199254740991"), 409, "from the future", "since")
        self.refusal("listEvents", ask("GET", "/api/events", Accept="image/png"), 406, "as a picture")
        seq = page["items"][0]["seq"]
        event = self.answer("getEvent", ask("GET", f"/api/events/{seq}"), 200)
        self.check(event == page["items"][0], "getEvent: another event than on the page")
        self.refusal("getEvent", ask("GET", "/api/events/9007199254740991"), 404, "beyond the end")
        for text in ("0", "-1", "x", "1.5"):
            self.refusal("getEvent", ask("GET", f"/api/events/{text}"), 422, f"with {text}", "seq")

    def rejects(self):
        ask = self.gateway.ask
        page = self.answer("listRejects", ask("GET", "/api/ingest/rejects?limit=5"), 200)
        self.refusal("listRejects", ask("GET", "/api/ingest/rejects?limit=0"), 422, "with limit=0", "limit")
        self.refusal("listRejects", ask("GET", "/api/ingest/rejects?cursor=zz"), 422, "with a foreign cursor", "cursor")
        self.refusal("retryReject", ask("POST", "/api/ingest/rejects/no-such-reject/retry"), 404, "of nothing")
        for reject in (page or {"items": []})["items"]:
            path = f"/api/ingest/rejects/{urllib.parse.quote(reject['id'], safe='')}/retry"
            answer = ask("POST", path)
            self.answer("retryReject", answer, answer.status if answer.status in (202, 400, 409, 422) else 202, reject["id"])
            break

    def webhooks(self, mark):
        """Against a target that nobody is at: what it fails with is told, not what it is sent."""
        def ask(method, path, body=None, **headers):
            text = None if body is None else json.dumps(body)
            return self.gateway.ask(method, path, text, Content_Type="application/json", **headers)

        body = {"name": f"contract-{mark}", "url": "http://127.0.0.1:9/", "types": ["contract.*"], "retry": {"count": 0}}
        made = self.answer("createWebhook", ask("POST", "/api/webhooks", body), 201)
        if not made:
            return
        own = f"/api/webhooks/{made['id']}"
        self.refusal("createWebhook", ask("POST", "/api/webhooks", body), 409, "with a name that is taken", "/name")
        self.refusal("createWebhook", ask("POST", "/api/webhooks", body | {"colour": 1}), 422, "with an unknown member", "/colour")
        self.refusal("createWebhook", self.gateway.ask("POST", "/api/webhooks", "x", Content_Type="text/plain"), 415, "with text")
        self.answer("listWebhooks", ask("GET", "/api/webhooks?limit=1"), 200)
        self.refusal("listWebhooks", ask("GET", "/api/webhooks?limit=0"), 422, "with limit=0", "limit")
        self.answer("updateWebhook", ask("PATCH", own, {"rate_per_second": 100}), 200)
        self.refusal("updateWebhook", ask("PATCH", own, {"since": "start"}), 422, "with another place", "/since")
        self.answer("testWebhook", ask("POST", f"{own}/test"), 200)
        self.answer("pauseWebhook", ask("POST", f"{own}/pause"), 200)
        self.answer("resumeWebhook", ask("POST", f"{own}/resume"), 200)
        self.gateway.post({"type": "contract.webhook", "task_id": mark})
        self.answer("replayWebhook", ask("POST", f"{own}/replay", {"since": "start", "types": ["contract.one"]}), 202)
        self.refusal("replayWebhook", ask("POST", f"{own}/replay", {"since": "x y"}), 422, "since nothing", "/since")
        for _ in range(200):
            tries = ask("GET", f"{own}/deliveries?limit=2")
            if tries.status != 200 or tries.json()["items"]:
                break
        tries = self.answer("listWebhookDeliveries", tries, 200)
        self.check(tries and tries["items"], "listWebhookDeliveries: no try was made")
        self.refusal("listWebhookDeliveries", ask("GET", f"{own}/deliveries?cursor=zz"), 422, "with a foreign cursor", "cursor")
        self.answer("getWebhook", ask("GET", own), 200)
        letters = self.answer("listDeadLetters", ask("GET", f"{own}/dead-letters"), 200)
        self.check(letters and letters["items"], "listDeadLetters: there is none")
        self.refusal("listDeadLetters", ask("GET", f"{own}/dead-letters?cursor=zz"), 422, "with a foreign cursor", "cursor")
        self.answer("redeliverDeadLetters", ask("POST", f"{own}/dead-letters/redeliver", {"all": True}), 202)
        self.refusal("redeliverDeadLetters", ask("POST", f"{own}/dead-letters/redeliver", {}), 422, "of none", "/ids")
        answer = ask("POST", f"{own}/dead-letters/discard", {"all": True})
        self.answer("discardDeadLetters", answer, answer.status if answer.status in (200, 409) else 200)
        page = ask("GET", f"/api/events?task_id={mark}&type=contract.webhook").json()
        seq = page["items"][0]["seq"]
        told = self.answer("listEventDeliveries", ask("GET", f"/api/events/{seq}/deliveries"), 200)
        self.check(told and told["items"][-1]["matched"], "listEventDeliveries: the target did not want the event")
        self.refusal("listEventDeliveries", ask("GET", "/api/events/9007199254740991/deliveries"), 404, "of nothing")
        self.refusal("listEventDeliveries", ask("GET", "/api/events/x/deliveries"), 422, "of x", "seq")
        self.answer("deleteWebhook", ask("DELETE", own), 200)
        for operation_id in ("getWebhook", "deleteWebhook", "pauseWebhook", "listDeadLetters"):
            method, path, _ = self.spec.operations[operation_id]
            self.refusal(operation_id, ask(method, path.replace("{id}", made["id"])), 404, "of one that is gone")

    def live(self, mark):
        path = f"/api/events/stream?since=start&task_id={mark}"
        connection, response = self.gateway.connect("GET", path)
        self.seen.add("streamEvents")
        self.check(response.status == 200 and response.headers.get_content_type() == "text/event-stream",
                   f"streamEvents: {response.status} {response.headers.get_content_type()}")
        read = []
        while response.status == 200 and sum(line.startswith(b"data:") for line in read) < 5:
            line = response.readline()
            if not line:
                break
            read.append(line)
        connection.close()
        for line in read:
            if line.startswith(b"data:"):
                self.fits({"$ref": "#/components/schemas/Event"}, json.loads(line[5:]), "streamEvents: each is an event")
        self.check(sum(line.startswith(b"id:") for line in read) == 5, "streamEvents: not the 5 events of this run")
        self.refusal("streamEvents", self.gateway.ask("GET", "/api/events/stream?since=yesterday"), 422, "with since=yesterday", "since")
        bad = self.gateway.ask("GET", "/api/events/stream", Last_Event_ID="x:y")
        self.refusal("streamEvents", bad, 422, "with a bad Last-Event-ID", "Last-Event-ID")
        for operation_id in sorted(UPGRADES):
            target = self.spec.operations[operation_id][1]
            self.refusal(operation_id, self.gateway.ask("GET", target), 426, "without an upgrade")
            handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
                         "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            old = self.gateway.ask("GET", target, **(handshake | {"Sec_WebSocket_Version": "12"}))
            self.refusal(operation_id, old, 426, "for version 12", "Sec-WebSocket-Version")
            self.check(old.headers.get("Sec-WebSocket-Version") == "13", f"{operation_id}: does not say which version it speaks")
            bad = self.gateway.ask("GET", f"{target}?channels=gossip", **handshake)
            self.refusal(operation_id, bad, 422, "with an unknown channel", "channels")
            connection, response = self.gateway.connect("GET", target, Sec_WebSocket_Protocol="macp.v1.ndjson, macp.v1", **handshake)
            fits = response.status == 101 and response.headers.get("Sec-WebSocket-Protocol") == "macp.v1.ndjson"
            self.check(fits, f"{operation_id}: {response.status} {response.headers.get('Sec-WebSocket-Protocol')}")
            connection.close()

    def run(self):
        self.documents()
        self.every_route()
        self.system()
        mark = self.posting()
        self.reading(mark)
        self.rejects()
        self.webhooks(mark)
        self.live(mark)
        left = set(self.spec.operations) - self.seen
        self.check(not left, f"operations that this script does not know: {sorted(left)}")
        print(f"{self.checks} checks, {len(self.failures)} failed")
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="for example http://127.0.0.1:25294")
    parser.add_argument("--token")
    arguments = parser.parse_args()
    sys.exit(Contract(Gateway(arguments.base, arguments.token)).run())


if __name__ == "__main__":
    main()
