"""SELECT, INSERT, UPDATE and DELETE, written in SQLite's language.

A table's place is marked, `\\x01NUMBER\\x01`: which table that is depends on the session's database when the statement runs.
"""

import re

import lexer
from errors import syntax
from expressions import RESERVED, ExpressionParser, quoted

HINTS = {"NOLOCK", "UPDLOCK", "HOLDLOCK", "TABLOCK", "TABLOCKX", "ROWLOCK", "XLOCK", "SERIALIZABLE", "READPAST", "READCOMMITTED",
         "REPEATABLEREAD", "READUNCOMMITTED"}
PLACE = re.compile("\x01(\\d+)\x01")


class Query:
    """A statement on rows. `tables` are the names behind the marked places."""

    def __init__(self, kind):
        self.kind = kind
        self.text = ""
        self.tables = []
        self.items = []
        self.sources = {}
        self.assigned = []
        self.target = None
        self.names = []
        self.variables = set()

    def rendered(self, names):
        return PLACE.sub(lambda match: quoted(names[int(match.group(1))]), self.text)


class Item:
    """An item of a select list: its name, what is known of its type, and of which source it is all columns."""

    def __init__(self, text, name, type_, star=None):
        self.text, self.name, self.type, self.star = text, name, type_, star


class QueryParser(ExpressionParser):
    def __init__(self, sql):
        super().__init__(sql)
        self.query = None
        self.common = set()

    def begin(self, kind):
        self.query = Query(kind)
        self.variables = self.query.variables
        self.common = set()
        return self.query

    def place(self):
        parts = self.qualified_name()
        if len(parts) > 3:
            raise syntax(".".join(parts))
        self.query.tables.append(parts)
        return len(self.query.tables) - 1

    # SELECT

    def select_statement(self):
        query = self.begin("SELECT")
        prefix = self.common_tables()
        text, items, sources = self.select()
        query.text, query.items, query.sources = prefix + text, items, sources
        return query

    def common_tables(self):
        if not self.accept("WITH"):
            return ""
        found = []

        def one():
            name = self.name()
            self.expect("AS")
            found.append("%s AS (%s)" % (quoted(name), self.in_parentheses(self.subquery)))
            self.common.add(name.lower())

        self.list(one)
        return "WITH " + ", ".join(found) + " "

    def subquery(self):
        return self.select()[0]

    def select(self):
        text, items, sources = self.select_core()
        while self.is_word("UNION"):
            self.take()
            text += " UNION ALL " if self.accept("ALL") else " UNION "
            text += self.select_core()[0]
        if self.accept("ORDER", "BY"):
            text += " ORDER BY " + ", ".join(self.list(self.ordering))
        text, limit = text.split("\x02")[0] + "".join(text.split("\x02")[2::2]), text.split("\x02")[1::2]
        if any(limit):
            if len(limit) > 1:
                raise syntax("TOP in UNION")
            text += " LIMIT " + limit[0]
        return text, items, sources

    def select_core(self):
        self.expect("SELECT")
        distinct = "DISTINCT " if self.accept("DISTINCT") else ""
        self.accept("ALL")
        limit = ""
        if self.accept("TOP"):
            limit = self.in_parentheses(self.expression)[0] if self.is_sign("(") else self.take().text
        items = self.list(self.item)
        text = "SELECT " + distinct + ", ".join(item.text for item in items)
        sources = {}
        if self.accept("FROM"):
            text += " FROM " + self.joined(sources)
        if self.accept("WHERE"):
            text += " WHERE " + self.condition()
        if self.accept("GROUP", "BY"):
            text += " GROUP BY " + ", ".join(one for one, _ in self.list(self.expression))
        if self.accept("HAVING"):
            text += " HAVING " + self.condition()
        return text + "\x02" + limit + "\x02", items, sources

    def ordering(self):
        text, _ = self.expression()
        return text + (" DESC" if self.accept("DESC") else "") if not self.accept("ASC") else text

    def item(self):
        if self.accept_sign("*"):
            return Item("*", None, None, star="")
        if self.ahead().text == "." and self.ahead(2).text == "*":
            source = self.name()
            self.take()
            self.take()
            return Item(quoted(source) + ".*", None, None, star=source.lower())
        if self.token.kind == lexer.VARIABLE and self.ahead().text == "=":
            name = self.take().value
            self.take()
            text, type_ = self.expression()
            self.query.assigned.append(name)
            return Item(text, name, type_)
        if self.token.kind in (lexer.WORD, lexer.QUOTED) and self.ahead().text == "=" and self.ahead().kind == lexer.SIGN:
            name = self.name()
            self.take()
            text, type_ = self.expression()
        else:
            text, type_ = self.expression()
            name = type_[2] if isinstance(type_, tuple) and type_[0] == "column" else ""
            if self.accept("AS") or self.is_alias():
                name = self.string() if self.token.kind == lexer.STRING else self.name()
        return Item("%s AS %s" % (text, quoted(name)) if name else text, name, type_)

    def is_alias(self):
        token = self.token
        return token.kind == lexer.QUOTED or (token.kind == lexer.WORD and token.value not in RESERVED)

    def joined(self, sources):
        text = self.source(sources)
        while True:
            if self.accept_sign(","):
                text += ", " + self.source(sources)
            elif self.accept("CROSS", "JOIN"):
                text += " CROSS JOIN " + self.source(sources)
            elif self.is_word("JOIN") or self.is_word("INNER") or self.is_word("LEFT"):
                outer = self.accept("LEFT")
                self.accept("OUTER" if outer else "INNER")
                self.expect("JOIN")
                text += (" LEFT JOIN " if outer else " JOIN ") + self.source(sources)
                self.expect("ON")
                text += " ON " + self.condition()
            else:
                return text

    def source(self, sources):
        if self.is_sign("("):
            inner = self.in_parentheses(self.values if self.ahead().value == "VALUES" else self.subquery)
            self.accept("AS")
            alias = self.name()
            sources[alias.lower()] = None
            return "(%s) AS %s" % (inner, quoted(alias))
        if self.token.text.lower() in self.common:
            name = self.name()
            sources[name.lower()] = None
            return quoted(name) + self.alias(name, sources, None)
        place = self.place()
        return "\x01%d\x01" % place + self.alias(self.query.tables[place][-1], sources, place)

    def alias(self, name, sources, place):
        if self.accept("AS") or self.is_alias():
            name = self.name()
        self.hints()
        sources[name.lower()] = place
        return " AS " + quoted(name)

    def hints(self):
        if self.accept("WITH"):
            self.in_parentheses(lambda: self.list(self.hint))

    def hint(self):
        if not self.accept_any(*HINTS):
            self.refuse()

    def values(self):
        self.expect("VALUES")
        return "VALUES " + ", ".join(self.list(self.row))

    def row(self):
        return "(%s)" % ", ".join(text for text, _ in self.in_parentheses(lambda: self.list(self.expression)))

    # Changes

    def insert_statement(self):
        query = self.begin("INSERT")
        self.expect("INSERT")
        self.accept("INTO")
        query.target = self.place()
        self.hints()
        if self.is_sign("("):
            query.names = self.in_parentheses(lambda: self.list(self.name))
        if self.is_word("VALUES"):
            query.text = self.values()
        elif self.is_word("SELECT"):
            query.text = self.subquery()
        elif self.accept("DEFAULT", "VALUES"):
            query.text = None
        else:
            self.refuse()
        return query

    def update_statement(self):
        query = self.begin("UPDATE")
        self.expect("UPDATE")
        query.target = self.place()
        self.hints()
        self.expect("SET")
        query.items = self.list(self.assignment)
        query.text = self.restriction()
        return query

    def assignment(self):
        name = self.name()
        self.expect_sign("=")
        text, type_ = self.expression()
        return Item(text, name, type_)

    def delete_statement(self):
        query = self.begin("DELETE")
        self.expect("DELETE")
        self.accept("FROM")
        query.target = self.place()
        self.hints()
        query.text = self.restriction()
        return query

    def restriction(self):
        return " WHERE " + self.condition() if self.accept("WHERE") else ""
