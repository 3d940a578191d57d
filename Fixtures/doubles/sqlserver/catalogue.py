"""The catalogue: views of the world's state, filled in for each statement that asks for them, as far as its login may see."""

import catalogue_msdb
import catalogue_replication
from datatypes import INTEGERS
from expressions import quoted
from principals import principal_numbers, sees_definitions
from views import instance_views

TYPE_NUMBERS = {"image": 34, "text": 35, "uniqueidentifier": 36, "date": 40, "datetime2": 42, "tinyint": 48, "smallint": 52,
                "int": 56, "datetime": 61, "float": 62, "ntext": 99, "bit": 104, "numeric": 108, "bigint": 127,
                "varbinary": 165, "varchar": 167, "binary": 173, "char": 175, "nvarchar": 231, "nchar": 239}
MOMENT = "2026-01-01 00:00:00.000"


def databases(session, _):
    for each in session.instance.databases.values():
        visible = session.login.sysadmin or session.login.may("VIEW ANY DATABASE")
        if not visible:
            continue
        states = {"ONLINE": 0, "RESTORING": 1, "RECOVERING": 2, "RECOVERY_PENDING": 3, "SUSPECT": 4, "OFFLINE": 6}
        group = each.world.group_of(each)
        yield (each.name, each.database_id, b"\x01", MOMENT, 160, "SQL_Latin1_General_CP1_CI_AS",
               {"MULTI_USER": 0, "SINGLE_USER": 1}[each.user_access], each.user_access,
               int(each.is_read_only), states[each.shown_state], each.shown_state, int(each.is_in_standby),
               {"FULL": 1, "BULK_LOGGED": 2, "SIMPLE": 3}[each.recovery_model], each.recovery_model, None,
               group.replicas[session.instance.name].guid if group else None, group.database_guids[each.name] if group else None, 0)


def logins(session, _):
    for login in session.instance.logins.values():
        if session.login.sysadmin or login is session.login or session.login.may("VIEW ANY DEFINITION"):
            kind = ("U", "WINDOWS_LOGIN") if login.windows else ("S", "SQL_LOGIN")
            yield (login.name, login.principal_id, login.sid) + kind + (0, MOMENT, MOMENT, "master", "us_english")


def server_members(session, _):
    for login in session.instance.logins.values():
        if login.sysadmin:
            yield 3, login.principal_id


def sessions(session, _):
    for each in session.instance.sessions.values():
        if each is session or session.login.may("VIEW SERVER STATE"):
            yield (each.number, each.login.name, each.login.name, each.host, each.program,
                   "running" if each.statement else "sleeping", each.database.database_id,
                   each.logged_in.strftime("%Y-%m-%d %H:%M:%S.%f")[:23], each.transaction_count, 1)


def requests(session, _):
    for each in session.instance.sessions.values():
        if each.statement and (each is session or session.login.may("VIEW SERVER STATE")):
            yield each.number, "running", each.statement.split(None, 1)[0].upper(), each.database.database_id, 0.0


def tables(_, database):
    for table in database.tables.values():
        yield table.name, table.object_id, 1, "U ", "USER_TABLE", MOMENT, MOMENT, 0, 2 if table.temporal else 0, int(table.published)


def objects(_, database):
    for table in database.tables.values():
        yield table.name, table.object_id, None, 1, 0, "U ", "USER_TABLE", MOMENT, MOMENT, 0


def table_columns(_, database):
    for table in database.tables.values():
        for number, column in enumerate(table.columns, 1):
            kind = TYPE_NUMBERS[column.type.name]
            yield (table.object_id, column.name, number, kind, kind, byte_length(column.type), column.type.precision, column.type.scale,
                   int(column.nullable), int(column.identity), 0, 0)


def byte_length(type_):
    if type_.name in INTEGERS:
        return INTEGERS[type_.name]
    if type_.is_text or type_.name == "varbinary":
        return -1 if type_.length is None else type_.length * (2 if type_.name.startswith("n") else 1)
    return {"bit": 1, "uniqueidentifier": 16, "numeric": 13}.get(type_.name, 8)


def types(_, __):
    for name, number in TYPE_NUMBERS.items():
        yield name, number, number, 4


