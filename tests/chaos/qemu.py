#!/usr/bin/python3
"""QEMU dies or hangs at any moment: state, reason and event are right, other guests and reads are not touched, destroy
works. Where QEMU itself cannot be brought to do it (never greeting, garbage on the monitor) an emulator that answers the
capability probe as the real one does and then misbehaves stands in for it."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from qvirt_test import *                                     # noqa: E402

REAL = "/usr/bin/qemu-system-x86_64"

# Probed (its monitor is on stdio or its guest is none): the real one. Else what its name says.
MOCK = """#!/usr/bin/python3
import os, re, socket, sys, time
line = " ".join(sys.argv)
at = re.search(r"(\\S*/domain-\\d+-[^/ \\"]*/monitor\\.sock)", line)
if not at or "guest=" not in line:
    os.execv(%r, [%r] + sys.argv[1:])
with open(%r + "/mock.pid", "w") as f:
    f.write(str(os.getpid()))
path = re.sub(r'^.*[="]', "", at.group(1))
s = socket.socket(socket.AF_UNIX)
os.path.exists(path) and os.unlink(path)
s.bind(path)
s.listen(1)
kept = []
while True:
    c, _ = s.accept()
    kept.append(c)
    if %r == "silent":
        continue
    try:
        c.sendall(b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}\\n')
        while c.recv(65536):
            c.sendall(%r)
    except OSError:
        pass
