"""The double of JAMS's REST server, asked by curl and by Python's own client."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

DOUBLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOSTILE = "Wartung \"q\" 'a'; $(x) `y` %2F/é?&#\u202e"
PASSWORD = "pass \"word\" & <so> on; é"


def world():
    return {
        "accounts": {"lifeboat": PASSWORD},
        "agents": [{"agentID": 1, "agentName": "JAMS01", "online": True, "agentState": "Active"},
                   {"agentID": 2, "agentName": HOSTILE, "online": False, "agentState": "Inactive"}],
        "jobs": [{"jobName": "nightly", "agentName": "JAMS01"}],
        "resources": [{"resourceName": "MaintenanceWindow", "quantityAvailable": 999999, "lastChangeUTC": ""},
                      {"resourceName": HOSTILE, "quantityAvailable": 5}],
        "open": {"resource": "/api/resource/{resource}", "resource_update": "/api/resource", "jobs": "/api/job"}}


class RESTTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.certificate = {"certificate": cls.folder + "/c.pem", "key": cls.folder + "/k.pem"}
        subprocess.run(["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=double", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        cls.certificate["key"], "-out", cls.certificate["certificate"]], check=True, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        with open(self.folder + "/world.json", "w", encoding="utf-8") as file:
            json.dump({**world(), "tls": self.certificate}, file)
        process = subprocess.Popen([sys.executable, DOUBLE, self.folder + "/world.json"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        ready = json.loads(process.stdout.readline())
        self.url = ready["url"]
        control = socket.create_connection(("127.0.0.1", ready["control"]))
        self.control = control.makefile("rw", encoding="utf-8")
        self.addCleanup(control.close)
        self.addCleanup(self.control.close)
        self.context = ssl.create_default_context(cafile=self.certificate["certificate"])

    @staticmethod
    def stop(process):
        process.stdin.close()
        process.wait(10)
        process.stdout.close()

    def ask(self, **request):
        self.control.write(json.dumps(request) + "\n")
        self.control.flush()
        return json.loads(self.control.readline())

    def send(self, method, path, body=None, token=None, kind="application/json"):
        """The status and the answer."""
        headers = {**({"Authorization": "Bearer " + token} if token else {}), **({"Content-Type": kind} if body is not None else {})}
        request = urllib.request.Request(
            self.url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
                return error.code, json.loads(text) if text else None

    def log_in(self):
        status, answer = self.send("POST", "/api/authentication/login", {"username": "lifeboat", "password": PASSWORD})
        self.assertEqual(status, 200)
        return answer["access_token"]

    def test_published(self):
        token = self.log_in()
        for path, expected in [
                ("/api/server/serverStatus", {"message": "The server is running", "severity": "Success"}),
                ("/api/scheduler/active", True), ("/api/agent", world()["agents"]), ("/api/agent/1", world()["agents"][0]),
                ("/api/agent/" + urllib.request.quote(HOSTILE, safe=""), world()["agents"][1])]:
            self.assertEqual(self.send("GET", path, token=token), (200, expected), path)
        self.assertEqual(self.send("GET", "/api/agent/9", token=token)[0], 404)

    def test_curl(self):
        curl = ["curl", "--silent", "--fail", "--cacert", self.certificate["certificate"]]
        login = subprocess.run(curl + ["--json", json.dumps({"username": "lifeboat", "password": PASSWORD}),
                                       self.url + "/api/authentication/login"], check=True, stdout=subprocess.PIPE)
        token = json.loads(login.stdout)["access_token"]
        active = subprocess.run(curl + ["--oauth2-bearer", token, self.url + "/api/scheduler/active"],
                                check=True, stdout=subprocess.PIPE)
        self.assertEqual(json.loads(active.stdout), True)
        # Without the authority it is not trusted, and goes on serving others.
        self.assertEqual(subprocess.run(["curl", "--silent", self.url + "/x"], check=False).returncode, 60)
        self.log_in()

    def test_refused(self):
        for given in ({"username": "lifeboat", "password": "x"}, {"username": "x", "password": PASSWORD}):
            self.assertEqual(self.send("POST", "/api/authentication/login", given)[0], 401)
        for token in (None, "x"):
            self.assertEqual(self.send("GET", "/api/agent", token=token)[0], 401)
        self.assertEqual(self.ask(do="state")["refused"], [])
        token = self.log_in()
        for method, path, body, status in [
                ("GET", "/api/authentication/login", None, 405), ("POST", "/api/authentication/login", {"username": "a"}, 400),
                ("POST", "/api/authentication/login", [], 400), ("GET", "/api/resource", None, 404), ("GET", "/api/other", None, 404),
                ("GET", "/api/agent?x=1", None, 404), ("DELETE", "/api/agent/1", None, 405), ("GET", "/api/version", None, 404),
                ("POST", "/api/job", {}, 405)]:
            self.assertEqual(self.send(method, path, body, token)[0], status, (method, path))
        self.assertEqual(self.send("POST", "/api/authentication/login", {}, kind="text/plain")[0], 415)
        self.assertEqual(len(self.ask(do="state")["refused"]), 10)

    def test_unknown_world(self):
        with open(self.folder + "/other.json", "w", encoding="utf-8") as file:
            json.dump({**world(), "tls": self.certificate, "unknown": 1}, file)
        done = subprocess.run([sys.executable, DOUBLE, self.folder + "/other.json"], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False, timeout=10)
        self.assertIn(b"the double knows no unknown", done.stderr)

    def test_tokens(self):
        token = self.log_in()
        self.ask(do="expire")
        self.assertEqual(self.send("GET", "/api/agent", token=token)[0], 401)
        self.ask(do="set", changes={"token_uses": 1})
        token = self.log_in()
        self.assertEqual([self.send("GET", "/api/agent", token=token)[0] for _ in range(2)], [200, 401])

    def test_resource(self):
        token = self.log_in()
        for name in ("MaintenanceWindow", HOSTILE):
            path = "/api/resource/" + urllib.request.quote(name, safe="")
            status, held = self.send("GET", path, token=token)
            self.assertEqual((status, held["resourceName"]), (200, name))
            self.assertEqual(self.send("PUT", "/api/resource", {**held, "quantityAvailable": 0}, token)[0], 200)
            self.assertEqual(self.send("GET", path, token=token)[1]["quantityAvailable"], 0)
        # Only as a whole, and of the same types.
        for broken in ({"resourceName": name, "quantityAvailable": 1, "more": 1}, {"resourceName": name},
                       {"resourceName": name, "quantityAvailable": "1"}, {"resourceName": "none"}):
            self.assertEqual(self.send("PUT", "/api/resource", broken, token)[0], 400)

    def test_faults(self):
        token = self.log_in()
        self.ask(do="fault", match="GET /jams/api/agent$", action="status", status=500, text="{\"message\": \"broken\"}")
        self.assertEqual(self.send("GET", "/api/agent", token=token), (500, {"message": "broken"}))
        self.ask(do="fault", match="GET .*active", action="answer", text="[1, 2")
        with self.assertRaises(json.JSONDecodeError):
            self.send("GET", "/api/scheduler/active", token=token)
        held = self.send("GET", "/api/resource/MaintenanceWindow", token=token)[1]
        for action, quantity in (("cut_before", 999999), ("cut_after", 0)):
            self.ask(do="fault", match="PUT", action=action)
            with self.assertRaises((OSError, urllib.error.URLError)):
                self.send("PUT", "/api/resource", {**held, "quantityAvailable": 0}, token)
            self.assertEqual(self.send("GET", "/api/resource/MaintenanceWindow", token=token)[1]["quantityAvailable"], quantity)
        self.ask(do="fault", match="GET", action="delay", milliseconds=50)
        self.assertEqual(self.send("GET", "/api/scheduler/active", token=token)[0], 200)
        self.assertEqual(self.ask(do="clear_faults")["struck"], [1, 1, 1, 1, 1])
        for wrong in ({"do": "fault", "match": "x", "action": "no"}, {"do": "set", "changes": {"no": 1}}, {"do": "no"}):
            self.assertFalse(self.ask(**wrong)["ok"])
        self.assertIn({"method": "PUT", "path": "/jams/api/resource"}, self.ask(do="requests")["requests"])
        self.assertEqual(self.ask(do="requests")["requests"], [])


if __name__ == "__main__":
    unittest.main()
