"""msdb: the Agent's jobs and log shipping, as their tables show them."""

import history
from errors import SQLError
from views import instance_views


def require_reading(session, table):
    """Of msdb's tables of jobs, backups and log shipping nobody reads who wasn't given that."""
    if not session.login.sysadmin and "DB_DATAREADER OF MSDB" not in session.login.permissions:
        raise SQLError(229, "SELECT", table, "msdb", "dbo")


def sysjobs(session, _):
    for job in session.instance.jobs.values():
        yield job.job_id, 0, job.name, int(job.enabled), "", 0, b"\x01", "2026-01-01 00:00:00.000"


def activity(session, _):
    for job in session.instance.jobs.values():
        yield 1, job.job_id, job.started, job.started, job.stopped


def servers(session, _):
    for job in session.instance.jobs.values():
        yield job.job_id, 0, job.outcome, job.message


def primaries(session, _):
    for each in session.instance.log_shipping_primary.values():
        yield (each.primary_id, each.database, each.directory, each.share, 4320, each.job.job_id, session.instance.name, 0, 1,
               each.last_backup_file, each.last_backup_date)


def primary_secondaries(session, _):
    for each in session.instance.log_shipping_primary.values():
        for server, database in each.secondaries:
            yield each.primary_id, server, database


def secondaries(session, _):
    for each in session.instance.log_shipping_secondary.values():
        yield (each.secondary_id, each.server, each.database, each.source, each.destination, 4320, each.copy_job.job_id,
               each.restore_job.job_id, session.instance.name, 1, 0, each.last_copied_file, each.last_copied_date)


def secondary_databases(session, _):
    for each in session.instance.log_shipping_secondary.values():
        for one in each.secondaries.values():
            yield (one.name, each.secondary_id, one.delay, 1, one.mode, int(one.disconnect), one.last_restored_file,
                   one.last_restored_date)


def monitored_primaries(session, _):
    for each in session.instance.log_shipping_primary.values():
        yield (each.primary_id, session.instance.name, each.database, each.threshold, 1, each.last_backup_file, each.last_backup_date,
               each.last_backup_date)


def monitored_secondaries(session, _):
    for each in session.instance.log_shipping_secondary.values():
        for one in each.secondaries.values():
            yield (session.instance.name, one.name, each.secondary_id, each.server, each.database, one.threshold, 1,
                   each.last_copied_file, each.last_copied_date, each.last_copied_date, one.last_restored_file,
                   one.last_restored_date, one.last_restored_date, 0)


def schedules(session, _):
    for job in session.instance.jobs.values():
        for number, _ in enumerate(job.schedules, 1):
            yield number, job.job_id


DESCRIBED = {
    "sysjobschedules": ("schedule_id:int job_id:uniqueidentifier", schedules),
    **history.VIEWS,
    "sysjobs": ("job_id:uniqueidentifier originating_server_id:int name:sysname enabled:tinyint description:nvarchar "
                "category_id:int owner_sid:varbinary date_created:datetime", sysjobs),
    "sysjobactivity": ("session_id:int job_id:uniqueidentifier run_requested_date:datetime start_execution_date:datetime "
                       "stop_execution_date:datetime", activity),
    "sysjobservers": ("job_id:uniqueidentifier server_id:int last_run_outcome:tinyint last_outcome_message:path", servers),
    "log_shipping_primary_databases": (
        "primary_id:uniqueidentifier primary_database:sysname backup_directory:path backup_share:path "
        "backup_retention_period:int backup_job_id:uniqueidentifier monitor_server:sysname user_specified_monitor:bit "
        "monitor_server_security_mode:bit last_backup_file:path last_backup_date:datetime", primaries),
    "log_shipping_primary_secondaries": (
        "primary_id:uniqueidentifier secondary_server:sysname secondary_database:sysname", primary_secondaries),
    "log_shipping_secondary": (
        "secondary_id:uniqueidentifier primary_server:sysname primary_database:sysname backup_source_directory:path "
        "backup_destination_directory:path file_retention_period:int copy_job_id:uniqueidentifier "
        "restore_job_id:uniqueidentifier monitor_server:sysname monitor_server_security_mode:bit user_specified_monitor:bit "
        "last_copied_file:path last_copied_date:datetime", secondaries),
    "log_shipping_secondary_databases": (
        "secondary_database:sysname secondary_id:uniqueidentifier restore_delay:int restore_all:bit restore_mode:bit "
        "disconnect_users:bit last_restored_file:path last_restored_date:datetime", secondary_databases),
    "log_shipping_monitor_primary": (
        "primary_id:uniqueidentifier primary_server:sysname primary_database:sysname backup_threshold:int "
        "threshold_alert_enabled:bit last_backup_file:path last_backup_date:datetime last_backup_date_utc:datetime",
        monitored_primaries),
    "log_shipping_monitor_secondary": (
        "secondary_server:sysname secondary_database:sysname secondary_id:uniqueidentifier primary_server:sysname "
        "primary_database:sysname restore_threshold:int threshold_alert_enabled:bit last_copied_file:path "
        "last_copied_date:datetime last_copied_date_utc:datetime last_restored_file:path last_restored_date:datetime "
        "last_restored_date_utc:datetime last_restored_latency:int", monitored_secondaries),
}


def guarded(table, rows):
    def checked(session, database):
        require_reading(session, table)
        return rows(session, database)
    return checked


VIEWS = instance_views("msdb.dbo", {table: (columns, guarded(table, rows)) for table, (columns, rows) in DESCRIBED.items()})