def foreign_keys(_, database):
    for table in database.tables.values():
        for index, (name, target) in enumerate(table.foreign_keys):
            yield name, table.object_id + index + 1, table.object_id, database.tables[target].object_id, 0


def schemas(_, __):
    yield "dbo", 1, 1
    yield "sys", 4, 4


def principals(session, database):
    """Who may not see definitions sees fixed principals and itself."""
    numbers, sees_all = principal_numbers(database), sees_definitions(session, database)
    yield "dbo", 1, "S", "SQL_USER", b"\x01", "dbo", 0
    for user in database.users.values():
        if not sees_all and user.sid != session.login.sid:
            continue
        windows = "\\" in user.name
        yield (user.name, numbers[user.name.lower()], "U" if windows else "S", "WINDOWS_USER" if windows else "SQL_USER", user.sid,
               "dbo", 0)
    for role in sorted((database.roles if sees_all else set()) | {"db_owner", "db_datareader", "db_datawriter", "db_ddladmin"}):
        yield role, numbers[role.lower()], "R", "DATABASE_ROLE", None, None, int(role.startswith("db_"))


def members(_, database):
    numbers = principal_numbers(database)
    for user in database.users.values():
        for role in user.roles:
            yield numbers[role.lower()], numbers[user.name.lower()]


def information_tables(_, database):
    for table in database.tables.values():
        yield database.name, table.schema, table.name, "BASE TABLE"


def information_columns(_, database):
    for table in database.tables.values():
        for number, column in enumerate(table.columns, 1):
            length = (column.type.length or -1) if column.type.is_text or column.type.name == "varbinary" else None
            yield (database.name, table.schema, table.name, column.name, number, None, "YES" if column.nullable else "NO",
                   column.type.name, length)


def master_files(session, _):
    """A database that is RESTORING says from where it would be rolled forward."""
    if not any(session.login.may(each) for each in ("CREATE ANY DATABASE", "ALTER ANY DATABASE", "VIEW ANY DEFINITION")):
        return
    for database in session.instance.databases.values():
        restoring = database.state == "RESTORING"
        for number, (name, path) in enumerate(database.files.items(), 1):
            yield (database.database_id, number, number - 1, ("ROWS", "LOG")[number - 1], name, path,
                   database.lsn if restoring else None, database.forks[-1][0] if restoring else None)


def recovery_status(session, _):
    """NULL of a database that isn't started, and of one that the login may not see."""
    for database in session.instance.databases.values():
        started = database.state == "ONLINE" and session.login.may("VIEW ANY DEFINITION")
        forks = database.forks
        yield (database.database_id, database.family if started else None, database.backup_lsn if started else None,
               forks[-1][0] if started else None, forks[-2][0] if started and len(forks) > 1 else forks[-1][0] if started else None,
               forks[-1][1] if started and len(forks) > 1 else None)


def configurations(_, __):
    yield 1537, "show advanced options", 0, 0
    yield 544, "max server memory (MB)", 2147483647, 2147483647


