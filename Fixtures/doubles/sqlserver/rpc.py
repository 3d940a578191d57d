"""Remote procedure calls (MS-TDS 2.2.6.6): prepared statements, as drivers send them, and procedures by name."""

import datetime
import decimal
import struct
import uuid

import procedures
import tokens
from datatypes import Type, of_value
from errors import SQLError, syntax

NUMBERED = {10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}


class Parameter:
    def __init__(self, name, is_output, type_, value):
        self.name, self.is_output, self.type, self.value = name.lower(), is_output, type_, value


class Request:
    def __init__(self, body, position):
        self.body, self.at = body, position
        length, = self.unpacked("<H")
        if length == 0xFFFF:
            number, = self.unpacked("<H")
            if number not in NUMBERED:
                raise SQLError(102, "procedure %d" % number)
            self.name = NUMBERED[number]
        else:
            self.name = self.take(2 * length).decode("utf-16-le")
        self.unpacked("<H")
        self.parameters = []
        while self.at < len(body):
            if body[self.at] in (0x80, 0xFF):
                raise SQLError(102, "several procedures in one request")
            self.parameters.append(self.parameter())

    @property
    def text(self):
        """For faults that are chosen by the statement's text."""
        texts = [each.value for each in self.parameters if isinstance(each.value, str)]
        return " ".join([self.name] + texts)

    def take(self, count):
        data = self.body[self.at:self.at + count]
        self.at += count
        return data

    def unpacked(self, layout):
        found = struct.unpack_from(layout, self.body, self.at)
        self.at += struct.calcsize(layout)
        return found

    def parameter(self):
        length, = self.unpacked("<B")
        name = self.take(2 * length).decode("utf-16-le")
        status, kind = self.unpacked("<BB")
        type_, value = self.typed_value(kind)
        return Parameter(name, bool(status & 1), type_, value)

    def typed_value(self, kind):
        if kind in (0xE7, 0xA7, 0xEF, 0xAF, 0xA5, 0xAD):
            return self.string(kind)
        if kind in (0x63, 0x23, 0x22):
            return self.long_string(kind)
        if kind in FIXED:
            size, read = FIXED[kind]
            return read(self.take(size))
        if kind in (0x26, 0x68, 0x6D, 0x6F, 0x24):
            self.unpacked("<B")
            data = self.take(self.unpacked("<B")[0])
            return nullable(kind, data)
        if kind in (0x6A, 0x6C):
            _, precision, scale = self.unpacked("<BBB")
            data = self.take(self.unpacked("<B")[0])
            type_ = Type("numeric", precision=precision, scale=scale)
            if not data:
                return type_, None
            number = decimal.Decimal(int.from_bytes(data[1:], "little") * (1 if data[0] else -1)).scaleb(-scale)
            return type_, int(number) if scale == 0 else str(number)
        if kind in (0x28, 0x2A):
            scale = self.unpacked("<B")[0] if kind == 0x2A else 0
            return moment(kind, scale, self.take(self.unpacked("<B")[0]))
        raise syntax("parameter of type 0x%02X" % kind)

    def string(self, kind):
        limit, = self.unpacked("<H")
        is_binary = kind in (0xA5, 0xAD)
        if not is_binary:
            self.take(5)
        if limit == 0xFFFF:
            data = self.chunks()
        else:
            length, = self.unpacked("<H")
            data = None if length == 0xFFFF else self.take(length)
        return text_value(kind, None if limit == 0xFFFF else limit, data)

    def chunks(self):
        total, = self.unpacked("<Q")
        if total == 0xFFFFFFFFFFFFFFFF:
            return None
        data = b""
        while length := self.unpacked("<I")[0]:
            data += self.take(length)
        return data

    def long_string(self, kind):
        self.unpacked("<I")
        if kind != 0x22:
            self.take(5)
        length, = self.unpacked("<i")
        return text_value({0x63: 0xE7, 0x23: 0xA7, 0x22: 0xA5}[kind], None, None if length < 0 else self.take(length))


