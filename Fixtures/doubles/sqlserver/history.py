"""What msdb keeps of backups and restores. A restore writes down the backup set that it reads, too."""

import datetime


def moment():
    """By the server's own clock, which keeps UTC here."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def backed_up(instance, document, path, copy_only):
    document["started"] = moment()
    note(instance, document, path, copy_only)


def note(instance, document, path, copy_only=False):
    number = len(instance.backup_sets) + 1
    instance.backup_sets.append({
        "number": number, "uuid": document["set"], "kind": "L" if document["kind"] == "LOG" else "D",
        "database": document["database"], "server": document["server"], "first": document["first_lsn"],
        "last": document["last_lsn"], "moment": document.get("started", moment()), "path": path, "copy_only": copy_only,
        "forks": document["forks"], "family": document["family"]})
    return number


def restored(instance, database, document, path, recovers):
    number = note(instance, document, path)
    instance.restores.append({
        "number": len(instance.restores) + 1, "moment": moment(), "database": database.name, "set": number,
        "kind": "L" if document["kind"] == "LOG" else "D", "recovers": recovers})


def backup_sets(session, _):
    for each in session.instance.backup_sets:
        forks = each["forks"]
        yield (each["number"], each["uuid"], each["number"], None, each["kind"], each["database"], each["server"], each["first"],
               each["last"], each["moment"], each["moment"], 0, int(each["copy_only"]), each["family"], forks[-1][0])


def media(session, _):
    for each in session.instance.backup_sets:
        yield each["number"], 1, 2, each["path"]


def restores(session, _):
    for each in session.instance.restores:
        yield (each["number"], each["moment"], each["database"], session.login.name, each["set"], each["kind"], 0,
               int(each["recovers"]))


VIEWS = {
    "backupset": (
        "backup_set_id:int backup_set_uuid:uniqueidentifier media_set_id:int name:nvarchar type:nvarchar database_name:nvarchar "
        "server_name:nvarchar first_lsn:lsn last_lsn:lsn backup_start_date:datetime backup_finish_date:datetime "
        "time_zone:smallint is_copy_only:bit family_guid:uniqueidentifier last_recovery_fork_guid:uniqueidentifier", backup_sets),
    "backupmediafamily": (
        "media_set_id:int family_sequence_number:tinyint device_type:tinyint physical_device_name:path", media),
    "restorehistory": (
        "restore_history_id:int restore_date:datetime destination_database_name:nvarchar user_name:nvarchar backup_set_id:int "
        "restore_type:nvarchar replace:bit recovery:bit", restores),
}
