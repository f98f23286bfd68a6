"""A proxy between a service and a real server that misbehaves when told: HTTP by the request, TCP by the connection.

    with HttpProxy(s3.endpoint) as proxy:
        fault = proxy.fault(s3_refusal(503, "SlowDown"), "PUT", times=3)
        ...                                  # the service is given proxy.url
        fault.hits == 3, proxy.fault(HANG), proxy.heal()
"""

import contextlib
import http.client
import re
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")
HANG_S = 60


class Answer(NamedTuple):
    """What stands in for the server's own answer."""

    status: int
    body: bytes = b""
    headers: dict = {}


# no answer; the connection ends without one, or inside the server's; nothing more comes inside the server's
HANG, CLOSE, CUT, STALL = "hang", "close", "cut", "stall"


def s3_refusal(status, code, **headers):
    """As S3 says no."""
    return Answer(status, f"<Error><Code>{code}</Code><Message>because the test says so</Message></Error>".encode(),
                  {"Content-Type": "application/xml", **headers})


class Fault:
    """What happens to requests of a method (a regular expression, as is the path) for so many times, or until healed."""

    def __init__(self, what, method, path, times):
        self.what, self.method, self.path, self.left, self.hits = what, method, path, times, 0

    def takes(self, method, path):
        if self.left == 0 or not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        self.left = None if self.left is None else self.left - 1
        self.hits += 1
        return True


class HttpProxy:
    """`requests` notes (method, path, status or fault) of each request; Host passes on, so signatures stay valid."""

    def __init__(self, upstream):
        self.upstream = urllib.parse.urlsplit(upstream).netloc
        self.requests, self._faults = [], []
        self._lock, self._over = threading.Lock(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, what, method=".*", path="", times=None):
        """From now on; the fault that was set first comes first."""
        fault = Fault(what, method, path, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def heal(self):
        with self._lock:
            self._faults.clear()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._lock:
            what = next((fault.what for fault in self._faults if fault.takes(handler.command, handler.path)), None)
        answer = what if isinstance(what, Answer) else None
        if what in (None, CUT, STALL):
            answer = self._ask(handler, body)
        self.requests.append((handler.command, handler.path, what if isinstance(what, str) else answer.status))
        if what == HANG:
            self._over.wait(HANG_S)
        if answer is None:
            handler.close_connection = True
        else:
            send(handler, answer, what in (CUT, STALL))
        if what == STALL:
            self._over.wait(HANG_S)

    def _ask(self, handler, body):
        connection = http.client.HTTPConnection(self.upstream, timeout=HANG_S)
        with contextlib.closing(connection):
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            content = answer.read()
            if handler.command == "HEAD":
                headers["Content-Length"] = answer.getheader("Content-Length", "0")
            return Answer(answer.status, content, headers)


def send(handler, answer, cut):
    handler.send_response_only(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if "Content-Length" not in answer.headers and answer.status != 304:
        handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
    handler.close_connection = handler.close_connection or cut


def handler_of(proxy):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def any(self):
            with contextlib.suppress(ConnectionError):
                proxy.handle(self)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = any

        def log_message(self, *_args):
            pass

    return Handler


class TcpProxy:
    """Passes bytes on; `silence` keeps all connections open and passes on nothing, until `heal`."""

    def __init__(self, host, port):
        self._upstream = (host, int(port))
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._listener.close()
        self.heal()
        self.cut()

    def silence(self):
        self._passing.clear()

    def heal(self):
        self._passing.set()

    def cut(self):
        """Ends all connections that are open."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.create_connection(self._upstream)
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
