"""WinRM over HTTPS: the server's side of remote shells."""

import base64
import http.server
import socket
import ssl
import threading
import uuid

import session
import soap
from authentication import Authentication
from host import Cut
from soap import Fault, Message

SHELLS_A_USER = 5
_TERMINATE = soap.SHELL + "/signal/terminate"


class Command:
    """A command of a shell. It begins with its line, and reads until its input is closed."""

    def __init__(self, host, line):
        self.host, self.line = host, line
        self.input, self.closed = b"", threading.Event()
        self.ended, self.changed = threading.Event(), threading.Condition()
        self.chunks, self.code, self.is_cut = [], None, False
        threading.Thread(target=self._run, daemon=True).start()

    def _read(self):
        while not self.closed.wait(0.02):
            if self.ended.is_set():
                raise Cut("terminated")
        return self.input

    def _run(self):
        self.host.ending.event = self.ended
        try:
            result = session.run(self.host, self.line, self._read)
            output, error = result.output.encode(), result.error.encode()
            # In pieces that end anywhere, as a real one sends it.
            pieces = [("stdout", output[:7]), ("stderr", error), ("stdout", output[7:])]
            with self.changed:
                self.chunks += [piece for piece in pieces if piece[1]]
                self.code = result.code
                self.changed.notify_all()
        except Cut:
            with self.changed:
                self.is_cut = True
                self.changed.notify_all()

    def receive(self, timeout):
        with self.changed:
            self.changed.wait_for(lambda: self.code is not None or self.is_cut, timeout)
            if self.is_cut and not self.ended.is_set():
                raise Cut("cut")
            if self.code is None:
                raise Fault(soap.OPERATION_TIMED_OUT, "The WS-Management service cannot complete the operation within "
                            "the time specified in OperationTimeout.", "w:TimedOut")
            # One piece at a time.
            piece = self.chunks[:1]
            del self.chunks[:1]
            return piece, not self.chunks


class Shell:
    def __init__(self, user):
        self.user, self.commands = user, {}


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection: authentication by NTLM is the connection's."""

    protocol_version = "HTTP/1.1"
    # An answer goes out in two pieces: the second would wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.authentication = Authentication(self.server.accounts)

    def log_message(self, *_):
        pass

    def do_POST(self):
        host = self.server.model
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if host.is_down:
            return self._cut()
        answer = self.authentication.check(self.headers.get("Authorization"), self.server.schemes)
        if answer.user is None:
            return self._send(401, b"", answer.headers)
        if self.path != "/wsman":
            return self._send(404, b"", [])
        related = None
        try:
            message = Message(body)
            related = message.id
            host.messages.append(message.action.rsplit("/", 1)[-1])
            host.strike_message(message.action.rsplit("/", 1)[-1])
            if host.is_late(message.action.rsplit("/", 1)[-1]):
                raise Fault(soap.OPERATION_TIMED_OUT, "nothing yet", "w:TimedOut")
            return self._send(200, self._answer(host, message, answer.user), answer.headers)
        except Fault as trouble:
            return self._send(500, soap.fault(trouble, related), answer.headers)
        except Cut:
            return self._cut()

    def _cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, host, message, user):
        if message.action == soap.CREATE:
            return self._create(host, message, user)
        shell = host.shells.get(message.shell_id)
        if shell is None:
            raise Fault(soap.INVALID_SELECTORS, "The request contained invalid selectors for the resource.",
                        "w:InvalidSelectors")
        name = message.action.removeprefix(soap.SHELL)
        if message.action == soap.DELETE:
            del host.shells[message.shell_id]
            for command in shell.commands.values():
                command.ended.set()
            body = ""
        elif name == "/Command":
            body = self._command(host, shell, message)
        elif name == "/Send":
            body = self._input(shell, message)
        elif name == "/Receive":
            body = self._receive(shell, message)
        elif name == "/Signal":
            signal = message.one("s:Body/rsp:Signal")
            if signal.find("{%s}Code" % soap.SHELL).text != _TERMINATE:
                raise Fault(soap.UNSUPPORTED, "another signal than terminate")
            self._find(shell, signal).ended.set()
            body = "<rsp:SignalResponse/>"
        else:
            raise Fault(soap.UNSUPPORTED, f"the action {message.action}")
        return soap.envelope(message.action + "Response", body, message.id)

    def _create(self, host, message, user):
        if message.one("s:Body/rsp:Shell/rsp:InputStreams").text != "stdin":
            raise Fault(soap.UNSUPPORTED, "other input streams")
        if message.options().get("WINRS_CODEPAGE") != "65001":
            raise Fault(soap.UNSUPPORTED, "another code page than UTF-8's")
        if sum(shell.user == user for shell in host.shells.values()) >= SHELLS_A_USER:
            raise Fault(soap.TOO_MANY_SHELLS, "The WS-Management service cannot process the request. This user is allowed "
                        f"a maximum number of {SHELLS_A_USER} concurrent shells, which has been exceeded.",
                        "w:QuotaLimit")
        shell_id = str(uuid.uuid4()).upper()
        host.shells[shell_id] = Shell(user)
        return soap.created(shell_id, message.id)

    def _command(self, host, shell, message):
        if message.options().get("WINRS_CONSOLEMODE_STDIN") != "FALSE":
            raise Fault(soap.UNSUPPORTED, "input by a console")
        line = message.one("s:Body/rsp:CommandLine")
        words = [e.text or "" for e in line]
        command_id = str(uuid.uuid4()).upper()
        shell.commands[command_id] = Command(host, " ".join(words))
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _find(self, shell, element):
        command = shell.commands.get(element.get("CommandId"))
        if command is None:
            raise Fault(soap.INVALID_SELECTORS, "no such command", "w:InvalidSelectors")
        return command

    def _input(self, shell, message):
        for stream in message.all("s:Body/rsp:Send/rsp:Stream"):
            command = self._find(shell, stream)
            command.input += base64.b64decode(stream.text or "")
            if (stream.get("End") or "").lower() == "true":
                command.closed.set()
        return "<rsp:SendResponse/>"

    def _receive(self, shell, message):
        wanted = message.one("s:Body/rsp:Receive/rsp:DesiredStream")
        command_id = wanted.get("CommandId")
        chunks, is_done = self._find(shell, wanted).receive(message.timeout)
        streams = "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(piece).decode()}</rsp:Stream>'
            for name, piece in chunks)
        state = soap.SHELL + "/CommandState/" + ("Done" if is_done else "Running")
        code = f"<rsp:ExitCode>{shell.commands[command_id].code}</rsp:ExitCode>" if is_done else ""
        return (f'<rsp:ReceiveResponse>{streams}<rsp:CommandState CommandId="{command_id}" State="{state}">{code}'
                "</rsp:CommandState></rsp:ReceiveResponse>")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host, accounts, schemes, certificate, key, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.model, self.accounts, self.schemes = host, accounts, schemes
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is the connection's thread's, not the listener's.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, address):
        """A client that goes away is no error here."""
