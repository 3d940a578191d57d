"""One round: a client writes, somebody switches, and the client's acknowledged rows tell what it was like."""

import json
import threading
import time

from lab import DATABASES, OTHER, CommandFailed, eventually

STEADY_ROWS = 100
"""How many rows the client has written before the command, and on the new primary after it."""


class Writer:
    """The client's process, and what it said until now."""

    def __init__(self, lab, cluster, name):
        self.process = lab.writer(cluster.kind, cluster.port, name)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def rows(self, machine=None):
        return [l for l in list(self.lines) if "number" in l and machine in (None, l["host"])]

    def stop(self):
        """Ends its input, at which it counts what is not there."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.reader.join(timeout=10)
        if self.process.returncode != 0:
            raise CommandFailed(f"the writing client ended with {self.process.returncode}")
        return self.lines[-1]


def measure(lab, contender):
    """Seconds, and the number of acknowledged rows that are lost."""
    cluster = contender.cluster
    primary = cluster.primary()
    old, new = DATABASES[primary], DATABASES[OTHER[primary]]
    lab.stop_schedulers()
    contender.prepare(primary)
    cluster.settle(primary)
    writer = Writer(lab, cluster, f"{time.time_ns()}")
    try:
        eventually("the client writes", lambda: len(writer.rows(old)) >= STEADY_ROWS, every=0.05)
        said = contender.switch(lab, primary)
        if said["status"] != 0:
            raise CommandFailed(f"{contender.name} ended with {said['status']}:\n{said['text']}")
        eventually("the client writes again", lambda: len(writer.rows(new)) >= STEADY_ROWS, every=0.05)
        eventually("the old primary follows", lambda: cluster.is_followed(OTHER[primary]), every=0.05)
        follows = time.monotonic()
    finally:
        end = writer.stop()
    return {**figures(writer.rows(), new, said), "follows": follows - said["started"], "lost": end["lost"],
            "acknowledged": end["acknowledged"], "from": primary, "text": said["text"]}


def figures(rows, new, said):
    """From the client's point of view: the outage is the longest time between two acknowledgements from the command on."""
    gaps = [
        after["ended"] - before["ended"] for before, after in zip(rows, rows[1:])
        if after["ended"] > said["started"]
    ]
    first = min(row["ended"] for row in rows if row["host"] == new)
    return {"outage": max(gaps), "to_write": first - said["started"], "command": said["ended"] - said["started"]}
