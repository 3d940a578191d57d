"""BACKUP and RESTORE, with real files: JSON with what the database held, between two LSNs of a recovery path."""

import base64
import json
import os
import pickle
import uuid

import history
from datatypes import Type
from definitions import others_in, require_alter
from errors import SQLError
from runner import roles

OPTIONS = ("NORECOVERY", "RECOVERY", "STANDBY", "NO_TRUNCATE", "CONTINUE_AFTER_ERROR", "INIT", "FORMAT", "NOINIT", "STATS",
           "COMPRESSION", "CHECKSUM", "COPY_ONLY", "REPLACE", "FILE", "NAME", "STOP_ON_ERROR", "NOUNLOAD", "UNLOAD", "MOVE")


def local_path(instance, path):
    """Where a path of that server is on this machine; `volumes` says it, else it is a path of this machine."""
    normal = path.replace("\\", "/")
    for prefix, folder in instance.volumes:
        start = prefix.replace("\\", "/").rstrip("/")
        if normal.lower() == start.lower() or normal.lower().startswith(start.lower() + "/"):
            return os.path.join(folder, normal[len(start):].lstrip("/"))
    if not path.startswith("/"):
        raise SQLError(3201, path, "3(The system cannot find the path specified.)")
    return path


def ended(error, command):
    return error.before(SQLError(3013, command))


def back_up(session, kind, name, path, options):
    command = "BACKUP %s" % kind
    if session.in_transaction:
        raise ended(SQLError(3021), command)
    database = session.instance.database(name)
    if "db_owner" not in roles(session, database):
        raise ended(SQLError(262, command, database.name), command)
    norecovery = "NORECOVERY" in options
    try:
        check_source(session, kind, database, norecovery, "NO_TRUNCATE" in options)
        whole = local_path(session.instance, path)
        document = content(database, kind)
        write(whole, path, document)
    except SQLError as error:
        raise ended(error, command)
    finish_half(session, command, whole, [
        (4035, "Processed 42 pages for database '%s', file '%s' on file 1." % (database.name, database.name)),
        (3014, "%s successfully processed 42 pages in 0.010 seconds (32.812 MB/sec)." % command)])
    history.backed_up(session.instance, document, path, "COPY_ONLY" in options)
    if kind == "LOG" and "COPY_ONLY" not in options:
        database.backup_lsn = database.lsn
    if norecovery:
        database.state, database.restored_lsn = "RESTORING", database.lsn


def check_source(session, kind, database, norecovery, no_truncate):
    if not (no_truncate and database.state in ("SUSPECT", "RECOVERY_PENDING", "OFFLINE")):
        database.require_open()
    if kind == "LOG" and database.recovery_model == "SIMPLE":
        raise SQLError(4208, "BACKUP LOG")
    if norecovery and (others_in(session, database) or session.database is database or database.writer):
        raise SQLError(3101)


def finish_half(session, command, whole, messages):
    """A client that doesn't read on to the end, but ends the statement, ends the backup half-way: nothing of it is left."""
    first, last = messages
    session.client.info(first[0], 1, 0, first[1])
    session.client.done(None, more=True)
    session.client.flush()
    try:
        session.wait(lambda: False, session.instance.backup_pause_ms / 1000)
    except Exception:
        os.remove(whole)
        raise
    session.client.info(last[0], 1, 0, last[1])
    session.client.done(None)


def content(database, kind):
    held = pickle.dumps((database.tables, database.users, database.roles))
    return {
        "double": "a backup of Lifeboat's SQL Server double", "kind": kind, "database": database.name, "family": database.family,
        "forks": database.forks, "first_lsn": database.backup_lsn, "last_lsn": database.lsn, "set": str(uuid.uuid4()).upper(),
        "server": database.instance.name, "rows": base64.b64encode(database.data.serialize()).decode(),
        "definitions": base64.b64encode(held).decode(), "recovery_model": database.recovery_model,
        "user_access": database.user_access}


def write(whole, path, document):
    try:
        with open(whole, "w", encoding="utf-8") as file:
            json.dump(document, file)
    except OSError as error:
        raise SQLError(3201, path, "%d(%s)" % (error.errno, error.strerror)) from None


