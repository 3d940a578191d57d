"""Runs one command on a machine of the lab and says when it was started and ended, on the clock that the writing client has too.

    timed.py PROGRAM ARGUMENT...
    timed.py GET|POST URL [BODY]
"""

import json
import subprocess
import sys
import time
import urllib.request


def ask(method, url, body=""):
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=120) as response:
        return 0, response.read().decode()


def run(arguments):
    result = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


started = time.monotonic()
status, text = ask(*sys.argv[1:]) if sys.argv[1] in ("GET", "POST") else run(sys.argv[1:])
print(json.dumps({"started": started, "ended": time.monotonic(), "status": status, "text": text}))