"""


class Hostile(Lab):
    def start_daemon(self):
        path = self.root + "/test.conf"
        with open(path, "w") as f:
            f.write('start_timeout = 3000\nlog_level = "info"\n')
        self.options = ("--config", path)
        super().start_daemon()

    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.define("witness")
        self.virsh("start", "witness")
        self.define("victim")

    def emulator(self, kind, answer=b""):
        path = self.file("qemu-" + kind, MOCK % (REAL, REAL, self.root, kind, answer), 0o755)
        self.run("virsh", "-q", "-c", self.uri, "undefine", "mocked", ok=False)
        xml = self.guest_xml("mocked").replace("<devices>", "<devices><emulator>%s</emulator>" % path, 1)
        self.virsh("define", self.file("mocked.xml", xml))

    def pid_of(self, name):
        with open("%s/run/qemu/%s.json" % (self.root, name)) as f:
            return json.load(f)["pid"]

    def why(self, name):
        return self.virsh("domstate", "--reason", name)

    def witness_well(self):
        begin = time.monotonic()
        equal(self.state("witness"), "running", "the guest beside")
        equal("witness" in self.virsh("list", "--name"), True, "listed")
        check("state.state" in self.virsh("domstats", "witness"), "no statistics of the guest beside")
        check(time.monotonic() - begin < 2, "reads took %.1f s" % (time.monotonic() - begin))

    def nothing_left(self, name):
        for folder in ("/run/qemu", "/lib/qemu"):
            left = [f for f in os.listdir(self.root + folder) if name in f]
            equal(left, [], "left in " + folder)


def until_off(t, name, limit=5):
    return poll("%s is shut off" % name, lambda: t.state(name) == "shut off", limit)


@case("killed while it runs: crashed, told within 100 ms, all released")
def killed(t):
    t.virsh("start", "victim")
    watch = subprocess.Popen(["virsh", "-c", t.uri, "event", "victim", "lifecycle", "--loop", "--timestamp"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
    time.sleep(0.5)
    os.kill(t.pid_of("victim"), signal.SIGKILL)
    begin = time.monotonic()
    line = watch.stdout.readline()
    took = time.monotonic() - begin
    watch.terminate()
    watch.wait()
    watch.stdout.close()
    check("Stopped Failed" in line or "Stopped" in line, line)
    print("# event after %.0f ms" % (took * 1000))
    check(took < 1, "the event came after %.2f s" % took)
    equal(t.why("victim"), "shut off (crashed)", "state")
    poll("all is released", lambda: not [f for f in os.listdir(t.root + "/run/qemu") if "victim" in f], 5)
    t.nothing_left("victim")
    t.witness_well()


@case("stopped by SIGSTOP: reads answer, a job waits, destroy works")
def hung(t):
    t.virsh("start", "victim")
    pid = t.pid_of("victim")
    os.kill(pid, signal.SIGSTOP)
    job = threading.Thread(target=lambda: t.run("virsh", "-c", t.uri, "suspend", "victim", ok=False))
    job.start()
    time.sleep(0.2)
    begin = time.monotonic()
    equal(t.state("victim"), "running", "state")
    check("<name>victim" in t.virsh("dumpxml", "victim"), "no XML")
    check("state.state" in t.virsh("domstats", "victim"), "no statistics")
    check(time.monotonic() - begin < 2, "reads took %.1f s" % (time.monotonic() - begin))
    t.witness_well()
    begin = time.monotonic()
    t.virsh("destroy", "victim")
    check(time.monotonic() - begin < 2, "destroy took %.1f s" % (time.monotonic() - begin))
    job.join()
    equal(t.why("victim"), "shut off (destroyed)", "state")
    t.nothing_left("victim")


@case("a hung guest is taken up by the next daemon, and by the one after that")
def hung_across(t):
    t.virsh("start", "victim")
    pid = t.pid_of("victim")
    os.kill(pid, signal.SIGSTOP)
    for i in range(4):
        begin = time.monotonic()
        t.end_daemon(signal.SIGKILL)
        t.start_daemon()
        took = time.monotonic() - begin
        check(pid in t.qemu_pids(), "the guest was ended")
        equal(t.state("victim"), "running", "state")
        check(took < 8, "the daemon's start took %.1f s" % took)
    t.witness_well()
    os.kill(pid, signal.SIGCONT)
    t.end_daemon(signal.SIGTERM)
    t.start_daemon()
    t.virsh("suspend", "victim")
    equal(t.state("victim"), "paused", "state")
    t.virsh("destroy", "victim")
    t.nothing_left("victim")


@case("it never greets: the start ends in time, and leaves nothing")
def never_greets(t):
    t.emulator("silent")
    begin = time.monotonic()
    words = t.refused("start", "mocked")
    took = time.monotonic() - begin
    check("greet" in words, words)
    check(took < 6, "it took %.1f s" % took)
    equal(t.state("mocked"), "shut off", "state")
    t.nothing_left("mocked")
    check(not os.path.exists("/proc/%s" % open(t.root + "/mock.pid").read()), "the emulator is still there")
    t.witness_well()


@case("destroy overtakes a start that waits for a greeting")
def cancelled(t):
    t.emulator("silent")
    words = []
    start = threading.Thread(target=lambda: words.append(t.refused("start", "mocked")))
    start.start()
    poll("its folder is there", lambda: [f for f in os.listdir(t.root + "/lib/qemu") if "mocked" in f], 5)
    time.sleep(0.3)
    begin = time.monotonic()
    t.virsh("destroy", "mocked")
    took = time.monotonic() - begin
    start.join()
    check(took < 1.5, "destroy took %.1f s" % took)
    check("destroyed" in words[0], words[0])
    equal(t.state("mocked"), "shut off", "state")
    t.nothing_left("mocked")


@case("garbage on the monitor: the start fails, the daemon lives")
def garbage(t):
    broken = 0
    answers = (b"\0\xff\xfe garbage\n" * 100, b'{"return": ' + b"[" * 5000 + b"\n", b'{"id": 1, "return": "not a list"}\n',
               b'{"event": 7, "data": []}\n{"id": {}, "error": []}\n', b'{"id": 1, "return": {}}\n{"id": 2, "return": 3}\n')
    for i, answer in enumerate(answers):
        t.emulator("garbage%d" % i, answer)
        t.refused("start", "mocked")
        broken += t.daemon.poll() is not None
        equal(t.state("mocked"), "shut off", "state")
        t.nothing_left("mocked")
        t.witness_well()
    print("# garbage    %3d attempts, %d violations" % (len(answers), broken))


@case("killed during its start, at many moments")
def killed_starting(t):
    for i in range(12):
        done = []
        start = threading.Thread(target=lambda: done.append(t.run("virsh", "-q", "-c", t.uri, "start", "victim", ok=False)))
        start.start()
        limit = time.monotonic() + 2
        mine = set()
        while not mine and time.monotonic() < limit:
            mine = set(t.qemu_pids()) - {t.pid_of("witness")}
        time.sleep(0.01 * i)
        for pid in mine:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        start.join()
        until_off(t, "victim")
        poll("all is released", lambda: not [f for f in os.listdir(t.root + "/run/qemu") if "victim" in f], 5)
        t.nothing_left("victim")
    t.virsh("start", "victim")
    t.virsh("destroy", "victim")
    t.witness_well()
    print("# killed     12 attempts, 0 violations")


run(Hostile)
