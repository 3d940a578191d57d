"""repmgr and its cluster."""

from lab import DATABASES, OTHER
from postgresql import CONFIGURATION, Cluster, Contender


class Repmgr(Contender):
    """repmgr, as its documentation says for Debian: the service manager's commands, replication slots. ssh keeps its connection,
    and it is run on the machine itself, on the standby, as it wants."""

    name = "repmgr"
    port = 5433
    data = "/var/lib/postgresql/15/repmgr"

    def __init__(self, lab):
        self.lab = lab
        self.cluster = Cluster(lab, self.port)

    def set_up(self):
        keys = {site: self.prepare_machine(site) for site in DATABASES}
        for machine in DATABASES.values():
            self.lab.write(
                machine, "/var/lib/postgresql/.ssh/authorized_keys", "\n".join(keys.values()) + "\n",
                owner="postgres", mode="0600")
        self.service("production", "start")
        self.cluster.sql("production", "CREATE ROLE repmgr LOGIN SUPERUSER;\nCREATE DATABASE repmgr OWNER repmgr;\n")
        self.cluster.create_scheduler_account("production")
        self.repmgr("production", "primary", "register")
        self.lab.shell(DATABASES["dr"], f"find {self.data} -mindepth 1 -delete")
        self.repmgr(
            "dr", "-h", DATABASES["production"], "-p", str(self.port), "-U", "repmgr", "-d", "repmgr",
            "standby", "clone", "--fast-checkpoint")
        self.service("dr", "start")
        self.repmgr("dr", "standby", "register")
        for site in DATABASES:
            self.lab.run(DATABASES[site], "runuser", "-u", "postgres", "--", "ssh", "-F",
                         "/var/lib/postgresql/.ssh/config", DATABASES[OTHER[site]], "true")

    def prepare_machine(self, site):
        """Returns the machine's public key for ssh."""
        machine = DATABASES[site]
        unit = "postgresql@15-repmgr"
        self.lab.run(machine, "pg_createcluster", "15", "repmgr", "--port", str(self.port), "--start-conf", "manual")
        self.lab.shell(machine, f"""
            cp --archive {CONFIGURATION}/main/conf.d/. {CONFIGURATION}/repmgr/conf.d/
            printf '%s\\n' 'host all,replication repmgr 10.20.0.0/16 trust' |
              cat - {CONFIGURATION}/main/pg_hba.conf >{CONFIGURATION}/repmgr/pg_hba.conf
            echo 'postgres ALL=(root) NOPASSWD: /usr/bin/systemctl * {unit}' >/etc/sudoers.d/repmgr
            runuser -u postgres -- mkdir -p -m 700 /var/lib/postgresql/.ssh
            runuser -u postgres -- ssh-keygen -q -t ed25519 -N '' -f /var/lib/postgresql/.ssh/id_ed25519""")
        actions = "".join(
            f"service_{action}_command='sudo /usr/bin/systemctl {action} {unit}'\n"
            for action in ("start", "stop", "restart", "reload"))
        self.lab.write(machine, "/etc/repmgr.conf", f"""\
node_id={1 if site == "production" else 2}
node_name='{machine}'
conninfo='host={machine} port={self.port} user=repmgr dbname=repmgr connect_timeout=2'
data_directory='{self.data}'
pg_bindir='/usr/lib/postgresql/15/bin'
use_replication_slots=true
promote_check_interval=1
ssh_options='-q -o ConnectTimeout=10 -o ControlMaster=auto -o ControlPath=/var/lib/postgresql/.ssh/%C -o ControlPersist=1h'
{actions}""")
        self.lab.write(machine, "/var/lib/postgresql/.ssh/config", """\
ControlMaster auto
ControlPath /var/lib/postgresql/.ssh/%C
ControlPersist 1h
""", owner="postgres")
        return self.lab.run(machine, "cat", "/var/lib/postgresql/.ssh/id_ed25519.pub")

    def service(self, site, action):
        self.lab.run(DATABASES[site], "systemctl", action, "postgresql@15-repmgr")

    def command(self, *words):
        return ["runuser", "-u", "postgres", "--", "repmgr", "-f", "/etc/repmgr.conf", *words]

    def repmgr(self, site, *words):
        return self.lab.run(DATABASES[site], *self.command(*words))

    def switch(self, lab, primary):
        return lab.timed(DATABASES[OTHER[primary]], self.command("standby", "switchover"))
