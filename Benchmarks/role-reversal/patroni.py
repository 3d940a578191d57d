"""Patroni, etcd, and their cluster."""

import json

from lab import DATABASES, OTHER, eventually
from postgresql import CONFIGURATION, Cluster, Contender


class Patroni:
    """Patroni with etcd, its loop as tight as it lets itself be set. `patronictl` is a program that takes its time to start, so
    the same is asked for once by its interface, too."""

    port = 5434
    data = "/var/lib/postgresql/15/patroni"
    configuration = "/etc/patroni/config.yml"
    scope = "benchmark"

    def __init__(self, lab):
        self.lab = lab
        self.cluster = Cluster(lab, self.port)

    def set_up(self):
        etcd = self.address_of("storage")
        self.lab.write("storage", "/etc/default/etcd", "ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379\n"
                                                       f"ETCD_ADVERTISE_CLIENT_URLS=http://{etcd}:2379\n")
        self.lab.run("storage", "systemctl", "restart", "etcd")
        for site in DATABASES:
            self.lab.write(
                DATABASES[site], self.configuration, json.dumps(self.settings(site, etcd), indent=1),
                owner="postgres", mode="0600")
            self.lab.run(DATABASES[site], "systemctl", "start", "patroni")
            if site == "production":
                # The first one makes the cluster, and the other copies it.
                eventually("Patroni's first primary", self.primary_is_up)
                self.cluster.create_scheduler_account(site)
        self.cluster.settle("production")

    def primary_is_up(self):
        """Patroni's word, not the server's: it may still start it once more."""
        self.lab.timed(DATABASES["production"], ["GET", f"http://{self.address('production')}:8008/primary"])
        return True

    def address(self, site):
        return self.address_of(DATABASES[site])

    def address_of(self, machine):
        return self.lab.run(machine, "ip", "-4", "-o", "addr", "show", "eth0").split()[3].split("/")[0]

    def settings(self, site, etcd):
        """JSON is YAML, too."""
        address = self.address(site)
        shown = self.lab.shell(DATABASES[site], f"cat {CONFIGURATION}/main/conf.d/lab.conf")
        same = dict(line.split(" = ", 1) for line in shown.split("\n") if " = " in line)
        parameters = {name: value.strip("'") for name, value in same.items()}
        parameters["unix_socket_directories"] = "/var/run/postgresql"
        return {
            "scope": self.scope, "name": DATABASES[site],
            "restapi": {"listen": f"{address}:8008", "connect_address": f"{address}:8008"},
            "etcd3": {"host": f"{etcd}:2379"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20, "loop_wait": 1, "retry_timeout": 3,
                    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": parameters},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"0.0.0.0:{self.port}", "connect_address": f"{address}:{self.port}",
                "use_unix_socket": True, "basebackup": [{"checkpoint": "fast"}],
                "data_dir": self.data, "bin_dir": "/usr/lib/postgresql/15/bin",
                "pg_hba": [
                    "local all all peer", "host all postgres 127.0.0.1/32 trust",
                    "host all postgres 10.20.0.0/16 trust",
                    "host replication replicator 10.20.0.0/16 trust",
                    "hostssl all all 10.20.0.0/16 scram-sha-256",
                ],
                "authentication": {
                    "superuser": {"username": "postgres"}, "replication": {"username": "replicator"},
                },
            },
        }


class PatroniCommand(Contender):
    """`patronictl switchover`, on the primary's machine."""

    name = "Patroni, patronictl"

    def __init__(self, patroni):
        self.patroni, self.cluster = patroni, patroni.cluster

    def set_up(self):
        self.patroni.set_up()

    def switch(self, lab, primary):
        return lab.timed(DATABASES[primary], [
            "patronictl", "-c", self.patroni.configuration, "switchover", self.patroni.scope, "--leader",
            DATABASES[primary], "--candidate", DATABASES[OTHER[primary]], "--force"])


class PatroniInterface(Contender):
    """`POST /switchover`, which `patronictl` sends, without its start."""

    name = "Patroni, REST"

    def __init__(self, patroni):
        self.patroni, self.cluster = patroni, patroni.cluster

    def switch(self, lab, primary):
        body = {"leader": DATABASES[primary], "candidate": DATABASES[OTHER[primary]]}
        address = self.patroni.address(primary)
        return lab.timed(
            DATABASES[primary], ["POST", f"http://{address}:8008/switchover", json.dumps(body)])
