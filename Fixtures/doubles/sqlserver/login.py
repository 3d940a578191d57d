"""PRELOGIN and LOGIN7 (MS-TDS 2.2.6.4, 2.2.6.5)."""

import struct

from errors import SQLError

OFF, ON, NOT_SUPPORTED, REQUIRED = 0, 1, 2, 3
VERSION, ENCRYPTION, INSTANCE, THREAD, MARS = 0, 1, 2, 3, 4


def prelogin_options(body):
    options, position = {}, 0
    while body[position] != 0xFF:
        kind, offset, length = struct.unpack_from(">BHH", body, position)
        options[kind] = body[offset:offset + length]
        position += 5
    return options


def agreed_encryption(asked, mode):
    """What is answered to the client, and whether there is TLS: None, for the login only, or for all.

    `mode` of the server: `none`, `optional`, `required`.
    """
    if mode == "none":
        return NOT_SUPPORTED, None
    if mode == "required":
        return REQUIRED, "all"
    if asked == NOT_SUPPORTED:
        return NOT_SUPPORTED, None
    return (OFF, "login") if asked == OFF else (ON, "all")


def prelogin_answer(encryption):
    values = [(VERSION, bytes([16, 0, 0x10, 0x4F, 0, 0])), (ENCRYPTION, bytes([encryption])), (INSTANCE, b"\x00"), (THREAD, b""),
              (MARS, b"\x00")]
    offset = 5 * len(values) + 1
    head, data = b"", b""
    for kind, value in values:
        head += struct.pack(">BHH", kind, offset + len(data), len(value))
        data += value
    return head + b"\xFF" + data


class Login7:
    def __init__(self, body):
        (_, self.version, self.packet_size, _, _, _, _, _, self.type_flags, flags3) = struct.unpack_from("<IIIIIIBBBB", body, 0)
        self.has_features = bool(flags3 & 0x10)
        texts = []
        for index in range(9):
            offset, length = struct.unpack_from("<HH", body, 36 + 4 * index)
            texts.append(body[offset:offset + 2 * length] if index != 5 else b"")
        self.host, self.user, _, self.program, self.server, _, self.library, self.language, self.database = (
            text.decode("utf-16-le", "replace") if index != 2 else "" for index, text in enumerate(texts))
        self.password = revealed(texts[2])


def revealed(data):
    """Passwords travel with their bits shuffled, which hides them from nobody."""
    return bytes(((byte ^ 0xA5) >> 4 | (byte ^ 0xA5) << 4) & 0xFF for byte in data).decode("utf-16-le", "replace")


def authenticated(instance, login7):
    """The login and its database; throws 18456 or 4060."""
    login = instance.logins.get(login7.user.lower())
    if login is None or login.password is None or login.password != login7.password:
        raise SQLError(18456, login7.user)
    name = login7.database or "master"
    database = instance.databases.get(name.lower())
    try:
        if database is None:
            raise SQLError(4060, name)
        database.require_open()
        if not login.sysadmin and name.lower() not in ("master", "tempdb", "msdb") and not database.user_of(login):
            raise SQLError(4060, name)
    except SQLError:
        # The server says both.
        raise SQLError(4060, name).before(SQLError(18456, login7.user)) from None
    return login, database
