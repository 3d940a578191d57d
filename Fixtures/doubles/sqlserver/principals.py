"""Logins, users and roles, and who may what."""

from errors import SQLError, syntax
from world import User, windows_sid

FIXED_ROLES = {"db_owner": 16384, "db_datareader": 16390, "db_datawriter": 16391, "db_ddladmin": 16387}


def principal_numbers(database):
    numbers = {"dbo": 1, **FIXED_ROLES}
    for index, name in enumerate(sorted(database.users) + sorted(role.lower() for role in database.roles), 5):
        numbers.setdefault(name.lower(), index)
    return numbers


def account_sid(instance, name):
    """The SID of a Windows account that the domain knows."""
    if "\\" not in name:
        return None
    known = instance.known_windows_accounts
    return windows_sid(name) if known is None or name.lower() in known else None


def own_database(session, what):
    from runner import roles
    database = session.database
    database.require_open()
    if "db_owner" not in roles(session, database):
        raise SQLError(15247, text="User does not have permission to perform this action.")
    if database.updateability == "READ_ONLY":
        raise SQLError(3906, database.name)
    return database


def create_login(session, name, password=None, windows=False, sid=None):
    if not session.login.may("ALTER ANY LOGIN"):
        raise SQLError(15247, text="User does not have permission to perform this action.")
    if name.lower() in session.instance.logins:
        raise SQLError(15025, name)
    if windows and account_sid(session.instance, name) is None:
        raise SQLError(15401, name)
    sid = sid and sid(session)
    if sid is not None and (not isinstance(sid, bytes) or len(sid) != 16):
        raise SQLError(15419, text="Supplied parameter sid should be binary(16).")
    if sid is not None and any(login.sid == sid for login in session.instance.logins.values()):
        raise SQLError(15433, text="Supplied parameter sid is in use.")
    session.instance.add_login(name, password=password, windows=windows, sid=sid)


def login_named(session, name, what="user"):
    login = session.instance.logins.get(name.lower())
    if not login:
        raise SQLError(15007, name)
    return login


def create_user(session, name, login_name):
    database = own_database(session, "CREATE USER")
    login = login_named(session, login_name)
    if name.lower() in database.users or name.lower() in (role.lower() for role in database.roles):
        raise SQLError(15023, name)
    if database.user_of(login):
        raise SQLError(15063)
    database.users[name.lower()] = User(name, login.sid)
    database.changed()


def map_user(session, name, login_name):
    database = own_database(session, "ALTER USER")
    if name.lower() not in database.users:
        raise SQLError(15151, "alter", "user", name)
    login = login_named(session, login_name)
    if database.user_of(login) not in (None, database.users[name.lower()]):
        raise SQLError(15063)
    database.users[name.lower()].sid = login.sid
    database.changed()


def create_role(session, name):
    database = own_database(session, "CREATE ROLE")
    if name.lower() in (role.lower() for role in database.roles) or name.lower() in database.users:
        raise SQLError(15023, name)
    database.roles.add(name)
    database.changed()


def change_member(session, role, member, adds):
    database = own_database(session, "ALTER ROLE")
    known = next((each for each in database.roles | set(FIXED_ROLES) if each.lower() == role.lower()), None)
    if not known:
        raise SQLError(15151, "alter", "role", role)
    user = database.users.get(member.lower())
    if not user:
        raise SQLError(15151, "add" if adds else "drop", "principal", member)
    (user.roles.add if adds else user.roles.discard)(known)
    database.changed()


def change_server_member(session, role, member, adds):
    if role.lower() != "sysadmin" or not session.login.sysadmin:
        raise SQLError(15151, "alter", "server role", role)
    login = session.instance.logins.get(member.lower())
    if not login:
        raise SQLError(15151, "add", "principal", member)
    login.sysadmin = adds


def drop(session, kind, name, if_exists):
    if kind == "USER":
        database = own_database(session, "DROP USER")
        if database.users.pop(name.lower(), None) is None and not if_exists:
            raise SQLError(15151, "drop", "user", name)
        database.changed()
        return
    if not session.login.may("ALTER ANY LOGIN") or session.instance.logins.pop(name.lower(), None) is None:
        raise SQLError(15151, "drop", "login", name)


def grant(session, words, table_parts, name):
    """On a table of the database, or of a server permission to a login."""
    if table_parts is None:
        login = session.instance.logins.get(name.lower())
        if not session.login.sysadmin or not login:
            raise SQLError(15151, "find", "login", name)
        login.permissions.add(words)
        return
    from definitions import table_named
    database = own_database(session, "GRANT")
    _, table = table_named(session, table_parts)
    if not table or (name.lower() not in database.users and name not in database.roles):
        raise SQLError(15151, "find", "object" if not table else "user", table_parts[-1] if not table else name)
    if words not in ("SELECT", "INSERT", "UPDATE", "DELETE", "ALTER"):
        raise syntax(words)
    table.grants = getattr(table, "grants", {})
    table.grants.setdefault(words, set()).add(name)
    database.changed()


def may_alter(session, database, table):
    from runner import roles
    user = database.user_of(session.login)
    return bool(roles(session, database) & {"db_owner", "db_ddladmin"}) or (
        user is not None and user.name in getattr(table, "grants", {}).get("ALTER", ()))


def sees_definitions(session, database):
    from runner import roles
    return "db_owner" in roles(session, database) or session.login.may("VIEW ANY DEFINITION")


def has_permission(session, securable, kind, permission):
    """HAS_PERMS_BY_NAME: NULL when the securable or the permission isn't known."""
    from runner import PERMISSIONS, roles
    if securable is None and (kind is None or kind.upper() == "SERVER"):
        return int(session.login.may(permission))
    if kind is None:
        return None
    kind = kind.upper()
    if kind == "DATABASE":
        database = session.database if securable is None else session.functions.database_named(securable)
        if not database:
            return None
        if permission == "VIEW DEFINITION":
            return int(sees_definitions(session, database))
        return int("db_owner" in roles(session, database) or (permission in ("CONNECT", "VIEW DATABASE STATE")
                   and database.user_of(session.login) is not None) or session.login.may(permission + " ANY DATABASE"))
    if kind == "OBJECT":
        table = session.functions.named_table(securable)
        if not table:
            return None
        held = roles(session, session.database)
        if permission == "ALTER":
            return int(may_alter(session, session.database, table))
        if permission == "CONTROL":
            return int("db_owner" in held)
        if permission not in PERMISSIONS:
            return None
        user = session.database.user_of(session.login)
        granted = set(getattr(table, "grants", {}).get(permission, ()))
        return int(bool(held & ({"db_owner", PERMISSIONS[permission]} | granted) or (user and user.name in granted)))
    if kind in ("AVAILABILITY GROUP", "LOGIN"):
        return int(session.login.sysadmin or session.login.may("%s ANY %s" % (permission, kind)))
    return None
