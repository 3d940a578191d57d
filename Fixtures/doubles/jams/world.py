"""What the double knows: accounts, tokens, the scheduler's state, agents, jobs, resources, and the faults to come."""

import re
import secrets
import threading

FAULTS = ("status", "delay", "hang", "cut_before", "cut_after", "answer")
# What is not published stands in the world's description: there are no such endpoints without it.
OPEN_ENDPOINTS = ("resource", "resource_update", "jobs", "version")


class World:
    def __init__(self, description):
        self.changed = threading.Condition(threading.RLock())
        self.accounts = description.pop("accounts")
        self.status = description.pop("status", {"message": "The server is running", "severity": "Success"})
        self.active = description.pop("active", True)
        self.version = description.pop("version", "7.6.1")
        self.agents = description.pop("agents", [])
        self.jobs = description.pop("jobs", [])
        self.resources = description.pop("resources", [])
        self.open = description.pop("open", {})
        # How many requests a token is good for; None: any number.
        self.token_uses = description.pop("token_uses", None)
        if description or not set(self.open) <= set(OPEN_ENDPOINTS):
            raise ValueError("the double knows no %s" % ", ".join([*description, *(set(self.open) - set(OPEN_ENDPOINTS))]))
        self.tokens, self.faults, self.requests, self.refused, self.revision = {}, [], [], [], 0

    # Tokens

    def new_token(self, account):
        token = secrets.token_urlsafe(48)
        self.tokens[token] = {"account": account, "uses": self.token_uses}
        return token

    def lets_in(self, token):
        found = self.tokens.get(token)
        if found is None or found["uses"] == 0:
            return False
        if found["uses"] is not None:
            found["uses"] -= 1
        return True

    # Things

    def agent(self, word):
        """By its id, or by its name."""
        return next((each for each in self.agents if word in (str(each.get("agentID")), each.get("agentName"))), None)

    def resource(self, name):
        return next((each for each in self.resources if each.get("resourceName") == name), None)

    def update(self, resource):
        """Takes a whole resource, as it was given out."""
        held = self.resource(resource.get("resourceName"))
        if held is None:
            return "there is no such resource"
        if set(resource) != set(held):
            return "a resource is sent as a whole: %s" % ", ".join(sorted(held))
        wrong = [key for key, value in resource.items() if type(value) is not type(held[key])]
        if wrong:
            return "of another type: %s" % ", ".join(sorted(wrong))
        self.revision += 1
        held.update(resource)
        if "lastChangeUTC" in held:
            held["lastChangeUTC"] = "2026-01-01T00:00:00.%07d" % self.revision
        return None

    # Faults

    def fault(self, method, path):
        found = next((each for each in self.faults if each.matches(method, path)), None)
        if found is not None:
            found.struck += 1
        return found


class Fault:
    """`match`: an expression found in `METHOD path`. `times`: how often it strikes; None: for ever."""

    def __init__(self, match, action, times=1, milliseconds=0, status=500, text=""):
        if action not in FAULTS:
            raise ValueError("an action is one of %s" % ", ".join(FAULTS))
        self.pattern, self.action, self.times = re.compile(match), action, times
        self.milliseconds, self.status, self.text = milliseconds, status, text
        self.struck, self.is_released = 0, False

    def matches(self, method, path):
        return (self.times is None or self.struck < self.times) and self.pattern.search("%s %s" % (method, path)) is not None
