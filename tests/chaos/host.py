#!/usr/bin/python3
"""The host turns bad: a full disk, a state folder that is gone, no descriptors. A clear error, nothing lost, not in memory
either, and all well again without a restart when the cause is gone."""
import os
import resource
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from qvirt_test import *                                     # noqa: E402


class BadHost(Lab):
    def start_daemon(self):
        if self.log.tell() == 0 and os.geteuid() == 0:       # etc and lib are a small file system of their own
            for folder in ("etc", "lib"):
                os.mkdir(self.root + "/" + folder)
                subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", self.root + "/" + folder], check=True)
        super().start_daemon()

    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.define("quiet", head="<description>old words</description>")
        self.define("witness")
        self.virsh("start", "witness")

    def fill(self, folder):
        path = "%s/%s/filler" % (self.root, folder)
        with open(path, "wb", 0) as f:
            try:
                while True:
                    f.write(b"\0" * 4096)
            except OSError:
                pass
        return path

    def close(self):
        try:
            super().close()
        finally:
            for folder in ("etc", "lib"):
                subprocess.run(["umount", "-l", self.root + "/" + folder], capture_output=True)
            shutil.rmtree(self.root, ignore_errors=True)

    def words(self):
        return self.virsh("desc", "quiet", "--config")


@case("no space for definitions: refused with the reason, nothing changes, not in memory either")
def full(t):
    filler = t.fill("etc")
    for command in (["desc", "quiet", "--config", "new words"], ["define", t.file("n.xml", t.guest_xml("new"))],
                    ["domrename", "quiet", "other"]):
        words = t.refused(*command)
        check("space" in words, "%s: %s" % (command[0], words))
    equal(t.words(), "old words", "words")
    equal(sorted(t.virsh("list", "--all", "--name").split()), ["quiet", "witness"], "domains")
    equal(sorted(f for f in os.listdir(t.root + "/etc/qemu") if os.path.isfile(t.root + "/etc/qemu/" + f)),
          ["quiet.xml", "witness.xml"], "files")
    os.unlink(filler)
    t.virsh("desc", "quiet", "--config", "new words")
    equal(t.words(), "new words", "words")
    t.end_daemon()
    t.start_daemon()
    equal(t.words(), "new words", "words after a restart")


@case("no space for a guest's folder: the start is refused and leaves nothing")
def full_start(t):
    filler = t.fill("lib")
    before = set(os.listdir(t.root + "/lib/qemu"))
    words = t.refused("start", "quiet")
    check("space" in words, words)
    equal(set(os.listdir(t.root + "/lib/qemu")), before, "folders")
    equal([f for f in os.listdir(t.root + "/run/qemu") if "quiet" in f], [], "journals")
    equal(t.state("witness"), "running", "the guest beside")
    os.unlink(filler)
    t.virsh("start", "quiet")
    t.virsh("destroy", "quiet")


@case("a read-only file system: refused with the reason; well again when it is writable")
def readonly(t):
    subprocess.run(["mount", "-o", "remount,ro", t.root + "/etc"], check=True)
    try:
        for command in (["desc", "quiet", "--config", "x"], ["undefine", "quiet"], ["autostart", "quiet"]):
            words = t.refused(*command)
            check("Read-only" in words, words)
        equal(t.words(), "new words", "words")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", t.root + "/etc"], check=True)
    t.virsh("autostart", "quiet")
    t.virsh("autostart", "quiet", "--disable")


@case("the state folder is gone: a clear error, running guests go on; well again when it is back")
def vanished(t):
    os.rename(t.root + "/run/qemu", t.root + "/run/qemu.away")
    words = t.refused("start", "quiet")
    check("No such file" in words, words)
    equal(t.state("quiet"), "shut off", "state")
    equal(t.state("witness"), "running", "the guest beside")
    os.rename(t.root + "/run/qemu.away", t.root + "/run/qemu")
    t.virsh("start", "quiet")
    t.virsh("destroy", "quiet")


@case("no descriptors left: starts are refused, who is connected is served; well again afterwards")
def descriptors(t):
    pid = t.daemon.pid
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = max(int(f) for f in os.listdir("/proc/%d/fd" % pid)) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 3, old[1]))
    try:
        done = t.run("virsh", "-q", "-c", t.uri, "start", "quiet", ok=False)
        check(done.returncode != 0 and "many open files" in done.stderr, done.stderr or "it starts")
        equal(t.state("quiet"), "shut off", "state")
        held = []
        for _ in range(10):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1)
            if s.connect_ex(t.socket) == 0:
                held.append(s)
        with open("/proc/%d/stat" % pid) as f:
            before = sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
        time.sleep(1)
        with open("/proc/%d/stat" % pid) as f:
            spent = sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) - before
        for s in held:
            s.close()
        check(spent < 50, "it spins: %d ticks in a second" % spent)
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    equal(t.state("witness"), "running", "the guest beside")
    t.virsh("start", "quiet")
    t.virsh("destroy", "quiet")


@case("a storm of signals interrupts nothing")
def storm(t):
    import signal
    import threading
    stop = threading.Event()

    def blow():
        while not stop.is_set():
            os.kill(t.daemon.pid, signal.SIGCHLD)
            time.sleep(0.001)
    wind = threading.Thread(target=blow)
    wind.start()
    try:
        for _ in range(3):
            t.virsh("start", "quiet")
            t.virsh("desc", "quiet", "--config", "new words")
            t.virsh("destroy", "quiet")
    finally:
        stop.set()
        wind.join()


run(BadHost)
