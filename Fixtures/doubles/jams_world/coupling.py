"""What joins the doubles: services and power, the Failover table's protocol, and what REST servers tell."""

import threading

from links import Link, Refused
from scheduler import Scheduler, address_of, is_running

# As Failover.config has it unless it says otherwise.
PORT = 4773
# They take other schedulers' messages.
QUEUES = ("jamsrequests", "jamsrequestssubmitcancel")


class Coupling:
    def __init__(self, description, rests):
        self.lock = threading.RLock()
        self.windows, self.sqlserver = Link(description["windows"]), Link(description["sqlserver"])
        self.name = description["scheduler_name"]
        self.addresses = description["addresses"]
        self.databases = description["databases"]
        self.agents = description["agents"]
        self.schedulers = [Scheduler(host, details["name"], details["site"], rests[host])
                           for host, details in description["schedulers"].items()]
        self.reset()

    def reset(self):
        """Nothing is remembered of what was: the other doubles were set anew."""
        self.cached, self.powered, self.ports = {}, {}, {}
        self.history, self.has_doubled = [], False
        for each in self.schedulers:
            each.missed, each.runs, each.is_in_control, each.files = 0, False, False, {}

    # Time

    def tick(self):
        with self.lock:
            seen = self.windows.ask(do="look")["hosts"]
            self.switch(seen)
            for each in self.schedulers:
                found = self.found(each.host, seen)
                each.look(seen[each.host], found["files"])
                self.listen(each, found["queues"])
            for each in self.schedulers:
                if each.runs:
                    each.is_in_control = self.strive(each)
            self.note()
            self.tell(seen)

    def settle(self):
        """Until nothing changes any more by itself."""
        with self.lock:
            calm, before = 0, None
            while calm < 5:
                self.tick()
                now = self.state()
                calm, before = (calm + 1 if now == before else 0), now
            return before

    def state(self):
        return {"schedulers": {each.host: {"runs": each.runs, "in_control": each.is_in_control, "reachable": not each.rest.is_dark}
                               for each in self.schedulers},
                "powered": self.powered, "history": self.history, "doubled": self.has_doubled,
                "agents": {each["agentName"]: each["online"] for each in self.schedulers[0].rest.world.agents},
                "resources": self.schedulers[0].rest.world.resources}

    # Hosts and instances

    def found(self, host, seen):
        """Its files and queues, by names in small letters."""
        revision = seen[host]["revision"]
        if self.cached.get(host, (None, None))[0] != revision:
            dump = self.windows.ask(do="dump", host=host)
            self.cached[host] = (revision, {part: {name.lower(): found for name, found in dump[part].items()}
                                            for part in ("files", "queues")})
        return self.cached[host][1]

    def listen(self, scheduler, queues):
        """A scheduler that runs makes the queues that it lacks."""
        missing = {name: [] for name in QUEUES if name not in queues}
        if scheduler.runs and missing:
            self.windows.ask(do="set", host=scheduler.host, state={"queues": {**queues, **missing}})

    def switch(self, seen):
        """An instance is there while its service runs."""
        for database in self.databases.values():
            is_on = is_running(seen[database["host"]], "MSSQLSERVER")
            if self.powered.get(database["instance"]) != is_on:
                self.sqlserver.ask(do="power", instance=database["instance"], on=is_on)
                self.powered[database["instance"]] = is_on

    # The Failover table

    def strive(self, scheduler):
        """Whether it is in control, after what it has done for that."""
        database = self.databases.get(scheduler.database_server)
        primary = next((each for each in self.schedulers if each.name.lower() == scheduler.primary_name), None)
        may = scheduler.beat(primary)
        if database is None or scheduler.guid is None or not self.powered[database["instance"]]:
            return False
        instance, own = database["instance"], scheduler.guid
        try:
            guids = [row[0].upper() for row in self.sql(instance, "SELECT CAST(GUID AS nvarchar(40)) FROM dbo.Failover")]
            if guids == [own]:
                return self.is_writable(instance)
            if may and not guids:
                self.sql(instance, "IF NOT EXISTS (SELECT 1 FROM dbo.Failover) INSERT INTO dbo.Failover VALUES "
                                   f"('{own}', N'{scheduler.name}')")
            elif may and primary is not None and guids == [primary.guid]:
                self.sql(instance, f"UPDATE dbo.Failover SET GUID = '{own}', Host = N'{scheduler.name}' "
                                   f"WHERE GUID = '{primary.guid}'")
            else:
                return False
        except Refused:
            return False  # A copy that can't be opened, or takes no changes.
        return True

    def is_writable(self, instance):
        rows = self.sql(instance, "SELECT CAST(DATABASEPROPERTYEX('JAMS', 'Updateability') AS nvarchar(20))")
        return rows == [["READ_WRITE"]]

    def sql(self, instance, text):
        return self.sqlserver.ask(do="sql", instance=instance, database="JAMS", text=text)["rows"]

    def note(self):
        """Who was in control, one after the other; and whether there ever were two."""
        now = [each.host for each in self.schedulers if each.is_in_control]
        self.has_doubled = self.has_doubled or len(now) > 1
        for host in now:
            if self.history[-1:] != [host]:
                self.history.append(host)

    # What others see

    def tell(self, seen):
        for each in self.schedulers:
            world = each.rest.world
            each.rest.is_dark = not is_running(seen[each.host], "JAMSServer")
            with world.changed:
                world.active = each.is_in_control
                world.agents = [self.agent(number, details, each, seen) for number, details in enumerate(self.agents, 1)]
            ports = {f"{other.name}:{PORT}": answer for other in self.schedulers
                     if other is not each and other.site == each.site and (answer := self.answer(other, seen))}
            if self.ports.get(each.host) != ports:
                self.windows.ask(do="set", host=each.host, state={"ports": ports})
                self.ports[each.host] = ports

    @staticmethod
    def answer(other, seen):
        """At the port of the heartbeat; None: nothing at all."""
        if seen[other.host]["down"]:
            return None
        return "open" if is_running(seen[other.host], "JAMSScheduler") else "refused"

    def agent(self, number, details, scheduler, seen):
        """An agent is online where the scheduler's name leads it; a scheduler's own one while its executor runs."""
        host = details["host"]
        if details.get("is_local"):
            is_online = is_running(seen[host], "JAMSExecutor")
        else:
            leads_to = address_of(self.name, self.found(host, seen)["files"])
            is_online = is_running(seen[host], "JAMSAgent") and self.addresses.get(leads_to) == scheduler.site
        return {"agentID": number, "agentName": details["name"], "online": is_online,
                "agentState": "Active" if is_online else "Unavailable"}
