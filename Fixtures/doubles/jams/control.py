"""The control interface for tests: one JSON object a line, and one line back, over loopback TCP."""

import json
import socketserver

from world import Fault

SETTABLE = ("accounts", "status", "active", "version", "agents", "jobs", "resources", "token_uses", "open")


class Control:
    def __init__(self, world):
        self.world = world

    def answer(self, request):
        command = request.pop("do")
        run = getattr(self, "do_" + command, None)
        if run is None:
            raise ValueError("there is no command %r" % command)
        return run(**request)

    def do_state(self):
        world = self.world
        return {"active": world.active, "status": world.status, "agents": world.agents, "jobs": world.jobs,
                "resources": world.resources, "tokens": len(world.tokens), "refused": world.refused,
                "faults": [{"action": each.action, "struck": each.struck} for each in world.faults]}

    def do_requests(self):
        """What was asked since the last time."""
        requests, self.world.requests = self.world.requests, []
        return {"requests": requests}

    def do_set(self, changes):
        for name, value in changes.items():
            if name not in SETTABLE:
                raise ValueError("there is no %r to set" % name)
            setattr(self.world, name, value)
        return {}

    def do_expire(self):
        """No token that was given out is good any more."""
        self.world.tokens.clear()
        return {}

    def do_fault(self, **details):
        self.world.faults.append(Fault(**details))
        return {}

    def do_clear_faults(self):
        """What hangs goes on."""
        struck = [each.struck for each in self.world.faults]
        for fault in self.world.faults:
            fault.is_released = True
        self.world.faults = []
        return {"struck": struck}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        control = self.server.control
        for line in self.rfile:
            with control.world.changed:
                try:
                    answer = {"ok": True, **control.answer(json.loads(line))}
                except Exception as error:  # Whatever it is, the test is told.
                    answer = {"ok": False, "error": "%s: %s" % (type(error).__name__, error)}
                control.world.changed.notify_all()
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class ControlServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, control):
        super().__init__(("127.0.0.1", 0), Handler)
        self.control = control
