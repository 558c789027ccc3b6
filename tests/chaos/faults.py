#!/usr/bin/python3
"""Every operation, broken at every fault point it passes: once the step fails, once the daemon is killed there.

A traced run tells the points; then each is tried, the daemon started again, and the promises checked: running domains
and live QEMUs are the same, nothing is left of what is not running, every configuration is the old or the new one, the
guest beside runs on, and the operation succeeds when repeated. --sweep N adds N kills at moments by chance."""
import argparse
import glob
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from qvirt_test import *                                     # noqa: E402

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("--sweep", type=int, default=40, metavar="N", help="kills at moments by chance (default 40)")
ARGUMENTS.add_argument("--only", help="operations whose name contains this")
OPTIONS = ARGUMENTS.parse_args()


class Chaos(Lab):
    fault = None

    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.disk = self.demo_disk("subject.img")
        os.chmod(self.disk, 0o600)
        os.chown(self.disk, 1234, 4321)
        self.define("witness", disk=self.demo_disk("witness.img"))
        self.virsh("start", "witness")
        self.witness = self.qemu_pids()
        self.old = self.file("old.xml", self.subject("old words"))
        self.new = self.file("new.xml", self.subject("new words"))

    def subject(self, words):
        xml = self.guest_xml("subject", disk=self.disk, head="<description>%s</description>" % words,
                             devices="<graphics type='vnc' autoport='yes'/><channel type='unix'>"
                             "<target type='virtio' name='org.example.port'/></channel>")
        return xml.replace("<name>", "<uuid>9a1b6d62-7a33-4f6e-9d0c-00000000c405</uuid><name>", 1)

    def start_daemon(self):
        os.environ.pop("QVIRT_FAULT", None)
        if self.fault:
            os.environ["QVIRT_FAULT"] = self.fault
        path = self.root + "/test.conf"
        with open(path, "w") as f:
            f.write('user = "nobody"\ngroup = "nogroup"\nlog_level = "info"\n')
        self.options = ("--config", path)
        super().start_daemon()
        os.environ.pop("QVIRT_FAULT", None)

    def restart(self, fault=None):
        if self.daemon and self.daemon.poll() is None:
            self.end_daemon(signal.SIGKILL)
        self.fault = fault
        self.start_daemon()

    def try_virsh(self, *arguments):
        try:
            return self.run("virsh", "-q", "-c", self.uri, *arguments, ok=False, timeout=30).returncode == 0
        except subprocess.TimeoutExpired:
            raise Failed("virsh %s hangs" % arguments[0])

    def to_state(self, wanted):
        """nothing, defined or running."""
        for name in ("renamed", "subject"):
            self.try_virsh("destroy", name)
            self.try_virsh("undefine", name)
        if wanted != "nothing":
            self.virsh("define", self.old)
        if wanted == "running":
            self.virsh("start", "subject")

    def log_size(self):
        return os.path.getsize(self.root + "/qvirtd.log")

    def points_since(self, start):
        with open(self.root + "/qvirtd.log", errors="replace") as f:
            f.seek(start)
            return list(dict.fromkeys(re.findall(r"passing fault point (\S+)", f.read())))


# name, state before, the command, states of the configuration that may be after it was broken
OPERATIONS = [
    ("define", "nothing", lambda t: ["define", t.old], {None, "old words"}),
    ("redefine", "defined", lambda t: ["define", t.new], {"old words", "new words"}),
    ("undefine", "defined", lambda t: ["undefine", "subject"], {None, "old words"}),
    ("start", "defined", lambda t: ["start", "subject"], {"old words"}),
    ("create", "nothing", lambda t: ["create", t.old], {None, "old words"}),
    ("destroy", "running", lambda t: ["destroy", "subject"], {"old words"}),
    ("autostart", "defined", lambda t: ["autostart", "subject"], {"old words"}),
    ("rename", "defined", lambda t: ["domrename", "subject", "renamed"], {"old words"}),
    ("desc", "defined", lambda t: ["desc", "subject", "--config", "new words"], {"old words", "new words"}),
    ("suspend", "running", lambda t: ["suspend", "subject"], {"old words"}),
]


