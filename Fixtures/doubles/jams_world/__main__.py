"""A stand-in for JAMS between the doubles of Windows, SQL Server and its REST server: `python3 Fixtures/doubles/jams_world WORLD.json`.

Prints one line of JSON with its addresses when it is ready. Ends on SIGTERM, and, but for `--stay`, when its standard input
is closed.
"""

import json
import os
import pathlib
import signal
import sys
import threading
import time

from coupling import Coupling

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "jams"))
from control import Control as RESTControl, ControlServer  # noqa: E402
from server import RESTServer  # noqa: E402
from world import World  # noqa: E402


class Darkening(RESTServer):
    """A server whose service is stopped, or whose host has no power, takes no connection."""

    is_dark = True

    def verify_request(self, request, client_address):
        return not self.is_dark


class Control:
    """What tests ask."""

    def __init__(self, rests, description):
        self.rests, self.description = rests, description
        self.changed, self.world = threading.Condition(threading.RLock()), self
        self.coupling = Coupling(description, rests)

    def answer(self, request):
        command = request.pop("do")
        run = getattr(self, "do_" + command, None)
        if run is None:
            raise ValueError("there is no command %r" % command)
        with self.coupling.lock:
            return run(**request)

    def do_state(self):
        return self.coupling.settle()

    def do_power(self, hosts, on):
        for host in hosts:
            if on:
                self.coupling.windows.ask(do="reboot", host=host)
            self.coupling.windows.ask(do="set", host=host, state={"down": not on})
        return self.coupling.settle()

    def do_rest(self, host, request):
        """The control interface of one REST server."""
        world = self.rests[host].world
        with world.changed:
            return RESTControl(world).answer(request)

    def do_agents(self, agents):
        """What a person does in JAMS."""
        self.coupling.agents = agents
        return self.coupling.settle()

    def do_reset(self):
        """REST servers as they were described; the other doubles were set anew before."""
        furnish(self.rests, self.description)
        self.coupling.agents = self.description["agents"]
        self.coupling.reset()
        return self.coupling.settle()


def furnish(rests, description):
    """Each server knows one database's jobs and resources: where it is replicated to, they go with it."""
    shared = json.loads(json.dumps(description["database"]))
    for server in rests.values():
        fresh = World({"accounts": description["accounts"], "open": description["open"],
                       "version": description["version"], **shared})
        if getattr(server, "world", None) is None:
            server.world = fresh
            continue
        with server.world.changed:
            for fault in server.world.faults:
                fault.is_released = True
            changed = server.world.changed
            server.world.__dict__.update({**vars(fresh), "changed": changed})
            changed.notify_all()


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--stay"]):
        sys.exit("usage: python3 %s WORLD.json [--stay]" % sys.argv[0])
    with open(sys.argv[1], encoding="utf-8") as file:
        description = json.load(file)
    rests = {host: Darkening(None, **description["tls"]) for host in description["schedulers"]}
    furnish(rests, description)
    control = Control(rests, description)
    server = ControlServer(control)
    control.coupling.tick()
    for each in [*rests.values(), server]:
        threading.Thread(target=each.serve_forever, daemon=True).start()
    threading.Thread(target=beat, args=(control.coupling, description["beat"]), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(json.dumps({"double": "JAMS", "control": server.server_address[1],
                      "rest": {host: "https://127.0.0.1:%d/jams" % each.server_address[1] for host, each in rests.items()}}),
          flush=True)
    if "--stay" in sys.argv:
        signal.pause()
    sys.stdin.buffer.read()


def beat(coupling, seconds):
    while True:
        try:
            coupling.tick()
        except ConnectionError:
            os._exit(1)  # Without the other doubles there is nothing to stand between.
        time.sleep(seconds)


if __name__ == "__main__":
    main()
