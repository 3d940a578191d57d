"""TDS packets over a socket, and TLS inside of them while connecting (MS-TDS 2.2.3, 2.2.6.5)."""

import queue
import socket
import ssl
import struct
import threading

SQL_BATCH, RPC, RESPONSE, ATTENTION, TRANSACTION_MANAGER, LOGIN7, PRELOGIN = 1, 3, 4, 6, 14, 16, 18
HEADER = struct.Struct(">BBHHBB")
END_OF_MESSAGE = 1


class Channel:
    """Messages both ways. A thread reads, so that an attention is seen while a statement runs."""

    def __init__(self, connection, spid):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.spid = spid
        self.packet_size = 4096
        self.tls = None
        self.tls_lock = threading.Lock()
        self.incoming = queue.Queue()
        self.outgoing = bytearray()
        self.packet_number = 1
        self.attention = threading.Event()
        self.closed = threading.Event()
        self.on_interruption = lambda: None

    # Connecting: one thread, message by message.

    def read_exactly(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.receive(count - len(data))
            if not piece:
                raise ConnectionError("the client has gone")
            data += piece
        return bytes(data)

    def receive(self, count):
        if self.tls is None:
            return self.socket.recv(count)
        while True:
            with self.tls_lock:
                try:
                    return self.tls.read(count)
                except ssl.SSLWantReadError:
                    pass
            data = self.socket.recv(16384)
            if not data:
                return b""
            with self.tls_lock:
                self.tls_in.write(data)

    def read_message(self):
        kind, body = None, bytearray()
        while True:
            kind, status, length, _, _, _ = HEADER.unpack(self.read_exactly(8))
            body += self.read_exactly(length - 8)
            if status & END_OF_MESSAGE:
                return kind, bytes(body)

    def start_tls(self, context):
        """The handshake travels in PRELOGIN packets; afterwards whole packets travel in TLS."""
        self.tls_in, self.tls_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self.tls_in, self.tls_out, server_side=True)
        while True:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            finally:
                answer = self.tls_out.read()
                if answer:
                    self.send_packets(PRELOGIN, answer)
            if done:
                break
            kind, body = self.read_message()
            if kind != PRELOGIN:
                raise ConnectionError("no handshake")
            self.tls_in.write(body)
        self.tls = tls

    def end_tls(self):
        """For a client that wants only its login encrypted."""
        self.tls = None

    # Afterwards: a reader.

    def start_reading(self):
        threading.Thread(target=self.read_all, daemon=True).start()

    def read_all(self):
        try:
            while True:
                message = self.read_message()
                if message[0] == ATTENTION:
                    self.attention.set()
                    self.on_interruption()
                self.incoming.put(message)
        except (OSError, ssl.SSLError):
            self.closed.set()
            self.incoming.put(None)
            self.on_interruption()

    # Answers.

    def write(self, data):
        self.outgoing += data
        room = self.packet_size - 8
        while len(self.outgoing) > room:
            self.send_packet(RESPONSE, 0, self.outgoing[:room])
            del self.outgoing[:room]

    def flush(self, is_end=True):
        if self.outgoing or is_end:
            self.send_packet(RESPONSE, END_OF_MESSAGE if is_end else 0, self.outgoing)
        self.outgoing.clear()
        if is_end:
            self.packet_number = 1

    def send_packets(self, kind, data):
        room = self.packet_size - 8
        pieces = [data[at:at + room] for at in range(0, len(data), room)] or [b""]
        for piece in pieces:
            self.send_packet(kind, END_OF_MESSAGE if piece is pieces[-1] else 0, piece)
        self.packet_number = 1

    def send_packet(self, kind, status, data):
        header = HEADER.pack(kind, status, len(data) + 8, self.spid, self.packet_number % 256, 0)
        self.packet_number += 1
        packet = header + bytes(data)
        if self.tls is not None:
            with self.tls_lock:
                self.tls.write(packet)
                packet = self.tls_out.read()
        self.socket.sendall(packet)

    def cut(self):
        """As when a cable is pulled: whatever wasn't sent yet is lost."""
        self.closed.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other side was faster.
        self.socket.close()
