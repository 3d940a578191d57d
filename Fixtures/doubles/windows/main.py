"""A double of Windows hosts. See README.md."""

import argparse
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import ssh
import winrm
from authentication import Accounts
from host import Host

BANNER = "a double of Windows hosts, for tests: no Windows"


def certificates(directory):
    """An authority of its own, and a server's certificate for 127.0.0.1."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def made(*arguments):
        subprocess.run(["openssl", "req", "-x509", "-days", "2", *key, *arguments], check=True, stderr=subprocess.DEVNULL)

    made("-subj", "/CN=Windows double authority", "-keyout", f"{directory}/ca.key", "-out", f"{directory}/ca.pem")
    made("-subj", "/CN=double", "-CA", f"{directory}/ca.pem", "-CAkey", f"{directory}/ca.key",
         "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", f"{directory}/server.key", "-out", f"{directory}/server.pem")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Control:
    """What tests ask: a JSON object a line, answered by one."""

    def __init__(self, hosts, path):
        self.hosts = hosts
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rw") as stream:
            for line in stream:
                try:
                    answer = self._answer(json.loads(line))
                except Exception as trouble:  # a test must learn of it, whatever it is
                    answer = {"error": f"{type(trouble).__name__}: {trouble}"}
                stream.write(json.dumps(answer) + "\n")
                stream.flush()

    def _answer(self, request):
        if request["do"] == "look":
            return {"hosts": {name: host.glance() for name, host in self.hosts.items()}}
        host = self.hosts[request["host"]]
        with host.lock:
            if request["do"] == "set":
                host.set(request["state"])
            elif request["do"] == "reset":
                host.reset()
                host.set(request["state"])
            elif request["do"] == "release":
                host.released.set()
            elif request["do"] == "reboot":
                host.reboot()
            elif request["do"] != "dump":
                raise ValueError(request["do"])
            return host.dump()


def main():
    options = argparse.ArgumentParser(description=BANNER)
    options.add_argument("--host", action="append", help="a host's name; more than once for several")
    options.add_argument("--user", default="lifeboat", help="who may log in by WinRM")
    options.add_argument("--password-file", required=True, help="the file that holds that user's password")
    options.add_argument("--authentication", default="Negotiate,NTLM,Basic", help="what WinRM offers")
    options.add_argument("--directory", help="an empty directory for what it needs, which others remove")
    options.add_argument("--stay", action="store_true", help="don't end when standard input is closed")
    given = options.parse_args()
    directory = given.directory or tempfile.mkdtemp(prefix="windows-double-")
    if given.directory is None:
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
    with open(given.password_file) as file:
        accounts = Accounts({given.user: file.read().rstrip("\n")}, directory)
    certificates(directory)
    names = given.host or ["server"]
    hosts = {name: Host(name) for name in names}
    schemes = [s if s != "Basic" else 'Basic realm="WSMAN"' for s in given.authentication.split(",")]
    ready = {"double": BANNER, "ca": f"{directory}/ca.pem", "control": f"{directory}/control", "hosts": {}}
    for name, host in hosts.items():
        server = winrm.Server(host, accounts, schemes, f"{directory}/server.pem", f"{directory}/server.key")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sshd = ssh.Server(host, f"{directory}/{name}", free_port())
        atexit.register(sshd.stop)
        ready["hosts"][name] = {"winrm": server.server_port, "ssh_config": f"{directory}/{name}/ssh_config",
                                "ssh": sshd.port}
    Control(hosts, ready["control"])
    for host in ready["hosts"].values():
        wait_for(host["ssh"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps(ready), flush=True)
    if given.stay:
        signal.pause()
    while os.read(0, 4096):
        pass


def wait_for(port):
    """Until sshd listens."""
    import time
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise SystemExit("sshd did not start")


main()
