"""What sshd runs in place of each command: hands the line and its input to the double, and gives back what it says."""

import json
import os
import select
import signal
import socket
import struct
import sys


def main():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    line = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    connection.sendall(json.dumps(line).encode() + b"\n")
    try:
        while True:
            data = os.read(0, 65536)
            connection.sendall(struct.pack(">I", len(data)) + data)
            if not data:
                break
    except BrokenPipeError:
        cut()
    answer = b""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    # Who reads the output went away: then nobody needs it.
    waiting.register(1, 0)
    while not answer.endswith(b"\n"):
        for descriptor, event in waiting.poll():
            if descriptor == 1:
                sys.exit(1)
            piece = connection.recv(65536)
            if not piece:
                cut()
            answer += piece
    result = json.loads(answer)
    if result is None:
        cut()
    os.write(2, result["error"].encode())
    output = result["output"].encode()
    while output:
        output = output[os.write(1, output):]
    sys.exit(result["code"] & 0xFF)


def cut():
    """Ends the connection without a word: its server process is this one's parent."""
    with open(f"/proc/{os.getppid()}/comm") as file:
        if file.read().startswith("sshd"):
            os.kill(os.getppid(), signal.SIGKILL)
    sys.exit(255)


main()