VIEWS = instance_views("sys", {
    "databases": ("name:sysname database_id:int owner_sid:varbinary create_date:datetime compatibility_level:tinyint "
                  "collation_name:sysname user_access:tinyint user_access_desc:nvarchar is_read_only:bit state:tinyint "
                  "state_desc:nvarchar is_in_standby:bit recovery_model:tinyint recovery_model_desc:nvarchar "
                  "source_database_id:int replica_id:uniqueidentifier group_database_id:uniqueidentifier is_published:bit", databases),
    "server_principals": ("name:sysname principal_id:int sid:varbinary type:nvarchar type_desc:nvarchar is_disabled:bit "
                          "create_date:datetime modify_date:datetime default_database_name:sysname "
                          "default_language_name:sysname", logins),
    "server_role_members": ("role_principal_id:int member_principal_id:int", server_members),
    "dm_exec_sessions": ("session_id:smallint login_name:nvarchar original_login_name:nvarchar host_name:nvarchar "
                         "program_name:nvarchar status:nvarchar database_id:smallint login_time:datetime "
                         "open_transaction_count:int is_user_process:bit", sessions),
    "dm_exec_requests": ("session_id:smallint status:nvarchar command:nvarchar database_id:smallint percent_complete:float", requests),
    "master_files": ("database_id:int file_id:int type:tinyint type_desc:nvarchar name:sysname physical_name:path "
                     "redo_start_lsn:lsn redo_start_fork_guid:uniqueidentifier", master_files),
    "database_recovery_status": ("database_id:int family_guid:uniqueidentifier last_log_backup_lsn:lsn "
                                 "recovery_fork_guid:uniqueidentifier first_recovery_fork_guid:uniqueidentifier "
                                 "fork_point_lsn:lsn", recovery_status),
    "configurations": ("configuration_id:int name:nvarchar value:int value_in_use:int", configurations),
    **catalogue_replication.VIEWS,
})
IN_DATABASE = instance_views("sys", {
    "tables": ("name:sysname object_id:int schema_id:int type:nvarchar type_desc:nvarchar create_date:datetime "
               "modify_date:datetime is_ms_shipped:bit temporal_type:tinyint is_published:bit", tables),
    "objects": ("name:sysname object_id:int principal_id:int schema_id:int parent_object_id:int type:nvarchar "
                "type_desc:nvarchar create_date:datetime modify_date:datetime is_ms_shipped:bit", objects),
    "columns": ("object_id:int name:sysname column_id:int system_type_id:tinyint user_type_id:int max_length:smallint "
                "precision:tinyint scale:tinyint is_nullable:bit is_identity:bit is_computed:bit generated_always_type:tinyint",
                table_columns),
    "types": ("name:sysname system_type_id:tinyint user_type_id:int schema_id:int", types),
    "foreign_keys": ("name:sysname object_id:int parent_object_id:int referenced_object_id:int is_disabled:bit", foreign_keys),
    "schemas": ("name:sysname schema_id:int principal_id:int", schemas),
    "database_principals": ("name:sysname principal_id:int type:nvarchar type_desc:nvarchar sid:varbinary "
                            "default_schema_name:sysname is_fixed_role:bit", principals),
    "database_role_members": ("role_principal_id:int member_principal_id:int", members),
})
IN_DATABASE.update(instance_views("information_schema", {
    "tables": ("TABLE_CATALOG:nvarchar TABLE_SCHEMA:nvarchar TABLE_NAME:sysname TABLE_TYPE:nvarchar", information_tables),
    "columns": ("TABLE_CATALOG:nvarchar TABLE_SCHEMA:nvarchar TABLE_NAME:sysname COLUMN_NAME:sysname ORDINAL_POSITION:int "
                "COLUMN_DEFAULT:nvarchar IS_NULLABLE:nvarchar DATA_TYPE:nvarchar CHARACTER_MAXIMUM_LENGTH:int", information_columns),
}))


def find(database, schema, name):
    """The view of that name, if the catalogue has one."""
    key = "%s.%s" % (schema, name)
    if key in VIEWS:
        return VIEWS[key]
    if key in IN_DATABASE:
        return IN_DATABASE[key]
    if database.name == "msdb" and schema in ("", "dbo"):
        return catalogue_msdb.VIEWS.get("msdb.dbo." + name)
    return None


def fill(session, host, resolved):
    """Names under which SQLite knows the tables; views are written there as temporary tables."""
    names = []
    for found in resolved:
        if not found.view:
            names.append(found.name)
            continue
        if "." in found.name and found.view.key in IN_DATABASE:
            found.database.require_open()
        name = "%s.%s" % (found.database.name, found.name)
        names.append(name)
        write(session, host, name, found)
    return names


def write(session, host, name, found):
    rows = [tuple(row) for row in found.view.rows(session, found.database)]
    host.data.execute("DROP TABLE IF EXISTS temp.%s" % quoted(name))
    host.data.execute("CREATE TEMP TABLE %s (%s)" % (
        quoted(name), ", ".join("%s %s" % (quoted(column.name), column.type.sqlite) for column in found.columns)))
    places = ", ".join("?" * len(found.columns))
    host.data.executemany("INSERT INTO temp.%s VALUES (%s)" % (quoted(name), places), rows)
