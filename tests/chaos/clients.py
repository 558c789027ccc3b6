#!/usr/bin/python3
"""Hostile clients: broken frames, lying lengths, connections by the thousand, readers that never read, other users'
silent connections. After each, a well-behaved client is answered at once and the daemon's memory is within bounds."""
import os
import pwd
import random
import resource
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from wire_client import *                                    # noqa: E402

NOBODY = pwd.getpwnam("nobody")
RSS_MOST_KB = 700 * 1024
resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
random.seed(4)


class Clients(Lab):
    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.define("quiet")

    def rss_kb(self):
        with open("/proc/%d/status" % self.daemon.pid) as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.daemon.pid))

    def well(self, what, attempts):
        """A new client is answered at once; bounds hold."""
        check(self.daemon.poll() is None, "the daemon ended: " + self.daemon_log())
        begin = time.monotonic()
        good = Wire(self.socket).hello()
        good.call(LOOKUP_NAME, text("quiet"))
        took = time.monotonic() - begin
        good.socket.close()
        print("# %-32s %6d attempts, answer after %6.1f ms, %6d KiB, %5d descriptors" %
              (what, attempts, took * 1000, self.rss_kb(), self.fds()), flush=True)
        check(took < 1, "a well-behaved client waited %.2f s" % took)
        check(self.rss_kb() < RSS_MOST_KB, "the daemon has %d KiB" % self.rss_kb())

    def raw(self, path=None):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path or self.socket)
        s.settimeout(5)
        return s


def frame(procedure, payload=b"", program=REMOTE, kind=CALL, status=OK, version=1, length=None):
    head = struct.pack(">IIiiIi", program, version, procedure, kind, 1, status)
    return struct.pack(">I", 28 + len(payload) if length is None else length) + head + payload


def throw(t, data):
    with t.raw() as s:
        try:
            s.sendall(data)
        except OSError:
            pass                                   # it has closed already


@case("random and truncated frames, lying lengths")
def noise(t):
    sane = [frame(AUTH_LIST), frame(OPEN, struct.pack(">I", 1) + text("qemu:///system") + struct.pack(">I", 0)),
            frame(LOOKUP_NAME, text("quiet")), frame(DEFINE, text("<domain/>"))]
    n = 0
    for i in range(300):
        data = bytearray(b"".join(sane[:random.randint(1, 4)]))
        for _ in range(random.randint(1, 8)):
            data[random.randrange(len(data))] = random.randrange(256)
        throw(t, bytes(data[:random.randint(1, len(data))]))
        throw(t, os.urandom(random.randint(1, 4000)))
        n += 2
    for length in (0, 1, 3, 27, 0x7fffffff, 0x80000000, 0xffffffff, 32 << 20, (32 << 20) + 29):
        throw(t, frame(AUTH_LIST, length=length))
        throw(t, sane[0] + frame(LOOKUP_NAME, struct.pack(">I", length)) + b"x" * 100)
        n += 2
    t.well("random frames, lying lengths", n)


@case("unknown programs, versions, procedures, types")
def unknown(t):
    client = Wire(t.socket).hello()
    n = 0
    for program, version, procedure in ((1, 1, 1), (REMOTE, 2, 1), (REMOTE, 1, 0), (REMOTE, 1, -1), (REMOTE, 1, 1 << 30),
                                        (0x20008087, 1, 99), (REMOTE, 1, LIST_ALL + 10000)):
        status, _ = client.reply(client.send(procedure, program=program, version=version))
        equal(status, ERROR, "status")
        n += 1
    for kind in (1, 2, 3, 5, 6, 77, -1):
        client.send(LOOKUP_NAME, text("quiet"), kind=kind)
        n += 1
    client.call(LOOKUP_NAME, text("quiet"))
    t.well("unknown programs and types", n)


@case("disconnects at every byte of a session")
def disconnects(t):
    session = b"".join([frame(AUTH_LIST), frame(OPEN, struct.pack(">I", 1) + text("qemu:///system") + struct.pack(">I", 0)),
                        frame(LOOKUP_NAME, text("quiet")), frame(GET_XML, text("quiet") + b"\0" * 24)])
    for size in range(1, len(session)):
        throw(t, session[:size])
    t.well("disconnects at every byte", len(session) - 1)


@case("2,000 idle and half-open connections")
def idle(t):
    held = []
    for i in range(2000):
        s = t.raw()
        if i % 2:
            s.sendall(frame(AUTH_LIST)[:random.randint(1, 27)])
        held.append(s)
    t.well("idle and half-open connections", len(held))
    for s in held:
        s.close()
    poll("they are gone", lambda: t.fds() < 200, 10)


