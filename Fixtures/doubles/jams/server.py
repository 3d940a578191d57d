"""The REST server: HTTPS, tokens, endpoints. What it doesn't know it refuses, and keeps in mind for the test."""

import http.server
import json
import re
import socket
import ssl
import urllib.parse

BASE = "/jams"


class RESTServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, world, certificate, key):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world = world
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    def finish_request(self, request, client_address):
        """The handshake is made in the request's thread: a client that never speaks must not hold up others."""
        try:
            wrapped = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return  # A client that doesn't trust the certificate hangs up.
        with wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        """A connection that was cut, by a fault or by the client, is no error of the double's."""


class Refusal(Exception):
    def __init__(self, status, message, is_unknown=False):
        super().__init__(message)
        self.status, self.message, self.is_unknown = status, message, is_unknown


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer goes out in two pieces: the second would wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Nothing is logged: a request may hold a password."""

    def do_GET(self):
        self.serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET

    @property
    def world(self):
        return self.server.world

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        world = self.world
        with world.changed:
            world.requests.append({"method": self.command, "path": self.path})
            fault = world.fault(self.command, self.path)
            if fault is not None and not self.strike(fault):
                return
            try:
                status, answer = self.answer(body)
            except Refusal as refusal:
                status, answer = refusal.status, {"message": refusal.message}
                if refusal.is_unknown:
                    world.refused.append("%s %s: %s" % (self.command, self.path, refusal.message))
            world.changed.notify_all()
        if fault is not None and fault.action == "cut_after":
            return self.cut()
        self.send(status, json.dumps(answer))

    def strike(self, fault):
        """Whether the request is served after all."""
        if fault.action == "cut_before":
            self.cut()
        elif fault.action == "delay":
            self.world.changed.wait_for(lambda: fault.is_released, fault.milliseconds / 1000)
        elif fault.action == "hang":
            self.world.changed.wait_for(lambda: fault.is_released)
        elif fault.action == "status":
            self.send(fault.status, fault.text)
        elif fault.action == "answer":
            self.send(200, fault.text)
        return fault.action in ("delay", "hang", "cut_after")

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # Endpoints

    def answer(self, body):
        parts = urllib.parse.urlsplit(self.path)
        if not parts.path.lower().startswith(BASE + "/"):
            raise Refusal(404, "nothing is served here", is_unknown=True)
        path, query = parts.path[len(BASE):], parts.query
        if path == "/api/authentication/login":
            return 200, self.log_in(body)
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or not self.world.lets_in(token):
            raise Refusal(401, "Authorization has been denied for this request.")
        return 200, self.endpoint(path, query, body)

    def log_in(self, body):
        self.require("POST")
        given = self.json(body)
        if set(given) != {"username", "password"} or not all(isinstance(each, str) for each in given.values()):
            raise Refusal(400, "a log-in has username and password", is_unknown=True)
        if self.world.accounts.get(given["username"]) != given["password"]:
            raise Refusal(401, "The user name or password is incorrect.")
        return {"access_token": self.world.new_token(given["username"]), "token_type": "bearer", "expires_in": 43200}

    def endpoint(self, path, query, body):
        world = self.world
        fixed = {"/api/server/serverStatus": world.status, "/api/scheduler/active": world.active, "/api/agent": world.agents}
        if path in fixed and not query:
            self.require("GET")
            return fixed[path]
        agent = re.fullmatch(r"/api/agent/([^/]+)", path)
        if agent and not query:
            self.require("GET")
            return self.found(world.agent(urllib.parse.unquote(agent[1])))
        return self.open_endpoint(path + ("?" + query if query else ""), body)

    def open_endpoint(self, path, body):
        """What is not published is where the world's description says."""
        world = self.world
        update = world.open.get("resource_update", world.open.get("resource"))
        if self.command == "PUT" and update is not None and self.named(update, path) is not None:
            refusal = world.update(self.json(body))
            if refusal:
                raise Refusal(400, refusal)
            return {}
        for kind, answer in (("jobs", world.jobs), ("version", world.version)):
            if path == world.open.get(kind):
                self.require("GET")
                return answer
        name = self.named(world.open.get("resource"), path)
        if not name:
            raise Refusal(404, "the double knows no such endpoint", is_unknown=True)
        self.require("GET")
        return self.found(world.resource(name))

    @staticmethod
    def named(template, path):
        """What stands in the place of `{resource}`: an empty text where the template names none; None: another path."""
        if template is None:
            return None
        before, mark, after = template.partition("{resource}")
        if not mark:
            return "" if path == template else None
        found = re.fullmatch(re.escape(before) + "([^/?&]*)" + re.escape(after), path)
        return urllib.parse.unquote(found[1], errors="strict") if found else None

    # Helpers

    def require(self, method):
        if self.command != method:
            raise Refusal(405, "only %s is served here" % method, is_unknown=True)

    def json(self, body):
        if (self.headers.get("Content-Type") or "").split(";")[0].strip() != "application/json":
            raise Refusal(415, "a body is application/json", is_unknown=True)
        try:
            given = json.loads(body)
        except ValueError as error:
            raise Refusal(400, "no JSON", is_unknown=True) from error
        if not isinstance(given, dict):
            raise Refusal(400, "an object is expected", is_unknown=True)
        return given

    @staticmethod
    def found(thing):
        if thing is None:
            raise Refusal(404, "there is no such thing")
        return thing
