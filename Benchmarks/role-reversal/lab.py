"""A lab of real machines, as the contenders use it."""

import json
import os
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASES = {"production": "production-database", "dr": "dr-database"}
OTHER = {"production": "dr", "dr": "production"}
SERVICES = ["lab-server", "lab-executor", "lab-scheduler"]
PACKAGES = [
    "etcd-server", "patroni", "postgresql-15-repmgr", "python3-etcd", "python3-psycopg2", "python3-pymysql", "repmgr",
]


class CommandFailed(Exception):
    pass


def run(command, text=None, timeout=120):
    result = subprocess.run(
        command, input=text, stdin=None if text is not None else subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout)
    if result.returncode != 0:
        words = (result.stdout + result.stderr).strip()
        raise CommandFailed(f"{shlex.join(command)} ended with {result.returncode}:\n{words}")
    return result.stdout.strip()


def eventually(what, condition, within=60.0, every=0.1):
    """Waits for a condition; an attempt that fails outright counts as "not yet"."""
    deadline = time.monotonic() + within
    while True:
        trouble = ""
        try:
            if condition():
                return
        except CommandFailed as error:
            trouble = f": {error}"
        if time.monotonic() > deadline:
            raise CommandFailed(f"{what}: not within {within:.0f} s{trouble}")
        time.sleep(every)


class Lab:
    def __init__(self, programs, directory, database):
        self.program = os.path.join(programs, "lab-scheduler")
        self.directory, self.database = directory, database

    def up(self):
        packages = [part for package in PACKAGES for part in ("--package", package)]
        runbooks = os.path.join(HERE, "..", "..", "Runbooks")
        run(
            [self.program, "lab", "up", self.directory, "--hosts", "--agents", "0", "--no-permit",
             "--database", self.database, "--runbooks", runbooks] + packages, timeout=1800)
        for name in ("writer.py", "timed.py"):
            self.install(os.path.join("remote", name), "operator")
        for machine in DATABASES.values():
            self.install("remote/timed.py", machine)

    def down(self):
        run([self.program, "lab", "down", self.directory], timeout=300)

    def at(self, machine, *command):
        """The command that runs a command inside a machine, as root."""
        return [self.program, "lab", "enter", self.directory, machine, "--", "env", "--chdir=/", *command]

    def run(self, machine, *command, text=None, timeout=120):
        return run(self.at(machine, *command), text, timeout)

    def shell(self, machine, script, timeout=120):
        return self.run(machine, "bash", "-euc", script, timeout=timeout)

    def write(self, machine, path, text, owner="root", mode="0644"):
        self.run(machine, "install", "-D", "-o", owner, "-m", mode, "/dev/stdin", path, text=text)

    def install(self, name, machine):
        """A file of this directory, at the same name in the machine's /opt/benchmark."""
        with open(os.path.join(HERE, name)) as file:
            self.write(machine, "/opt/benchmark/" + os.path.basename(name), file.read(), mode="0755")

    def timed(self, machine, command, timeout=180):
        return json.loads(self.run(
            machine, "python3", "/opt/benchmark/timed.py", *command, timeout=timeout))

    def stop_schedulers(self):
        for site in DATABASES:
            self.run(f"{site}-scheduler", "systemctl", "disable", "--now", *SERVICES)

    def writer(self, kind, port, name):
        hosts = DATABASES.values()
        return subprocess.Popen(
            self.at("operator", "python3", "-u", "/opt/benchmark/writer.py", "--kind", kind,
                    "--port", str(port), "--run", name, *hosts),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)

    def psql(self, machine, port, sql, database="postgres"):
        return self.run(
            machine, "runuser", "-u", "postgres", "--", "psql", "-XqtA", "-v", "ON_ERROR_STOP=1",
            "-p", str(port), "-d", database, "-f", "-", text=sql)
