"""Private queues of MSMQ, and their access lists, as the module MSMQ shows them."""

from values import ErrorValue, Record, Refused, Thrown, sequence, text

# As MessageQueueAccessRights numbers them.
RIGHTS = {"peekmessage": 2, "writemessage": 4, "receivemessage": 3, "fullcontrol": 983103}


def _thrown(message, kind):
    return Thrown(ErrorValue(message, kind))


class Queue:
    """`access`: a list of `account`, `access` (Allow or Deny) and `rights`."""

    def __init__(self, name, access=()):
        self.name, self.access = name, [dict(entry) for entry in access]

    def ps_get(self, name):
        if name == "queuename":
            return "private$\\" + self.name
        raise Refused(f"a queue's {name}")


def find(host, name):
    """None when there is none, as Get-MsmqQueue gives nothing then."""
    if host.queues is None:
        raise _thrown("The term 'Get-MsmqQueue' is not recognized as the name of a cmdlet",
                      "System.Management.Automation.CommandNotFoundException")
    if any(sign in name for sign in "*?["):
        raise Refused("a queue by a wildcard")
    return host.queues.get(name.lower())


def entries(queues):
    return [Record({"QueueName": queue.ps_get("queuename"), "AccountName": entry["account"], "Access": entry["access"],
                    "Right": entry["rights"]}) for queue in sequence(queues) for entry in queue.access]


def change(host, queues, account, allow, remove):
    """One entry an account for what is allowed; removing takes it away as a whole."""
    queue, = sequence(queues)
    word = text(allow if allow is not None else remove).lower()
    if word not in RIGHTS or (allow is None) == (remove is None):
        raise Refused(f"Set-MsmqQueueACL with {word}")
    if account.lower() not in (known.lower() for known in host.accounts):
        raise _thrown("Some or all identity references could not be translated.",
                      "System.Security.Principal.IdentityNotMappedException")
    own = [e for e in queue.access if e["account"].lower() == account.lower() and e["access"] == "Allow"]
    with host.effect(f"queue.{'allow' if remove is None else 'remove'}:{queue.name}"):
        if remove is not None:
            queue.access = [entry for entry in queue.access if entry not in own]
        elif own:
            own[0]["rights"] |= RIGHTS[word]
        else:
            queue.access.append({"account": account, "access": "Allow", "rights": RIGHTS[word]})
    return entries(queue)
