"""Statements of T-SQL. A batch is parsed whole before anything of it runs; what isn't known here is refused."""

import lexer
import procedures
import runner
from administration import AdministrationParser
from datatypes import Type, converted
from errors import SQLError, syntax

SWITCHES = set("""NOCOUNT XACT_ABORT IMPLICIT_TRANSACTIONS QUOTED_IDENTIFIER ANSI_NULLS ANSI_PADDING ANSI_WARNINGS ANSI_DEFAULTS
ANSI_NULL_DFLT_ON ARITHABORT ARITHIGNORE CONCAT_NULL_YIELDS_NULL CURSOR_CLOSE_ON_COMMIT NUMERIC_ROUNDABORT NO_BROWSETABLE
FMTONLY""".split())
ISOLATION = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE")


class Return(Exception):
    """Ends the batch."""


class Statement:
    def __init__(self, line, run):
        self.line, self.run = line, run


def parse(sql):
    return StatementParser(sql).batch()


class StatementParser(AdministrationParser):
    def batch(self):
        statements = []
        while self.token.kind != lexer.END:
            if not self.accept_sign(";"):
                statements.append(self.statement())
        return statements

    def statement(self):
        line = self.token.line
        parse = getattr(self, "parse_" + self.token.value.lower(), None) if self.token.kind == lexer.WORD else None
        if not parse:
            self.refuse()
        return Statement(line, parse())

    def scalar(self, is_condition=False):
        """An expression of its own, as a query of one value."""
        query = self.begin("SELECT")
        text = "CASE WHEN %s THEN 1 ELSE 0 END" % self.condition() if is_condition else self.expression()[0]
        query.text = "SELECT " + text
        return lambda session: runner.scalar(session, query)

    # Rows

    def queried(self, query):
        return lambda session: runner.run(session, query)

    def parse_select(self):
        return self.queried(self.select_statement())

    parse_with = parse_select

    def parse_insert(self):
        return self.queried(self.insert_statement())

    def parse_update(self):
        return self.queried(self.update_statement())

    def parse_delete(self):
        return self.queried(self.delete_statement())

    # Control

    def block_until(self, *end):
        statements = []
        while not self.accept(*end):
            if self.token.kind == lexer.END:
                self.refuse()
            if not self.accept_sign(";"):
                statements.append(self.statement())
        return statements

    def parse_begin(self):
        self.take()
        if self.accept_any("TRAN", "TRANSACTION"):
            if self.is_alias():
                self.name()
            return lambda session: session.begin()
        if self.accept("TRY"):
            attempted = self.block_until("END", "TRY")
            self.expect("BEGIN", "CATCH")
            return self.caught(attempted, self.block_until("END", "CATCH"))
        statements = self.block_until("END")
        return lambda session: session.run_block(statements)

    def caught(self, attempted, handler):
        def run(session):
            session.tries += 1
            try:
                session.run_block(attempted)
                session.tries -= 1
            except SQLError as error:
                session.tries -= 1
                if error.number == 102 or error.severity >= 20:
                    raise
                before, session.caught = session.caught, error
                try:
                    session.run_block(handler)
                finally:
                    session.caught = before
        return run

    def parse_if(self):
        self.take()
        condition, yes, no = self.scalar(is_condition=True), None, None
        yes = self.statement()
        if self.is_sign(";") and self.ahead().value == "ELSE":
            self.take()
        if self.accept("ELSE"):
            no = self.statement()

        def run(session):
            chosen = yes if condition(session) else no
            if chosen:
                chosen.run(session)
        return run

    def parse_while(self):
        self.take()
        condition, body = self.scalar(is_condition=True), self.statement()

        def run(session):
            while condition(session):
                session.check_interruption()
                body.run(session)
        return run

    def parse_return(self):
        self.take()

        def run(_):
            raise Return()
        return run

    def parse_print(self):
        self.take()
        text = self.scalar()
        return lambda session: session.client.info(0, 1, 0, str(text(session) or " "))

    def parse_raiserror(self):
        self.take()
        parts = self.in_parentheses(lambda: self.list(self.scalar))
        if self.accept("WITH"):
            self.list(lambda: self.accept_any("NOWAIT", "LOG") or self.refuse())

        def run(session):
            text, severity, state, *values = [part(session) for part in parts]
            if isinstance(text, int):
                error = SQLError(text, *values, severity=severity, state=state)
            else:
                error = SQLError(50000, text=text % tuple(values) if values else text, severity=severity, state=state)
            if severity <= 10:
                session.client.info(error.number, state, severity if severity else 0, error.text)
            else:
                raise error
        return run

    def parse_throw(self):
        self.take()
        if self.token.kind == lexer.END or self.is_sign(";") or self.is_word("END"):
            def rethrow(session):
                if session.caught is None:
                    raise syntax("THROW")
                session.caught.is_thrown = True
                raise session.caught
            return rethrow
        parts = self.list(self.scalar)

        def run(session):
            number, text, state = [part(session) for part in parts]
            error = SQLError(number, text=text, severity=16, state=state)
            error.is_thrown = True
            raise error
        return run

    def parse_waitfor(self):
        self.take()
        self.expect("DELAY")
        hours, minutes, seconds = self.string().split(":")
        duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return lambda session: session.wait(lambda: False, duration)

    def parse_use(self):
        self.take()
        name = self.name()
        return lambda session: session.use(name)

    # Transactions

    def parse_commit(self):
        self.end_of_transaction()
        return lambda session: session.commit()

    def parse_rollback(self):
        self.end_of_transaction()
        return lambda session: session.roll_back()

    def end_of_transaction(self):
        self.take()
        if self.accept_any("TRAN", "TRANSACTION", "WORK") and self.is_alias():
            self.name()

    # Variables and options

    def parse_declare(self):
        self.take()

        def one():
            if self.token.kind != lexer.VARIABLE:
                self.refuse()
            name = self.take().value
            self.accept("AS")
            type_ = self.type()
            return name, type_, self.scalar() if self.accept_sign("=") else None

        declared = self.list(one)

        def run(session):
            for name, type_, value in declared:
                session.declare(name, type_, converted(value(session), type_) if value else None)
        return run

    def parse_set(self):
        self.take()
        if self.token.kind == lexer.VARIABLE:
            name = self.take().value
            self.expect_sign("=")
            value = self.scalar()
            return lambda session: session.assign(name, value(session))
        if self.accept("TRANSACTION", "ISOLATION", "LEVEL"):
            if not any(self.accept(*level.split()) for level in ISOLATION):
                self.refuse()
            return lambda session: None
        if self.accept_any("TEXTSIZE", "ROWCOUNT", "LANGUAGE", "DATEFORMAT", "DATEFIRST", "DEADLOCK_PRIORITY"):
            self.accept_sign("-")
            self.take()
            return lambda session: None
        if self.accept("LOCK_TIMEOUT"):
            sign = -1 if self.accept_sign("-") else 1
            limit = sign * int(self.take().text)
            return lambda session: setattr(session, "lock_timeout", limit)
        names = self.list(lambda: self.accept_any(*SWITCHES) or self.refuse())
        is_on = {"ON": True, "OFF": False}[self.accept_any("ON", "OFF") or self.refuse()]

        def run(session):
            for name in names:
                setattr(session, {"NOCOUNT": "no_count"}.get(name, name.lower()), is_on)
        return run

    # Procedures

    def parse_exec(self):
        self.take()
        if self.is_sign("("):
            text = self.in_parentheses(self.scalar)
            return lambda session: session.run_block(parse(text(session)))
        status = None
        if self.token.kind == lexer.VARIABLE:
            status = self.take().value
            self.expect_sign("=")
        parts = self.qualified_name()
        procedures.require(parts)
        arguments = []
        if self.token.kind in (lexer.STRING, lexer.NUMBER, lexer.VARIABLE, lexer.BINARY) or self.is_sign("-") or self.is_word(
                "NULL") or self.is_alias():
            arguments = self.list(self.argument)

        def run(session):
            given = [(name, value(session), output) for name, value, output in arguments]
            result, outputs = procedures.call(session, parts, given)
            for name, value in outputs.items():
                session.assign(name, value)
            if status:
                session.assign(status, result)
        return run

    parse_execute = parse_exec

    def argument(self):
        """Name, value, and the variable that takes what comes out."""
        name = None
        if self.token.kind == lexer.VARIABLE and self.ahead().text == "=":
            name = self.take().value
            self.take()
        if self.token.kind in (lexer.WORD, lexer.QUOTED) and not self.is_word("NULL"):
            text = self.name()
            return name, lambda _: text, None
        variable = self.token.value if self.token.kind == lexer.VARIABLE else None
        value = self.scalar()
        output = variable if self.accept_any("OUTPUT", "OUT") else None
        return name, value, output
