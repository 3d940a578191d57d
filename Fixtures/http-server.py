"""A small HTTP server for tests: listens on a free port of the loopback address and prints the port.

Ends when its standard input is closed, so that it can't outlive the test.
"""

import base64
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

stored = {}
hits = {}


def forms(secret):
    encoded = [base64.b64encode(before + secret + b"!") for before in (b"", b"a", b"ab")]
    encoded += [base64.urlsafe_b64encode(before + secret + b"!") for before in (b"", b"a", b"ab")]
    return encoded + [
        secret,
        quote(secret, safe="").encode(),
        secret.hex().encode(),
        secret.hex().upper().encode(),
        json.dumps(secret.decode()).encode(),
        "".join("\\u%04x" % ord(each) for each in secret.decode()).encode(),
    ]


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_any(self):
        content = self.body()
        hits[self.path] = hits.get(self.path, 0) + 1
        word = self.path.split("/")
        if word[1] == "status":
            self.answer(int(word[2]), b"a status")
        elif word[1] == "redirect":
            self.answer(302, b"", [("Location", "/store/elsewhere")])
        elif word[1] == "big":
            self.answer(200, b"x" * 3_000_000)
        elif word[1] == "headers":
            self.answer(200, str(self.headers).encode())
        elif word[1] == "echo":
            # Repeats a header in every form that it can think of, as a hostile server might.
            stored["/store/echoed"] = b"yes"
            self.answer(201, b" ".join(forms(self.headers.get("X-Token", "").encode())))
        elif word[1] == "hang":
            threading.Event().wait(60)
        elif word[1] == "hits":
            self.answer(200, str(hits.get("/" + "/".join(word[2:]), 0)).encode())
        elif word[1] == "lost":
            # Does it, and never says so.
            stored["/store/" + word[2]] = content
            self.close_connection = True
        elif self.command in ("PUT", "POST", "PATCH"):
            stored[self.path] = content
            self.answer(201, b"stored " + str(self.headers.get("Content-Type")).encode())
        elif self.command == "DELETE":
            stored.pop(self.path, None)
            self.answer(204)
        elif self.path in stored:
            self.answer(200, stored[self.path])
        else:
            self.answer(404, b"nothing here")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def log_message(self, *_):
        pass


def end_with_standard_input():
    sys.stdin.read()
    os._exit(0)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with_standard_input, daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
