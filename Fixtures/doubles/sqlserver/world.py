"""The world: instances of SQL Server, their databases and logins, and the replication between them. One lock holds it all."""

import copy
import random
import sqlite3
import threading
import uuid

import functions
from errors import SQLError

FIRST_LSN = 34_000_000_012_300_001


class Column:
    def __init__(self, name, type_, nullable=True, identity=False, primary=False):
        self.name, self.type, self.nullable, self.identity, self.primary = name, type_, nullable, identity, primary


class Table:
    def __init__(self, schema, name, columns, object_id, foreign_keys=()):
        self.schema, self.name, self.columns, self.object_id = schema, name, columns, object_id
        # (name of the constraint, key of the table that it refers to)
        self.foreign_keys = list(foreign_keys)
        # What TRUNCATE is refused for: `temporal`, `published`, or a view with an index by its name.
        self.temporal, self.published, self.indexed_view = False, False, None

    @property
    def key(self):
        return "%s.%s" % (self.schema, self.name)


class User:
    def __init__(self, name, sid, roles=()):
        self.name, self.sid, self.roles = name, sid, set(roles)


class Database:
    def __init__(self, instance, name, database_id):
        self.instance, self.name, self.database_id = instance, name, database_id
        self.session = None
        self.data = None
        self.renew_data()
        self.tables, self.users, self.roles, self.procedures = {}, {}, set(), {}
        self.next_object_id = 245_575_913
        self.state, self.is_read_only, self.is_in_standby, self.recovery_model = "ONLINE", False, False, "FULL"
        # It is in the log, so backups take it along.
        self.user_access = "MULTI_USER"
        self.lsn, self.backup_lsn = FIRST_LSN, FIRST_LSN
        self.family = str(uuid.uuid4()).upper()
        # The recovery path: each recovery forks it, at an LSN.
        self.forks = [[str(uuid.uuid4()).upper(), FIRST_LSN]]
        self.guid = str(uuid.uuid4()).upper()
        # The session whose transaction has written here.
        self.writer = None
        # By logical name. Each server has its own places.
        folder = "C:\\Program Files\\Microsoft SQL Server\\%s\\DATA\\" % instance.name
        self.files = {name: folder + name + "." + "mdf", name + "_log": folder + name + "_log.ldf"}
        # Why it can't be opened although ONLINE: `errors` number scripted by a test.
        self.barrier = None

    def renew_data(self):
        if self.data is not None:
            self.data.close()
        self.data = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.data.execute("PRAGMA foreign_keys = ON")
        # Without a page there would be nothing to back up.
        self.data.execute("PRAGMA user_version = 1")
        functions.register(self.data, lambda: self.session)

    @property
    def world(self):
        return self.instance.world

    def changed(self):
        """A transaction has committed."""
        self.lsn += 100_000 + random.randrange(9) * 1_000
        self.world.replicate(self)

    def take_over(self, other):
        """Becomes what the other is: rows, tables, users."""
        if self.data.in_transaction:
            self.data.execute("ROLLBACK")
        other.data.backup(self.data)
        self.tables, self.users = copy.deepcopy(other.tables), copy.deepcopy(other.users)
        self.roles, self.procedures = set(other.roles), dict(other.procedures)
        self.lsn, self.family, self.forks = other.lsn, other.family, copy.deepcopy(other.forks)
        self.recovery_model, self.next_object_id = other.recovery_model, other.next_object_id

    def require_open(self):
        """Throws why the database can't be used."""
        if self.barrier:
            raise SQLError(self.barrier, self.name)
        blocked = self.world.blocked(self)
        if blocked:
            raise SQLError(blocked, self.name)
        number = {"RESTORING": 927, "RECOVERING": 922, "RECOVERY_PENDING": 921, "OFFLINE": 942, "SUSPECT": 926}.get(self.state)
        if number == 926:
            raise SQLError(926, severity=14, text="Database '%s' cannot be opened. It has been marked SUSPECT by recovery. See the "
                                                  "SQL Server errorlog for more information." % self.name)
        if number and not (self.state == "RESTORING" and self.is_in_standby):
            raise SQLError(number, self.name)

    @property
    def updateability(self):
        return "READ_ONLY" if self.is_read_only or self.is_in_standby or self.world.follows(self) else "READ_WRITE"

    @property
    def shown_state(self):
        """As `sys.databases` tells it: one that waits in standby can be read, and is ONLINE."""
        if self.is_in_standby:
            return "ONLINE"
        if self.state == "ONLINE" and self.world.mirrored(self):
            return "RESTORING"
        return self.state

    def user_of(self, login):
        return next((user for user in self.users.values() if user.sid == login.sid), None)


