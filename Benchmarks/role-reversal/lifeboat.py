"""Lifeboat, from the operator's machine: by the runbook that it ships, and by the reversal alone."""

from lab import OTHER, SERVICES
from postgresql import Contender

SITES = "/etc/lifeboat/sites.yaml"


def execute(lab, runbook, **parameters):
    settings = [part for name, value in parameters.items() for part in ("--set", f"{name}={value}")]
    return lab.timed("operator", ["lifeboat", "execute", runbook, "--sites", SITES, *settings])


class Reversal(Contender):
    name = "Lifeboat, reversal alone"

    def __init__(self, cluster):
        self.cluster = cluster

    def set_up(self):
        self.cluster.lab.install("reverse.yaml", "operator")

    def switch(self, lab, primary):
        return execute(lab, "/opt/benchmark/reverse.yaml", to=OTHER[primary])


class Switchover(Contender):
    """With the schedulers, which are stopped, and started at the other site."""

    name = "Lifeboat, switchover"

    def __init__(self, cluster):
        self.cluster = cluster

    def prepare(self, primary):
        self.cluster.lab.run(f"{primary}-scheduler", "systemctl", "enable", "--now", *SERVICES)

    def switch(self, lab, primary):
        return execute(
            lab, "/opt/lifeboat-runbooks/scheduler-switchover.yaml", **{"from": primary, "to": OTHER[primary]})

