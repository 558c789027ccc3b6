"""A client that speaks raw frames, and a serial console on it."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402,F403

REMOTE, KEEPALIVE = 0x20008086, 0x6b656570
CALL, REPLY, EVENT, STREAM = 0, 1, 2, 3
OK, ERROR, CONTINUE = 0, 1, 2
OPEN, CLOSE, GET_TYPE, CREATE, DEFINE, DESTROY = 1, 2, 3, 9, 11, 12
GET_XML, LOOKUP_NAME, FEATURE, AUTH_LIST, CONSOLE, LIST_ALL, REGISTER = 14, 23, 60, 66, 201, 273, 316


class Closed(Exception):
    pass


def text(value):
    """An XDR string."""
    raw = value.encode()
    return struct.pack(">I", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def take_text(data, at):
    size = struct.unpack_from(">I", data, at)[0]
    return data[at + 4:at + 4 + size].decode(), at + 4 + size + (-size % 4)


class Wire:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.serial = 0

    def send(self, procedure, payload=b"", kind=CALL, status=OK, program=REMOTE, serial=None, version=1):
        if serial is None:
            self.serial += 1
            serial = self.serial
        head = struct.pack(">IIiiIi", program, version, procedure, kind, serial, status)
        self.socket.sendall(struct.pack(">I", 28 + len(payload)) + head + payload)
        return serial

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise Closed()
            data += more
        return data

    def receive(self):
        """The next message: (program, procedure, type, serial, status, payload)."""
        size = struct.unpack(">I", self.exactly(4))[0]
        program, _, procedure, kind, serial, status = struct.unpack(">IIiiIi", self.exactly(24))
        return program, procedure, kind, serial, status, self.exactly(size - 28)

    def reply(self, serial):
        while True:
            _, _, kind, got, status, payload = self.receive()
            if kind == REPLY and got == serial:
                return status, payload

    def call(self, procedure, payload=b"", **more):
        status, answer = self.reply(self.send(procedure, payload, **more))
        if status == ERROR:
            raise RemoteError(answer)
        return answer

    def hello(self, uri="qemu:///system", flags=0):
        self.call(AUTH_LIST)
        self.call(OPEN, struct.pack(">I", 1) + text(uri) + struct.pack(">I", flags))
        return self


class RemoteError(Exception):
    def __init__(self, payload):
        self.code, self.domain, present = struct.unpack_from(">iiI", payload)
        self.message = take_text(payload, 12)[0] if present else ""
        super().__init__("%d/%d %s" % (self.code, self.domain, self.message))


class Console:
    """A guest's first console as a stream; takes it from whoever has it."""

    def __init__(self, path, name):
        self.wire = Wire(path).hello()
        dom = self.wire.call(LOOKUP_NAME, text(name))
        self.serial = self.wire.send(CONSOLE, dom + struct.pack(">II", 0, 1))
        status, payload = self.wire.reply(self.serial)
        if status == ERROR:
            raise RemoteError(payload)
        self.seen = b""

    def send(self, data):
        self.wire.send(CONSOLE, data, kind=STREAM, status=CONTINUE, serial=self.serial)

    def expect(self, words, timeout):
        """Reads until @words came; gives what came up to them, and forgets it."""
        end = time.monotonic() + timeout
        while words not in self.seen:
            self.wire.socket.settimeout(max(0.1, end - time.monotonic()))
            try:
                message = self.wire.receive()
            except socket.timeout:
                raise Failed("no %r within %g s; last: %r" % (words, timeout, self.seen[-300:]))
            if message[2] == STREAM:
                check(message[4] == CONTINUE, "the console's stream ended")
                self.seen += message[5]
        got, self.seen = self.seen.split(words, 1)
        return got

    def close(self):
        self.wire.socket.close()
