"""A small HTTP server on loopback that can misbehave."""

import contextlib
import hashlib
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Serving:
    """What is served, how it goes wrong, and what was asked.

    `faults` lists what happens to the next requests of a path: ``404``, ``500``, ``("drop", n)`` closes the connection
    after n bytes, ``("short", n)`` says that there are no more than n, ``("slow", seconds)`` waits between pieces.
    """

    def __init__(self):
        self.files = {}
        self.faults = {}
        self.requests = []
        self.ranges = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer._answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _answer(self, handler):
        name = handler.path[1:]
        asked = handler.headers.get("Range")
        self.requests.append((name, asked))
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int) or name not in self.files:
            handler.send_error(fault or 404)
            return
        body = self.files[name]
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        begin = 0
        if asked and self.ranges and handler.headers.get("If-Range") in (None, tag):
            begin = int(re.match(r"bytes=(\d+)-", asked)[1])
        kind, amount = fault or (None, None)
        if kind == "short":
            body = body[:amount]
        handler.send_response(206 if begin else 200)
        handler.send_header("ETag", tag)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        handler.send_header("Content-Length", str(len(body) - begin))
        handler.end_headers()
        with contextlib.suppress(OSError):
            if kind == "drop":
                handler.wfile.write(body[begin : begin + amount])
                handler.wfile.flush()
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif kind == "slow":
                for i in range(begin, len(body), 1 << 12):
                    handler.wfile.write(body[i : min(len(body), i + (1 << 12))])
                    handler.wfile.flush()
                    time.sleep(amount)
            else:
                handler.wfile.write(body[begin:])
        if kind == "drop":
            handler.close_connection = True
