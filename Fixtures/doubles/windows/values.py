"""PowerShell's values, as far as our scripts have them."""

import json


class Refused(Exception):
    """The double can't interpret it. No script can catch this: a test must not pass by accident."""


class Thrown(Exception):
    """An error that a script can catch."""

    def __init__(self, error):
        super().__init__(error.message)
        self.error = error


_HRESULTS = {
    "System.IO.FileNotFoundException": 0x80070002, "System.IO.DirectoryNotFoundException": 0x80070003,
    "System.UnauthorizedAccessException": 0x80070005, "System.Management.Automation.ItemNotFoundException": 0x80070002,
}


class ErrorValue:
    """A .NET exception."""

    def __init__(self, message, kind="System.Management.Automation.RuntimeException", native=None, inner=None, hresult=None):
        self.message, self.kind, self.native, self.inner, self.hresult = message, kind, native, inner, hresult

    def ps_get(self, name):
        if name == "message":
            return self.message
        if name == "innerexception":
            return self.inner
        if name == "nativeerrorcode":
            return self.native
        if name == "hresult" and (found := self.hresult or _HRESULTS.get(self.kind)):
            return found - (1 << 32)
        raise Refused(f"an exception's {name}")

    def ps_call(self, name, arguments):
        if name == "getbaseexception":
            return self.inner.ps_call(name, arguments) if self.inner else self
        if name == "gettype":
            return Record({"FullName": self.kind})
        raise Refused(f"an exception's {name}()")


def win32(message, native):
    """As .NET throws what Windows answers: the native error within a wrapper."""
    cause = ErrorValue(message, "System.ComponentModel.Win32Exception", native)
    return Thrown(ErrorValue(f"Exception calling a method: {message}", "System.InvalidOperationException", inner=cause))


class Record:
    """Named members in their order, whatever their case: an object or a hashtable."""

    def __init__(self, members=()):
        self._members = {}
        for name, value in dict(members).items():
            self.set(name, value)

    def get(self, name):
        return self._members.get(name.lower(), (None, None))[1]

    def has(self, name):
        return name.lower() in self._members

    def set(self, name, value):
        kept = self._members.get(name.lower())
        self._members[name.lower()] = (kept[0] if kept else name, value)

    def items(self):
        return list(self._members.values())


class Script:
    """A script block: its tree, and the scope it was written in."""

    def __init__(self, node):
        self.node = node


class StaticType:
    """`[Convert]`"""

    def __init__(self, name):
        self.name = name.lower().removeprefix("system.")


def text(value):
    if value is None:
        return ""
    if value is True or value is False:
        return str(value)
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return " ".join(text(item) for item in value)
    raise Refused(f"{type(value).__name__} as a text")


def truth(value):
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else len(value) > 0
    if isinstance(value, (str, int, bool)) or value is None:
        return bool(value)
    return True


def number(value):
    try:
        return int(value) if not isinstance(value, bool) else int(value)
    except (TypeError, ValueError):
        raise Thrown(ErrorValue(f'Cannot convert value "{text(value)}" to type "System.Int32".',
                                "System.InvalidCastException")) from None


def sequence(value):
    """What a pipeline or a foreach goes through."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def single(items):
    """What a statement's output is as a value."""
    return None if not items else items[0] if len(items) == 1 else list(items)


def from_json(source):
    try:
        return json.loads(source, object_pairs_hook=Record)
    except ValueError as trouble:
        raise Thrown(ErrorValue(f"Invalid JSON primitive: {trouble}", "System.ArgumentException")) from None


def to_json(value, depth):
    """As Windows PowerShell writes it: angle brackets, ampersands and apostrophes by their numbers."""
    plain = json.dumps(_plain(value, depth), ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&'":
        plain = plain.replace(sign, f"\\u{ord(sign):04x}")
    return plain


def _plain(value, depth):
    if value is None or isinstance(value, (str, int, bool, float)):
        return value
    if depth < 0:
        raise Refused("JSON deeper than -Depth: Windows PowerShell would write a type's name")
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, Record):
        return {name: _plain(item, depth - 1) for name, item in value.items()}
    raise Refused(f"{type(value).__name__} as JSON")
