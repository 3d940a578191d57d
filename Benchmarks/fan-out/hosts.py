"""Hosts to fan out to: one sshd on as many loopback addresses, each with a directory of its own."""

import getpass
import os
import shutil
import socket
import subprocess
import time


def address(number):
    return f"127.0.1.{number}"


def name(number):
    return f"host-{number:02}"


class Hosts:
    def __init__(self, directory, count):
        self.directory, self.count = directory, count
        self.sshd = None
        self.names = [name(number) for number in range(1, count + 1)]
        self.config = os.path.join(directory, "ssh_config")

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, file, text, mode=0o600):
        with open(self.path(file), "w", opener=lambda path, flags: os.open(path, flags, mode)) as out:
            out.write(text)

    def start(self):
        for key in ("host_key", "user_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(key)], check=True, stdin=subprocess.DEVNULL)
        os.makedirs(self.path("home"))
        shutil.copy(self.path("user_key.pub"), self.path("authorized_keys"))
        port = self.free_port()
        with open(self.path("host_key.pub")) as file:
            key = " ".join(file.read().split()[:2])
        self.write("known_hosts", f"[127.0.1.*]:{port} {key}\n")
        self.write("ssh_config", self.client_settings(port))
        self.write("sshd_config", self.server_settings(port))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(self.path("sshd.log"), "w") as log:
            self.sshd = subprocess.Popen(
                [shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-e", "-f", self.path("sshd_config")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for(port)

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("0.0.0.0", 0))
            return probe.getsockname()[1]

    def wait_for(self, port):
        for _ in range(500):
            try:
                return socket.create_connection((address(1), port), timeout=1).close()
            except OSError:
                if self.sshd.poll() is not None:
                    break
                time.sleep(0.02)
        raise SystemExit(f"sshd does not answer; {self.path('sshd.log')} says why")

    def client_settings(self, port):
        """What both contenders read: strict host keys, one key, nothing else tried."""
        hosts = "".join(
            f"Host {name(number)}\n  HostName {address(number)}\n\n" for number in range(1, self.count + 1))
        return hosts + f"""\
Host *
  Port {port}
  User {getpass.getuser()}
  IdentityFile {self.path("user_key")}
  IdentitiesOnly yes
  PreferredAuthentications publickey
  UserKnownHostsFile {self.path("known_hosts")}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
"""

    def server_settings(self, port):
        """As many log-ins at once as there are hosts: each of them would have an sshd of its own. The empty home keeps what the
        account's shell reads at its start out of the figures; it would slow both contenders down.
        """
        return f"""\
Port {port}
ListenAddress 0.0.0.0
HostKey {self.path("host_key")}
AuthorizedKeysFile {self.path("authorized_keys")}
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 1000
SetEnv HOME={self.path("home")}
PrintMotd no
"""

    def clear(self):
        """Every host as it was before the first run."""
        for host in self.names:
            shutil.rmtree(self.path("work", host), ignore_errors=True)
            os.makedirs(self.path("work", host))

    def files(self):
        return sum(len(os.listdir(self.path("work", host))) for host in self.names)

    def stop(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait(timeout=20)
