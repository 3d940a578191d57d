"""PowerShell's operators. Texts are compared whatever their case, and the left side decides how."""

import fnmatch
import re

from values import ErrorValue, Refused, Thrown, number, sequence, text, truth


def unary(sign, value):
    if sign in ("-not", "!"):
        return not truth(value)
    if sign == "-join":
        return "".join(text(item) for item in sequence(value))
    if sign == "-":
        return -number(value)
    raise Refused(f"the operator {sign}")


def _same(left, right):
    if isinstance(left, bool):
        return left == truth(right)
    if left is None or right is None:
        return left is right
    if isinstance(left, int):
        try:
            return left == number(right)
        except Thrown:
            return False
    return text(left).lower() == text(right).lower()


def _order(left, right):
    if isinstance(left, int) and not isinstance(left, bool):
        right = number(right)
        return (left > right) - (left < right)
    left, right = text(left).lower(), text(right).lower()
    return (left > right) - (left < right)


def _like(value, pattern):
    if "`" in pattern or "[" in pattern:
        raise Refused(f"the wildcard {pattern!r}")
    return fnmatch.fnmatchcase(text(value).lower(), pattern.lower())


_OF_ONE = {
    "-eq": _same,
    "-ne": lambda left, right: not _same(left, right),
    "-ceq": lambda left, right: text(left) == text(right),
    "-cne": lambda left, right: text(left) != text(right),
    "-lt": lambda left, right: _order(left, right) < 0,
    "-le": lambda left, right: _order(left, right) <= 0,
    "-gt": lambda left, right: _order(left, right) > 0,
    "-ge": lambda left, right: _order(left, right) >= 0,
    "-like": lambda left, right: _like(left, text(right)),
    "-notlike": lambda left, right: not _like(left, text(right)),
}

_OF_ALL = {
    "-contains": lambda left, right: any(_same(item, right) for item in sequence(left)),
    "-notcontains": lambda left, right: not any(_same(item, right) for item in sequence(left)),
    "-in": lambda left, right: any(_same(item, left) for item in sequence(right)),
    "-notin": lambda left, right: not any(_same(item, left) for item in sequence(right)),
    "-join": lambda left, right: text(right).join(text(item) for item in sequence(left)),
    "-f": lambda left, right: _format(text(left), sequence(right)),
    "-band": lambda left, right: number(left) & number(right),
    "-bor": lambda left, right: number(left) | number(right),
}


def _format(pattern, arguments):
    def place(match):
        index = int(match.group(1))
        if index >= len(arguments):
            raise Thrown(ErrorValue("Error formatting a string.", "System.FormatException"))
        return text(arguments[index])

    if re.search(r"\{(?!\d+\})|(?<!\d)\}", pattern):
        raise Refused(f"the format {pattern!r}")
    return re.sub(r"\{(\d+)\}", place, pattern)


def binary(sign, left, right):
    sign = sign.lower()
    if sign in _OF_ALL:
        return _OF_ALL[sign](left, right)
    if sign in _OF_ONE:
        test = _OF_ONE[sign]
        if isinstance(left, list):
            return [item for item in left if test(item, right)]
        return test(left, right)
    if sign == "+":
        return _sum(left, right)
    if sign == "-":
        return number(left) - number(right)
    if sign == "*" and isinstance(left, int):
        return left * number(right)
    if sign == "/" and isinstance(left, int):
        return left / number(right)
    if sign == "..":
        return list(range(number(left), number(right) + 1))
    raise Refused(f"the operator {sign}")


def _sum(left, right):
    if isinstance(left, list):
        return left + sequence(right)
    if isinstance(left, str):
        return left + text(right)
    if left is None:
        return right
    if isinstance(left, int) and not isinstance(left, bool):
        return left + number(right)
    raise Refused(f"adding to {type(left).__name__}")