def windows_sid(account):
    return bytes([1, 5, 0, 0]) + uuid.uuid5(uuid.NAMESPACE_DNS, account.lower()).bytes + bytes([1, 0, 0, 0])


class Login:
    def __init__(self, name, principal_id, password=None, sysadmin=False, permissions=(), sid=None, windows=False):
        self.name, self.principal_id, self.password, self.sysadmin = name, principal_id, password, sysadmin
        self.permissions = {each.upper() for each in permissions}
        self.windows = windows
        # A Windows account has one SID everywhere. A SQL login has another on each instance: that is why users are orphaned
        # after a failover.
        self.sid = sid or (windows_sid(name) if windows else uuid.uuid4().bytes)

    def may(self, permission):
        implied = {"VIEW ANY DATABASE": True, "CONNECT SQL": True}
        return self.sysadmin or permission in self.permissions or "CONTROL SERVER" in self.permissions or permission in implied


class Instance:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.guid = str(uuid.uuid4()).upper()
        self.databases, self.logins, self.jobs, self.volumes = {}, {}, {}, []
        self.log_shipping_primary, self.log_shipping_secondary = {}, {}
        self.backup_sets, self.restores = [], []
        self.sessions = {}
        self.next_session, self.next_login, self.next_database = 51, 260, 5
        self.port, self.powered, self.backup_pause_ms = 0, True, 50
        self.encryption, self.tls = "none", None
        self.known_windows_accounts = None
        for database_id, system in enumerate(["master", "tempdb", "model", "msdb"], 1):
            self.databases[system] = Database(self, system, database_id)
            self.databases[system].recovery_model = "SIMPLE"

    def database(self, name):
        found = self.databases.get(name.lower())
        if not found:
            raise SQLError(911, name)
        return found

    def add_database(self, name):
        database = Database(self, name, self.next_database)
        self.next_database += 1
        self.databases[name.lower()] = database
        return database

    def add_login(self, name, **details):
        login = Login(name, self.next_login, **details)
        self.next_login += 1
        self.logins[name.lower()] = login
        return login


class World:
    """`changed` is notified whenever a waiting session may have something to look for."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.instances = {}
        self.mirrorings, self.groups, self.faults = [], [], []
        self.partitions = set()
        # After how many looks at the catalogue a role command's effect shows.
        self.settle = 2
        self.pending = []

    # What comes later

    def later(self, effect, looks=None):
        """Role commands return early: `effect` happens when the catalogue has been looked at some times."""
        self.pending.append([self.settle if looks is None else looks, effect])
        if self.pending[-1][0] <= 0:
            self.looked()

    def looked(self):
        for entry in list(self.pending):
            entry[0] -= 1
            if entry[0] < 0 and entry in self.pending:
                self.pending.remove(entry)
                entry[1]()

    # Replication, as databases see it

    def connected(self, one, other):
        pair = frozenset([one.name, other.name])
        return one.powered and other.powered and pair not in self.partitions

    def mirroring_of(self, database):
        return next((each for each in self.mirrorings if database in (each.principal, each.mirror)), None)

    def group_of(self, database):
        return next((each for each in self.groups if each.holds(database)), None)

    def mirrored(self, database):
        mirroring = self.mirroring_of(database)
        return mirroring is not None and database is mirroring.mirror

    def follows(self, database):
        group = self.group_of(database)
        return self.mirrored(database) or (group is not None and group.primary is not database.instance)

    def blocked(self, database):
        """The number of the error that keeps a replicated database closed."""
        mirroring, group = self.mirroring_of(database), self.group_of(database)
        if mirroring:
            return mirroring.blocked(database)
        return group.blocked(database) if group else None

    def replicate(self, database):
        mirroring, group = self.mirroring_of(database), self.group_of(database)
        if mirroring:
            mirroring.flow()
        if group:
            group.flow()
