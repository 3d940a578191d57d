"""The tokens of a response (MS-TDS 2.2.7)."""

import struct

DONE, DONEPROC, DONEINPROC = 0xFD, 0xFE, 0xFF
MORE, ERROR, COUNT, ATTENTION = 0x1, 0x2, 0x10, 0x20
TDS_7_4 = 0x74000004
COLLATION = bytes([0x09, 0x04, 0xD0, 0x00, 0x34])
DATABASE, LANGUAGE, PACKET_SIZE, SQL_COLLATION = 1, 2, 4, 7
BEGIN, COMMIT, ROLLBACK = 8, 9, 10


def short_text(text):
    return struct.pack("<B", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def long_text(text):
    encoded = text.encode("utf-16-le")
    return struct.pack("<H", len(encoded) // 2) + encoded


def message(kind, number, state, severity, text, server, procedure, line):
    body = struct.pack("<iBB", number, state, severity) + long_text(text)
    body += short_text(server) + short_text(procedure) + struct.pack("<I", line)
    return struct.pack("<BH", kind, len(body)) + body


def error(*arguments):
    return message(0xAA, *arguments)


def info(*arguments):
    return message(0xAB, *arguments)


def environment_change(kind, new, old):
    """Texts change names, bytes are a collation or a transaction's descriptor."""
    def encoded(value):
        return short_text(value) if isinstance(value, str) else struct.pack("<B", len(value)) + value

    body = struct.pack("<B", kind) + encoded(new) + encoded(old)
    return struct.pack("<BH", 0xE3, len(body)) + body


def login_acknowledged(program, version):
    body = struct.pack(">BI", 1, TDS_7_4) + short_text(program) + bytes(version)
    return struct.pack("<BH", 0xAD, len(body)) + body


def no_features():
    return bytes([0xAE, 0xFF])


def done(kind, status, command, count):
    return struct.pack("<BHHQ", kind, status, command, count)


def return_status(value):
    return struct.pack("<Bi", 0x79, value)


def return_value(ordinal, name, type_, value):
    return (struct.pack("<BH", 0xAC, ordinal) + short_text(name) + struct.pack("<BIH", 1, 0, 1)
            + type_.information() + type_.encoded(value))


def column_metadata(columns):
    parts = [struct.pack("<BH", 0x81, len(columns))]
    for name, type_ in columns:
        parts.append(struct.pack("<IH", 0, 1) + type_.information() + short_text(name))
    return b"".join(parts)


def row(columns, values):
    """With a NULL in it a row has a bitmap (NBCROW), else it hasn't (ROW)."""
    if None not in values:
        return b"\xD1" + b"".join(type_.encoded(value) for (_, type_), value in zip(columns, values))
    bitmap = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        if value is None:
            bitmap[index // 8] |= 1 << index % 8
    return b"\xD2" + bytes(bitmap) + b"".join(
        type_.encoded(value) for (_, type_), value in zip(columns, values) if value is not None)
