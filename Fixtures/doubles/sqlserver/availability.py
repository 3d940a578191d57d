"""Availability groups: replicas of databases, and which replica is the primary."""

import datetime
import uuid

from definitions import altered
from errors import SQLError
from mirroring import Mirroring

STATES = {"NOT SYNCHRONIZING": 0, "SYNCHRONIZING": 1, "SYNCHRONIZED": 2}


class Replica:
    def __init__(self, instance, mode="SYNCHRONOUS_COMMIT", failover="MANUAL", readable="NO"):
        self.instance, self.mode, self.failover, self.readable = instance, mode, failover, readable
        self.guid = str(uuid.uuid4()).upper()
        self.joined, self.suspended, self.lagging = set(), set(), set()
        self.suspended_by_failover = False
        # 41144 or 41146, set by a test: the replica has failed.
        self.error_number = None


class Group:
    def __init__(self, world, name, replicas, primary, databases):
        self.world, self.name = world, name
        self.guid = str(uuid.uuid4()).upper()
        self.replicas = {replica.instance.name: replica for replica in replicas}
        self.primary = primary
        self.databases = list(databases)
        self.database_guids = {each: str(uuid.uuid4()).upper() for each in databases}
        self.last_commit = {each: now() for each in databases}
        self.pending, self.has_quorum, self.times_out, self.failing = None, True, False, False
        for replica in replicas:
            replica.joined = set(databases)
            if replica.instance is not primary:
                for each in databases:
                    self.database(replica.instance, each).take_over(self.database(primary, each))

    def database(self, instance, name):
        return instance.databases[name.lower()]

    def holds(self, database):
        replica = self.replicas.get(database.instance.name)
        return replica is not None and database.name in replica.joined

    @property
    def has_primary(self):
        return self.primary is not None and self.primary.powered and self.has_quorum

    def seen_from(self, instance):
        """The primary sees all replicas, a secondary only itself."""
        if instance is self.primary:
            return list(self.replicas.values())
        return [self.replicas[instance.name]]

    def role(self, replica, _):
        if not self.has_primary or replica.error_number:
            return "RESOLVING"
        return "PRIMARY" if replica.instance is self.primary else "SECONDARY"

    def operational_state(self, replica):
        if not self.has_quorum:
            return "FAILED_NO_QUORUM"
        if replica.error_number:
            return "FAILED"
        if self.pending is replica:
            return "PENDING_FAILOVER"
        return "ONLINE" if self.has_primary else "OFFLINE"

    def flows(self, replica, name):
        return (self.has_primary and not replica.error_number and self.world.connected(self.primary, replica.instance)
                and name in replica.joined and name not in replica.suspended)

    def synchronization(self, replica, name):
        if replica.instance is self.primary and self.has_primary:
            return 2, "SYNCHRONIZED"
        if not self.flows(replica, name):
            words = "NOT SYNCHRONIZING"
        elif replica.mode == "SYNCHRONOUS_COMMIT" and name not in replica.lagging:
            words = "SYNCHRONIZED"
        else:
            words = "SYNCHRONIZING"
        return STATES[words], words

    def is_ready(self, replica, name):
        """As the cluster knows it: what was synchronized when the primary went stays ready."""
        if name not in replica.joined or name in replica.suspended or name in replica.lagging or replica.error_number:
            return False
        primary = self.replicas.get(self.primary.name) if self.primary else None
        return replica.mode == "SYNCHRONOUS_COMMIT" and (primary is None or primary.mode == "SYNCHRONOUS_COMMIT")

    def is_healthy(self, replica):
        return all(self.synchronization(replica, name)[0] > 0 for name in self.databases)

    def queue(self, replica, name):
        behind = self.database(self.primary, name).lsn - self.database(replica.instance, name).lsn if self.primary else 0
        return max(0, behind // 1024)

    def blocked(self, database):
        replica = self.replicas[database.instance.name]
        role = self.role(replica, database.instance)
        if role == "PRIMARY":
            return None
        if role == "RESOLVING":
            return 983
        return 976 if replica.readable == "NO" or database.name in replica.suspended and replica.suspended_by_failover else None

    def flow(self):
        """What is committed at the primary arrives at the others."""
        for name in self.databases:
            source = self.database(self.primary, name)
            self.last_commit[name] = now()
            for replica in self.replicas.values():
                if replica.instance is not self.primary and self.flows(replica, name) and name not in replica.lagging:
                    self.database(replica.instance, name).take_over(source)

    def move_to(self, replica, forced):
        self.pending = None
        if self.failing:
            self.failing = False
            return
        before, self.primary = self.primary, replica.instance
        for name in self.databases:
            if before is not None:
                Mirroring.end_sessions(self.database(before, name))
        replica.suspended, replica.suspended_by_failover = set(), False
        if forced:
            for other in self.replicas.values():
                if other is not replica:
                    other.suspended, other.suspended_by_failover = set(self.databases), True


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def fail_over(session, name, forced):
    session.forbid_transaction("ALTER AVAILABILITY GROUP")
    group = next((each for each in session.world.groups if each.name.lower() == name.lower()), None)
    if not group or session.instance.name not in group.replicas or not session.login.may("ALTER ANY AVAILABILITY GROUP"):
        raise SQLError(15151, "alter", "availability group", name)
    replica = group.replicas[session.instance.name]
    if replica.error_number == 41144:
        raise SQLError(41144, group.name, 41005)
    if replica.error_number == 41146 or not group.has_quorum:
        raise SQLError(41146, group.name)
    if group.primary is session.instance:
        raise SQLError(41122, group.name)
    if group.pending is replica:
        raise SQLError(41113, group.name)
    if not forced and not (all(group.is_ready(replica, each) for each in group.databases) and group.has_primary
                           and session.world.connected(group.primary, session.instance)):
        raise SQLError(41142, group.name)
    group.pending = replica
    session.world.later(lambda: group.move_to(replica, forced))
    if group.times_out:
        error = SQLError(41131, group.name)
        session.client.info(error.number, 1, 10, error.text)


def set_movement(session, name, suspends):
    database = altered(session, name)
    group = session.world.group_of(database)
    if not group:
        raise SQLError(35220, text="Could not process the operation. The local replica is not ready to process the command.")
    replica = group.replicas[session.instance.name]
    if suspends:
        replica.suspended.add(database.name)
        return

    def resume():
        replica.suspended.discard(database.name)
        replica.suspended_by_failover = bool(replica.suspended)
        group.flow()

    session.world.later(resume)
