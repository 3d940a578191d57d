"""OpenSSH, as Windows has it: the system's sshd hands each command line, as it came, to the double."""

import ctypes
import json
import os
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading

import session
from host import Cut

_HERE = os.path.dirname(os.path.abspath(__file__))


def _end_with_parent():
    """PR_SET_PDEATHSIG: whatever becomes of the double, no server is left."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Commands:
    """Where the forced command of sshd brings what a client asked for: a socket, with its input in frames."""

    def __init__(self, host, path):
        self.host, self.path = host, path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rwb")
        ended = threading.Event()
        self.host.ending.event = ended

        def read_input():
            data = b""
            while length := struct.unpack(">I", self._exactly(stream, 4))[0]:
                data += self._exactly(stream, length)

            def watch():
                # Nothing more comes: what ends the wait is the client's going away.
                stream.read(1)
                ended.set()

            threading.Thread(target=watch, daemon=True).start()
            return data

        try:
            line = json.loads(stream.readline())
            if self.host.is_down:
                raise Cut("down")
            result = session.run(self.host, line, read_input)
            answer = {"code": result.code, "output": result.output, "error": result.error}
        except Cut:
            answer = None
        except (OSError, EOFError, ValueError):
            return
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            pass
        finally:
            connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _exactly(stream, count):
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data


class Server:
    """An sshd on a loopback port. Keys are made for it, and one for its client."""

    def __init__(self, host, directory, port):
        self.directory, self.port = directory, port
        os.makedirs(directory)
        for key in ("host_key", "client_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{directory}/{key}"], check=True)
        self.commands = Commands(host, f"{directory}/commands")
        forced = shlex.join([sys.executable, "-I", f"{_HERE}/forced.py", f"{directory}/commands"])
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with open(f"{directory}/sshd_config", "w") as file:
            file.write(f"""Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/client_key.pub
PidFile {directory}/pid
StrictModes no
UsePAM no
PermitRootLogin yes
MaxStartups 100
ForceCommand exec {forced}
""")
        with open(f"{directory}/host_key.pub") as file:
            known = f"[127.0.0.1]:{port} {file.read()}"
        with open(f"{directory}/known_hosts", "w") as file:
            file.write(known)
        with open(f"{directory}/ssh_config", "w") as file:
            file.write(f"""Host {host.name}
  HostName 127.0.0.1
  Port {port}
Host *
  IdentityFile {directory}/client_key
  IdentitiesOnly yes
  UserKnownHostsFile {directory}/known_hosts
  GlobalKnownHostsFile /dev/null
""")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-f", f"{directory}/sshd_config", "-E", f"{directory}/log"],
            stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)

    def stop(self):
        self.process.terminate()
        self.process.wait()
