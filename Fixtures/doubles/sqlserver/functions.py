"""Built-in functions: registered with SQLite under `tsql_NAME`, for the session whose statement runs."""

import datetime
import uuid

import datatypes
from datatypes import Type
from errors import SQLError

NAME, NUMBER, BIG, TRUTH, MOMENT = Type("nvarchar", 256), Type("int"), Type("bigint"), Type("bit"), Type("datetime2")
TEXT = None
# What is known, and of which type its result is; None: by the value.
RESULTS = {
    "ISNULL": None, "COALESCE": None, "NULLIF": None, "LEN": NUMBER, "DATALENGTH": NUMBER, "UPPER": TEXT, "LOWER": TEXT,
    "LTRIM": TEXT, "RTRIM": TEXT, "TRIM": TEXT, "REPLACE": TEXT, "SUBSTRING": TEXT, "LEFT": TEXT, "RIGHT": TEXT, "CONCAT": TEXT,
    "REPLICATE": TEXT, "CHARINDEX": NUMBER, "QUOTENAME": NAME, "CHAR": TEXT, "NCHAR": TEXT, "UNICODE": NUMBER, "ABS": None,
    "NEWID": Type("uniqueidentifier"), "SYSUTCDATETIME": MOMENT, "SYSDATETIME": MOMENT,
    "GETUTCDATE": Type("datetime"), "GETDATE": Type("datetime"), "CURRENT_TIMESTAMP": Type("datetime"), "DATEDIFF": NUMBER,
    "DATEADD": MOMENT, "DB_NAME": NAME, "DB_ID": Type("smallint"), "OBJECT_ID": NUMBER, "OBJECT_NAME": NAME,
    "SCHEMA_NAME": NAME, "SCHEMA_ID": NUMBER, "TYPE_NAME": NAME, "SUSER_ID": NUMBER, "SUSER_SID": Type("varbinary", 85),
    "SUSER_NAME": NAME, "SUSER_SNAME": NAME, "ORIGINAL_LOGIN": NAME, "SYSTEM_USER": NAME, "CURRENT_USER": NAME, "USER_NAME": NAME,
    "DATABASE_PRINCIPAL_ID": NUMBER, "IS_SRVROLEMEMBER": NUMBER, "IS_MEMBER": NUMBER, "IS_ROLEMEMBER": NUMBER,
    "HAS_PERMS_BY_NAME": NUMBER, "HAS_DBACCESS": NUMBER, "SERVERPROPERTY": NAME, "DATABASEPROPERTYEX": NAME,
    "XACT_STATE": Type("smallint"), "ERROR_NUMBER": NUMBER, "ERROR_MESSAGE": Type("nvarchar", 4000), "ERROR_SEVERITY": NUMBER,
    "ERROR_STATE": NUMBER, "ERROR_LINE": NUMBER, "ERROR_PROCEDURE": NAME, "CONNECTIONPROPERTY": NAME, "HOST_NAME": NAME,
    "APP_NAME": NAME,
}
UNITS = {"YEAR": 31_557_600, "MONTH": 2_629_800, "DAY": 86_400, "DD": 86_400, "HOUR": 3600, "HH": 3600, "MINUTE": 60, "MI": 60,
         "SECOND": 1, "S": 1, "SS": 1, "MILLISECOND": 0.001, "MS": 0.001}


def cast(value, name, length, scale, style):
    if style in (1, 2) and isinstance(value, bytes) and name in datatypes.TEXTS:
        return ("0x" if style == 1 else "") + value.hex().upper()
    if style in (1, 2) and isinstance(value, str) and name in datatypes.BINARIES:
        return bytes.fromhex(value[2:] if style == 1 else value)
    return datatypes.converted(value, Type(name, length, scale=scale))


def try_cast(*arguments):
    try:
        return cast(*arguments)
    except SQLError:
        return None


