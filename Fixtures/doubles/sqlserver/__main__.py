"""A double of SQL Server for tests: `python3 Fixtures/doubles/sqlserver WORLD.json`.

Prints one line of JSON with its ports when it is ready. Ends on SIGTERM, and, but for `--stay`, when its standard
input is closed.
"""

import json
import os
import signal
import socket
import sys
import threading

import scenario
from connection import Connection
from control import Control, ControlServer


class Listener:
    """An instance's port. Closed, it refuses, as of a machine without power; opened again it is the same port."""

    def __init__(self, instance):
        self.instance, self.socket = instance, None

    def open(self):
        if self.socket is not None:
            return
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.instance.port))
        self.instance.port = self.socket.getsockname()[1]
        self.socket.listen(64)
        threading.Thread(target=self.accept, args=(self.socket,), daemon=True).start()

    def accept(self, listening):
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=Connection(self.instance, connection).serve, daemon=True).start()

    def close(self):
        if self.socket is not None:
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
            self.socket = None


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--stay"]):
        sys.exit("usage: python3 %s WORLD.json [--stay]" % sys.argv[0])
    with open(sys.argv[1], encoding="utf-8") as file:
        description = json.load(file)
    world = scenario.build(description, os.path.dirname(os.path.abspath(sys.argv[1])))
    listeners = {name: Listener(instance) for name, instance in world.instances.items()}
    for listener in listeners.values():
        listener.open()
    control = ControlServer(Control(world, listeners, description))
    threading.Thread(target=control.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ports = {name: instance.port for name, instance in world.instances.items()}
    print(json.dumps({"double": "SQL Server", "control": control.server_address[1], "instances": ports}), flush=True)
    if "--stay" in sys.argv:
        signal.pause()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