@case("begun messages of the greatest length")
def begun(t):
    held = []
    for i in range(8):
        s = t.raw()
        s.sendall(frame(DEFINE, length=16 << 20) + b"x" * (4 << 20))
        held.append(s)
    t.well("begun messages of 16 MiB", len(held))
    for s in held:
        s.close()


@case("slow-loris: a byte at a time")
def loris(t):
    held = [t.raw() for _ in range(100)]
    hello = frame(AUTH_LIST)
    for at in range(len(hello)):
        for s in held:
            s.sendall(hello[at:at + 1])
    for s in held:
        check(len(s.recv(1000)) >= 28, "no answer to a slow one")
        s.close()
    t.well("slow-loris", len(held))


@case("10,000 pipelined calls, read and never read")
def pipelined(t):
    call = frame(LOOKUP_NAME, text("quiet"))
    reader = Wire(t.socket).hello()
    serials = 0
    for _ in range(100):
        reader.socket.sendall(call * 100)
        for _ in range(100):
            equal(reader.receive()[4], OK, "status")
            serials += 1
    t.well("pipelined calls, read", serials)
    deaf = Wire(t.socket).hello()
    deaf.socket.setblocking(False)
    sent = 0
    xml = frame(FEATURE, struct.pack(">i", 1)) * 200
    end = time.monotonic() + 4
    while sent < 200 << 20 and time.monotonic() < end:
        try:
            sent += deaf.socket.send(xml)
        except BlockingIOError:
            break                                  # it is read no further: so it should
        except OSError:
            break
    t.well("pipelined calls, never read", sent // (len(xml) // 200))


@case("a reader of events that never reads")
def deaf_events(t):
    before = t.rss_kb()
    deaf = Wire(t.socket).hello()
    deaf.call(REGISTER, struct.pack(">iI", 0, 0))
    busy = Wire(t.socket).hello()
    xml = t.guest_xml("quiet")
    uuid = t.virsh("domuuid", "quiet")
    xml = xml.replace("<name>", "<uuid>%s</uuid><name>" % uuid, 1)
    for i in range(300):
        busy.call(DEFINE, text(xml))
    t.well("events that nobody reads", 300)
    check(t.rss_kb() < before + 100 * 1024, "memory grew")
    deaf.socket.close()


@case("another user's silent connections do not lock root out, nor cost more than is allowed")
def other_user(t):
    code = """
import os, socket, struct, sys, time
os.setgid(%d); os.setuid(%d)
held, refused = [], 0
for i in range(1500):
    s = socket.socket(socket.AF_UNIX)
    try:
        s.settimeout(2)
        s.connect(%r)
        held.append(s)
    except OSError:
        refused += 1
for s in held:
    try:
        s.setblocking(False)
        s.send(struct.pack(">I", 8 << 20) + b"\\0" * 200000)
    except OSError:
        pass
print(len(held), flush=True)
sys.stdin.readline()
""" % (NOBODY.pw_gid, NOBODY.pw_uid, t.readonly_socket)
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4000, 4000)))
    held = int(child.stdout.readline() or 0)
    served = t.fds()
    check(served < 700, "%d descriptors for one user" % served)
    t.well("silent connections of one user", held)
    child.communicate("\n")
    poll("they are gone", lambda: t.fds() < 200, 10)
    done = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "virsh", "-q", "-c", t.readonly_uri, "list", "--all", "--name"],
                          capture_output=True, text=True)
    check("quiet" in done.stdout, "the user is not served afterwards: " + done.stderr)


@case("another user: the read-write socket is closed, the read-only one changes nothing")
def access(t):
    user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "virsh", "-q", "-c"]
    done = subprocess.run(user + [t.uri, "list"], capture_output=True, text=True)
    check(done.returncode != 0, "nobody may use the read-write socket")
    for command in (["start", "quiet"], ["undefine", "quiet"], ["destroy", "quiet"], ["dumpxml", "--security-info", "quiet"],
                    ["define", t.file("other.xml", t.guest_xml("other"))]):
        done = subprocess.run(user + [t.readonly_uri] + command, capture_output=True, text=True)
        check(done.returncode != 0 and ("read only" in done.stderr or "forbidden" in done.stderr), done.stderr or "allowed")
    equal(t.state("quiet"), "shut off", "state")


run(Clients)
