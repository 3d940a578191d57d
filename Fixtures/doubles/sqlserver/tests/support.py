"""A world for the tests, and the clients that the double is checked against: python-tds and FreeTDS's programs."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import pytds

DOUBLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUID = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
TABLE = ("CREATE TABLE dbo.Failover (GUID uniqueidentifier NOT NULL PRIMARY KEY, Host nvarchar(64), "
         "Beat datetime2(7) DEFAULT SYSUTCDATETIME())")


def database():
    return {"roles": ["JAMSApp"], "users": {"watcher": ["db_datareader"]},
            "sql": [TABLE, "INSERT INTO Failover (GUID, Host) VALUES ('%s', N'prod')" % GUID]}


class DoubleTest(unittest.TestCase):
    """Starts a double for each test: three databases, each replicated in another way."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("share", "copy"):
            os.mkdir(os.path.join(self.folder, name))
        self.share, self.copy = (os.path.join(self.folder, name) for name in ("share", "copy"))
        self.start(self.world())

    def world(self):
        watcher = {"watcher": {"password": "w"},
                   "monitor": {"password": "m", "permissions": ["VIEW SERVER STATE", "VIEW ANY DEFINITION"]}}
        return {
            "instances": {
                "PROD": {"sa_password": "secret", "logins": watcher, "volumes": {"C:\\log": self.share},
                         "databases": {"M": database(), "A": database(), "L": database(), "P": database()}},
                "DR": {"sa_password": "secret", "logins": watcher,
                       "volumes": {"\\\\PROD\\log": self.share, "D:\\copy": self.copy},
                       "databases": {"M": {}, "A": {}, "L": {}}}},
            "mirroring": [{"database": "M", "principal": "PROD", "mirror": "DR"}],
            "availability_groups": [
                {"name": "ag", "replicas": {"PROD": {}, "DR": {}}, "primary": "PROD", "databases": ["A"]}],
            "log_shipping": [{"database": "L", "primary": "PROD", "secondary": "DR", "backup_directory": "C:\\log",
                              "backup_share": "\\\\PROD\\log", "copy_directory": "D:\\copy"}]}

    def start(self, world):
        path = os.path.join(self.folder, "world.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(world, file)
        process = subprocess.Popen([sys.executable, DOUBLE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        ready = json.loads(process.stdout.readline())
        self.ports = ready["instances"]
        control = socket.create_connection(("127.0.0.1", ready["control"]))
        self.control = control.makefile("rw", encoding="utf-8")
        self.addCleanup(control.close)
        self.addCleanup(self.control.close)

    @staticmethod
    def stop(process):
        process.stdin.close()
        process.wait(10)
        process.stdout.close()

    def ask(self, **request):
        self.control.write(json.dumps(request) + "\n")
        self.control.flush()
        answer = json.loads(self.control.readline())
        self.assertTrue(answer["ok"], answer)
        return answer

    # python-tds

    def connect(self, instance, database="master", user="sa", password="secret", **options):
        return pytds.connect("127.0.0.1", port=self.ports[instance], user=user, password=password, database=database,
                             login_timeout=5, **{"timeout": 20, "autocommit": True, **options})

    def query(self, instance, sql, parameters=(), **options):
        """The rows of the first result; all results are read."""
        with self.connect(instance, **options) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows = None
            while True:
                if cursor.description and rows is None:
                    rows = [tuple(row) for row in cursor.fetchall()]
                if not cursor.nextset():
                    return rows

    def refused(self, number, instance, sql, parameters=(), **options):
        """Checks that this number is among the messages of the refusal; returns the refusal's text."""
        with self.connect(instance, **options) as connection, connection.cursor() as cursor:
            with self.assertRaises(pytds.Error, msg=sql) as caught:
                cursor.execute(sql, parameters)
                while cursor.nextset():
                    pass
            numbers = {getattr(error, "number", None) for _, error in cursor.messages}
        self.assertIn(number, numbers | {caught.exception.number}, str(caught.exception))
        return str(caught.exception)

    # FreeTDS

    def tsql(self, instance, sql, user="sa", password="secret", configuration=None):
        """What FreeTDS's `tsql` says, both outputs together, and its exit status."""
        environment = {**os.environ, "TDSVER": "7.4", "LC_ALL": "C.UTF-8"}
        arguments = ["tsql", "-o", "fq", "-U", user, "-P", password]
        if configuration:
            environment["FREETDSCONF"] = configuration
            arguments += ["-S", "double"]
        else:
            arguments += ["-H", "127.0.0.1", "-p", str(self.ports[instance])]
        done = subprocess.run(arguments, input=sql + "\ngo\n", env=environment, text=True, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout, done.returncode
