"""Makes a world from its description in JSON (see the README)."""

import os
import ssl

import backup
import history
import jobs
from availability import Group, Replica
from mirroring import Mirroring
from parser import parse
from session import Session
from world import User, World


class Silent:
    """The client of the double's own session: errors are thrown, the rest is dropped or kept."""

    is_encrypted = False

    def __init__(self):
        self.rows, self.names, self.messages = [], [], []

    def columns(self, columns):
        self.names = [name for name, _ in columns]

    def row(self, _, values):
        self.rows.append(["0x" + value.hex() if isinstance(value, bytes) else value for value in values])

    def error(self, error):
        raise RuntimeError("%d: %s" % (error.number, error.text))

    def info(self, number, state, severity, text):
        self.messages.append({"number": number, "state": state, "severity": severity, "text": text})

    def done(self, count, command="", more=False):
        pass

    def failed(self):
        pass

    def flush(self):
        pass

    def cut(self):
        pass

    def database_changed(self, before, after):
        pass

    def transaction_began(self):
        pass

    def transaction_ended(self, committed):
        pass

    def is_cancelled(self):
        return False


def run_as_administrator(instance, database, sql):
    """The rows and messages of a batch; throws what it is refused with."""
    client = Silent()
    administrator = instance.logins["sa"]
    session = Session(instance, administrator, instance.database(database), client, program="double")
    try:
        session.run_block(parse(sql))
        return client
    finally:
        session.end()


def build(described, folder="/"):
    """`folder`: where volumes are that name no place of their own."""
    world = World()
    world.folder, world.own_folders = folder, set()
    with world.changed:
        furnish(world, described)
    return world


def furnish(world, described):
    world.settle = described.get("settle", world.settle)
    for name, details in described["instances"].items():
        world.instances[name] = build_instance(world, name, details)
    for details in described.get("mirroring", []):
        principal, mirror = (world.instances[details[role]].database(details["database"]) for role in ("principal", "mirror"))
        world.mirrorings.append(Mirroring(principal, mirror, details.get("safety", "FULL")))
    for details in described.get("availability_groups", []):
        replicas = [Replica(world.instances[name], **options) for name, options in details["replicas"].items()]
        world.groups.append(
            Group(world, details["name"], replicas, world.instances[details["primary"]], details["databases"]))
    for details in described.get("log_shipping", []):
        build_log_shipping(world, details)


def build_instance(world, name, details):
    instance = world_instance(world, name, details)
    instance.add_login("sa", password=details.get("sa_password"), sysadmin=True)
    for login, options in details.get("logins", {}).items():
        sid = bytes.fromhex(options["sid"]) if "sid" in options else None
        instance.add_login(
            login, password=options.get("password"), sysadmin=options.get("sysadmin", False),
            permissions=options.get("permissions", ()), windows=options.get("windows", False), sid=sid)
    for database_name, options in details.get("databases", {}).items():
        database = instance.add_database(database_name)
        database.roles = set(options.get("roles", ()))
        for statement in options.get("sql", ()):
            run_as_administrator(instance, database_name, statement)
        for user, held in options.get("users", {}).items():
            database.users[user.lower()] = User(user, instance.logins[user.lower()].sid, held)
        for key, changes in options.get("tables", {}).items():
            table = database.tables[key.lower()]
            for attribute in ("temporal", "published", "indexed_view"):
                setattr(table, attribute, changes.get(attribute, getattr(table, attribute)))
        database.state = options.get("state", "ONLINE")
        database.recovery_model = options.get("recovery_model", "FULL")
    return instance


def world_instance(world, name, details):
    from world import Instance
    instance = Instance(world, name)
    instance.port = details.get("port", 0)
    instance.backup_pause_ms = details.get("backup_pause_ms", instance.backup_pause_ms)
    for prefix, place in details.get("volumes", {}).items():
        whole = os.path.join(world.folder, place)
        os.makedirs(whole, exist_ok=True)
        if not os.path.isabs(place):
            world.own_folders.add(whole)
        instance.volumes.append((prefix, whole))
    if "windows_accounts" in details:
        instance.known_windows_accounts = {each.lower() for each in details["windows_accounts"]}
    tls = details.get("tls")
    if tls:
        instance.encryption = tls.get("mode", "optional")
        instance.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # With TLS 1.3 tickets follow the handshake, where TDS 7.4 has no place for them.
        instance.tls.maximum_version = ssl.TLSVersion.TLSv1_2
        instance.tls.load_cert_chain(tls["certificate"], tls["key"])
    for job in details.get("jobs", []):
        jobs.Job(instance, job["name"], enabled=job.get("enabled", True))
    return instance


def build_log_shipping(world, details):
    """As its wizard leaves it: both sides' procedures done, the secondary restored from a backup, the jobs enabled."""
    primary, secondary = world.instances[details["primary"]], world.instances[details["secondary"]]
    name = details["database"]
    source, copy = primary.database(name), secondary.database(name)
    copy.take_over(source)
    copy.backup_lsn = copy.lsn
    source.backup_lsn = source.lsn
    copy.state, copy.is_in_standby = "RESTORING", bool(details.get("restore_mode"))
    shipping = jobs.add_primary(
        primary, name, details["backup_directory"], details.get("backup_share", details["backup_directory"]), enabled=True)
    shipping.secondaries.append((secondary.name, name))
    receiving = jobs.add_secondary(
        secondary, primary.name, name, details.get("backup_share", details["backup_directory"]), details["copy_directory"],
        enabled=True)
    jobs.add_secondary_database(receiving, name, details.get("restore_mode", 0), details.get("restore_delay", 0))
    first = backup.content(source, "DATABASE")
    history.backed_up(primary, first, details["backup_directory"] + "/first.bak", False)
    history.restored(secondary, copy, first, details["copy_directory"] + "/first.bak", False)
    for job in (shipping.job, receiving.copy_job, receiving.restore_job):
        job.schedules.append({"name": "every 15 minutes", "enabled": 1, "freq_subday_interval": 15})
