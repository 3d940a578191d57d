"""Runs queries: finds the tables, fills in the catalogue, checks permissions, and gives rows their types."""

import sqlite3

import catalogue
from datatypes import Type, of_value
from errors import SQLError, syntax
from expressions import literal, quoted
from world import Column

PERMISSIONS = {"SELECT": "db_datareader", "INSERT": "db_datawriter", "UPDATE": "db_datawriter", "DELETE": "db_datawriter"}


class Resolved:
    """What a name in a statement means: a table, or a view of the catalogue."""

    def __init__(self, database, name, columns, table=None, view=None):
        self.database, self.name, self.columns, self.table, self.view = database, name, columns, table, view


def resolve(session, parts):
    parts = [""] * (3 - len(parts)) + list(parts)
    database_name, schema, name = parts
    if name.startswith("#"):
        raise syntax(name)
    database = session.instance.database(database_name) if database_name else session.database
    view = catalogue.find(database, schema.lower(), name.lower())
    if view:
        return Resolved(database, view.name, view.columns, view=view)
    database.require_open()
    require_access(session, database)
    table = database.tables.get("%s.%s" % (schema.lower() or "dbo", name.lower()))
    if not table:
        raise SQLError(208, ".".join(part for part in parts if part))
    return Resolved(database, table.key, table.columns, table=table)


def require_access(session, database):
    if database.user_access == "SINGLE_USER" and any(
            other.database is database for other in session.instance.sessions.values() if other is not session):
        raise SQLError(924, database.name)
    if session.login.sysadmin or database.name in ("master", "tempdb", "msdb"):
        return
    if not database.user_of(session.login):
        raise SQLError(916, session.login.name, database.name)


def roles(session, database):
    """All roles of the session's user, those by way of other roles too."""
    if session.login.sysadmin:
        return {"db_owner"}
    user = database.user_of(session.login)
    return set(user.roles) if user else set()


def require(session, found, permission):
    if found.view:
        return
    held = roles(session, found.database)
    granted = getattr(found.table, "grants", {}).get(permission, ())
    if held & ({"db_owner", PERMISSIONS[permission]} | set(granted)):
        return
    user = found.database.user_of(session.login)
    if user and user.name in granted:
        return
    raise SQLError(229, permission, found.table.name, found.database.name, found.table.schema)


def run(session, query):
    """Runs a query; its rows go to the session's client, its count too."""
    resolved = [resolve(session, parts) for parts in query.tables]
    for index, found in enumerate(resolved):
        require(session, found, query.kind if index == query.target else "SELECT")
    host = host_of(session, resolved)
    if query.target is not None:
        if resolved[query.target].view:
            raise SQLError(259, text="Ad hoc updates to system catalogs are not allowed.")
        if host.updateability == "READ_ONLY":
            raise SQLError(3906, host.name)
        session.begin_writing(host)
    else:
        session.wait_for_writer(host)
    if any(found.view for found in resolved):
        session.world.looked()
    names = catalogue.fill(session, host, resolved)
    if query.kind == "SELECT":
        return select(session, query, host, resolved, names)
    text = changing(query, resolved[query.target], names)
    # A cursor's own count knows no statement that begins with WITH.
    before = host.data.total_changes
    execute(session, host, text, query.variables)
    session.row_count = host.data.total_changes - before
    if not session.in_transaction:
        host.changed()
    session.client.done(None if session.no_count else session.row_count, query.kind)


def host_of(session, resolved):
    """The one database whose tables the statement reads; a look at the catalogue alone needs none."""
    hosts = {found.database for found in resolved if found.table}
    if len(hosts) > 1:
        raise syntax("a join of two databases")
    return hosts.pop() if hosts else session.instance.databases["tempdb"]


def execute(session, host, text, variables):
    host.session, session.raised = session, None
    bound = {}
    for name in variables:
        if name not in session.variables:
            raise SQLError(137, name)
        key = "v" + name[1:].replace("#", "_h").replace("$", "_d").replace("@", "_a")
        bound[key] = session.variables[name][1]
    try:
        return host.data.execute(text, bound)
    except sqlite3.Error as error:
        raise session.raised or translated(error, host) from None


