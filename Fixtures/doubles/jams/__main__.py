"""A double of JAMS's REST server for tests: `python3 Fixtures/doubles/jams WORLD.json`.

Prints one line of JSON with its address when it is ready. Ends on SIGTERM, and, but for `--stay`, when its standard
input is closed.
"""

import json
import os
import signal
import sys
import threading

from control import Control, ControlServer
from server import RESTServer
from world import World


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--stay"]):
        sys.exit("usage: python3 %s WORLD.json [--stay]" % sys.argv[0])
    with open(sys.argv[1], encoding="utf-8") as file:
        description = json.load(file)
    certificate = description.pop("tls")
    world = World(description)
    server = RESTServer(world, **certificate)
    control = ControlServer(Control(world))
    for each in (server, control):
        threading.Thread(target=each.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(json.dumps({"double": "JAMS REST", "control": control.server_address[1],
                      "url": "https://127.0.0.1:%d/jams" % server.server_address[1]}), flush=True)
    if "--stay" in sys.argv:
        signal.pause()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