def text_value(kind, limit, data):
    if kind in (0xA5, 0xAD):
        return Type("varbinary", limit), data
    if kind in (0xE7, 0xEF):
        return Type("nvarchar", limit and limit // 2), data and data.decode("utf-16-le", "surrogatepass") if data else (
            None if data is None else "")
    return Type("varchar", limit), None if data is None else data.decode("cp1252", "replace")


def signed(name):
    return lambda data: (Type(name), int.from_bytes(data, "little", signed=name != "tinyint"))


FIXED = {0x30: (1, signed("tinyint")), 0x34: (2, signed("smallint")), 0x38: (4, signed("int")), 0x7F: (8, signed("bigint")),
         0x32: (1, lambda data: (Type("bit"), data[0])), 0x3E: (8, lambda data: (Type("float"), struct.unpack("<d", data)[0]))}
INTEGER_NAMES = {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}


def nullable(kind, data):
    names = {0x68: "bit", 0x6D: "float", 0x6F: "datetime", 0x24: "uniqueidentifier", 0x26: INTEGER_NAMES.get(len(data), "int")}
    type_ = Type(names[kind])
    if not data:
        return type_, None
    if kind == 0x26:
        return type_, int.from_bytes(data, "little", signed=len(data) > 1)
    if kind == 0x68:
        return type_, data[0]
    if kind == 0x6D:
        return type_, struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
    if kind == 0x24:
        return type_, str(uuid.UUID(bytes_le=data)).upper()
    days, ticks = struct.unpack("<iI", data)
    found = datetime.datetime(1900, 1, 1) + datetime.timedelta(days=days, milliseconds=round(ticks * 10 / 3))
    return type_, found.strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def moment(kind, scale, data):
    type_ = Type("date" if kind == 0x28 else "datetime2")
    if not data:
        return type_, None
    day = datetime.date.fromordinal(int.from_bytes(data[-3:], "little") + 1)
    if kind == 0x28:
        return type_, day.isoformat()
    ticks = int.from_bytes(data[:-3], "little") * 10 ** (7 - scale)
    seconds, rest = divmod(ticks, 10_000_000)
    return type_, "%s %02d:%02d:%02d.%07d" % (day, seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def run(session, connection, request):
    prepared = connection.__dict__.setdefault("prepared", {})
    given = request.parameters
    name = request.name.lower().rsplit(".", 1)[-1]
    try:
        if name == "sp_executesql":
            execute(session, given[0].value, given[1].value if len(given) > 1 else "", given[2:])
        elif name in ("sp_prepare", "sp_prepexec"):
            handle = len(prepared) + 1
            prepared[handle] = (given[2].value, given[1].value or "")
            if name == "sp_prepexec":
                execute(session, given[2].value, given[1].value or "", given[3:])
            return_handle(connection, handle)
        elif name == "sp_execute":
            if given[0].value not in prepared:
                raise SQLError(8179, given[0].value)
            execute(session, *prepared[given[0].value], given[1:])
        elif name == "sp_unprepare":
            prepared[given[0].value] = None
        else:
            call(session, connection, request)
    except SQLError as error:
        session.fail(error)
    connection.release()
    connection.channel.write(tokens.return_status(0))


def execute(session, text, declared, given):
    session.run(text, procedures.declared_variables(declared, [(each.name, each.value) for each in given]))


def return_handle(connection, handle):
    connection.release()
    connection.channel.write(tokens.return_value(0, "", Type("int"), handle))


def call(session, connection, request):
    given = [(each.name or None, each.value, each.name if each.is_output else None) for each in request.parameters]
    procedures.require([request.name])
    _, outputs = procedures.call(session, [request.name.rsplit(".", 1)[-1]], given)
    connection.release()
    for ordinal, (name, value) in enumerate(outputs.items()):
        connection.channel.write(tokens.return_value(ordinal, name, of_value(value), value))
