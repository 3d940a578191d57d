"""Scheduled tasks that run PowerShell once under another account, as far as our scripts use them."""

import session
from values import ErrorValue, Record, Refused, Thrown, number, text

RUNNING, NOT_YET = 267009, 267011
_BUILT_IN = {"S-1-5-18", "S-1-5-19", "S-1-5-20"}
_POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"


class Task:
    def __init__(self, name, account="S-1-5-18", arguments=""):
        self.name, self.account, self.arguments, self.result = name, account, arguments, NOT_YET

    def ps_get(self, name):
        if name == "taskname":
            return self.name
        raise Refused(f"a task's {name}")


def principal(host, account, logon):
    """A group-managed account's password is known to the host; of others none is given here."""
    if (logon == "ServiceAccount") != (account in _BUILT_IN) or logon not in ("ServiceAccount", "Password"):
        raise Refused(f"the principal {account} by {logon}")
    return Record({"UserId": account})


def action(program, arguments):
    if program != _POWERSHELL:
        raise Refused(f"a task that runs {program}")
    return Record({"Arguments": arguments})


def register(host, name, action, principal):
    account = text(principal.get("userid"))
    if account not in _BUILT_IN and not (account.endswith("$") and account.lower() in (a.lower() for a in host.accounts)):
        raise Thrown(ErrorValue("The user name or password is incorrect.", "Microsoft.Management.Infrastructure.CimException"))
    if name.lower() in host.tasks:
        raise Thrown(ErrorValue("Cannot create a file when that file already exists.",
                                "Microsoft.Management.Infrastructure.CimException"))
    with host.effect(f"task.register:{name}"):
        host.tasks[name.lower()] = Task(name, account, text(action.get("arguments")))
    return host.tasks[name.lower()]


def start(host, task):
    with host.effect(f"task.start:{task.name}"):
        if host.tasks_hang:
            task.result = RUNNING
            return
        kept, host.account = host.account, task.account
        try:
            encoded = session.powershell(session.words("powershell " + task.arguments))
            task.result = session.interpret(host, encoded, []).code & 0xFFFFFFFF
        finally:
            host.account = kept
        if task.result == 98:
            raise Refused("what a task runs")


def info(task):
    return Record({"LastTaskResult": task.result})


def stop(host, task):
    if task.result == RUNNING:
        task.result = NOT_YET


def remove(host, task):
    with host.effect(f"task.remove:{task.name}"):
        del host.tasks[task.name.lower()]


def seconds(value):
    if number(value) <= 0:
        raise Refused("a limit that is none")
    return Record({"TotalSeconds": number(value)})
