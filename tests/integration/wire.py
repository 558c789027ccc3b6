#!/usr/bin/python3
"""The protocol in raw frames, without any client library: handshake, errors, limits, keepalive, streams."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_client import *                                    # noqa: E402


def refused(code, wire, procedure, payload=b"", **more):
    try:
        wire.call(procedure, payload, **more)
    except RemoteError as error:
        equal(error.code, code, "error code of '%s'" % error.message)
        return error
    raise Failed("procedure %d was not refused" % procedure)


def closed(wire):
    try:
        wire.receive()
    except (Closed, ConnectionError):
        return
    raise Failed("the connection was not closed")


@case("AUTH_LIST says none, then the connection opens")
def handshake(t):
    wire = Wire(t.socket)
    equal(wire.call(AUTH_LIST), struct.pack(">II", 1, 0), "authentication types")
    equal(wire.call(FEATURE, struct.pack(">i", 10)), struct.pack(">i", 1), "keepalive offered")
    wire.call(OPEN, struct.pack(">I", 1) + text("qemu:///system") + struct.pack(">I", 0))
    equal(take_text(wire.call(GET_TYPE), 0)[0], "QEMU", "type")


@case("calls before authentication and before opening are refused")
def too_early(t):
    error = refused(39, Wire(t.socket), OPEN, struct.pack(">I", 1) + text("qemu:///system") + struct.pack(">I", 0))
    equal((error.domain, error.message), (7, "authentication required"))
    wire = Wire(t.socket)
    wire.call(AUTH_LIST)
    refused(1, wire, GET_TYPE)


@case("opening twice and opening another path are refused")
def open_errors(t):
    refused(1, Wire(t.socket).hello(), OPEN, struct.pack(">I", 1) + text("qemu:///system") + struct.pack(">I", 0))
    for uri, code in (("qemu:///elsewhere", 1), ("xen:///system", 5)):
        wire = Wire(t.socket)
        wire.call(AUTH_LIST)
        refused(code, wire, OPEN, struct.pack(">I", 1) + text(uri) + struct.pack(">I", 0))


@case("an empty name opens the daemon's own driver")
def open_empty(t):
    equal(take_text(Wire(t.socket).hello("").call(GET_TYPE), 0)[0], "QEMU", "type")


@case("unknown procedure, program and version are answered, and the connection lives on")
def unknown(t):
    wire = Wire(t.socket).hello()
    error = refused(39, wire, 9999)
    equal(error.domain, 7, "error domain")
    check(error.message.endswith("unknown procedure: 9999"), error.message)
    refused(39, wire, 1, program=0x20009999)
    refused(39, wire, GET_TYPE, version=7)
    wire.call(GET_TYPE)


@case("broken arguments and a wrong status are answered, and the connection lives on")
def broken(t):
    wire = Wire(t.socket).hello()
    refused(39, wire, LOOKUP_NAME, b"\0\0\0\x20abc\0")
    refused(39, wire, LOOKUP_NAME, b"\xff\xff\xff\xff")
    refused(39, wire, GET_TYPE, status=CONTINUE)
    wire.call(GET_TYPE)


@case("a length out of bounds closes the connection")
def lengths(t):
    for length in (64 << 20, 0xffffffff, 2, 0, 27):
        wire = Wire(t.socket)
        wire.call(AUTH_LIST)
        wire.socket.sendall(struct.pack(">I", length) + b"\0" * 24)
        closed(wire)


@case("messages in pieces and many messages in one piece are understood")
def pieces(t):
    wire = Wire(t.socket).hello()
    message = struct.pack(">IIIiiIi", 28, REMOTE, 1, GET_TYPE, CALL, 500, OK)
    for byte in message:
        wire.socket.sendall(bytes([byte]))
    equal(wire.reply(500)[0], OK, "status")
    wire.socket.sendall(b"".join(struct.pack(">IIIiiIi", 28, REMOTE, 1, GET_TYPE, CALL, n, OK) for n in range(600, 650)))
    equal({wire.receive()[3] for _ in range(50)}, set(range(600, 650)), "serials")


@case("a serial of 0 and trailing bytes are taken as they are")
def oddities(t):
    wire = Wire(t.socket).hello()
    wire.send(GET_TYPE, b"\0\0\0\0", serial=0)
    equal(wire.reply(0)[0], OK, "status")


@case("a ping is answered at once, also before authentication")
def ping(t):
    wire = Wire(t.socket)
    wire.send(1, kind=EVENT, program=KEEPALIVE, serial=0)
    program, procedure, kind, serial, _, _ = wire.receive()
    equal((program, procedure, kind, serial), (KEEPALIVE, 2, EVENT, 0), "pong")


@case("stray stream packets and replies are dropped")
def strays(t):
    wire = Wire(t.socket).hello()
    wire.send(CONSOLE, b"nobody reads this", kind=STREAM, status=CONTINUE, serial=4711)
    wire.send(GET_TYPE, kind=REPLY, serial=4712)
    wire.call(GET_TYPE)


@case("the read-only socket, and the flag, refuse changes by name")
def readonly(t):
    for wire in (Wire(t.readonly_socket).hello(), Wire(t.socket).hello(flags=1)):
        error = refused(29, wire, DEFINE, text(t.guest_xml("w0")))
        check("virDomainDefineXML" in error.message, error.message)
        wire.call(LIST_ALL, struct.pack(">iI", 1, 0))


@case("closing is answered, then the socket ends")
def close(t):
    wire = Wire(t.socket).hello()
    wire.call(CLOSE)
    closed(wire)


@case("garbage, silence and clients that leave hurt nobody")
def rude(t):
    silent = [Wire(t.socket) for _ in range(30)]
    for _ in range(30):
        wire = Wire(t.socket)
        wire.socket.sendall(os.urandom(200))
        wire.socket.close()
    for _ in range(30):
        wire = Wire(t.socket).hello()
        wire.send(LIST_ALL, struct.pack(">iI", 1, 0))
        wire.socket.close()
    Wire(t.socket).hello().call(GET_TYPE)
    del silent


@case("an event arrives for a registered callback")
def event(t):
    wire = Wire(t.socket).hello()
    callback = struct.unpack(">i", wire.call(REGISTER, struct.pack(">iI", 0, 0)))[0]
    refused(8, wire, REGISTER, struct.pack(">iI", 0, 0))
    refused(1, wire, REGISTER, struct.pack(">iI", 999, 0))
    other = Wire(t.socket).hello()
    other.call(DEFINE, text(t.guest_xml("w1", disk=t.demo_disk())))
    _, procedure, kind, _, _, payload = wire.receive()
    equal((procedure, kind), (318, EVENT), "message")
    equal(struct.unpack_from(">i", payload)[0], callback, "callback id")
    equal(take_text(payload, 4)[0], "w1", "domain")
    equal(struct.unpack_from(">ii", payload, len(payload) - 8), (0, 0), "defined, added")


def handle(wire, name):
    return wire.call(LOOKUP_NAME, text(name))


@case("a console is a stream: data both ways, then finish is confirmed")
def console(t):
    wire = Wire(t.socket).hello()
    wire.call(CREATE, handle(wire, "w1"))
    dom = handle(wire, "w1")
    serial = wire.send(CONSOLE, dom + struct.pack(">II", 0, 0))
    equal(wire.reply(serial)[0], OK, "status")
    seen = b""
    for attempt in range(60):
        wire.send(CONSOLE, b"ping-%d\r" % attempt, kind=STREAM, status=CONTINUE, serial=serial)
        wire.socket.settimeout(0.5)
        try:
            while b"ping-" not in seen:
                _, _, kind, got, status, payload = wire.receive()
                equal((kind, got, status), (STREAM, serial, CONTINUE), "packet")
                seen += payload
            break
        except socket.timeout:
            continue
    wire.socket.settimeout(20)
    check(b"ping-" in seen, "no echo: %r" % seen)
    wire.send(CONSOLE, kind=STREAM, status=OK, serial=serial)
    while True:
        _, _, kind, got, status, payload = wire.receive()
        if status == OK:
            break
    equal((kind, got, payload), (STREAM, serial, b""), "confirmation")


@case("a console is not given twice, and aborting frees it")
def console_owner(t):
    wire = Wire(t.socket).hello()
    dom = handle(wire, "w1")
    serial = wire.send(CONSOLE, dom + struct.pack(">II", 0, 0))
    equal(wire.reply(serial)[0], OK, "status")
    other = Wire(t.socket).hello()
    refused(9, other, CONSOLE, dom + struct.pack(">II", 0, 0))
    wire.send(CONSOLE, kind=STREAM, status=ERROR, serial=serial)
    while wire.receive()[4] == CONTINUE:
        pass

    def opened():
        try:
            other.call(CONSOLE, dom + struct.pack(">II", 0, 0))
            return True
        except RemoteError:
            return False
    poll("the console is free again", opened, 5)


@case("a guest that ends sends the end of its console's data")
def console_end(t):
    wire = Wire(t.socket).hello()
    dom = handle(wire, "w1")
    serial = wire.send(CONSOLE, dom + struct.pack(">II", 0, 1))
    equal(wire.reply(serial)[0], OK, "status")
    Wire(t.socket).hello().call(DESTROY, dom)
    while True:
        _, _, kind, got, status, payload = wire.receive()
        if kind == STREAM and not payload:
            break
    equal((got, status), (serial, CONTINUE), "end of data")


run()