def running_domains(t):
    return [n for n in t.virsh("list", "--name").split() if n]


def settled(t):
    """Waits until what ends on its own has ended."""
    poll("QEMUs and running domains agree", lambda: len(t.qemu_pids()) == len(running_domains(t)), 10)


def violations(t, words):
    """What is not as promised, as texts."""
    found = []
    running = running_domains(t)
    if t.witness[0] not in t.qemu_pids() or "witness" not in running:
        found.append("the guest beside is gone")
    names = set(t.virsh("list", "--all", "--name").split())
    if {"subject", "renamed"} <= names:
        found.append("both names exist")
    subject = (names & {"subject", "renamed"} or {None}).pop()
    now = None
    if subject:
        match = re.search(r"<description>(.*?)</description>", t.virsh("dumpxml", subject))
        now = match and match.group(1)
    if now not in words:
        found.append("the configuration says %r" % now)
    found += leftovers(t, running)
    if subject not in running and os.stat(t.disk).st_uid != 1234:
        found.append("the disk is not its owner's again")
    return found


def leftovers(t, running):
    kept = {"%s/run/qemu/%s.%s" % (t.root, n, end) for n in running for end in ("json", "journal")}
    found = [f for f in glob.glob(t.root + "/run/qemu/*") if os.path.isfile(f) and f not in kept]
    folders = glob.glob(t.root + "/lib/qemu/domain-*") + glob.glob(t.root + "/lib/qemu/channel/target/*")
    found += [f for f in folders if not any(re.search(r"/domain-\d+-%s$" % n, f) for n in running)]
    found += glob.glob(t.root + "/etc/**/*.new-*", recursive=True) + glob.glob(t.root + "/run/**/*.new*", recursive=True)
    return ["left behind: " + f[len(t.root):] for f in found]


def trace(t, before, command):
    t.restart()
    t.to_state(before)
    t.restart("trace")
    start = t.log_size()
    t.virsh(*command(t))
    settled(t)
    time.sleep(0.1)                    # what is cleared after the answer
    return t.points_since(start)


def attempt(t, operation, break_it):
    """One operation broken by break_it(command); the violations."""
    name, before, command, words = operation
    t.restart()
    t.to_state(before)
    break_it(command(t))
    if t.daemon and t.daemon.poll() is not None:
        t.daemon = None
    t.restart()
    settled(t)
    deadline = time.monotonic() + 5
    while (found := violations(t, words)) and time.monotonic() < deadline:
        time.sleep(0.1)                # an autostart may be on its way
    if not found:
        t.to_state(before)
        if not t.try_virsh(*command(t)):
            found = ["it fails when repeated"]
    return found


def at_point(t, point, action):
    def break_it(command):
        t.restart("%s:%s" % (point, action))
        t.try_virsh(*command)
    return break_it


def at_moment(t):
    def break_it(command):
        client = subprocess.Popen(["virsh", "-q", "-c", t.uri, *command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(random.uniform(0.02, 0.2))
        t.end_daemon(signal.SIGKILL)
        client.wait(30)
    return break_it


def every_point(operation):
    def test(t):
        points = trace(t, operation[1], operation[2])
        broken = []
        for point in points:
            for action in ("fail", "kill"):
                found = attempt(t, operation, at_point(t, point, action))
                broken += ["%s:%s: %s" % (point, action, "; ".join(found))] if found else []
        print("# %-10s %3d attempts, %d violations" % (operation[0], 2 * len(points), len(broken)), flush=True)
        check(not broken, "\n".join(broken))
    return test


for op in OPERATIONS:
    if not OPTIONS.only or OPTIONS.only in op[0]:
        case("%s, broken at every fault point" % op[0])(every_point(op))


@case("killed at moments by chance")
def sweep(t):
    broken = []
    for i in range(OPTIONS.sweep):
        operation = OPERATIONS[i % len(OPERATIONS)]
        found = attempt(t, operation, at_moment(t))
        broken += ["%s: %s" % (operation[0], "; ".join(found))] if found else []
    print("# %-10s %3d attempts, %d violations" % ("sweep", OPTIONS.sweep, len(broken)), flush=True)
    check(not broken, "\n".join(broken))


run(Chaos)
