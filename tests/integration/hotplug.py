#!/usr/bin/python3
"""Devices that come to a running guest and leave it: disks, media, a controller, a random generator. One boot of a real
kernel; what the guest sees counts."""
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from linux_guest import *                                    # noqa: E402

PORTS = "<controller type='pci' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 8
CDROM = "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='sda' bus='sata'/><readonly/></disk>"


class Plugging(Lab):
    def setup(self):
        self.options = ("--config", self.file("daemon.conf", 'log_level = "info"\n'))
        image = boot_files(self)
        devices = PORTS + CDROM % ("<source file='%s'/>" % self.image("first.iso", b"first medium")) + "<controller type='usb' model='qemu-xhci'/>"
        xml = with_linux(self.guest_xml("a", devices=devices, memory=256, machine="q35"), image)
        self.virsh("define", self.file("a.xml", xml))
        self.virsh("start", "a", "--paused")
        self.guest = Guest(self, "a")
        self.virsh("resume", "a")
        self.guest.log_in()

    def image(self, name, words, size=1 << 20):
        return self.file(name, words + bytes(size - len(words)))

    def seen(self, words):
        return words in self.guest.ask("cat /proc/partitions; lsmod 2>/dev/null | head -0")

    def xml(self, *more):
        return self.virsh("dumpxml", "a", *more)


@case("a disk comes, is written by the guest, and leaves")
def disk(t):
    path = t.image("vdb.img", b"from the host")
    os.chmod(path, 0o600)
    t.virsh("attach-disk", "a", path, "vdb", "--targetbus", "virtio", "--subdriver", "raw", "--live", "--config", "--serial", "S1")
    poll("the guest has it", lambda: t.guest.succeeds("test -b /dev/vda"), 20)
    check("from the host" in t.guest.ask("head -c 13 /dev/vda"), "its content")
    t.guest.ask("printf 'from the guest' | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null")
    equal(open(path, "rb").read(14), b"from the guest")
    live, stored = (re.search("<target dev='vdb' bus='virtio'/>.*?(<address [^>]*>)", t.xml(*more), re.S).group(1)
                    for more in ((), ("--inactive",)))
    equal(live, stored, "its address in both definitions")
    said = t.refused("attach-disk", "a", t.image("x.img", b"x"), "vdb", "--targetbus", "virtio")
    check("vdb" in said, "a target twice: " + said)
    t.virsh("detach-disk", "a", "vdb", "--live")
    poll("it has left", lambda: "vdb" not in t.xml(), 15)
    check("vdb" in t.xml("--inactive"), "still defined")
    check(not t.guest.succeeds("test -b /dev/vda"), "the guest has it still")
    nodes = t.virsh("qemu-monitor-command", "a", '{"execute":"query-named-block-nodes"}')
    check(path not in nodes, "QEMU has its image open")
    t.virsh("detach-disk", "a", "vdb", "--config")
    check("vdb" not in t.xml("--inactive"), "undefined")


@case("a chain of qcow2 images comes, with the daemon killed before it leaves")
def chain(t):
    base, top = t.image("base.img", b"deep down"), t.root + "/top.qcow2"
    t.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", top)
    t.virsh("attach-disk", "a", top, "vdc", "--targetbus", "virtio", "--subdriver", "qcow2")
    poll("the guest has it", lambda: t.guest.succeeds("test -b /dev/vda"), 20)
    check("deep down" in t.guest.ask("head -c 9 /dev/vda"), "its content")
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    t.guest.close()
    t.guest = Guest(t, "a")
    check(base in t.xml(), "the chain is in the XML")
    t.virsh("detach-disk", "a", "vdc")
    poll("it has left", lambda: "vdc" not in t.xml(), 15)


@case("a medium is changed, ejected and inserted")
def medium(t):
    for name in ("second", "third"):
        t.virsh("change-media", "a", "sda", t.image(name + ".iso", name.encode() + b" medium"), "--update", "--live")
        check(name + ".iso" in t.xml(), "XML")
        blocks = t.virsh("qemu-monitor-command", "a", '{"execute":"query-block"}')
        check(name + ".iso" in blocks and "first.iso" not in blocks, "QEMU")
    t.virsh("change-media", "a", "sda", "--eject", "--live")
    check("third.iso" not in t.xml(), "ejected")
    check("third.iso" not in t.virsh("qemu-monitor-command", "a", '{"execute":"query-named-block-nodes"}'), "its node is gone")
    check("first.iso" in t.xml("--inactive"), "the definition is as it was")
    t.virsh("change-media", "a", "sda", t.root + "/second.iso", "--insert", "--live")
    t.virsh("change-media", "a", "sda", t.root + "/second.iso", "--update", "--config")
    check("second.iso" in t.xml() and "second.iso" in t.xml("--inactive"), "both")


@case("a SCSI controller comes, with a disk on it; a random generator")
def others(t):
    controller = t.file("scsi.xml", "<controller type='scsi' index='0' model='virtio-scsi'/>")
    rng = t.file("rng.xml", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>")
    t.virsh("attach-device", "a", controller)
    t.virsh("attach-disk", "a", t.image("sdb.img", b"scsi"), "sdb", "--targetbus", "scsi", "--subdriver", "raw")
    check("sdb" in t.xml(), "XML")
    check("busy" in t.refused("detach-device", "a", controller), "a controller in use")
    t.virsh("attach-device", "a", rng)
    check("<rng" in t.xml(), "XML")
    events = threading.Thread(target=lambda: setattr(t, "event", t.virsh("event", "a", "--event", "device-removed", "--timeout", "15")))
    events.start()
    t.virsh("detach-device-alias", "a", "rng0")
    events.join(20)
    check("rng0" in t.event, lambda: "events: %r" % t.event)
    check("<rng" not in t.xml(), "XML")


@case("what cannot come says so")
def refused(t):
    for bus, words in (("sata", "cannot be hotplugged"), ("ide", "cannot be hotplugged")):
        said = t.refused("attach-disk", "a", t.image("y.img", b"y"), "sdx", "--targetbus", bus, "--subdriver", "raw")
        check(words in said, said)
    check("Cannot access" in t.refused("attach-disk", "a", "/nowhere.img", "vdx", "--targetbus", "virtio"), "no image")
    check("not supported" in t.refused("attach-device", "a", t.file("tpm.xml", "<tpm model='tpm-crb'><backend type='emulator'/></tpm>"), "--live"), "a TPM")
    t.virsh("destroy", "a")
    equal(t.qemu_pids(), [])


run(Plugging)
