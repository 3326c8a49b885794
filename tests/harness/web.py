"""A web server of a test's own, on a free port of this machine, that answers as it is told."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        answer = self.server.answer(self)
        if answer is not None:
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Web(ThreadingHTTPServer):
    """``with Web(answer) as web`` listens on ``web.url``; ``seen`` lists (path, headers).

    ``answer(request)`` returns (status, headers, body) for a request (an http.server handler);
    None for no more than it has written itself. ``ended`` is set when the server ends.
    """

    daemon_threads = True

    def __init__(self, answer, handler=_Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.answer, self.seen, self.ended = answer, [], threading.Event()
        self.port = self.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.shutdown()
        self.server_close()
