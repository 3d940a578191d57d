"""Members of values and of .NET's types, as far as our scripts use them."""

import base64
import binascii
import time

import files
import network
import places
import services
from values import ErrorValue, Record, Refused, Script, StaticType, Thrown, number, sequence, text


def get(owner, name, session):
    if isinstance(owner, StaticType):
        return _static(owner, name, session)
    if isinstance(owner, Record):
        if not owner.has(name) and name == "count":
            return len(owner.items())
        return owner.get(name)
    if owner is None:
        return None
    if isinstance(owner, list):
        if name in ("count", "length"):
            return len(owner)
        return [get(item, name, session) for item in owner]
    if isinstance(owner, (str, bytes)) and name == "length":
        return len(owner)
    if name == "count" and isinstance(owner, (str, int)):
        return 1
    if hasattr(owner, "ps_get"):
        return owner.ps_get(name)
    raise Refused(f"the member {name} of {type(owner).__name__}")


def assign(owner, name, value):
    if isinstance(owner, StaticType) and (owner.name, name) in _IGNORED:
        return
    if isinstance(owner, Record):
        owner.set(name, value)
        return
    raise Refused(f"setting {name} of {type(owner).__name__}")


# Settings that change nothing here: the double's streams are in UTF-8.
_IGNORED = {("console", "outputencoding"), ("console", "inputencoding")}


def cast(kind, value):
    kind = kind.removeprefix("system.")
    if kind == "string":
        return text(value)
    if kind in ("int", "int32", "int64", "long"):
        return number(value)
    if kind == "bool":
        from values import truth
        return truth(value)
    if kind == "pscustomobject" and isinstance(value, Record):
        return value
    if kind in ("array", "object[]", "string[]"):
        return sequence(value)
    raise Refused(f"a cast to {kind}")


class _UTF8:
    def ps_call(self, name, arguments):
        if name == "getstring" and isinstance(arguments[0], bytes):
            return arguments[0].decode("utf-8", "replace")
        if name == "getbytes":
            return text(arguments[0]).encode("utf-8")
        raise Refused(f"an encoding's {name}()")


class _Now:
    def ps_call(self, name, arguments):
        if name == "tounixtimemilliseconds":
            return time.time_ns() // 1_000_000
        raise Refused(f"a time's {name}()")


class _Output:
    def __init__(self, session):
        self.session = session

    def ps_call(self, name, arguments):
        if name in ("write", "writeline"):
            self.session.write(text(arguments[0]) + ("\r\n" if name == "writeline" else ""))
            return None
        raise Refused(f"the console's {name}()")


def _static(kind, name, session):
    if (kind.name, name) == ("text.encoding", "utf8"):
        return _UTF8()
    if (kind.name, name) == ("console", "out"):
        return _Output(session)
    if (kind.name, name) == ("datetimeoffset", "utcnow"):
        return _Now()
    if (kind.name, name) == ("io.filemode", "createnew"):
        return "CreateNew"
    raise Refused(f"[{kind.name}]::{name}")


def call(owner, name, arguments, session):
    if isinstance(owner, StaticType):
        return _static_call(owner.name, name, arguments, session)
    if isinstance(owner, str):
        return _text_call(owner, name, arguments)
    if owner is None:
        raise Thrown(ErrorValue("You cannot call a method on a null-valued expression."))
    if hasattr(owner, "ps_call"):
        return owner.ps_call(name, arguments)
    raise Refused(f"the method {name} of {type(owner).__name__}")


def _text_call(owner, name, arguments):
    if name == "trim" and not arguments:
        return owner.strip()
    if name == "startswith":
        return owner.startswith(text(arguments[0]))
    if name == "tolowerinvariant":
        return owner.lower()
    if name == "substring":
        return owner[number(arguments[0]):][:number(arguments[1]) if len(arguments) > 1 else None]
    raise Refused(f"a text's {name}()")


# What works on paths alone.
_PATHS = {
    ("io.file", "replace"): files.replace, ("io.file", "delete"): files.delete, ("io.file", "move"): files.move,
    ("io.file", "getattributes"): places.attributes, ("io.directory", "createdirectory"): places.make,
}


def _static_call(kind, name, arguments, session):
    if (kind, name) == ("convert", "frombase64string"):
        try:
            return base64.b64decode("".join(text(arguments[0]).split()), validate=True)
        except binascii.Error:
            raise Thrown(ErrorValue("The input is not a valid Base-64 string.", "System.FormatException")) from None
    if (kind, name) == ("convert", "tobase64string") and isinstance(arguments[0], bytes):
        return base64.b64encode(arguments[0]).decode()
    if (kind, name) == ("scriptblock", "create"):
        from syntax import SyntaxTrouble, parse
        try:
            return Script(parse(text(arguments[0])))
        except SyntaxTrouble as trouble:
            raise Thrown(ErrorValue(str(trouble), "System.Management.Automation.ParseException")) from None
    if (kind, name) == ("io.file", "readalltext"):
        return files.find(session.host, text(arguments[0])).text
    if (kind, name) == ("io.file", "readallbytes"):
        return files.find(session.host, text(arguments[0])).data
    if (kind, name) == ("io.file", "writeallbytes") and isinstance(arguments[1], bytes):
        return files.write(session.host, text(arguments[0]), arguments[1])
    if (kind, name) in _PATHS:
        return _PATHS[kind, name](session.host, *(text(argument) for argument in arguments))
    if (kind, name) == ("io.file", "open") and arguments[1] == "CreateNew":
        return files.create(session.host, text(arguments[0]))
    if (kind, name) == ("net.dns", "gethostaddresses"):
        return network.addresses(session.host, text(arguments[0]))
    if (kind, name) == ("security.principal.windowsidentity", "getcurrent"):
        return places.Identity()
    if (kind, name) == ("serviceprocess.servicecontroller", "getservices"):
        session.needs_assembly("System.ServiceProcess")
        return services.controllers(session.host)
    if (kind, name) == ("microsoft.win32.registry", "getvalue"):
        return services.registry(session.host, text(arguments[0]), text(arguments[1]), arguments[2])
    raise Refused(f"[{kind}]::{name}()")
