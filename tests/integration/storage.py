#!/usr/bin/python3
"""Storage pools that are folders: their life, their volumes, what survives a restart, and what is refused."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                    # noqa: E402


class Storage(Lab):
    def setup(self):
        self.folder = self.root + "/pool"

    def pool(self, name, folder, kind="dir"):
        return self.file(name + ".xml", "<pool type='%s'><name>%s</name><target><path>%s</path></target></pool>" % (kind, name, folder))


@case("a pool is defined, built, started, listed and told about")
def life(t):
    t.virsh("pool-define", t.pool("p1", t.folder))
    check("inactive" in t.virsh("pool-list", "--all"), "inactive at first")
    equal(t.virsh("pool-list", "--name"), "", "active pools")
    t.virsh("pool-build", "p1")
    check(os.path.isdir(t.folder), "the folder is made")
    t.virsh("pool-start", "p1")
    t.virsh("pool-autostart", "p1")
    info = t.virsh("pool-info", "p1")
    for pattern in (r"State: +running", r"Persistent: +yes", r"Autostart: +yes", r"Capacity: +[\d.]+ .iB"):
        check(re.search(pattern, info), "%s in %s" % (pattern, info))
    xml = t.virsh("pool-dumpxml", "p1")
    size = os.statvfs(t.folder)
    check("<capacity unit='bytes'>%d</capacity>" % (size.f_blocks * size.f_frsize) in xml, xml)
    check("<capacity" not in t.virsh("pool-dumpxml", "--inactive", "p1"), "sizes are not of the definition")


@case("volumes are created, looked at, used as backing images and deleted")
def volumes(t):
    t.virsh("vol-create-as", "p1", "base.qcow2", "8M", "--format", "qcow2")
    t.virsh("vol-create-as", "p1", "over.qcow2", "8M", "--format", "qcow2", "--backing-vol", "base.qcow2", "--backing-vol-format", "qcow2")
    t.virsh("vol-create-as", "p1", "plain.img", "1M", "--allocation", "1M")
    xml = t.virsh("vol-dumpxml", "--pool", "p1", "over.qcow2")
    for words in ("<capacity unit='bytes'>8388608</capacity>", "<format type='qcow2'/>", "<path>%s/base.qcow2</path>" % t.folder, "<mode>0600</mode>"):
        check(words in xml, xml)
    equal(os.stat(t.folder + "/plain.img").st_blocks * 512, 1 << 20, "taken of the disk")
    equal(t.virsh("vol-path", "--pool", "p1", "plain.img"), t.folder + "/plain.img", "path")
    equal(t.virsh("vol-pool", t.folder + "/plain.img"), "p1", "pool of a path")
    with open(t.folder + "/later.iso", "wb") as image:
        image.write(b"\0" * 32769 + b"CD001")
    check("later.iso" not in t.virsh("vol-list", "p1"), "not seen before a refresh")
    t.virsh("pool-refresh", "p1")
    check("type='iso'" in t.virsh("vol-dumpxml", "--pool", "p1", "later.iso"), "an ISO image")
    t.virsh("vol-delete", "--pool", "p1", "plain.img")
    check(not os.path.exists(t.folder + "/plain.img"), "the file is gone")
    equal(len(t.virsh("vol-list", "p1").splitlines()), 3, "volumes left")


@case("what cannot be is refused by name, and leaves nothing behind")
def refusals(t):
    t.virsh("pool-define", t.pool("p2", t.root + "/nowhere"))
    for words, pattern in (
            (("pool-start", "p2"), "cannot open the folder '.*/nowhere' of storage pool 'p2': .*No such file"),
            (("pool-start", "p1"), "storage pool 'p1' is already active"),
            (("pool-undefine", "p1"), "storage pool 'p1' is active"),
            (("pool-define", t.pool("p3", t.folder)), "belongs to storage pool 'p1' already"),
            (("pool-define", t.pool("p4", "/x", "logical")), "only pools of type 'dir' are served here"),
            (("pool-define", t.pool("p5", "relative")), "an absolute <path>"),
            (("pool-define", t.file("slash.xml", "<pool type='dir'><name>a/b</name><target><path>/x</path></target></pool>")), "contain '/'"),
            (("pool-info", "nopool"), "Storage pool not found"),
            (("vol-list", "p2"), "storage pool 'p2' is not active"),
            (("vol-create-as", "p1", "base.qcow2", "1M"), "storage vol 'base.qcow2' already exists"),
            (("vol-create-as", "p1", "../out.img", "1M"), "contain '/'"),
            (("vol-create-as", "p1", "x.vmdk", "1M", "--format", "vmdk"), "format 'vmdk' cannot be made here"),
            (("vol-create-as", "p1", "big.img", "8M", "--format", "qcow2", "--backing-vol", "later.iso", "--backing-vol-format", "qcow2"), "qemu-img: "),
            (("vol-info", "--pool", "p1", "nothing"), "Storage volume not found")):
        error = t.refused(*words)
        check(re.search(pattern, error), "%s: %s" % (words, error))
    check(not os.path.exists(t.folder + "/big.img"), "a volume that failed is removed")
    check(not os.path.exists(t.root + "/out.img"), "nothing outside the pool")
    check("read only" in t.refused("pool-destroy", "p1", readonly=True), "read-only")
    t.virsh("pool-undefine", "p2")


@case("pools outlive a kill of the daemon: active ones active, transient ones too")
def restart(t):
    t.virsh("pool-create", "--build", t.pool("once", t.root + "/once"))
    check(re.search(r"Persistent: +no", t.virsh("pool-info", "once")), "transient")
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    equal(sorted(t.virsh("pool-list", "--name").split()), ["once", "p1"], "active pools")
    poll("volumes are there again", lambda: "base.qcow2" in t.virsh("vol-list", "p1"))
    check(re.search(r"Autostart: +yes", t.virsh("pool-info", "p1")), "autostart")
    t.virsh("pool-destroy", "once")
    t.virsh("pool-destroy", "p1")
    t.end_daemon()
    t.start_daemon()
    poll("the one that starts with the daemon did", lambda: "p1" in t.virsh("pool-list", "--name"))
    equal(t.virsh("pool-list", "--all", "--name"), "p1", "the transient one is gone")


@case("a pool is stopped, emptied, deleted and forgotten")
def end(t):
    for name in os.listdir(t.folder):
        t.virsh("vol-delete", "--pool", "p1", name)
    t.virsh("pool-destroy", "p1")
    t.virsh("pool-delete", "p1")
    check(not os.path.exists(t.folder), "the folder is gone")
    t.virsh("pool-undefine", "p1")
    equal(t.virsh("pool-list", "--all", "--name"), "", "pools")
    equal(sorted(os.listdir(t.root + "/etc/storage")), ["autostart"], "left on disk")


run(Storage)
