"""PowerShell's commands, as far as our scripts use them. An option that isn't here is refused like a command that isn't."""

import files
import network
import places
import queues
import services
from values import Record, Refused, Script, from_json, number, sequence, text, to_json, truth


def run(interpreter, node, items, scope):
    """What the command puts out. `items`: what comes through the pipeline; None at its beginning."""
    invocation = next((c for c in node.raw.children if c.type == "command_invokation_operator"), None)
    parts = [child for child in node.children if child.type not in ("command_invokation_operator",)]
    if invocation is not None:
        return _invoke(interpreter, invocation.text.decode(), parts, scope)
    name = parts[0].text.lower()
    command, known = _COMMANDS.get(name, (None, ""))
    if command is None:
        raise Refused(f"the command {parts[0].text}")
    call = _Call(interpreter, parts[0].text, items, scope)
    for part in parts[1:]:
        call.read(part.children if part.type == "command_elements" else [part])
    if unknown := set(call.options) - set(known.split()):
        raise Refused(f"{name} with {sorted(unknown)}")
    out = command(call)
    call.finish()
    return sequence(out)


def _invoke(interpreter, sign, parts, scope):
    if sign != "&":
        raise Refused(f"the invocation {sign}")
    script = interpreter.value(parts[0], scope)
    if not isinstance(script, Script):
        raise Refused("calling what is no script block: that would start a program")
    elements = [e for p in parts[1:] for e in (p.children if p.type == "command_elements" else [p])]
    return interpreter.call(script, [interpreter.value(e, scope) for e in elements], scope)


class _Call:
    """A command's arguments. Each must be taken."""

    def __init__(self, interpreter, name, items, scope):
        self.interpreter, self.name, self.items, self.scope = interpreter, name, items, scope
        self.options, self.places = {}, []

    @property
    def host(self):
        return self.interpreter.session.host

    def read(self, elements):
        option = None
        for element in elements:
            if element.type == "command_parameter":
                if option:
                    self.options[option] = True
                option = element.text.lstrip("-").rstrip(":").lower()
                continue
            value = element.text if element.type == "generic_token" else self.interpreter.value(element, self.scope)
            if option:
                self.options[option], option = value, None
            else:
                self.places.append(value)
        if option:
            self.options[option] = True

    def take(self, option, place=None, default=None):
        if option in self.options:
            return self.options.pop(option)
        if place is not None and self.places:
            return self.places.pop(0)
        return default

    def finish(self):
        if self.options or self.places:
            raise Refused(f"{self.name} with {sorted(self.options)} and {len(self.places)} more")


def _where(call):
    script = call.take("filterscript", 0)
    return [item for item in call.items
            if truth(_first(call.interpreter.each(script, item, call.scope)))]


def _for_each(call):
    script = call.take("process", 0)
    return [out for item in call.items for out in call.interpreter.each(script, item, call.scope)]


def _first(items):
    return None if not items else items[0] if len(items) == 1 else items


def _from_json(call):
    source = call.take("inputobject", 0)
    return from_json(text(source if source is not None else _first(call.items or [])))


def _to_json(call):
    value = call.take("inputobject", 0)
    depth = number(call.take("depth", default=2))
    if call.take("compress") is not True:
        raise Refused("ConvertTo-Json without -Compress")
    return to_json(value, depth)


def _add_type(call):
    call.interpreter.session.assemblies.add(text(call.take("assemblyname")))


def _cim_instances(call):
    match text(call.take("classname", 0)).lower():
        case "win32_service":
            return services.cim_instances(call.host)
        case "win32_operatingsystem":
            return Record({"Caption": "A double of Windows Server 2022", "Version": "10.0.20348"})
        case other:
            raise Refused(f"Get-CimInstance of {other}")


def _set_service(call):
    name, start_type = text(call.take("name", 0)), text(call.take("startuptype"))
    services.set_start_type(call.host, name, start_type)


def _stop_process(call):
    if call.take("force") is not True:
        raise Refused("Stop-Process without -Force asks")
    services.kill(call.host, number(call.take("id")))


