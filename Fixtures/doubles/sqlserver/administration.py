"""Statements that define things, and those that administer databases, replication, backups and principals."""

import availability
import backup
import definitions
import lexer
import mirroring
import principals
from datatypes import Type
from errors import SQLError
from queries import QueryParser
from world import Column


class AdministrationParser(QueryParser):
    # Tables

    def parse_create(self):
        self.take()
        if self.accept("TABLE"):
            return self.create_table()
        if self.accept("LOGIN"):
            name = self.name()
            if self.accept("FROM", "WINDOWS"):
                return lambda session: principals.create_login(session, name, windows=True)
            self.expect("WITH", "PASSWORD")
            self.expect_sign("=")
            password, sid = self.string(), None
            if self.accept_sign(","):
                self.expect("SID")
                self.expect_sign("=")
                sid = self.scalar()
            return lambda session: principals.create_login(session, name, password=password, sid=sid)
        if self.accept("USER"):
            name, login = self.name(), None
            if self.accept_any("FOR", "FROM"):
                self.expect("LOGIN")
                login = self.name()
            return lambda session: principals.create_user(session, name, login or name)
        if self.accept("ROLE"):
            name = self.name()
            return lambda session: principals.create_role(session, name)
        if self.accept("DATABASE"):
            name = self.name()
            return lambda session: definitions.create_database(session, name)
        self.refuse()

    def create_table(self):
        place = [""] + self.qualified_name()
        columns, keys, constraints = [], [], []
        self.expect_sign("(")
        while True:
            if self.is_word("CONSTRAINT") or self.is_word("PRIMARY") or self.is_word("FOREIGN") or self.is_word("UNIQUE"):
                self.table_constraint(keys, constraints)
            else:
                columns.append(self.column_definition(keys))
            if not self.accept_sign(","):
                break
        self.expect_sign(")")
        return lambda session: definitions.create_table(session, place[-2] or "dbo", place[-1], columns, keys, constraints)

    def column_definition(self, keys):
        column = Column(self.name(), self.type())
        options = []
        while not self.is_sign(",") and not self.is_sign(")"):
            if self.accept("NOT", "NULL"):
                column.nullable = False
            elif self.accept("NULL"):
                column.nullable = True
            elif self.accept("IDENTITY"):
                if self.is_sign("("):
                    self.in_parentheses(lambda: self.list(self.take))
                column.identity, column.nullable = True, False
            elif self.accept("PRIMARY", "KEY"):
                self.accept_any("CLUSTERED", "NONCLUSTERED")
                column.primary, column.nullable = True, False
            elif self.accept("UNIQUE"):
                options.append("UNIQUE")
            elif self.accept("DEFAULT"):
                options.append("DEFAULT (%s)" % self.factor()[0])
            elif self.accept("CONSTRAINT"):
                self.name()
            elif self.accept("REFERENCES"):
                keys.append((None, [column.name]) + self.reference())
            else:
                self.refuse()
        return column, options

    def table_constraint(self, keys, constraints):
        name = self.name() if self.accept("CONSTRAINT") else None
        if self.accept("FOREIGN", "KEY"):
            names = self.in_parentheses(lambda: self.list(self.name))
            self.expect("REFERENCES")
            keys.append((name, names) + self.reference())
            return
        kind = "PRIMARY KEY" if self.accept("PRIMARY", "KEY") else "UNIQUE" if self.accept("UNIQUE") else self.refuse()
        self.accept_any("CLUSTERED", "NONCLUSTERED")
        constraints.append((kind, self.in_parentheses(lambda: self.list(self.key_column))))

    def key_column(self):
        name = self.name()
        self.accept_any("ASC", "DESC")
        return name

    def reference(self):
        parts = ["dbo"] + self.qualified_name()
        return "%s.%s" % (parts[-2], parts[-1]), self.in_parentheses(lambda: self.list(self.name)) if self.is_sign("(") else []

    def parse_truncate(self):
        self.take()
        self.expect("TABLE")
        parts = self.qualified_name()
        return lambda session: definitions.truncate(session, parts)

    def parse_drop(self):
        self.take()
        kind = self.accept_any("TABLE", "USER", "LOGIN", "DATABASE") or self.refuse()
        if_exists = self.accept("IF", "EXISTS")
        parts = self.qualified_name()
        if kind == "TABLE":
            return lambda session: definitions.drop_table(session, parts, if_exists)
        if kind == "DATABASE":
            return lambda session: definitions.drop_database(session, parts[-1], if_exists)
        return lambda session: principals.drop(session, kind, parts[-1], if_exists)

    # ALTER

    def parse_alter(self):
        self.take()
        if self.accept("DATABASE"):
            return self.alter_database()
        if self.accept("AVAILABILITY", "GROUP"):
            name = self.name()
            forced = not self.accept("FAILOVER")
            if forced:
                self.expect("FORCE_FAILOVER_ALLOW_DATA_LOSS")
            return lambda session: availability.fail_over(session, name, forced)
        if self.accept("ROLE"):
            name = self.name()
            adds = self.member_change()
            member = self.name()
            return lambda session: principals.change_member(session, name, member, adds)
        if self.accept("SERVER", "ROLE"):
            name = self.name()
            adds = self.member_change()
            member = self.name()
            return lambda session: principals.change_server_member(session, name, member, adds)
        if self.accept("USER"):
            name = self.name()
            self.expect("WITH", "LOGIN")
            self.expect_sign("=")
            login = self.name()
            return lambda session: principals.map_user(session, name, login)
        self.refuse()

    def member_change(self):
        adds = self.accept("ADD")
        if not adds:
            self.expect("DROP")
        self.expect("MEMBER")
        return adds

    def alter_database(self):
        name = None if self.accept("CURRENT") else self.name()
        self.expect("SET")
        if self.accept("PARTNER"):
            if self.accept("SAFETY"):
                safety = self.accept_any("FULL", "OFF") or self.refuse()
                return lambda session: mirroring.set_safety(session, name, safety)
            word = self.accept_any("FAILOVER", "FORCE_SERVICE_ALLOW_DATA_LOSS", "RESUME", "SUSPEND", "OFF") or self.refuse()
            return lambda session: mirroring.alter(session, name, word)
        if self.accept("HADR"):
            word = self.accept_any("RESUME", "SUSPEND") or self.refuse()
            return lambda session: availability.set_movement(session, name, word == "SUSPEND")
        if self.accept("RECOVERY"):
            model = self.accept_any("FULL", "SIMPLE", "BULK_LOGGED") or self.refuse()
            return lambda session: definitions.set_option(session, name, "recovery_model", model)
        word = self.accept_any("ONLINE", "OFFLINE", "READ_ONLY", "READ_WRITE", "SINGLE_USER", "MULTI_USER") or self.refuse()
        ends_others = self.accept("WITH", "ROLLBACK", "IMMEDIATE")
        return lambda session: definitions.set_state(session, name, word, ends_others)

    # Backups

    def parse_backup(self):
        self.take()
        kind = self.accept_any("LOG", "DATABASE") or self.refuse()
        name = self.value_or_name()
        self.expect("TO", "DISK")
        self.expect_sign("=")
        path, options = self.scalar(), self.backup_options()
        return lambda session: backup.back_up(session, kind, name(session), path(session), options(session))

    def parse_restore(self):
        self.take()
        kind = self.accept_any("LOG", "DATABASE", "HEADERONLY") or self.refuse()
        name = (lambda _: None) if kind == "HEADERONLY" else self.value_or_name()
        path = lambda _: None  # noqa: E731
        if self.accept("FROM"):
            self.expect("DISK")
            self.expect_sign("=")
            path = self.scalar()
        options = self.backup_options()
        return lambda session: backup.restore(session, kind, name(session), path(session), options(session))

    def value_or_name(self):
        if self.token.kind == lexer.VARIABLE:
            return self.scalar()
        name = self.name()
        return lambda _: name

    def backup_options(self):
        """Names, and values of those that have one."""
        found = {}
        if self.accept("WITH"):
            for name, value in self.list(self.backup_option):
                found.setdefault(name, []).append(value)
        return lambda session: {
            name: dict(value(session) for value in values) if name == "MOVE" else values[-1](session) if values[-1] else True
            for name, values in found.items()}

    def backup_option(self):
        name = self.accept_any(*backup.OPTIONS) or self.refuse()
        if name == "MOVE":
            logical = self.scalar()
            self.expect("TO")
            physical = self.scalar()
            return name, lambda session: (logical(session), physical(session))
        return name, self.scalar() if self.accept_sign("=") else None

    # Permissions

    def parse_grant(self):
        self.take()
        words = []
        while not self.is_word("TO") and not self.is_word("ON"):
            if self.token.kind != lexer.WORD:
                self.refuse()
            words.append(self.take().value)
        table = self.qualified_name() if self.accept("ON") else None
        self.expect("TO")
        name = self.name()
        return lambda session: principals.grant(session, " ".join(words), table, name)
