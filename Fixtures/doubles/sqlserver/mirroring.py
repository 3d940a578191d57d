"""Database mirroring: two copies of a database, and which of them is the principal."""

import uuid

from definitions import altered
from errors import SQLError

STATES = {0: "SUSPENDED", 1: "DISCONNECTED", 2: "SYNCHRONIZING", 3: "PENDING_FAILOVER", 4: "SYNCHRONIZED"}


class Mirroring:
    def __init__(self, principal, mirror, safety="FULL"):
        self.principal, self.mirror, self.safety = principal, mirror, safety
        self.world = principal.world
        self.guid = str(uuid.uuid4()).upper()
        self.sequence, self.failover_lsn = 1, principal.lsn
        # `lagging`: set by a test, the mirror is behind and stays so. `failing`: the next failover is taken, and comes to nothing.
        self.suspended = self.pending = self.lagging = self.failing = False
        # The principal of before a forced service: it doesn't know, until it sees its partner again.
        self.deposed = None
        mirror.take_over(principal)

    @property
    def name(self):
        return self.principal.name

    @property
    def connected(self):
        is_connected = self.world.connected(self.principal.instance, self.mirror.instance)
        if is_connected and self.deposed:
            self.deposed = None
        return is_connected

    def partner(self, database):
        return self.mirror if database is self.principal else self.principal

    def is_mirror(self, database):
        """As that copy's own instance sees it."""
        return database is self.mirror and not (database is self.deposed and not self.connected)

    def state(self):
        if not self.connected:
            return 1
        if self.suspended:
            return 0
        return 3 if self.pending else 2 if self.lagging else 4

    def state_seen_from(self, _):
        return self.state(), STATES[self.state()]

    def sequence_seen_from(self, database):
        return self.sequence - 1 if database is self.deposed and not self.connected else self.sequence

    def blocked(self, database):
        if self.is_mirror(database):
            return 954
        return 956 if self.pending and self.failing == "stuck" else None

    def flow(self):
        """What is committed at the principal arrives at the mirror."""
        if self.state() == 4:
            self.mirror.take_over(self.principal)
            self.failover_lsn = self.mirror.lsn

    def swap(self):
        self.pending = False
        if self.failing or not self.connected:
            self.failing = False
            return
        self.end_sessions(self.principal)
        self.principal, self.mirror = self.mirror, self.principal
        self.sequence += 1

    def force(self):
        self.deposed = self.principal if not self.connected else None
        self.principal, self.mirror = self.mirror, self.principal
        self.sequence, self.suspended, self.pending = self.sequence + 1, True, False
        self.failover_lsn = self.principal.lsn

    def resume(self):
        self.suspended = self.lagging = False
        self.end_sessions(self.mirror)
        self.flow()

    @staticmethod
    def end_sessions(database):
        """Whoever works in a database that becomes a mirror is thrown out."""
        for session in list(database.instance.sessions.values()):
            if session.database is database or database in session.written:
                session.client.cut()


def found(session, name):
    database = altered(session, name)
    mirroring = session.world.mirroring_of(database)
    if not mirroring:
        raise SQLError(1416, database.name)
    return mirroring, database


def alter(session, name, word):
    mirroring, database = found(session, name)
    is_mirror = mirroring.is_mirror(database)
    COMMANDS[word](session, mirroring, database, is_mirror)


def fail_over(session, mirroring, database, is_mirror):
    if is_mirror:
        raise SQLError(1470, database.name)
    if mirroring.safety != "FULL":
        raise SQLError(1477, database.name)
    if not mirroring.connected:
        raise SQLError(1447, database.name)
    if mirroring.state() != 4:
        raise SQLError(1422, database.name)
    mirroring.pending = True
    session.world.later(mirroring.swap)
    session.client.info(1480, 1, 10, "Nonqualified transactions are being rolled back. Estimated rollback completion: 100%.")


def force(session, mirroring, database, is_mirror):
    if not is_mirror or mirroring.connected:
        raise SQLError(1455, database.name)
    session.world.later(mirroring.force)


def resume(session, mirroring, database, is_mirror):
    if not mirroring.connected:
        raise SQLError(1447, database.name)
    if is_mirror:
        raise SQLError(1470, database.name)
    session.world.later(mirroring.resume)


def suspend(session, mirroring, database, _):
    if not mirroring.connected:
        raise SQLError(1456, mirroring.partner(database).instance.name)
    mirroring.suspended = True


def turn_off(session, mirroring, database, _):
    session.world.mirrorings.remove(mirroring)
    mirroring.mirror.state = "RESTORING"


COMMANDS = {"FAILOVER": fail_over, "FORCE_SERVICE_ALLOW_DATA_LOSS": force, "RESUME": resume, "SUSPEND": suspend, "OFF": turn_off}


def set_safety(session, name, safety):
    mirroring, database = found(session, name)
    if mirroring.is_mirror(database):
        raise SQLError(1470, database.name)
    if not mirroring.connected:
        raise SQLError(1456, mirroring.partner(database).instance.name)
    mirroring.safety = safety
