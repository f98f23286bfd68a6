"""A small HTTP server that serves what a test says, ETag and all, and misbehaves when told: 429, 500, a cut body, a hang."""

import base64
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .tls import server_context


class Web:
    """`body` is what every path gives; `faults` are taken one a request, in order, before it is served again:
    ("status", 503, {"Retry-After": "1"}), ("cut",), ("hang",), ("close",). `requests` notes (path, headers, status).
    """

    def __init__(self, body=b"", etag=True, user=None, tls=None):
        """`tls`: a folder for the certificate; `ca_file` is then what clients trust."""
        self.body, self.etag, self.user = body, etag, user
        self.content_type = "application/octet-stream"
        self.chunks = None  # a function that gives the body in parts: for what is larger than memory
        self.faults, self.requests = [], []
        self._over = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                web._answer(self)

            def log_message(self, *_args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.scheme, self.ca_file = "http", None
        if tls:
            self.scheme = "https"
            self.ca_file, context = server_context(tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path="/"):
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}{path}"

    def close(self):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def statuses(self):
        return [status for _path, _headers, status in self.requests]

    def _answer(self, handler):
        fault = self.faults.pop(0) if self.faults else None
        status, headers = 200, {}
        tag = '"' + hashlib.sha256(self.body).hexdigest()[:16] + '"'
        if self.user and handler.headers.get("Authorization") != "Basic " + base64.b64encode(self.user.encode()).decode():
            status = 401
        elif fault and fault[0] == "status":
            status, headers = fault[1], dict(fault[2] if len(fault) > 2 else {})
        elif self.etag and handler.headers.get("If-None-Match") == tag:
            status = 304
        if self.etag:
            headers.setdefault("ETag", tag)
        self.requests.append((handler.path, dict(handler.headers), fault[0] if fault and fault[0] != "status" else status))
        if fault == ("close",):
            handler.close_connection = True
            return
        body = self.body if status == 200 else b"" if status == 304 else b"<html>an error page, id,name\n1,x</html>"
        if status == 200 and self.chunks:
            self._stream(handler, headers)
            return
        handler.send_response(status)
        handler.send_header("Content-Type", self.content_type)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if fault in (("cut",), ("hang",)):
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            if fault == ("hang",):
                self._over.wait(60)
            handler.close_connection = True
            return
        handler.wfile.write(body)

    def _stream(self, handler, headers):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.close_connection = True
        try:
            for chunk in self.chunks():
                handler.wfile.write(chunk)
        except OSError:
            pass
