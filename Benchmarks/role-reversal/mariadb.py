"""MariaDB at the lab's two sites, and its switchover by hand."""

from lab import DATABASES, OTHER, CommandFailed, eventually
from postgresql import Contender


class Pair:
    kind = "mariadb"
    port = 3306

    def __init__(self, lab):
        self.lab = lab

    def sql(self, site, text):
        return self.lab.run(DATABASES[site], "mariadb", "--batch", "--skip-column-names", text=text)

    def primary(self):
        primaries = [s for s in DATABASES if not self.sql(s, "SHOW SLAVE STATUS")]
        if len(primaries) != 1:
            raise CommandFailed(f"MariaDB: primaries at {primaries}, instead of one")
        return primaries[0]

    def is_followed(self, primary):
        status = self.lab.run(DATABASES[OTHER[primary]], "mariadb", "--execute", "SHOW SLAVE STATUS\\G")
        return "Slave_IO_Running: Yes" in status and "Slave_SQL_Running: Yes" in status

    def is_settled(self, primary):
        written = self.sql(primary, "SELECT @@gtid_binlog_pos")
        return self.is_followed(primary) and self.sql(OTHER[primary], "SELECT @@gtid_slave_pos") == written

    def settle(self, primary):
        eventually(f"MariaDB: replication from {primary}", lambda: self.is_settled(primary))


class Floor(Contender):
    name = "by hand"

    def __init__(self, cluster):
        self.cluster = cluster

    def set_up(self):
        self.cluster.lab.install("remote/floor-mariadb", "operator")

    def switch(self, lab, primary):
        return lab.timed(
            "operator", ["/opt/benchmark/floor-mariadb", DATABASES[primary], DATABASES[OTHER[primary]]])
