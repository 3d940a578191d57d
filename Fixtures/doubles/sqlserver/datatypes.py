"""SQL Server's types: how they are written in T-SQL, in TDS, and held by SQLite.

SQLite holds times as text in ISO form, a uniqueidentifier as text in capitals, a bit and a numeric without places as integers.
"""

import datetime
import decimal
import struct
import uuid

from errors import SQLError
from tokens import COLLATION

INTEGERS = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
TEXTS = {"nvarchar", "nchar", "varchar", "char", "sysname", "ntext", "text"}
BINARIES = {"varbinary", "binary", "image"}
TIMES = {"datetime2", "datetime", "date", "time", "smalldatetime", "datetimeoffset"}
MAXIMUM = 0xFFFF


class Type:
    """A type with its length or precision. `length` None: max."""

    def __init__(self, name, length=1, precision=18, scale=0):
        self.name, self.length, self.precision, self.scale = name, length, precision, scale

    @property
    def is_text(self):
        return self.name in TEXTS

    @property
    def sqlite(self):
        if self.name in INTEGERS or self.name == "bit" or (self.name == "numeric" and self.scale == 0):
            return "INTEGER"
        if self.name == "float":
            return "REAL"
        if self.name in BINARIES:
            return "BLOB"
        return "TEXT COLLATE NOCASE" if self.is_text or self.name == "uniqueidentifier" else "TEXT"

    def information(self):
        """TYPE_INFO (MS-TDS 2.2.5.6)."""
        if self.name in INTEGERS:
            return bytes([0x26, INTEGERS[self.name]])
        if self.name == "bit":
            return bytes([0x68, 1])
        if self.name == "float":
            return bytes([0x6D, 8])
        if self.name == "numeric":
            return bytes([0x6C, 1 + self.numeric_size(), self.precision, self.scale])
        if self.name == "uniqueidentifier":
            return bytes([0x24, 16])
        if self.name == "datetime":
            return bytes([0x6F, 8])
        if self.name == "datetime2":
            return bytes([0x2A, 7])
        if self.name == "date":
            return bytes([0x28])
        if self.name in BINARIES:
            return struct.pack("<BH", 0xA5, MAXIMUM if self.length is None else self.length)
        if self.name in ("varchar", "char", "text"):
            return struct.pack("<BH", 0xA7, MAXIMUM if self.length is None else self.length) + COLLATION
        return struct.pack("<BH", 0xE7, MAXIMUM if self.length is None else 2 * self.length) + COLLATION

    def numeric_size(self):
        return 4 if self.precision <= 9 else 8 if self.precision <= 19 else 12 if self.precision <= 28 else 16

    def encoded(self, value):
        """The value as a row has it, NULL too (in a return value)."""
        if self.is_text or self.name in BINARIES:
            return self.encoded_string(value)
        if value is None:
            return b"\x00"
        if self.name in INTEGERS:
            size = INTEGERS[self.name]
            return bytes([size]) + int(value).to_bytes(size, "little", signed=size > 1)
        if self.name == "bit":
            return bytes([1, 1 if value else 0])
        if self.name == "float":
            return struct.pack("<Bd", 8, value)
        if self.name == "numeric":
            number = int(decimal.Decimal(str(value)).scaleb(self.scale).to_integral_value())
            size = self.numeric_size()
            return bytes([1 + size, 1 if number >= 0 else 0]) + abs(number).to_bytes(size, "little")
        if self.name == "uniqueidentifier":
            return b"\x10" + uuid.UUID(value).bytes_le
        return self.encoded_time(value)

    def encoded_string(self, value):
        if self.name in BINARIES:
            data = None if value is None else bytes(value)
        elif self.name in ("varchar", "char", "text"):
            data = None if value is None else str(value).encode("cp1252", "replace")
        else:
            data = None if value is None else str(value).encode("utf-16-le", "surrogatepass")
        if self.length is None:
            if data is None:
                return b"\xFF" * 8
            chunk = struct.pack("<I", len(data)) + data if data else b""
            return struct.pack("<Q", len(data)) + chunk + bytes(4)
        return b"\xFF\xFF" if data is None else struct.pack("<H", len(data)) + data

    def encoded_time(self, value):
        moment, ticks = parsed_time(value)
        days = moment.date().toordinal() - 1
        if self.name == "date":
            return b"\x03" + days.to_bytes(3, "little")
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        if self.name == "datetime2":
            return b"\x08" + (seconds * 10_000_000 + ticks).to_bytes(5, "little") + days.to_bytes(3, "little")
        since_1900 = days - (datetime.date(1900, 1, 1).toordinal() - 1)
        return struct.pack("<BiI", 8, since_1900, round(seconds * 300 + ticks * 300 / 10_000_000))


def parsed_time(text):
    """A moment in whole seconds, and what is left in 100 ns."""
    text = text.replace("T", " ").rstrip("Z")
    whole, _, fraction = text.partition(".")
    try:
        moment = datetime.datetime.fromisoformat(whole.strip())
    except ValueError:
        raise SQLError(241, text="Conversion failed when converting date and/or time from character string.") from None
    return moment, int((fraction + "0000000")[:7]) if fraction else 0


def of_value(value):
    """The type of a value that nothing else says the type of."""
    if isinstance(value, bool):
        return Type("bit")
    if isinstance(value, int):
        return Type("int" if -(2**31) <= value < 2**31 else "bigint")
    if isinstance(value, float):
        return Type("float")
    if isinstance(value, bytes):
        return Type("varbinary", None if len(value) > 8000 else 8000)
    if isinstance(value, str):
        return Type("nvarchar", None if len(value.encode("utf-16-le", "surrogatepass")) > 8000 else 4000)
    return Type("int")


def converted(value, type_):
    """As CAST does; NULL stays NULL."""
    if value is None:
        return None
    try:
        if type_.name in INTEGERS:
            number = int(value) if not isinstance(value, bytes) else int.from_bytes(value, "big")
            return number
        if type_.name == "bit":
            return 1 if str(value).lower() in ("true",) or (str(value).lower() != "false" and float(value) != 0) else 0
        if type_.name == "float":
            return float(value)
        if type_.name == "numeric":
            return int(value) if type_.scale == 0 else str(decimal.Decimal(str(value)))
        if type_.name == "uniqueidentifier":
            return str(uuid.UUID(bytes_le=value) if isinstance(value, bytes) else uuid.UUID(value)).upper()
    except (ValueError, decimal.InvalidOperation):
        raise SQLError(245, "nvarchar", value, type_.name) from None
    if type_.name in BINARIES:
        data = value if isinstance(value, bytes) else (
            value.encode("utf-16-le") if isinstance(value, str) else int(value).to_bytes(4, "big", signed=True))
        return data if type_.length is None else data[:type_.length]
    if type_.name in TIMES:
        moment, ticks = parsed_time(str(value))
        places = {"datetime": ".%03d" % (ticks // 10_000), "datetime2": ".%07d" % ticks}
        return (moment.date().isoformat() if type_.name == "date"
                else moment.isoformat(" ") + places.get(type_.name, ""))
    text = value.decode("utf-16-le", "replace") if isinstance(value, bytes) else str(value)
    return text if type_.length is None else text[:type_.length]
