"""A receiver of webhooks that tests can look into, and make fail."""
import contextlib
import http.server
import json
import threading
import time


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def seq(self):
        return int(self.headers["macp-seq"])


class Sink:
    """`answer` is called with each request, and gives a status, or a status and headers."""

    def __init__(self, answer=lambda request: 204):
        self.answer, self.requests, self.changed = answer, [], threading.Condition()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.path, self.headers, body)
                answer = sink.answer(request)
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                with sink.changed:
                    sink.requests.append((status, request))
                    sink.changed.notify_all()
                text = b"" if status == 204 else b"said the sink"
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def taken(self):
        """The requests that were answered 2xx, in the order of their arrival."""
        with self.changed:
            return [request for status, request in self.requests if status < 300]

    @property
    def seqs(self):
        return [request.seq for request in self.taken]

    def wait(self, holds, seconds=30):
        """Waits until `holds(self)`."""
        until = time.monotonic() + seconds
        while not holds(self):
            assert time.monotonic() < until, f"the sink has {len(self.requests)} requests: {self.requests[-5:]}"
            with self.changed:
                self.changed.wait(0.1)
        return self

    def wait_for(self, count, seconds=30):
        return self.wait(lambda sink: len(sink.taken) >= count, seconds)
