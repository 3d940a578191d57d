"""The control interface for tests: one JSON object a line, and one line back, over loopback TCP."""

import json
import shutil
import socketserver

from expressions import quoted
from faults import Fault
from scenario import build, run_as_administrator


class Control:
    def __init__(self, world, listeners, description):
        self.world, self.listeners, self.description = world, listeners, description

    def answer(self, request):
        command = request.pop("do")
        run = getattr(self, "do_" + command, None)
        if run is None:
            raise ValueError("there is no command %r" % command)
        return run(**request)

    def instance(self, name):
        return self.world.instances[name]

    # Looking

    def do_state(self):
        return state(self.world)

    def do_sql(self, instance, text, database="master"):
        """Runs a batch as `sa`, whatever the instance's power."""
        found = run_as_administrator(self.instance(instance), database, text)
        return {"names": found.names, "rows": found.rows, "messages": found.messages}

    def do_rows(self, instance, database, table):
        """A table as it is stored, also in a copy that nobody can open."""
        data = self.instance(instance).database(database).data
        cursor = data.execute("SELECT * FROM %s" % quoted(self.instance(instance).database(database).tables[table.lower()].key))
        return {"names": [each[0] for each in cursor.description], "rows": [list(row) for row in cursor.fetchall()]}

    # Changing

    def do_set(self, changes, **target):
        """Sets attributes that are there already, of one thing."""
        found = self.thing(**target)
        for name, value in changes.items():
            before = getattr(found, name)
            setattr(found, name, set(value) if isinstance(before, set) else value)
        return {}

    def thing(self, instance=None, database=None, table=None, login=None, job=None, mirroring=None, group=None, replica=None):
        if mirroring:
            return next(each for each in self.world.mirrorings if each.name == mirroring)
        if group:
            found = next(each for each in self.world.groups if each.name == group)
            return found.replicas[replica] if replica else found
        if instance is None:
            return self.world
        found = self.instance(instance)
        if login:
            return found.logins[login.lower()]
        if job:
            return next(each for each in found.jobs.values() if each.name == job)
        if database:
            held = found.database(database)
            return held.tables[table.lower()] if table else held
        return found

    def do_look(self, times=1):
        """What comes after some looks at the catalogue comes nearer, as if somebody had looked."""
        for _ in range(times):
            self.world.looked()
        return {"pending": len(self.world.pending)}

    def do_reset(self, description=None):
        """Another world in place of this one, on the ports of the instances of the same names."""
        before = self.world
        for folder in before.own_folders:
            shutil.rmtree(folder)
        world = build(description or self.description, before.folder)
        if set(world.instances) != set(before.instances):
            raise ValueError("a new world has the same instances")
        self.do_clear_faults()
        for name, instance in world.instances.items():
            instance.port = before.instances[name].port
            self.do_power(name, False)
            self.listeners[name].instance = instance
        self.world = world
        for name in world.instances:
            self.listeners[name].open()
        return {}

    # Faults

    def do_fault(self, **details):
        self.world.faults.append(Fault(**details))
        return {}

    def do_clear_faults(self):
        """Those that wait go on."""
        struck = [each.struck for each in self.world.faults]
        for fault in self.world.faults:
            fault.is_released = True
        self.world.faults = []
        return {"struck": struck}

    def do_power(self, instance, on):
        found = self.instance(instance)
        found.powered = on
        if on:
            self.listeners[instance].open()
        else:
            self.listeners[instance].close()
            for session in list(found.sessions.values()):
                session.client.cut()
        return {}

    def do_partition(self, between, on=True):
        pair = frozenset(between)
        (self.world.partitions.add if on else self.world.partitions.discard)(pair)
        return {}

    def do_cut(self, instance, session=None):
        """Ends connections as a broken cable does."""
        for number, found in list(self.instance(instance).sessions.items()):
            if session in (None, number):
                found.client.cut()
        return {}


def state(world):
    return {
        "instances": {name: instance_state(instance) for name, instance in world.instances.items()},
        "mirroring": [{
            "database": each.name, "principal": each.principal.instance.name, "mirror": each.mirror.instance.name,
            "state": each.state(), "safety": each.safety, "sequence": each.sequence, "suspended": each.suspended}
            for each in world.mirrorings],
        "availability_groups": [{
            "name": each.name, "primary": each.primary.name if each.primary else None, "quorum": each.has_quorum,
            "replicas": {name: {"mode": replica.mode, "suspended": sorted(replica.suspended)}
                         for name, replica in each.replicas.items()}} for each in world.groups],
        "pending": len(world.pending),
        "faults": [{"action": each.action, "struck": each.struck} for each in world.faults]}


def instance_state(instance):
    return {
        "port": instance.port, "powered": instance.powered,
        "databases": {each.name: {"state": each.shown_state, "updateability": each.updateability, "lsn": each.lsn,
                                  "standby": each.is_in_standby, "tables": sorted(table.key for table in each.tables.values()),
                                  "users": {user.name: sorted(user.roles) for user in each.users.values()}}
                      for each in instance.databases.values()},
        "logins": sorted(each.name for each in instance.logins.values()),
        "jobs": {each.name: {"id": each.job_id, "enabled": each.enabled, "running": each.is_running, "outcome": each.outcome,
                             "message": each.message} for each in instance.jobs.values()},
        "sessions": [{"number": each.number, "login": each.login.name, "database": each.database.name,
                      "program": each.program, "statement": each.statement, "transactions": each.transaction_count,
                      "encrypted": each.client.is_encrypted} for each in instance.sessions.values()]}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        control = self.server.control
        for line in self.rfile:
            changed = control.world.changed
            with changed:
                try:
                    answer = {"ok": True, **(control.answer(json.loads(line)) or {})}
                except Exception as error:  # Whatever it is, the test is told.
                    answer = {"ok": False, "error": "%s: %s" % (type(error).__name__, error)}
                changed.notify_all()
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class ControlServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, control):
        super().__init__(("127.0.0.1", 0), Handler)
        self.control = control
