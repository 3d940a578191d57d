"""What CREATE, DROP, TRUNCATE and the options of ALTER DATABASE do."""

import principals
from errors import SQLError, syntax
from expressions import quoted
from runner import roles
from world import Table


def require_owner(session, database, what):
    if "db_owner" not in roles(session, database):
        raise SQLError(262, what, database.name)


def create_table(session, schema, name, columns, keys, constraints):
    database = session.database
    database.require_open()
    require_owner(session, database, "CREATE TABLE")
    if database.updateability == "READ_ONLY":
        raise SQLError(3906, database.name)
    table = Table(schema, name, [column for column, _ in columns], database.next_object_id)
    if table.key.lower() in database.tables:
        raise SQLError(2714, name)
    primary = [column.name for column in table.columns if column.primary] or next(
        (names for kind, names in constraints if kind == "PRIMARY KEY"), [])
    for column in table.columns:
        if column.name in primary:
            column.primary, column.nullable = True, False
    parts = []
    for column, options in columns:
        if column.identity and primary != [column.name]:
            raise syntax("IDENTITY on a column that isn't the primary key")
        text = "%s %s" % (quoted(column.name), column.type.sqlite)
        text += " PRIMARY KEY AUTOINCREMENT" if column.identity else "" if column.nullable else " NOT NULL"
        parts.append(" ".join([text] + options))
    if primary and not any(column.identity for column in table.columns):
        parts.append("PRIMARY KEY (%s)" % ", ".join(quoted(each) for each in primary))
    parts += ["UNIQUE (%s)" % ", ".join(quoted(each) for each in names) for kind, names in constraints if kind == "UNIQUE"]
    for key_name, names, target, target_names in keys:
        refers = database.tables.get(target.lower())
        if not refers:
            raise SQLError(1767, text="Foreign key references invalid table '%s'." % target)
        reference = target_names or [column.name for column in refers.columns if column.primary]
        parts.append("FOREIGN KEY (%s) REFERENCES %s (%s)" % (
            ", ".join(quoted(each) for each in names), quoted(refers.key), ", ".join(quoted(each) for each in reference)))
        table.foreign_keys.append((key_name or "FK__%s__%s" % (name, refers.name), refers.key.lower()))
    session.begin_writing(database)
    database.session = session
    database.data.execute("CREATE TABLE %s (%s)" % (quoted(table.key), ", ".join(parts)))
    database.next_object_id += 16_000_057
    database.tables[table.key.lower()] = table
    concluded(session, database)


def concluded(session, database):
    if not session.in_transaction:
        database.changed()
    session.client.done(None)


def table_named(session, parts):
    parts = ["", ""] + list(parts)
    database = session.instance.database(parts[-3]) if parts[-3] else session.database
    database.require_open()
    return database, database.tables.get("%s.%s" % (parts[-2].lower() or "dbo", parts[-1].lower()))


def truncate(session, parts):
    """Refused as the server refuses it: for want of ALTER on the table it says that there is none."""
    database, table = table_named(session, parts)
    if not table or not principals.may_alter(session, database, table):
        raise SQLError(4701, parts[-1])
    if database.updateability == "READ_ONLY":
        raise SQLError(3906, database.name)
    if any(target == table.key.lower() and other is not table
           for other in database.tables.values() for _, target in other.foreign_keys):
        raise SQLError(4712, table.name)
    if table.published:
        raise SQLError(4711, table.name)
    if table.temporal:
        raise SQLError(13545, "%s.%s" % (database.name, table.key))
    if table.indexed_view:
        raise SQLError(3729, "TRUNCATE TABLE", table.name, table.indexed_view)
    session.begin_writing(database)
    database.data.execute("DELETE FROM %s" % quoted(table.key))
    concluded(session, database)


def drop_table(session, parts, if_exists):
    database, table = table_named(session, parts)
    if not table or "db_owner" not in roles(session, database):
        if if_exists and not table:
            return
        raise SQLError(3701, text="Cannot drop the table '%s', because it does not exist or you do not have permission." % parts[-1])
    session.begin_writing(database)
    database.data.execute("DROP TABLE %s" % quoted(table.key))
    del database.tables[table.key.lower()]
    concluded(session, database)


# Databases


def require_alter(session, database):
    """ALTER on the database: its owner, or somebody with ALTER ANY DATABASE."""
    if session.login.may("ALTER ANY DATABASE") or "db_owner" in roles(session, database):
        return
    raise SQLError(5011, database.name).before(SQLError(5069))


def create_database(session, name):
    session.forbid_transaction("CREATE DATABASE")
    if not session.login.may("CREATE ANY DATABASE"):
        raise SQLError(262, "CREATE DATABASE", "master")
    if name.lower() in session.instance.databases:
        raise SQLError(1801, text="Database '%s' already exists. Choose a different database name." % name)
    session.instance.add_database(name)


def drop_database(session, name, if_exists):
    session.forbid_transaction("DROP DATABASE")
    if if_exists and name.lower() not in session.instance.databases:
        return
    database = session.instance.database(name)
    require_alter(session, database)
    require_alone(session, database, 3702)
    del session.instance.databases[name.lower()]


def others_in(session, database):
    return [other for other in session.instance.sessions.values() if other is not session and other.database is database]


def require_alone(session, database, number=3101):
    if others_in(session, database) or (number == 3101 and session.database is database):
        raise SQLError(3702, text='Cannot drop database "%s" because it is currently in use.' % database.name) \
            if number == 3702 else SQLError(3101)


def altered(session, name):
    session.forbid_transaction("ALTER DATABASE")
    database = session.database if name is None else session.instance.database(name)
    require_alter(session, database)
    return database


def set_option(session, name, option, value):
    setattr(altered(session, name), option, value)


def set_state(session, name, word, ends_others):
    database = altered(session, name)
    if ends_others:
        for other in others_in(session, database):
            other.client.cut()
    if word in ("ONLINE", "OFFLINE"):
        if word == "OFFLINE":
            session.wait(lambda: not others_in(session, database))
        database.state = word
    elif word in ("SINGLE_USER", "MULTI_USER"):
        database.user_access = word
    elif word in ("READ_ONLY", "READ_WRITE"):
        database.is_read_only = word == "READ_ONLY"
