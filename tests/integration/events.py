#!/usr/bin/python3
"""What a guest does by itself reaches clients as libvirt's events, with the state that belongs to it.

The guest is pushed from outside: HMP's "o" writes to its I/O ports as its own software would."""
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                    # noqa: E402


class Events(Lab):
    def setup(self):
        self.watchers = []
        iso = self.file("empty.iso", b"\0" * 65536)
        self.define("e1", disk=self.demo_disk(), devices="""
            <watchdog model='ib700' action='pause'/><panic model='isa'/><graphics type='vnc'/>
            <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='%s'/><target dev='hdc' bus='ide'/><readonly/></disk>
            """ % iso)
        self.watcher = self.watch("event", "--all", "--loop")
        self.monitor = self.watch("qemu-monitor-event", "--loop", "--event", "DEVICE_TRAY_MOVED")
        poll("the watchers are there", self.watching)

    def watch(self, *words):
        watcher = subprocess.Popen(["virsh", "-q", "-c", self.uri, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(watcher.stdout.fileno(), False)
        watcher.seen = ""
        self.watchers.append(watcher)
        return watcher

    def watching(self):
        self.virsh("desc", "e1", "--config", "x")
        return self.saw("metadata-change", quiet=True)

    def close(self):
        for watcher in self.watchers:
            watcher.kill()
            watcher.wait()
        super().close()

    def read(self, watcher):
        watcher.seen += (watcher.stdout.read() or b"").decode()
        return watcher.seen

    def saw(self, pattern, quiet=False, watcher=None):
        """Waits for the event, and forgets what was told up to it."""
        watcher = watcher or self.watcher
        found = None

        def there():
            nonlocal found
            found = re.search(pattern, self.read(watcher))
            return found

        if quiet:
            return there()
        poll("event %s among: %s" % (pattern, watcher.seen[-400:]), there)
        watcher.seen = watcher.seen[found.end():]
        return found

    def hmp(self, *words):
        return self.virsh("qemu-monitor-command", "e1", "--hmp", " ".join(words))

    def out(self, size, port, value):
        self.hmp("o", "/" + size, "0x%x" % port, "0x%x" % value)

    def sleep_type(self, value, event):
        """Writes the PIIX4's PM1a_CNT until it has its effect: the BIOS, which puts it there, may still be at it."""
        poll("event " + event, lambda: self.saw(event, quiet=True) or
             self.run("virsh", "-c", self.uri, "qemu-monitor-command", "e1", "--hmp", "o /w 0x604 0x%x" % value, ok=False) and
             self.saw(event, quiet=True))


@case("start and stop: lifecycle, in order")
def lifecycle(t):
    t.virsh("start", "e1")
    t.saw("event 'lifecycle' for domain 'e1': Resumed Unpaused")
    t.saw("event 'lifecycle' for domain 'e1': Started Booted")


@case("a watchdog that fires pauses the guest, and says why")
def watchdog(t):
    t.out("b", 0x443, 0xf)                                   # the ib700's shortest time
    t.saw("event 'watchdog' for domain 'e1': pause")
    t.saw("event 'lifecycle' for domain 'e1': Suspended Watchdog")
    equal(t.virsh("domstate", "e1", "--reason"), "paused (watchdog)", "state")
    t.out("b", 0x441, 0)
    t.virsh("resume", "e1")
    t.saw("event 'lifecycle' for domain 'e1': Resumed Unpaused")


@case("the guest sets its clock")
def rtc(t):
    def year_is_set():
        t.out("b", 0x70, 9)                                  # the register of the year; the BIOS, too, moves the index
        t.out("b", 0x71, 0x30)
        found = t.saw(r"event 'rtc-change' for domain 'e1': (-?\d+)", quiet=True)
        return found and abs(int(found.group(1))) > 86400 * 300

    poll("an offset of years", year_is_set)


@case("a CD tray opens and closes; live XML says so; the monitor's own event comes as well")
def tray(t):
    qmp = '{"execute": "%s", "arguments": {"id": "ide0-1-0"}}'
    t.virsh("qemu-monitor-command", "e1", qmp % "blockdev-open-tray")
    t.saw("event 'tray-change' for domain 'e1' disk ide0-1-0: opened")
    check("tray='open'" in t.virsh("dumpxml", "e1"), "live XML")
    t.saw(r"event DEVICE_TRAY_MOVED at \d+\.\d+ for domain 'e1': .*\"tray-open\":true", watcher=t.monitor)
    t.virsh("qemu-monitor-command", "e1", qmp % "blockdev-close-tray")
    t.saw("event 'tray-change' for domain 'e1' disk ide0-1-0: closed")


@case("who connects to the display is told")
def graphics(t):
    _, port = re.match(r"(.*):(\d+)$", t.virsh("vncdisplay", "e1")).groups()
    with socket.create_connection(("127.0.0.1", 5900 + int(port))) as viewer:
        check(viewer.recv(12).startswith(b"RFB "), "VNC's greeting")
        t.saw(r"event 'graphics' for domain 'e1': connect local\[IPv4 127\.0\.0\.1 %d\]" % (5900 + int(port)))
    t.saw("event 'graphics' for domain 'e1': disconnect")


@case("the guest suspends itself to memory, and is woken")
def suspend(t):
    t.sleep_type(0x2400, "event 'pm-suspend' for domain 'e1'")          # SLP_EN, type S3
    t.saw("event 'lifecycle' for domain 'e1': PMSuspended Memory")
    equal(t.state("e1"), "pmsuspended", "state")
    t.virsh("dompmwakeup", "e1")
    t.saw("event 'pm-wakeup' for domain 'e1'")
    t.saw("event 'lifecycle' for domain 'e1': Started Event wakeup")
    equal(t.state("e1"), "running", "state")


@case("a reset is told as a reboot")
def reset(t):
    t.virsh("reset", "e1")
    t.saw("event 'reboot' for domain 'e1'")


@case("a description that changes is told")
def metadata(t):
    t.virsh("desc", "e1", "--live", "--title", "a title")
    t.saw(r"event 'metadata-change' for domain 'e1': type title")


@case("a guest that powers itself off: shutdown by the guest, then stopped")
def power_off(t):
    t.sleep_type(0x2000, "event 'lifecycle' for domain 'e1': Shutdown")     # SLP_EN, type S5
    t.saw("event 'lifecycle' for domain 'e1': Shutdown Finished after guest request")
    t.saw("event 'lifecycle' for domain 'e1': Stopped Shutdown")
    equal(t.virsh("domstate", "e1", "--reason"), "shut off (shutdown)", "state")


@case("a panic ends the guest as on_crash says, and is told")
def panic(t):
    t.virsh("start", "e1")
    t.out("b", 0x505, 1)
    t.saw("event 'lifecycle' for domain 'e1': Crashed Panicked")
    t.saw("event 'lifecycle' for domain 'e1': Stopped Crashed")
    equal(t.virsh("domstate", "e1", "--reason"), "shut off (crashed)", "state")


@case("what is done at a crash, a reboot and a power-off can be changed while it runs")
def policy(t):
    t.virsh("start", "e1")
    t.virsh("set-lifecycle-action", "e1", "crash", "preserve", "--live")
    check("<on_crash>preserve" in t.virsh("dumpxml", "e1"), "live XML")
    check("<on_crash>destroy" in t.virsh("dumpxml", "e1", "--inactive"), "stored XML")
    t.out("b", 0x505, 1)
    t.saw("event 'lifecycle' for domain 'e1': Crashed Panicked")
    equal(t.state("e1"), "crashed", "state")
    t.virsh("destroy", "e1")
    check("memory dump" in t.refused("set-lifecycle-action", "e1", "reboot", "coredump-restart", "--config"), "a dump at a reboot")


def redefine(t, old, new):
    xml = t.virsh("dumpxml", "e1", "--inactive")
    check(old in xml, xml)
    t.virsh("define", t.file("new.xml", xml.replace(old, new)))


@case("on_crash preserve keeps a guest that panicked; restart begins anew")
def keep(t):
    redefine(t, "<on_crash>destroy", "<on_crash>preserve")
    t.virsh("start", "e1")
    t.out("b", 0x505, 1)
    t.saw("event 'lifecycle' for domain 'e1': Crashed Panicked")
    equal(t.virsh("domstate", "e1", "--reason"), "crashed (panicked)", "state")
    t.virsh("destroy", "e1")
    redefine(t, "<on_crash>preserve", "<on_crash>restart")
    t.virsh("start", "e1")
    t.out("b", 0x505, 1)
    t.saw("event 'lifecycle' for domain 'e1': Crashed Panicked")
    poll("it runs again", lambda: t.state("e1") == "running")
    t.virsh("destroy", "e1")


@case("on_poweroff restart and on_reboot destroy are kept to")
def actions(t):
    redefine(t, "<on_poweroff>destroy", "<on_poweroff>restart")
    t.virsh("start", "e1")
    pid = t.qemu_pids()
    t.sleep_type(0x2000, "event 'reboot' for domain 'e1'")
    t.saw("event 'reboot' for domain 'e1'")
    poll("it runs again", lambda: t.state("e1") == "running")
    equal(t.qemu_pids(), pid, "the same QEMU")
    t.virsh("destroy", "e1")
    redefine(t, "<on_reboot>restart", "<on_reboot>destroy")
    t.virsh("start", "e1")
    t.out("b", 0xcf9, 6)                                     # the reset port of the board
    t.saw("event 'lifecycle' for domain 'e1': Stopped Shutdown")
    equal(t.state("e1"), "shut off", "state")


run(Events)
