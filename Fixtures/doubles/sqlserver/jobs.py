"""The Agent's jobs, and those of log shipping: backup, copy, restore."""

import datetime
import os
import shutil
import uuid

import backup
import history
from errors import SQLError


class Job:
    def __init__(self, instance, name, work=None, enabled=False):
        self.instance, self.name, self.work, self.enabled = instance, name, work, enabled
        self.job_id = str(uuid.uuid4()).upper()
        self.started = self.stopped = None
        self.schedules = []
        # 1 succeeded, 0 failed, 3 cancelled, 5 not run yet.
        self.outcome, self.message = 5, ""
        # How many looks at the catalogue a run takes; None: as all that comes later.
        self.looks = None
        instance.jobs[self.job_id] = self

    @property
    def is_running(self):
        return self.started is not None and self.stopped is None

    def start(self):
        self.started, self.stopped = now(), None
        self.instance.world.later(self.finish, self.looks)

    def finish(self):
        if not self.is_running:
            return
        self.stopped = now()
        try:
            if self.work and self.instance.powered:
                self.work()
            self.outcome, self.message = 1, "The job succeeded."
        except SQLError as error:
            self.outcome, self.message = 0, "The job failed.  %s" % error.text

    def stop(self):
        self.stopped, self.outcome, self.message = now(), 3, "The job was stopped prior to completion."


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def find(session, arguments):
    require_agent(session, "sp_update_job")
    job_id, name = arguments.get("@job_id"), arguments.get("@job_name")
    for job in session.instance.jobs.values():
        if (job_id and str(job_id).upper() == job.job_id) or (name and name.lower() == job.name.lower()):
            return job
    raise SQLError(14262, "@job_id" if job_id else "@job_name", job_id or name)


def require_agent(session, procedure):
    if not session.login.sysadmin and "SQLAGENTOPERATORROLE" not in session.login.permissions:
        raise SQLError(229, "EXECUTE", procedure, "msdb", "dbo")


def update(session, arguments):
    job = find(session, arguments)
    if arguments.get("@enabled") is not None:
        job.enabled = bool(int(arguments["@enabled"]))
    if arguments.get("@new_name"):
        job.name = arguments["@new_name"]


def start(session, arguments):
    job = find(session, arguments)
    if job.is_running:
        raise SQLError(22022, "Request to run job %s refused because the job is already running." % job.name)
    job.start()
    session.client.info(0, 1, 0, "Job '%s' started successfully." % job.name)


def stop(session, arguments):
    job = find(session, arguments)
    if not job.is_running:
        raise SQLError(22022, "Request to stop job %s refused because the job is not currently running." % job.name)
    job.stop()
    session.client.info(0, 1, 0, "Job '%s' stopped successfully." % job.name)


class Shipping:
    """One side of log shipping: what its procedures have written down."""

    def __init__(self, **details):
        self.__dict__.update(details)


def add_primary(instance, database, directory, share, job_name=None, enabled=False):
    shipping = Shipping(
        primary_id=str(uuid.uuid4()).upper(), database=database, directory=directory, share=share, secondaries=[],
        last_backup_file=None, last_backup_date=None, threshold=60)
    shipping.job = Job(instance, job_name or "LSBackup_%s" % database, lambda: ship(instance, shipping), enabled)
    instance.log_shipping_primary[database.lower()] = shipping
    return shipping


def add_secondary(instance, server, database, source, destination, copy_name=None, restore_name=None, enabled=False):
    shipping = Shipping(
        secondary_id=str(uuid.uuid4()).upper(), server=server, database=database, source=source, destination=destination,
        last_copied_file=None, last_copied_date=None, secondaries={})
    shipping.copy_job = Job(
        instance, copy_name or "LSCopy_%s_%s" % (server, database), lambda: copy(instance, shipping), enabled)
    shipping.restore_job = Job(
        instance, restore_name or "LSRestore_%s_%s" % (server, database), lambda: restore(instance, shipping), enabled)
    instance.log_shipping_secondary[shipping.secondary_id] = shipping
    return shipping


def add_secondary_database(shipping, name, mode=0, delay=0, disconnect=False, threshold=45):
    shipping.secondaries[name.lower()] = Shipping(
        name=name, mode=mode, delay=delay, disconnect=disconnect, threshold=threshold, last_restored_file=None,
        last_restored_date=None)


def log_files(folder, database):
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise SQLError(3201, folder, "%d(%s)" % (error.errno, error.strerror)) from None
    start = database.lower() + "_"
    return sorted(name for name in names if name.lower().startswith(start) and name.endswith(".trn"))


def joined(directory, name):
    return directory.rstrip("\\/") + ("\\" if "\\" in directory else "/") + name


def ship(instance, shipping):
    database = instance.database(shipping.database)
    database.require_open()
    folder = backup.local_path(instance, shipping.directory)
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    existing = set(log_files(folder, shipping.database))
    while (name := "%s_%s.trn" % (shipping.database, moment.strftime("%Y%m%d%H%M%S"))) in existing:
        moment += datetime.timedelta(seconds=1)
    document, path = backup.content(database, "LOG"), joined(shipping.directory, name)
    backup.write(os.path.join(folder, name), shipping.directory, document)
    database.backup_lsn = database.lsn
    history.backed_up(instance, document, path, False)
    shipping.last_backup_file, shipping.last_backup_date = path, now()


def copy(instance, shipping):
    primary = next((each for each in instance.world.instances.values() if each.name.lower() == shipping.server.lower()), None)
    if primary and not instance.world.connected(instance, primary):
        raise SQLError(3201, shipping.source, "53(The network path was not found.)")
    source, destination = backup.local_path(instance, shipping.source), backup.local_path(instance, shipping.destination)
    present = set(log_files(destination, shipping.database))
    for name in log_files(source, shipping.database):
        if name not in present:
            shutil.copyfile(os.path.join(source, name), os.path.join(destination, name))
            shipping.last_copied_file, shipping.last_copied_date = joined(shipping.destination, name), now()


def restore(instance, shipping):
    folder = backup.local_path(instance, shipping.destination)
    for secondary in shipping.secondaries.values():
        database = instance.database(secondary.name)
        done = (secondary.last_restored_file or "").replace("\\", "/").rsplit("/", 1)[-1]
        for name in log_files(folder, shipping.database):
            if done and name <= done or too_young(name, secondary.delay):
                continue
            apply(instance, database, joined(shipping.destination, name), secondary)


def too_young(name, minutes):
    """By the time in its name: a restore job may be told to stay behind."""
    written = datetime.datetime.strptime(name[-18:-4], "%Y%m%d%H%M%S")
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - written < datetime.timedelta(minutes=minutes)


def add_schedule(session, arguments):
    job = find(session, arguments)
    job.schedules.append({name: arguments.get("@" + name) for name in (
        "name", "enabled", "freq_type", "freq_interval", "freq_subday_type", "freq_subday_interval")})


def apply(instance, database, path, secondary):
    from types import SimpleNamespace
    agent = SimpleNamespace(instance=instance, database=instance.databases["master"],
                            login=SimpleNamespace(may=lambda _: True, sysadmin=True))
    try:
        backup.restore_log(agent, database.name, path, {"STANDBY" if secondary.mode else "NORECOVERY": True})
    except SQLError as error:
        if error.number != 4326:
            raise
    secondary.last_restored_file, secondary.last_restored_date = path, now()
