"""Expressions and conditions of T-SQL, parsed and written in SQLite's language.

Each expression is a pair: SQLite's text, and what is known of the type (a `Type`, a column's place as `("column", qualifier, name)`,
or None). What isn't known here is refused.
"""

import lexer
from datatypes import BINARIES, TEXTS, TIMES, INTEGERS, Type
from errors import SQLError, syntax
from functions import RESULTS, UNITS
from lexer import Cursor

RESERVED = set("""ADD ALL ALTER AND ANY AS ASC BACKUP BEGIN BETWEEN BREAK BY CASE CHECK CLOSE COLLATE COLUMN COMMIT CONSTRAINT CONTINUE
CONVERT CREATE CROSS CURRENT CURSOR DATABASE DECLARE DEFAULT DELETE DENY DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXEC EXECUTE EXISTS
FOR FOREIGN FROM FULL FUNCTION GRANT GROUP HAVING IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY KILL LEFT LIKE MERGE NOT NULL OF
OFF ON OPTION OR ORDER OUTER PRIMARY PRINT PROC PROCEDURE RAISERROR RECONFIGURE REFERENCES RESTORE RETURN REVOKE RIGHT ROLLBACK SAVE
SELECT SET SHUTDOWN TABLE THEN THROW TO TOP TRAN TRANSACTION TRUNCATE UNION UNIQUE UPDATE USE VALUES WAITFOR WHEN WHERE WHILE
WITH""".split())
AGGREGATES = {"COUNT": Type("int"), "COUNT_BIG": Type("bigint"), "MIN": None, "MAX": None, "SUM": None, "AVG": None}
GLOBALS = {"@@SERVERNAME": "nvarchar", "@@VERSION": "nvarchar", "@@SERVICENAME": "nvarchar", "@@TRANCOUNT": "int",
           "@@ROWCOUNT": "int", "@@SPID": "smallint", "@@ERROR": "int", "@@OPTIONS": "int", "@@LOCK_TIMEOUT": "int",
           "@@LANGUAGE": "nvarchar", "@@MAX_PRECISION": "tinyint"}


def quoted(name):
    """In backticks: SQLite never takes that for a text."""
    return "`" + name.replace("`", "``") + "`"


def literal(value):
    if isinstance(value, bytes):
        return "x'" + value.hex() + "'"
    if any(ord(each) < 3 for each in value):
        return "CAST(x'%s' AS TEXT)" % value.encode().hex()
    return "'" + value.replace("'", "''") + "'"