def store(value, name, length, scale, column):
    """A value on its way into a column: it is never cut."""
    if name in datatypes.TEXTS or name in datatypes.BINARIES:
        whole = cast(value, name, None, scale, 0)
        if whole is not None and length is not None and len(whole) > length:
            raise SQLError(2628, text="String or binary data would be truncated in column '%s'." % column)
        return whole
    return cast(value, name, length, scale, 0)


def plus(left, right):
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, bytes) and isinstance(right, bytes):
        return left + right
    return datatypes.converted(left, Type("int")) + datatypes.converted(right, Type("int"))


def divide(left, right):
    if left is None or right is None:
        return None
    if right == 0:
        raise SQLError(8134)
    return int(left / right) if isinstance(left, int) and isinstance(right, int) else left / right


def quotename(text, sign="["):
    if text is None or len(text) > 128:
        return None
    closing = "]" if sign in "[]" else sign
    return ("[" if closing == "]" else closing) + text.replace(closing, closing * 2) + closing


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f") + "0"


def as_datetime(text):
    return text[:23]


def moment(text):
    whole, ticks = datatypes.parsed_time(text)
    return whole + datetime.timedelta(microseconds=ticks / 10)


def date_add(part, count, text):
    later = moment(text) + datetime.timedelta(seconds=UNITS[part] * count)
    return later.strftime("%Y-%m-%d %H:%M:%S.%f") + "0"


def date_difference(part, start, end):
    if start is None or end is None:
        return None
    return int((moment(end) - moment(start)).total_seconds() / UNITS[part])


def strict(function):
    """NULL in, NULL out."""
    return lambda *values: None if None in values else function(*values)


PURE = {
    "plus": plus, "divide": divide, "cast": cast, "store": store, "try_cast": try_cast, "xor": strict(lambda a, b: a ^ b),
    "len": strict(lambda text: len(str(text).rstrip(" "))),
    "datalength": strict(lambda v: len(v) if isinstance(v, bytes) else 2 * len(v) if isinstance(v, str) else 4),
    "upper": strict(str.upper), "lower": strict(str.lower), "ltrim": strict(str.lstrip), "rtrim": strict(str.rstrip),
    "trim": strict(str.strip), "replace": strict(lambda text, old, new: text.replace(old, new)),
    "substring": strict(lambda v, start, count: v[max(0, start - 1):max(0, start - 1 + count)]),
    "left": strict(lambda v, count: v[:count]), "right": strict(lambda v, count: v[-count:] if count else ""),
    "concat": lambda *values: "".join("" if v is None else str(v) for v in values),
    "replicate": strict(lambda text, count: text * count),
    "charindex": strict(lambda part, text: text.lower().find(part.lower()) + 1),
    "quotename": quotename, "char": strict(chr), "nchar": strict(chr), "unicode": strict(lambda text: ord(text[0])),
    "abs": strict(abs), "newid": lambda: str(uuid.uuid4()).upper(), "sysutcdatetime": utc_now, "sysdatetime": utc_now,
    "getutcdate": lambda: as_datetime(utc_now()), "getdate": lambda: as_datetime(utc_now()),
    "current_timestamp": lambda: as_datetime(utc_now()), "datediff": date_difference, "dateadd": strict(date_add),
}


def register(connection, current):
    """`current()` is the session whose statement runs; its errors come through SQLite by `current().raised`."""
    def guarded(function):
        def call(*values):
            try:
                return function(*values)
            except SQLError as error:
                current().raised = error
                raise
        return call

    for name, function in PURE.items():
        connection.create_function("tsql_" + name, -1, guarded(function))
    for name in RESULTS:
        if name.lower() not in PURE and name not in ("COALESCE", "NULLIF", "ISNULL"):
            connection.create_function("tsql_" + name.lower(), -1, guarded(
                lambda *values, name=name.lower(): getattr(current().functions, name)(*values)))
    connection.create_function("tsql_global", 1, guarded(lambda name: current().functions.variable(name)))
