"""T-SQL's words."""

import re

from errors import syntax

WORD, QUOTED, STRING, NUMBER, BINARY, VARIABLE, SIGN, END = (
    "word", "quoted", "string", "number", "binary", "variable", "sign", "end")
PATTERN = re.compile(r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<string>[Nn]?'(?:[^']|'')*')
    | (?P<quoted>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
    | (?P<binary>0[xX][0-9a-fA-F]*)
    | (?P<number>\d+\.\d+(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?|\.\d+)
    | (?P<variable>@@?[\w@#$]+)
    | (?P<word>[^\W\d][\w@#$]*|\#\#?\w+)
    | (?P<sign><=|>=|<>|!=|\+=|-=|[-+*/%(),.;=<>&|^~])
    """, re.VERBOSE)


class Token:
    __slots__ = ("kind", "text", "value", "line")

    def __init__(self, kind, text, value, line):
        self.kind, self.text, self.value, self.line = kind, text, value, line


def tokens(sql):
    found, position, line = [], 0, 1
    while position < len(sql):
        if sql.startswith("/*", position):
            end = comment_end(sql, position)
            line += sql.count("\n", position, end)
            position = end
            continue
        match = PATTERN.match(sql, position)
        if not match:
            raise syntax(sql[position:position + 20])
        kind, text = match.lastgroup, match.group()
        if kind != "space":
            found.append(Token(kind, text, value(kind, text), line))
        line += text.count("\n")
        position = match.end()
    found.append(Token(END, "", None, line))
    return found


def comment_end(sql, start):
    """Comments nest."""
    depth, position = 0, start
    while position < len(sql):
        if sql.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif sql.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                return position
        else:
            position += 1
    raise syntax("/*")


def value(kind, text):
    if kind == STRING:
        return text[text.index("'") + 1:-1].replace("''", "'")
    if kind == QUOTED:
        return text[1:-1].replace("]]", "]") if text[0] == "[" else text[1:-1].replace('""', '"')
    if kind == BINARY:
        digits = text[2:]
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if kind == WORD:
        return text.upper()
    if kind == VARIABLE:
        return text.lower()
    return text


class Cursor:
    """Walks along the tokens of a batch."""

    def __init__(self, sql):
        self.all = tokens(sql)
        self.at = 0

    @property
    def token(self):
        return self.all[self.at]

    def ahead(self, count=1):
        return self.all[min(self.at + count, len(self.all) - 1)]

    def take(self):
        token = self.token
        if token.kind != END:
            self.at += 1
        return token

    def refuse(self):
        raise syntax(self.token.text or self.all[max(0, self.at - 1)].text)

    def is_word(self, *words):
        """Whether these words come next."""
        return all(self.ahead(index).kind == WORD and self.ahead(index).value == word for index, word in enumerate(words))

    def accept(self, *words):
        if not self.is_word(*words):
            return False
        self.at += len(words)
        return True

    def accept_any(self, *words):
        if self.token.kind == WORD and self.token.value in words:
            return self.take().value
        return None

    def expect(self, *words):
        for word in words:
            if not self.accept(word):
                self.refuse()

    def is_sign(self, sign):
        return self.token.kind == SIGN and self.token.text == sign

    def accept_sign(self, *signs):
        if self.token.kind == SIGN and self.token.text in signs:
            return self.take().text
        return None

    def expect_sign(self, sign):
        if not self.accept_sign(sign):
            self.refuse()

    def name(self):
        """One identifier."""
        if self.token.kind == QUOTED:
            return self.take().value
        if self.token.kind == WORD:
            return self.take().text
        self.refuse()

    def qualified_name(self):
        """`a.b.c`, also with a part left out: `a..c`."""
        parts = [self.name()]
        while self.accept_sign("."):
            parts.append("" if self.is_sign(".") else self.name())
        return parts

    def string(self):
        if self.token.kind != STRING:
            self.refuse()
        return self.take().value

    def list(self, item):
        items = [item()]
        while self.accept_sign(","):
            items.append(item())
        return items

    def in_parentheses(self, item):
        self.expect_sign("(")
        found = item()
        self.expect_sign(")")
        return found
