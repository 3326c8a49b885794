"""A proxy that stands before the real server, keeps a record, and does harm on request."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.harness.web import Web


@dataclass
class Fault:
    """Harm to requests whose path contains ``path``, after ``skip`` of them, ``times`` times."""

    path: str
    kind: str  # an HTTP status, "cut", "html", "hang", "drop", "stamp" (a 401 as if expired), or
    # "half" (of the list that is sent, the server gets the first half)
    times: int = 1
    skip: int = 0
    headers: dict = field(default_factory=dict)


class Proxy(Web):
    """``with Proxy(url) as proxy`` listens on ``proxy.url``; ``requests`` lists what was asked."""

    def __init__(self, upstream):
        super().__init__(None, _Handler)
        self.upstream = upstream
        self.faults = []
        self.requests = []
        self.lock = threading.Lock()

    def fail(self, path, kind, **options):
        self.faults.append(Fault(path, str(kind), **options))

    def counts(self):
        """How often each kind of thing was asked for."""
        names = ("/api/tasks/", "/export", "/data/", "/resolve/", "/api/token/refresh")
        found = (next((n for n in names if n in path), path) for _, path, _ in self.requests)
        return Counter(found)

    def forget(self):
        self.requests.clear()
        self.faults.clear()

    def due(self, path):
        with self.lock:
            for fault in self.faults:
                if fault.path in path and fault.times > 0:
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.forward("GET", None)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.forward(self.command, self.rfile.read(length))

    do_DELETE = do_PATCH = do_POST

    def forward(self, method, body):
        if self.asker_has_gone():
            return
        self.server.requests.append((method, self.path, dict(self.headers)))
        fault = self.server.due(self.path)
        if fault and fault.kind not in ("cut", "half"):
            self.harm(fault)
            return
        if fault and fault.kind == "half":
            entries = json.loads(body)
            body, fault = json.dumps(entries[: len(entries) // 2]).encode(), None
        parts = urlsplit(self.server.upstream)
        upstream = http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)
        own = ("connection", "content-length")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in own}
        upstream.request(method, self.path, body, {**headers, "Connection": "close"})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault else content)

    def asker_has_gone(self):
        """Killed, before this thread came to what it had asked: that counts for nobody."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True

    def harm(self, fault):
        while fault.kind == "hang" and not self.asker_has_gone():
            time.sleep(0.05)
        if fault.kind in ("hang", "drop"):
            return
        body = b"<html><body>Bad things happened</body></html>"
        status, kind = 200, "text/html"
        if fault.kind == "stamp":
            status, kind, body = 401, "application/json", b'{"detail": "not provided."}'
        elif fault.kind.isdecimal():
            status = int(fault.kind)
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
