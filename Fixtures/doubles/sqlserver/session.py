"""A session: what a login does on one connection, in which database, in which transaction."""

import datetime
import threading

import parser
import runner
from datatypes import converted
from errors import Cancelled, ConnectionEnds, SQLError
from session_functions import SessionFunctions


class Session:
    """`client` takes what a statement gives: columns, rows, counts, messages, errors."""

    def __init__(self, instance, login, database, client, program="", host=""):
        self.instance, self.login, self.client = instance, login, client
        self.world = instance.world
        self.program, self.host = program, host
        self.number = instance.next_session
        instance.next_session += 1
        instance.sessions[self.number] = self
        self.database = database
        self.transaction_count = 0
        self.xact_abort = self.implicit_transactions = self.no_count = False
        self.is_doomed = False
        # Databases that the transaction has written to, with their tables of before.
        self.written = {}
        self.row_count, self.error_number, self.lock_timeout = 0, 0, -1
        self.variables, self.caught, self.raised = {}, None, None
        # How many TRY blocks are around the statement.
        self.tries = 0
        self.functions = SessionFunctions(self)
        self.statement, self.is_interrupted = "", False
        self.logged_in = datetime.datetime.now(datetime.timezone.utc)
        self.closed = threading.Event()

    # Batches

    def run(self, sql, variables=None):
        """Runs a batch; errors go to the client, and only a cut connection is thrown."""
        self.statement, self.variables, self.tries = sql, dict(variables or {}), 0
        try:
            self.run_block(parser.parse(sql))
        except SQLError as error:
            self.fail(error)
        except parser.Return:
            pass
        finally:
            self.statement = ""
        if self.is_doomed:
            self.roll_back()
            self.fail(SQLError(3998, text="Uncommittable transaction is detected at the end of the batch. The transaction is "
                                          "rolled back."))

    def run_block(self, statements):
        for statement in statements:
            self.check_interruption()
            try:
                statement.run(self)
                self.error_number = 0
            except SQLError as error:
                error.line = error.line or statement.line
                self.error_number = error.number
                if self.tries:
                    self.is_doomed = self.xact_abort and self.transaction_count > 0
                    raise
                if self.xact_abort or error.is_thrown or error.ends_batch or error.severity >= 19:
                    if self.xact_abort and self.transaction_count:
                        self.roll_back()
                    raise
                self.fail(error)

    def fail(self, error):
        if error.follows:
            self.client.error(error.follows)
        self.client.error(error)
        self.client.failed()

    def check_interruption(self):
        if self.closed.is_set():
            raise ConnectionEnds()
        if self.client.is_cancelled():
            raise Cancelled()

    def wait(self, is_over, seconds=None):
        """Waits under the world's lock, which it gives away meanwhile; an attention ends it. False: the time is up."""
        deadline = None if seconds is None else datetime.datetime.now() + datetime.timedelta(seconds=seconds)
        while not is_over():
            self.check_interruption()
            left = None if deadline is None else (deadline - datetime.datetime.now()).total_seconds()
            if left is not None and left <= 0:
                return False
            self.world.changed.wait(left)
        return True

    # Transactions

    @property
    def in_transaction(self):
        return self.transaction_count > 0

    def begin(self):
        self.transaction_count += 1
        if self.transaction_count == 1:
            self.client.transaction_began()

    def commit(self):
        if not self.transaction_count:
            raise SQLError(3902)
        if self.is_doomed:
            raise SQLError(3930, text="The current transaction cannot be committed and cannot support operations that write to the "
                                      "log file. Roll back the transaction.")
        self.transaction_count -= 1
        if self.transaction_count:
            return
        for database in self.written:
            database.data.execute("COMMIT")
        self.release(is_changed=True)
        self.client.transaction_ended(committed=True)

    def roll_back(self):
        if not self.transaction_count:
            raise SQLError(3903)
        self.transaction_count, self.is_doomed = 0, False
        for database in self.written:
            if database.data.in_transaction:
                database.data.execute("ROLLBACK")
                database.tables = self.written[database]
        self.release(is_changed=False)
        self.client.transaction_ended(committed=False)

    def release(self, is_changed):
        for database in self.written:
            database.writer = None
            if is_changed:
                database.changed()
        self.written = {}
        self.world.changed.notify_all()

    def begin_writing(self, database):
        """One transaction at a time writes to a database; the others wait."""
        self.wait_for_writer(database)
        if self.implicit_transactions and not self.transaction_count:
            self.begin()
        if self.transaction_count and database not in self.written:
            database.data.execute("BEGIN")
            database.writer = self
            self.written[database] = dict(database.tables)

    def wait_for_writer(self, database):
        seconds = None if self.lock_timeout < 0 else self.lock_timeout / 1000
        if not self.wait(lambda: database.writer in (None, self), seconds):
            raise SQLError(1222)

    def forbid_transaction(self, statement):
        if self.in_transaction:
            raise SQLError(226, statement)

    # Variables

    def declare(self, name, type_, value=None):
        self.variables[name] = (type_, value)

    def assign(self, name, value):
        if name not in self.variables:
            raise SQLError(137, name)
        type_ = self.variables[name][0]
        self.variables[name] = (type_, converted(value, type_))

    # The end

    def end(self):
        """What wasn't committed is undone."""
        self.closed.set()
        if self.transaction_count:
            self.transaction_count = 1
            self.client.transaction_ended = lambda committed: None
            self.roll_back()
        self.instance.sessions.pop(self.number, None)
        self.world.changed.notify_all()

    def use(self, name):
        database = self.instance.database(name)
        database.require_open()
        runner.require_access(self, database)
        if database is not self.database:
            before, self.database = self.database, database
            self.client.database_changed(before.name, database.name)
