#!/usr/bin/python3
"""Guests do not depend on the daemon's life: it is stopped and killed, and finds them as they were."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402


class Guests(Lab):
    def setup(self):
        self.define("runs", disk=self.demo_disk("runs.img"))
        self.define("sleeps", disk=self.demo_disk("sleeps.img"))
        self.define("off")
        self.virsh("start", "runs")
        self.virsh("start", "sleeps")
        self.virsh("suspend", "sleeps")
        self.virsh("create", self.file("passing.xml", self.guest_xml("passing", disk=self.demo_disk("passing.img"))))
        self.pids = sorted(self.qemu_pids())

    def as_it_was(self):
        equal(sorted(self.qemu_pids()), self.pids, "QEMU processes")
        equal(self.state("runs"), "running", "runs")
        equal(self.state("sleeps"), "paused", "sleeps")
        equal(self.state("passing"), "running", "passing")
        equal(self.state("off"), "shut off", "off")


@case("SIGTERM: ends within a second, guests stay, the next daemon finds them")
def stopped(t):
    before = [t.virsh("domid", name) for name in ("runs", "sleeps", "passing")]
    begin = time.monotonic()
    equal(t.end_daemon(signal.SIGTERM), 0, "exit status")
    check(time.monotonic() - begin < 1.5, "took %.1f s" % (time.monotonic() - begin))
    equal(sorted(t.qemu_pids()), t.pids, "QEMU processes")
    t.start_daemon()
    t.as_it_was()
    equal([t.virsh("domid", name) for name in ("runs", "sleeps", "passing")], before, "ids")


@case("kill -9: the same")
def killed(t):
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    t.as_it_was()
    xml = t.virsh("dumpxml", "runs")
    check("<alias name=" in xml, "the live XML is lost")


@case("an adopted guest obeys: suspend, resume, monitor")
def obeys(t):
    t.virsh("suspend", "runs")
    equal(t.state("runs"), "paused")
    t.virsh("resume", "runs")
    equal(t.state("runs"), "running")
    t.virsh("resume", "sleeps")
    equal(t.state("sleeps"), "running")
    check('"running"' in t.virsh("qemu-monitor-command", "runs", '{"execute":"query-status"}'), "monitor")


@case("a guest that died meanwhile is shut off, and nothing of it stays")
def died(t):
    t.end_daemon(signal.SIGKILL)
    victim = [pid for pid in t.qemu_pids() if b"guest=passing" in open("/proc/%d/cmdline" % pid, "rb").read()]
    equal(len(victim), 1, "processes of the transient guest")
    os.kill(victim[0], signal.SIGKILL)
    t.start_daemon()
    check("passing" not in t.virsh("list", "--all", "--name").split(), "a transient guest without a process")
    equal(t.state("runs"), "running")


@case("killed in the middle of starts: each guest is wholly there or wholly not")
def midway(t):
    import subprocess
    names = ["mid%d" % n for n in range(4)]
    for name in names:
        t.define(name)
    starts = [subprocess.Popen(["virsh", "-q", "-c", t.uri, "start", name], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) for name in names]
    time.sleep(0.25)
    t.end_daemon(signal.SIGKILL)
    for start in starts:
        start.wait(30)
    t.start_daemon()
    running = [name for name in names if t.state(name) != "shut off"]
    command_lines = [open("/proc/%d/cmdline" % pid, "rb").read() for pid in t.qemu_pids()]
    there = [name for name in names if any(b"guest=" + name.encode() in line for line in command_lines)]
    equal(sorted(running), sorted(there), "running by the daemon, and by /proc")


@case("an adopted guest is destroyed")
def destroyed(t):
    for name in t.virsh("list", "--name").split():
        t.virsh("destroy", name)
    equal(t.qemu_pids(), [])
    equal(t.state("runs"), "shut off")


@case("a second daemon on the same folders is refused")
def second(t):
    done = t.run(program("daemon", "qvirtd"), "--root", t.root, ok=False, timeout=10)
    check(done.returncode == 1 and "another qvirtd" in done.stderr, done.stderr)


run(Guests)
