"""Services of a host's model: what the service control manager keeps, and how .NET and CIM show it."""

import struct

from values import ErrorValue, Record, Refused, Thrown, text, win32

START_TYPES = {"automatic": "Auto", "manual": "Manual", "disabled": "Disabled"}
_SHOWN = {"StartPending": "Start Pending", "StopPending": "Stop Pending"}
_REGISTRY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services" + "\\"
_NEVER_STARTED = 1077
_ENDED_UNEXPECTEDLY = 1067
_ACTIONS = {"none": 0, "restart": 1, "reboot": 2, "command": 3}


class Service:
    """`stops` and `starts`: `at once`, `slowly` (pending until a look finds its time past), `hangs`, or `fails`."""

    def __init__(self, name, start_type="automatic", state="Stopped", depends_on=(), stops="at once", starts="at once",
                 recovery=(), account="LocalSystem", exit_code=_NEVER_STARTED, shares_process_with=None, pid=0,
                 error_code=1053):
        self.name, self.start_type, self.state = name, start_type, state
        self.depends_on, self.stops, self.starts = list(depends_on), stops, starts
        self.recovery, self.account, self.exit_code = list(recovery), account, exit_code
        self.shares_process_with, self.pid, self.error_code = shares_process_with, pid, error_code
        self.until = None

    def dump(self):
        members = dict(vars(self))
        del members["until"]
        return members


def settle(host):
    """What moves by itself: what was pending has come to its end when its time is past."""
    for service in host.services.values():
        if service.until is not None and host.now() >= service.until:
            service.until = None
            if service.state == "StartPending":
                _running(host, service)
            elif service.state == "StopPending":
                _stopped(service, 0)


def _running(host, service):
    service.state, service.exit_code = "Running", 0
    partner = host.services.get((service.shares_process_with or "").lower())
    service.pid = partner.pid if partner and partner.pid else host.new_pid()


def _stopped(service, exit_code):
    service.state, service.pid, service.exit_code = "Stopped", 0, exit_code


def find(host, name):
    service = host.services.get(name.lower())
    if service is None:
        raise win32(f"The specified service does not exist as an installed service ({name})", 1060)
    return service


def dependants(host, service):
    """All that depend on it, also through others, those that must stop first before the others."""
    found = []
    for other in host.services.values():
        if service.name.lower() in (name.lower() for name in other.depends_on):
            for name in dependants(host, other) + [other.name]:
                if name not in found:
                    found.append(name)
    return found


def start(host, name):
    settle(host)
    service = find(host, name)
    if service.state == "Running":
        raise win32("An instance of the service is already running", 1056)
    if service.state in _SHOWN:
        raise win32("The service cannot accept control messages at this time", 1061)
    if service.start_type == "disabled":
        raise win32("The service cannot be started, either because it is disabled", 1058)
    for other in service.depends_on:
        if find(host, other).state != "Running":
            try:
                start(host, other)
            except Thrown:
                raise win32("The dependency service or group failed to start", 1068) from None
    with host.effect(f"service.start:{service.name}"):
        if service.starts == "refuses":
            raise win32("The service did not start due to a logon failure", service.error_code)
        if service.starts == "fails":
            _stopped(service, service.error_code)
            return
        if service.starts == "at once":
            _running(host, service)
            return
        service.state, service.pid = "StartPending", host.new_pid()
        service.until = host.now() + host.pending_time if service.starts == "slowly" else None


def stop(host, name):
    """As .NET's Stop(): those that depend on it first."""
    settle(host)
    service = find(host, name)
    for other in dependants(host, service):
        if find(host, other).state != "Stopped":
            _stop(host, find(host, other))
    _stop(host, service)


def _stop(host, service):
    if service.state == "Stopped":
        raise win32("The service has not been started", 1062)
    if service.state in _SHOWN:
        raise win32("The service cannot accept control messages at this time", 1061)
    with host.effect(f"service.stop:{service.name}"):
        if service.stops == "at once":
            _stopped(service, 0)
            return
        service.state = "StopPending"
        service.until = host.now() + host.pending_time if service.stops == "slowly" else None


def set_start_type(host, name, start_type):
    word = start_type.lower()
    if word not in START_TYPES:
        raise Thrown(ErrorValue(f"Cannot bind parameter 'StartupType': {start_type}",
                                "System.Management.Automation.ParameterBindingException"))
    service = find(host, name)
    with host.effect(f"service.start_type:{service.name}"):
        service.start_type = word


def kill(host, pid):
    killed = [s for s in host.services.values() if s.pid == pid and pid]
    if not killed:
        raise Thrown(ErrorValue(f"Cannot find a process with the process identifier {pid}.",
                                "Microsoft.PowerShell.Commands.ProcessCommandException"))
    with host.effect(f"process.kill:{pid}"):
        for service in killed:
            service.until = None
            _stopped(service, _ENDED_UNEXPECTEDLY)
            if service.recovery and service.recovery[0].startswith("restart") and service.start_type != "disabled":
                _running(host, service)


def cim_instances(host):
    settle(host)
    return [Record({
        "Name": s.name, "State": _SHOWN.get(s.state, s.state), "StartMode": START_TYPES[s.start_type],
        "ProcessId": s.pid, "ExitCode": s.exit_code, "StartName": s.account,
    }) for s in host.services.values()]


def registry(host, key, name, default):
    service = host.services.get(key.removeprefix(_REGISTRY).lower())
    if not key.startswith(_REGISTRY) or name.lower() != "failureactions":
        raise Refused(f"the registry's {key} {name}")
    if service is None or not service.recovery:
        return default
    actions = [word.split() for word in service.recovery]
    packed = b"".join(struct.pack("<II", _ACTIONS[a[0]], int(a[1]) if len(a) > 1 else 0) for a in actions)
    return struct.pack("<IIIII", 86_400, 0, 0, len(actions), 20) + packed


class Controller:
    """`System.ServiceProcess.ServiceController`. What it shows is as of the look: Refresh() looks again."""

    def __init__(self, host, name):
        self.host, self.name = host, name
        self.state = find(host, name).state

    def ps_get(self, name):
        if name in ("name", "servicename"):
            return self.name
        if name == "status":
            return self.state
        if name == "dependentservices":
            return [Controller(self.host, other) for other in dependants(self.host, find(self.host, self.name))]
        raise Refused(f"a service's {name}")

    def ps_call(self, name, arguments):
        if arguments:
            raise Refused(f"a service's {name}() with arguments")
        if name == "refresh":
            settle(self.host)
            self.state = find(self.host, self.name).state
        elif name == "stop":
            stop(self.host, self.name)
        elif name == "start":
            start(self.host, self.name)
        else:
            raise Refused(f"a service's {name}()")


def controllers(host):
    settle(host)
    return [Controller(host, service.name) for service in host.services.values()]