def _get_item(call):
    call.take("force")
    return files.find(call.host, text(call.take("literalpath")))


def _get_acl(call):
    return places.access(call.host, text(call.take("literalpath")))


def _new_object(call):
    if text(call.take("comobject")).lower() == "scripting.filesystemobject":
        return places.FileSystemObject(call.host)
    if text(call.take("typename", 0)).lower().removeprefix("system.") == "net.sockets.tcpclient":
        return network.Client(call.host)
    raise Refused("New-Object of anything but Scripting.FileSystemObject and Net.Sockets.TcpClient")


def _get_msmq_queue(call):
    if text(call.take("queuetype")).lower() != "private":
        raise Refused("Get-MsmqQueue of another type than Private")
    return queues.find(call.host, text(call.take("name", 0)))


def _get_msmq_queue_acl(call):
    return queues.entries(call.take("inputobject", 0))


def _set_msmq_queue_acl(call):
    _asks_nothing(call)
    return queues.change(call.host, call.take("inputobject", 0), text(call.take("username")), call.take("allow"),
                         call.take("remove"))


def _tasks(call):
    import tasks  # it runs sessions
    return tasks


def _register_task(call):
    call.take("settings")
    return _tasks(call).register(call.host, text(call.take("taskname")), call.take("action"), call.take("principal"))


def _asks_nothing(call):
    if text(call.scope.get("confirmpreference")) != "None":
        raise Refused(f"{call.name} that may ask")


def _unregister_task(call):
    _asks_nothing(call)
    _tasks(call).remove(call.host, call.take("inputobject"))


def _task_settings(call):
    if call.take("executiontimelimit") is None:
        raise Refused("a task without a limit")
    return Record({})


def _sleep(call):
    number(call.take("milliseconds"))
    call.interpreter.session.breathe()


# What each command takes. It is looked at before the command does anything.
_COMMANDS = {
    "where-object": (_where, "filterscript"),
    "foreach-object": (_for_each, "process"),
    "convertfrom-json": (_from_json, "inputobject"),
    "convertto-json": (_to_json, "inputobject depth compress"),
    "add-type": (_add_type, "assemblyname"),
    "get-acl": (_get_acl, "literalpath"),
    "get-ciminstance": (_cim_instances, "classname"),
    "get-item": (_get_item, "literalpath force"),
    "get-msmqqueue": (_get_msmq_queue, "name queuetype"),
    "get-msmqqueueacl": (_get_msmq_queue_acl, "inputobject"),
    "new-object": (_new_object, "comobject typename"),
    "set-msmqqueueacl": (_set_msmq_queue_acl, "inputobject username allow remove"),
    "get-scheduledtask": (lambda call: list(call.host.tasks.values()), ""),
    "get-scheduledtaskinfo": (lambda call: _tasks(call).info(call.take("inputobject")), "inputobject"),
    "new-scheduledtaskaction": (
        lambda call: _tasks(call).action(text(call.take("execute")), text(call.take("argument"))), "execute argument"),
    "new-scheduledtaskprincipal": (
        lambda call: _tasks(call).principal(call.host, text(call.take("userid")), text(call.take("logontype"))), "userid logontype"),
    "new-scheduledtasksettingsset": (_task_settings, "executiontimelimit"),
    "new-timespan": (lambda call: _tasks(call).seconds(call.take("seconds")), "seconds"),
    "register-scheduledtask": (_register_task, "taskname action principal settings"),
    "start-scheduledtask": (lambda call: _tasks(call).start(call.host, call.take("inputobject")), "inputobject"),
    "start-sleep": (_sleep, "milliseconds"),
    "stop-scheduledtask": (lambda call: _tasks(call).stop(call.host, call.take("inputobject")), "inputobject"),
    "unregister-scheduledtask": (_unregister_task, "inputobject"),
    "set-service": (_set_service, "name startuptype"),
    "stop-process": (_stop_process, "id force"),
}