def read(session, path):
    try:
        with open(local_path(session.instance, path), encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise SQLError(3201, path, "%d(The system cannot find the file specified.)" % error.errno) from None
    except ValueError:
        raise SQLError(3241, path) from None


def restore(session, kind, name, path, options):
    command = "RESTORE %s" % kind
    if session.in_transaction:
        raise ended(SQLError(3021), command)
    try:
        if kind == "HEADERONLY":
            return show_header(session, read(session, path))
        messages = RESTORES[kind](session, name, path, options)
    except SQLError as error:
        raise ended(error, command)
    for number, text in messages:
        session.client.info(number, 1, 0, text)
        session.client.done(None, more=True)
        session.client.flush()
    session.client.done(None)


def restore_log(session, name, path, options):
    database = session.instance.database(name)
    require_restore(session, database)
    document = read(session, path)
    if database.state != "RESTORING":
        raise SQLError(3117)
    if is_past(database, document):
        raise SQLError(4326, document["last_lsn"], database.lsn)
    if document["kind"] != "LOG" or not is_same_path(database, document):
        raise SQLError(4330)
    if document["last_lsn"] < database.lsn or (document["last_lsn"] == database.lsn and document["first_lsn"] < database.lsn):
        raise SQLError(4326, document["last_lsn"], database.lsn)
    if document["first_lsn"] > database.lsn:
        raise SQLError(4305, document["first_lsn"], database.lsn)
    if database.barrier == 4312:
        raise SQLError(4312)
    take_over(database, document)
    finish(database, options)
    history.restored(session.instance, database, document, path, "RECOVERY" in options)
    return [(4035, "Processed 0 pages for database '%s', file '%s' on file 1." % (database.name, database.name)),
            (3014, "RESTORE LOG successfully processed 0 pages in 0.008 seconds (0.000 MB/sec).")]


def is_past(database, document):
    """Whether it ends before the fork at which the database left the backup's path for its own."""
    forks, own = document["forks"], database.forks
    return document["kind"] == "LOG" and document["family"] == database.family and len(forks) < len(own) \
        and own[:len(forks)] == forks and document["last_lsn"] <= own[len(forks)][1]


def is_same_path(database, document):
    """Whether the backup is of the database's own past and of what became of it: not of a path that it left before."""
    forks = document["forks"]
    at = next((index for index, fork in enumerate(forks) if fork[0] == database.forks[-1][0]), None)
    if document["family"] != database.family or at is None:
        return False
    return at == len(forks) - 1 or forks[at + 1][1] >= database.lsn


def restore_database(session, name, path, options):
    if path is None:
        database = session.instance.database(name)
        require_restore(session, database)
        if database.state != "RESTORING":
            raise SQLError(3117)
        finish(database, {"RECOVERY": True})
        return [(3014, "RESTORE DATABASE successfully processed 0 pages in 0.306 seconds (0.000 MB/sec).")]
    document = read(session, path)
    database = session.instance.databases.get(name.lower())
    if database is None:
        if not session.login.may("CREATE ANY DATABASE"):
            raise SQLError(262, "CREATE DATABASE", "master")
        database = session.instance.add_database(name)
    elif "REPLACE" not in options and document["family"] != database.family:
        raise SQLError(3154, text="The backup set holds a backup of a database other than the existing '%s' database." % name)
    else:
        require_restore(session, database)
    move(database, options.get("MOVE", {}))
    database.state = "RESTORING"
    take_over(database, document)
    database.family = document["family"]
    finish(database, options)
    history.restored(session.instance, database, document, path, database.state == "ONLINE")
    return [(4035, "Processed 42 pages for database '%s', file '%s' on file 1." % (database.name, database.name)),
            (3014, "RESTORE DATABASE successfully processed 42 pages in 0.030 seconds (10.937 MB/sec).")]


def move(database, moved):
    """A backup holds the files of the server that it comes from, and their paths: what isn't moved needs these here."""
    unknown = set(moved) - set(database.files)
    if unknown:
        raise SQLError(3234, text="Logical file '%s' is not part of database '%s'. Use RESTORE FILELISTONLY to list the logical file "
                                  "names." % (sorted(unknown)[0], database.name))
    database.files.update(moved)


RESTORES = {"LOG": restore_log, "DATABASE": restore_database}


def require_restore(session, database):
    require_alter(session, database)
    if session.database is database:
        raise SQLError(3102, database.name)
    if others_in(session, database):
        raise SQLError(3101)


def take_over(database, document):
    database.renew_data()
    database.data.deserialize(base64.b64decode(document["rows"]))
    definitions = pickle.loads(base64.b64decode(document["definitions"]))
    database.tables, database.users, database.roles = definitions
    database.lsn = database.backup_lsn = document["last_lsn"]
    database.forks, database.recovery_model = document["forks"], document["recovery_model"]
    database.user_access = document["user_access"]


def finish(database, options):
    """With recovery the database opens, and a recovery path of its own begins."""
    if "NORECOVERY" in options:
        database.state, database.is_in_standby = "RESTORING", False
    elif "STANDBY" in options:
        database.state, database.is_in_standby = "RESTORING", True
    else:
        database.state, database.is_in_standby = "ONLINE", False
        database.forks = database.forks + [[str(uuid.uuid4()).upper(), database.lsn]]
        database.lsn += 100_000


def show_header(session, document):
    lsn, text, guid = Type("numeric", precision=25), Type("nvarchar", 128), Type("uniqueidentifier")
    values = [
        ("BackupName", text, None), ("BackupType", Type("smallint"), 2 if document["kind"] == "LOG" else 1),
        ("Position", Type("smallint"), 1), ("ServerName", text, document["server"]), ("DatabaseName", text, document["database"]),
        ("FirstLSN", lsn, document["first_lsn"]), ("LastLSN", lsn, document["last_lsn"]),
        ("CheckpointLSN", lsn, document["first_lsn"]), ("DatabaseBackupLSN", lsn, document["first_lsn"]),
        ("RecoveryModel", text, document["recovery_model"]), ("BackupSetGUID", guid, document["set"]),
        ("FamilyGUID", guid, document["family"]), ("RecoveryForkID", guid, document["forks"][-1][0])]
    columns = [(name, type_) for name, type_, _ in values]
    session.client.columns(columns)
    session.client.row(columns, [value for _, _, value in values])
    session.client.done(1, "SELECT")
