"""A PostgreSQL cluster of the lab, and the switchover by hand. Each contender that wants things its own way has a cluster of its
own, on the same machines and disks, with the same settings; the others' clusters stand idle meanwhile."""

from lab import DATABASES, OTHER, CommandFailed, eventually

CONFIGURATION = "/etc/postgresql/15"


class Cluster:
    """A primary and a standby, one at each site."""

    kind = "postgresql"

    def __init__(self, lab, port):
        self.lab, self.port = lab, port

    def sql(self, site, text, database="postgres"):
        return self.lab.psql(DATABASES[site], self.port, text, database)

    def primary(self):
        primaries = [s for s in DATABASES if self.sql(s, "SELECT pg_is_in_recovery()") == "f"]
        if len(primaries) != 1:
            raise CommandFailed(f"port {self.port}: primaries at {primaries}, instead of one")
        return primaries[0]

    def is_followed(self, primary):
        return self.sql(primary, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"

    def is_settled(self, primary):
        """The other follows, with all there is."""
        return self.sql(
            primary,
            "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' "
            "AND replay_lsn = pg_current_wal_lsn()") == "1"

    def settle(self, primary):
        eventually(f"port {self.port}: replication from {primary}", lambda: self.is_settled(primary))

    def create_scheduler_account(self, site):
        password = self.lab.run("operator", "cat", "/etc/lab-scheduler/database.password")
        self.sql(site, f"CREATE ROLE scheduler LOGIN PASSWORD '{password}';\n"
                       "CREATE DATABASE scheduler OWNER scheduler;\n")


class Contender:
    """Somebody who switches a cluster's primary to the other site."""

    def set_up(self):
        """Once, before the first round."""

    def prepare(self, primary):
        """Before each round, outside what is measured."""


class Floor(Contender):
    """A script by hand, of the same commands to the servers."""

    def __init__(self, cluster, manner):
        self.name = "by hand" if manner == "systemctl" else "by hand, pg_ctl"
        self.cluster, self.manner = cluster, manner

    def set_up(self):
        self.cluster.lab.install("remote/floor-postgresql", "operator")

    def switch(self, lab, primary):
        to = OTHER[primary]
        return lab.timed("operator", [
            "/opt/benchmark/floor-postgresql", DATABASES[primary], DATABASES[to], self.manner])
