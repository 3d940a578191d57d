"""A client's connection: its login, then one request after the other."""

import struct

import login
import packets
import rpc
import tokens
from errors import Cancelled, ConnectionEnds, SQLError
from faults import Refused
from session import Session

COMMANDS = {"SELECT": 0xC1, "INSERT": 0xC3, "DELETE": 0xC4, "UPDATE": 0xC5}
BEGIN_TRANSACTION, COMMIT_TRANSACTION, ROLLBACK_TRANSACTION = 5, 7, 8


class Connection:
    """Also the `client` of a session: it writes down what the session gives as tokens."""

    def __init__(self, instance, socket):
        self.instance, self.world = instance, instance.world
        self.channel = packets.Channel(socket, 51)
        self.session, self.is_encrypted = None, False
        self.descriptor, self.next_descriptor = 0, 1
        # The last DONE, kept back until it is known whether more comes.
        self.held, self.has_failed, self.is_procedure = None, False, False

    def serve(self):
        try:
            if self.log_in():
                self.channel.on_interruption = self.wake
                self.channel.start_reading()
                while (message := self.channel.incoming.get()) is not None:
                    self.answer(*message)
        except (OSError, ConnectionEnds):
            pass  # The client has gone, or was cut off by a test.
        finally:
            with self.world.changed:
                if self.session:
                    self.session.end()
            self.channel.cut()

    def wake(self):
        with self.world.changed:
            if self.session and self.channel.closed.is_set():
                self.session.closed.set()
            self.world.changed.notify_all()

    # Login

    def log_in(self):
        kind, body = self.channel.read_message()
        extent = None
        if kind == packets.PRELOGIN:
            asked = login.prelogin_options(body).get(login.ENCRYPTION, bytes([login.NOT_SUPPORTED]))[0]
            answer, extent = login.agreed_encryption(asked, self.instance.encryption)
            self.channel.send_packets(packets.RESPONSE, login.prelogin_answer(answer))
            if extent:
                self.channel.start_tls(self.instance.tls)
            kind, body = self.channel.read_message()
        if kind != packets.LOGIN7:
            return False
        if extent == "login":
            self.channel.end_tls()
        self.is_encrypted = extent == "all"
        request = login.Login7(body)
        with self.world.changed:
            try:
                found, database = login.authenticated(self.instance, request)
            except SQLError as error:
                self.fail_login(error)
                return False
            self.session = Session(self.instance, found, database, self, request.program, request.host)
            self.channel.spid = self.session.number
        self.welcome(request, database)
        return True

    def fail_login(self, error):
        if error.follows:
            self.error(error.follows)
        self.error(error)
        self.finish(failed=True)

    def welcome(self, request, database):
        size = request.packet_size if 512 <= request.packet_size <= 32767 else 4096
        write = self.channel.write
        write(tokens.environment_change(tokens.DATABASE, database.name, "master"))
        self.info(5701, 2, 0, "Changed database context to '%s'." % database.name)
        write(tokens.environment_change(tokens.SQL_COLLATION, tokens.COLLATION, b""))
        write(tokens.environment_change(tokens.LANGUAGE, "us_english", ""))
        self.info(5703, 1, 0, "Changed language setting to us_english.")
        write(tokens.login_acknowledged("Microsoft SQL Server", [16, 0, 0x10, 0x4F]))
        write(tokens.environment_change(tokens.PACKET_SIZE, str(size), "4096"))
        if request.has_features:
            write(tokens.no_features())
        self.finish()
        self.channel.packet_size = size

    # Requests

    def answer(self, kind, body):
        if kind == packets.ATTENTION:
            # What it was meant for has ended by itself.
            self.acknowledge()
            return
        self.is_procedure = kind == packets.RPC
        cancelled = False
        with self.world.changed:
            try:
                self.handle(kind, body)
            except Refused:
                pass
            except Cancelled:
                cancelled = True
        if self.channel.closed.is_set():
            raise ConnectionEnds()
        if cancelled:
            self.await_attention()
        else:
            self.finish()

    def handle(self, kind, body):
        if kind == packets.SQL_BATCH:
            sql = body[headers_length(body):].decode("utf-16-le")
            with Faults(self, sql):
                self.session.run(sql)
        elif kind == packets.RPC:
            request = rpc.Request(body, headers_length(body))
            with Faults(self, request.text):
                rpc.run(self.session, self, request)
        elif kind == packets.TRANSACTION_MANAGER:
            self.manage_transaction(body[headers_length(body):])
        else:
            raise ConnectionEnds()

    def await_attention(self):
        """The message itself is in the queue, behind what it ended."""
        while True:
            message = self.channel.incoming.get()
            if message is None:
                raise ConnectionEnds()
            if message[0] == packets.ATTENTION:
                self.acknowledge()
                return

    def acknowledge(self):
        self.channel.attention.clear()
        self.held = None
        self.channel.write(tokens.done(tokens.DONE, tokens.ATTENTION, 0, 0))
        self.channel.flush()
        self.has_failed = False

    def manage_transaction(self, body):
        kind, = struct.unpack_from("<H", body, 0)
        try:
            if kind == BEGIN_TRANSACTION:
                self.session.begin()
            elif kind in (COMMIT_TRANSACTION, ROLLBACK_TRANSACTION):
                with Faults(self, "COMMIT" if kind == COMMIT_TRANSACTION else "ROLLBACK"):
                    self.session.commit() if kind == COMMIT_TRANSACTION else self.session.roll_back()
                length = body[2]
                if body[3 + length] & 1:
                    self.session.begin()
            else:
                raise ConnectionEnds()
        except SQLError as error:
            self.session.fail(error)

    # What a session gives

    def columns(self, columns):
        self.release()
        self.channel.write(tokens.column_metadata(columns))

    def row(self, columns, values):
        self.channel.write(tokens.row(columns, values))

    def done(self, count, command="", more=False):
        self.release()
        status = tokens.ERROR if self.has_failed else 0
        if count is not None:
            status |= tokens.COUNT
        self.held = (status, COMMANDS.get(command, 0), count or 0)
        self.has_failed = False
        if more:
            self.release()

    def failed(self):
        self.has_failed = True
        self.done(None)

    def error(self, error):
        self.release()
        self.channel.write(tokens.error(
            error.number, error.state, error.severity, error.text, self.instance.name, "", error.line or 1))

    def info(self, number, state, severity, text):
        self.release()
        self.channel.write(tokens.info(number, state, severity, text, self.instance.name, "", 1))

    def database_changed(self, before, after):
        self.release()
        self.channel.write(tokens.environment_change(tokens.DATABASE, after, before))
        self.info(5701, 1, 0, "Changed database context to '%s'." % after)

    def transaction_began(self):
        self.descriptor, self.next_descriptor = self.next_descriptor, self.next_descriptor + 1
        self.channel.write(tokens.environment_change(tokens.BEGIN, struct.pack("<Q", self.descriptor), b""))

    def transaction_ended(self, committed):
        kind = tokens.COMMIT if committed else tokens.ROLLBACK
        self.channel.write(tokens.environment_change(kind, b"", struct.pack("<Q", self.descriptor)))
        self.descriptor = 0

    def release(self):
        """Writes the DONE that was held back: more comes."""
        if self.held:
            status, command, count = self.held
            kind = tokens.DONEINPROC if self.is_procedure else tokens.DONE
            self.channel.write(tokens.done(kind, status | tokens.MORE, command, count))
            self.held = None

    def finish(self, failed=False):
        if self.is_procedure:
            self.release()
            self.channel.write(tokens.done(tokens.DONEPROC, 0, 0, 0))
        else:
            status, command, count = self.held or (tokens.ERROR if failed or self.has_failed else 0, 0, 0)
            self.channel.write(tokens.done(tokens.DONE, status, command, count))
        self.held, self.has_failed = None, False
        self.channel.flush()

    def flush(self):
        self.channel.flush(is_end=False)

    def is_cancelled(self):
        return self.channel.attention.is_set()

    def cut(self):
        self.channel.cut()


def headers_length(body):
    """ALL_HEADERS come before the request."""
    return struct.unpack_from("<I", body, 0)[0]


class Faults:
    """What a test wants to go wrong around a statement."""

    def __init__(self, connection, text):
        self.connection = connection
        self.fault = next((each for each in connection.world.faults if each.matches(connection.instance, text)), None)

    def __enter__(self):
        if self.fault:
            self.fault.before(self.connection)

    def __exit__(self, kind, error, trace):
        if self.fault and kind is None:
            self.fault.after(self.connection)