class ExpressionParser(Cursor):
    """`variables`: those that the text names; they are bound when it runs."""

    def __init__(self, sql):
        super().__init__(sql)
        self.variables = set()

    # Conditions

    def condition(self):
        text = self.conjunction()
        while self.accept("OR"):
            text = "(%s OR %s)" % (text, self.conjunction())
        return text

    def conjunction(self):
        text = self.negation()
        while self.accept("AND"):
            text = "(%s AND %s)" % (text, self.negation())
        return text

    def negation(self):
        return "(NOT %s)" % self.negation() if self.accept("NOT") else self.predicate()

    def predicate(self):
        if self.accept("EXISTS"):
            return "EXISTS (%s)" % self.in_parentheses(self.subquery)
        if self.is_sign("("):
            # A condition in parentheses, or an expression that a comparison follows.
            start = self.at
            try:
                return "(%s)" % self.in_parentheses(self.condition)
            except SQLError:
                self.at = start
        left, _ = self.expression()
        if self.accept("IS"):
            negated = "NOT " if self.accept("NOT") else ""
            self.expect("NULL")
            return "%s IS %sNULL" % (left, negated)
        negated = "NOT " if self.accept("NOT") else ""
        if self.accept("IN"):
            return "%s %sIN (%s)" % (left, negated, self.in_parentheses(self.members))
        if self.accept("LIKE"):
            return self.like(left, negated)
        if self.accept("BETWEEN"):
            low, _ = self.expression()
            self.expect("AND")
            return "%s %sBETWEEN %s AND %s" % (left, negated, low, self.expression()[0])
        operator = None if negated else self.accept_sign("=", "<>", "!=", "<", ">", "<=", ">=")
        if not operator:
            self.refuse()
        return "%s %s %s" % (left, operator, self.expression()[0])

    def members(self):
        return self.subquery() if self.is_word("SELECT") else ", ".join(text for text, _ in self.list(self.expression))

    def like(self, left, negated):
        if self.token.kind == lexer.STRING and "[" in self.token.value:
            self.refuse()
        pattern, _ = self.expression()
        escape = " ESCAPE " + literal(self.string()) if self.accept("ESCAPE") else ""
        return "%s %sLIKE %s%s" % (left, negated, pattern, escape)

    def subquery(self):
        raise NotImplementedError

    # Expressions

    def expression(self):
        text, type_ = self.product()
        while True:
            operator = self.accept_sign("+", "-", "&", "|", "^")
            if not operator:
                return text, type_
            right, right_type = self.product()
            if operator == "+":
                text = "tsql_plus(%s, %s)" % (text, right)
            elif operator == "^":
                text = "tsql_xor(%s, %s)" % (text, right)
            else:
                text = "(%s %s %s)" % (text, operator, right)
            known = isinstance(type_, Type) and isinstance(right_type, Type) and type_.name == right_type.name
            type_ = type_ if known and not type_.is_text else None

    def product(self):
        text, type_ = self.factor()
        while True:
            operator = self.accept_sign("*", "/", "%")
            if not operator:
                return text, type_
            right, _ = self.factor()
            text = "tsql_divide(%s, %s)" % (text, right) if operator == "/" else "(%s %s %s)" % (text, operator, right)

    def factor(self):
        if self.accept_sign("-"):
            text, type_ = self.factor()
            return "(- %s)" % text, type_
        if self.accept_sign("+"):
            return self.factor()
        if self.accept_sign("~"):
            text, type_ = self.factor()
            return "(~ %s)" % text, type_
        text, type_ = self.primary()
        while self.accept("COLLATE"):
            collation = self.name().upper()
            text = "(%s COLLATE %s)" % (text, "NOCASE" if "_CI" in collation else "BINARY")
        return text, type_

    def primary(self):
        token = self.token
        if token.kind == lexer.STRING:
            self.take()
            return "(%s COLLATE NOCASE)" % literal(token.value), Type("nvarchar", max(1, min(len(token.value), 4000)) or None)
        if token.kind == lexer.BINARY:
            self.take()
            return literal(token.value), Type("varbinary", 8000)
        if token.kind == lexer.NUMBER:
            self.take()
            if "." in token.text or "e" in token.text.lower():
                return token.text, Type("float")
            small = int(token.text) < 2**31
            return token.text, Type("int" if small else "bigint")
        if token.kind == lexer.VARIABLE:
            return self.variable()
        if self.is_sign("("):
            self.take()
            if self.is_word("SELECT"):
                text, type_ = "(%s)" % self.subquery(), None
            else:
                text, type_ = self.expression()
                text = "(%s)" % text
            self.expect_sign(")")
            return text, type_
        if token.kind == lexer.WORD:
            if self.accept("NULL"):
                return "NULL", None
            if self.accept("CASE"):
                return self.case()
            if token.value in ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT"):
                return self.conversion(self.take().value)
            if token.value in ("LEFT", "RIGHT") and self.ahead().text == "(":
                return self.call(self.take().value)
            if token.value in ("CURRENT_TIMESTAMP", "SYSTEM_USER", "CURRENT_USER"):
                return self.called(self.take().value, [])
            if token.value in RESERVED:
                self.refuse()
            if self.ahead().text == "(" and self.ahead().kind == lexer.SIGN:
                return self.call(self.take().value)
        elif token.kind != lexer.QUOTED:
            self.refuse()
        return self.column()

    def variable(self):
        name = self.take().value
        if name.startswith("@@"):
            if name.upper() not in GLOBALS:
                raise syntax(name)
            return "tsql_global(%s)" % literal(name.upper()), Type(GLOBALS[name.upper()], 256)
        self.variables.add(name)
        return ":v" + name[1:].replace("#", "_h").replace("$", "_d").replace("@", "_a"), ("variable", name)

    def column(self):
        parts = self.qualified_name()
        if len(parts) >= 2:
            return "%s.%s" % (quoted(parts[-2]), quoted(parts[-1])), ("column", parts[-2], parts[-1])
        return quoted(parts[0]), ("column", None, parts[0])

    def case(self):
        text, type_ = "CASE", None
        subject = None if self.is_word("WHEN") else self.expression()[0]
        if subject:
            text += " " + subject
        while self.accept("WHEN"):
            text += " WHEN " + (self.expression()[0] if subject else self.condition())
            self.expect("THEN")
            result, result_type = self.expression()
            text, type_ = text + " THEN " + result, type_ or result_type
        if self.accept("ELSE"):
            text += " ELSE " + self.expression()[0]
        self.expect("END")
        return "(%s END)" % text, None if isinstance(type_, Type) and type_.is_text else type_

    def conversion(self, word):
        function = "tsql_try_cast" if word.startswith("TRY") else "tsql_cast"
        self.expect_sign("(")
        style = "0"
        if word.endswith("CAST"):
            text, _ = self.expression()
            self.expect("AS")
            type_ = self.type()
        else:
            type_ = self.type()
            self.expect_sign(",")
            text, _ = self.expression()
            if self.accept_sign(","):
                style, _ = self.expression()
        self.expect_sign(")")
        length = "NULL" if type_.length is None else str(type_.length)
        cast = "%s(%s, %s, %s, %d, %s)" % (function, text, literal(type_.name), length, type_.scale, style)
        # Without a collation of its own it would be compared by its bytes.
        return ("(%s COLLATE NOCASE)" % cast if type_.is_text else cast), type_

    def type(self):
        name = self.name().lower()
        name = {"integer": "int", "decimal": "numeric", "real": "float"}.get(name, name)
        known = name in TEXTS or name in BINARIES or name in TIMES or name in INTEGERS or name in (
            "bit", "float", "numeric", "uniqueidentifier")
        if not known:
            raise syntax(name)
        numbers = []
        if self.accept_sign("("):
            numbers = self.list(lambda: None if self.accept("MAX") else int(self.take().text))
            self.expect_sign(")")
        if name == "sysname":
            return Type("nvarchar", 128)
        if name == "numeric":
            return Type(name, precision=(numbers or [18])[0], scale=numbers[1] if len(numbers) > 1 else 0)
        default = None if name in ("ntext", "text", "image") else 30
        return Type(name, numbers[0] if numbers else default)

    def call(self, name):
        self.expect_sign("(")
        if name in AGGREGATES:
            return self.aggregate(name)
        if name in ("DATEADD", "DATEDIFF"):
            part = self.name().upper()
            if part not in UNITS:
                raise syntax(part)
            self.expect_sign(",")
            arguments = [literal(part)] + [text for text, _ in self.list(self.expression)]
        elif name == "IIF":
            condition = self.condition()
            self.expect_sign(",")
            (yes, type_), = [self.expression()]
            self.expect_sign(",")
            no, _ = self.expression()
            self.expect_sign(")")
            return "(CASE WHEN %s THEN %s ELSE %s END)" % (condition, yes, no), type_
        else:
            arguments = [] if self.is_sign(")") else [text for text, _ in self.list(self.expression)]
        self.expect_sign(")")
        return self.called(name, arguments)

    def called(self, name, arguments):
        if name not in RESULTS:
            raise syntax(name)
        result = RESULTS[name]
        if name in ("COALESCE", "NULLIF") or (name == "ISNULL" and len(arguments) == 2):
            return "%s(%s)" % ("COALESCE" if name == "ISNULL" else name, ", ".join(arguments)), None
        text = "tsql_%s(%s)" % (name.lower(), ", ".join(arguments))
        return ("(%s COLLATE NOCASE)" % text if result and result.is_text else text), result

    def aggregate(self, name):
        if self.accept_sign("*"):
            text, type_ = "*", None
        else:
            distinct = "DISTINCT " if self.accept("DISTINCT") else ""
            text, type_ = self.expression()
            text = distinct + text
        self.expect_sign(")")
        function = "COUNT" if name == "COUNT_BIG" else name
        return "%s(%s)" % (function, text), AGGREGATES[name] or type_