def translated(error, host):
    words = str(error)
    if "no such column: " in words:
        return SQLError(207, words.split("no such column: ")[1].split(".")[-1].strip("`"))
    if words.startswith("UNIQUE constraint failed: "):
        return SQLError(2627, words.split(": ")[1].rsplit(".", 1)[0])
    if words.startswith("NOT NULL constraint failed: "):
        table, column = words.split(": ")[1].rsplit(".", 1)
        return SQLError(515, column, "%s.%s" % (host.name, table))
    if words.startswith("FOREIGN KEY constraint failed"):
        return SQLError(547, "FK", host.name)
    return syntax(words)


def select(session, query, host, resolved, names):
    cursor = execute(session, host, query.rendered(names), query.variables)
    try:
        rows = cursor.fetchall()
    except sqlite3.Error as error:
        raise session.raised or translated(error, host) from None
    if query.assigned:
        for row in rows[-1:]:
            for name, value in zip(query.assigned, row):
                session.assign(name, value)
        session.row_count = len(rows)
        return
    columns = typed(query, resolved, [each[0] for each in cursor.description], rows, session)
    session.row_count = len(rows)
    session.client.columns(columns)
    for row in rows:
        session.client.row(columns, row)
    session.client.done(len(rows), "SELECT")


def scalar(session, query):
    """The value of a lone expression, in which there may be queries."""
    resolved = [resolve(session, parts) for parts in query.tables]
    for found in resolved:
        require(session, found, "SELECT")
    host = host_of(session, resolved)
    session.wait_for_writer(host)
    if any(found.view for found in resolved):
        session.world.looked()
    names = catalogue.fill(session, host, resolved)
    return execute(session, host, query.rendered(names), query.variables).fetchone()[0]


def typed(query, resolved, names, rows, session):
    """Names and types of the columns: as declared, and where nothing declares them by the values."""
    found = []
    for item in query.items:
        if item.star is None:
            found.append((item.name or "", declared(item.type, query, resolved, session)))
            continue
        for alias, place in query.sources.items():
            if item.star in ("", alias):
                found += [(column.name, column.type) for column in resolved[place].columns] if place is not None else []
    if len(found) != len(names):
        found = [(name, None) for name in names]
    return [(name, type_ or by_values([row[index] for row in rows])) for index, (name, type_) in enumerate(found)]


def declared(type_, query, resolved, session):
    if type_ is None or isinstance(type_, Type):
        return type_
    if type_[0] == "variable":
        return session.variables[type_[1]][0]
    _, qualifier, name = type_
    for alias, place in query.sources.items():
        if place is None or (qualifier and qualifier.lower() != alias):
            continue
        for column in resolved[place].columns:
            if column.name.lower() == name.lower():
                return column.type
    return None


def by_values(values):
    types = [of_value(value) for value in values if value is not None]
    if not types:
        return Type("int")
    wide = [each for each in types if each.length is None or each.name in ("bigint", "float")]
    return (wide or types)[0]


def changing(query, target, names):
    table = quoted(names[query.target])
    kinds = {column.name.lower(): column for column in target.columns}

    def column(name):
        if name.lower() not in kinds:
            raise SQLError(207, name)
        return kinds[name.lower()]

    if query.kind == "DELETE":
        return "DELETE FROM %s%s" % (table, query.rendered(names))
    if query.kind == "UPDATE":
        changes = ", ".join("%s = %s" % (quoted(item.name), stored(item.text, column(item.name))) for item in query.items)
        return "UPDATE %s SET %s%s" % (table, changes, query.rendered(names))
    if query.text is None:
        return "INSERT INTO %s DEFAULT VALUES" % table
    chosen = [column(name) for name in query.names] or [each for each in target.columns if not each.identity]
    places = ["c%d" % index for index in range(len(chosen))]
    return "WITH new_rows(%s) AS (%s) INSERT INTO %s (%s) SELECT %s FROM new_rows" % (
        ", ".join(places), query.rendered(names), table, ", ".join(quoted(each.name) for each in chosen),
        ", ".join(stored(place, each) for place, each in zip(places, chosen)))


def stored(text, column: Column):
    type_ = column.type
    length = "NULL" if type_.length is None else str(type_.length)
    return "tsql_store(%s, %s, %s, %d, %s)" % (text, literal(type_.name), length, type_.scale, literal(column.name))
