"""The model of one Windows host, and the faults that a test gives it."""

import base64
import contextlib
import fnmatch
import threading
import time

import files
import places
import queues
import services
from files import File
from places import Directory, Drive, Share
from services import Service


class Cut(Exception):
    """The connection is gone: no answer comes."""


class Host:
    # How long what happens slowly takes.
    pending_time = 0.3

    def __init__(self, name):
        self.name = name
        self.lock = threading.RLock()
        self.released = threading.Event()
        # Of each thread that runs a command: an event that is set when its client has ended it.
        self.ending = threading.local()
        self.last_pid = 1000
        # Commands that run now, and shells that are open: a test sees that none is left.
        self.running, self.shells = 0, {}
        # Another one after each change.
        self.revision = 0
        self.reset()

    def reset(self):
        """As a host is on which nothing is."""
        self.shells.clear()
        self.is_down = False
        self.services, self.faults, self.effects, self.messages = {}, [], [], []
        self.files, self.directories, self.shares = {}, {}, {}
        self.drives = {"c:": Drive("C:")}
        # The addresses of names, and how `name:port` answers.
        self.names, self.ports = {}, {}
        # None: MSMQ isn't installed. Accounts that the domain knows.
        self.queues, self.accounts = None, []
        # `account`: whose a task is that runs just now; None: the session's own.
        self.tasks, self.tasks_hang, self.account = {}, False, None

    @staticmethod
    def now():
        return time.monotonic()

    def new_pid(self):
        self.last_pid += 4
        return self.last_pid

    # Faults

    @contextlib.contextmanager
    def effect(self, name):
        """Something that changes the host: noted, and where a fault strikes."""
        self._strike(name, "before")
        yield
        self.effects.append(name)
        self.revision += 1
        self._strike(name, "after")

    def _strike(self, name, when):
        fault = next((f for f in self.faults if f.get("when") == when and fnmatch.fnmatchcase(name, f["at"])), None)
        if fault is None:
            return
        if not fault.get("stays"):
            self.faults.remove(fault)
        self.suffer(fault["kind"])

    def strike_message(self, name):
        """A fault upon a message of WinRM, as `message:Receive`, before it is looked at."""
        with self.lock:
            self._strike(f"message:{name}", "before")

    def is_late(self, message):
        """Whether a fault says that this message is answered by "nothing yet", as after a long wait."""
        with self.lock:
            fault = next((f for f in self.faults if f["kind"] == "late" and f["at"] == f"message:{message}"), None)
            if fault:
                self.faults.remove(fault)
            return fault is not None

    def suffer(self, kind):
        if kind == "reboot":
            self.reboot()
        elif kind == "hang":
            # Others may look at the host meanwhile.
            self.lock.release()
            try:
                while not self.released.wait(0.02):
                    if getattr(self.ending, "event", self.released).is_set():
                        break
            finally:
                self.lock.acquire()
        elif kind != "cut":
            raise ValueError(kind)
        raise Cut(kind)

    def reboot(self):
        """Everything ends; what starts by itself is started."""
        self.shells.clear()
        self.revision += 1
        for service in self.services.values():
            service.state, service.pid, service.until, service.exit_code = "Stopped", 0, None, 1077
        for service in self.services.values():
            if service.start_type == "automatic" and service.state == "Stopped" and service.starts == "at once":
                with contextlib.suppress(Exception):
                    services.start(self, service.name)

    # For tests

    def glance(self):
        """What is cheap to tell: whoever asks again and again sees by the revision whether a dump has anything new."""
        with self.lock:
            services.settle(self)
            return {"revision": self.revision, "down": self.is_down,
                    "services": {service.name: service.state for service in self.services.values()}}

    def dump(self):
        services.settle(self)
        return {
            "services": [s.dump() for s in self.services.values()], "effects": self.effects,
            "running": self.running, "shells": len(self.shells), "down": self.is_down,
            "messages": self.messages, "files": {f.path: f.text for f in self.files.values()},
            "tasks": sorted(task.name for task in self.tasks.values()),
            "queues": {queue.name: queue.access for queue in (self.queues or {}).values()},
            "directories": {d.path: {"owner": d.owner} for d in self.directories.values()},
            "files_base64": {f.path: base64.b64encode(f.data).decode() for f in self.files.values()},
        }

    def set(self, state):
        self.revision += 1
        for key, value in state.items():
            if key == "services":
                self.services = {members["name"].lower(): Service(**members) for members in value}
                for service in self.services.values():
                    if service.state != "Stopped" and not service.pid:
                        partner = self.services.get((service.shares_process_with or "").lower())
                        service.pid = partner.pid if partner and partner.pid else self.new_pid()
            elif key == "files":
                self.files = {files.key(path): File(path, text.encode()) for path, text in value.items()}
            elif key == "files_base64":
                self.files = {files.key(p): File(p, base64.b64decode(data)) for p, data in value.items()}
            elif key == "directories":
                self.directories = {files.key(path): Directory(path, **members) for path, members in value.items()}
            elif key == "drives":
                self.drives = {name.lower(): Drive(name, **members) for name, members in value.items()}
            elif key == "shares":
                self.shares = {name.lower(): Share(name, **members) for name, members in value.items()}
            elif key == "queues":
                self.queues = {name.lower(): queues.Queue(name, access) for name, access in value.items()}
            elif key == "tasks":
                from tasks import Task  # it runs sessions
                self.tasks = {name.lower(): Task(name) for name in value}
            elif key == "tasks_hang":
                self.tasks_hang = value
            elif key == "accounts":
                self.accounts = list(value)
            elif key in ("names", "ports"):
                setattr(self, key, {name.lower(): found for name, found in value.items()})
            elif key == "faults":
                self.faults = list(value)
            elif key == "down":
                self.is_down = value
            elif key in ("effects", "messages"):
                setattr(self, key, list(value))
            else:
                raise KeyError(key)
