"""Faults that a test scripts: what goes wrong, at which statement, how often."""

import re

from errors import ConnectionEnds, SQLError

ACTIONS = ("cut_before", "cut_after", "delay", "hang", "error")


class Fault:
    """`match`: an expression found in the statement's text. `times`: how often it strikes; None: for ever."""

    def __init__(self, match, action, instance=None, times=1, milliseconds=0, number=None, arguments=(), text=None, severity=None):
        if action not in ACTIONS:
            raise ValueError("an action is one of %s" % ", ".join(ACTIONS))
        self.pattern, self.action, self.instance, self.times = re.compile(match, re.IGNORECASE), action, instance, times
        self.milliseconds, self.number, self.arguments, self.text = milliseconds, number, tuple(arguments), text
        self.severity, self.struck, self.is_released = severity, 0, False

    def matches(self, instance, text):
        if self.instance not in (None, instance.name) or (self.times is not None and self.struck >= self.times):
            return False
        return self.pattern.search(text) is not None

    def before(self, connection):
        self.struck += 1
        session = connection.session
        if self.action == "cut_before":
            connection.cut()
            raise ConnectionEnds()
        if self.action == "delay":
            session.wait(lambda: self.is_released, self.milliseconds / 1000)
        elif self.action == "hang":
            session.wait(lambda: self.is_released)
        elif self.action == "error":
            error = SQLError(self.number, *self.arguments, text=self.text, severity=self.severity)
            if error.severity <= 10:
                connection.info(error.number, error.state, error.severity, error.text)
                return
            session.fail(error)
            raise Refused()

    def after(self, connection):
        if self.action == "cut_after":
            connection.cut()
            raise ConnectionEnds()


class Refused(Exception):
    """The scripted error has been told; the statement isn't run."""
