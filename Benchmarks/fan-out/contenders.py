"""The same steps, for Lifeboat and for Ansible. Each writes a small file, unless it is there."""

import json
import os
import subprocess
import sys

SOURCE = "/etc/hostname"


class Contender:
    def __init__(self, hosts, steps):
        self.hosts, self.steps = hosts, steps

    def file(self, host, step):
        return self.hosts.path("work", host, f"step-{step}")

    def run(self, command, environment):
        """Runs it to its end; what it wrote is kept, and shown when it failed."""
        log = self.hosts.path("log")
        with open(log, "w") as out:
            result = subprocess.run(
                command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if result.returncode != 0:
            with open(log) as file:
                sys.exit(f"{self.name} ended with {result.returncode}:\n" + "".join(file.readlines()[-40:]))

    def close(self):
        """Ends what it leaves behind."""


class Lifeboat(Contender):
    name = "Lifeboat"

    def __init__(self, hosts, steps, program):
        super().__init__(hosts, steps)
        self.program = program
        connections = [
            f"      {host}:\n        connection: {{ kind: ssh, to: {host}, config: {hosts.config}, connect_timeout: 60s }}\n"
            for host in hosts.names
        ]
        members = ", ".join(f"main.{host}" for host in hosts.names)
        hosts.write(
            "sites.yaml",
            "sites:\n  main:\n    hosts:\n" + "".join(connections) + f"groups:\n  all: [{members}]\n")
        hosts.write(
            "runbook.yaml",
            "runbook: fan-out\ndescription: Write small files.\nrun_type: install\nsteps:\n"
            + "".join(self.step(number) for number in range(1, steps + 1)))

    def step(self, number):
        file = json.dumps(self.file("${host.name}", number))
        return f"""\
  - id: step-{number}
    action: command.run
    target: all
    max_parallel: {self.hosts.count}
    with: {{ command: [cp, {SOURCE}, {file}], unless: [test, -e, {file}] }}
"""

    def go(self):
        self.run(
            [self.program, "execute", self.hosts.path("runbook.yaml"), "--sites", self.hosts.path("sites.yaml"), "--no-input"],
            {"LIFEBOAT_HOME": self.hosts.path("state")})

    def version(self):
        return "lifeboat " + subprocess.run(
            [self.program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


class Ansible(Contender):
    name = "Ansible"

    def __init__(self, hosts, steps):
        super().__init__(hosts, steps)
        hosts.write("inventory", "".join(f"{host}\n" for host in hosts.names))
        hosts.write(self.playbook(), json.dumps([{
            "hosts": "all", "gather_facts": False, "strategy": "free",
            "tasks": [self.task(number) for number in range(1, steps + 1)],
        }]))
        hosts.write("ansible.cfg", self.settings())
        os.makedirs(hosts.path("cp"), mode=0o700, exist_ok=True)

    def playbook(self):
        return "playbook.json"

    def task(self, number):
        file = self.file("{{ inventory_hostname }}", number)
        return {"name": f"step-{number}", "ansible.builtin.command": {"argv": ["cp", SOURCE, file], "creates": file}}

    def settings(self):
        return f"""\
[defaults]
inventory = {self.hosts.path("inventory")}
forks = {self.hosts.count}
gathering = explicit
strategy = free
interpreter_python = /usr/bin/python3
local_tmp = {self.hosts.path("ansible-local")}
retry_files_enabled = False
deprecation_warnings = False
[connection]
pipelining = True
[ssh_connection]
pipelining = True
ssh_args = -F {self.hosts.config} -o ControlMaster=auto -o ControlPersist=3600
control_path_dir = {self.hosts.path("cp")}
control_path = %(directory)s/%%C
"""

    def go(self):
        self.run(
            ["ansible-playbook", self.hosts.path(self.playbook())], {"ANSIBLE_CONFIG": self.hosts.path("ansible.cfg")})

    def version(self):
        shown = subprocess.run(["ansible-playbook", "--version"], capture_output=True, text=True, check=True)
        return shown.stdout.split("\n")[0]

    def close(self):
        for host in self.hosts.names:
            subprocess.run(
                ["ssh", "-F", self.hosts.config, "-o", f"ControlPath={self.hosts.path('cp')}/%C", "-O", "exit", host],
                stderr=subprocess.DEVNULL)


class AnsibleRaw(Ansible):
    """Without Ansible's modules: a line for the host's shell, nothing of Python there, and no word of what was changed."""

    name = "Ansible, raw"

    def playbook(self):
        return "raw.json"

    def task(self, number):
        file = self.file("{{ inventory_hostname }}", number)
        return {"name": f"step-{number}", "ansible.builtin.raw": f"test -e {file} || cp {SOURCE} {file}"}
