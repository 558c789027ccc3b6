#!/usr/bin/python3
"""What users get wrong: each is refused with words that help, and leaves nothing behind."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402


def refused_xml(t, text, *words, command="define"):
    message = t.refused(command, t.file("bad.xml", text))
    for word in words:
        check(re.search(word, message, re.I), "no /%s/ in: %s" % (word, message))
    equal(t.virsh("list", "--all", "--name"), "", "domains left behind")
    equal(t.qemu_pids(), [], "processes left behind")
    return message


@case("malformed XML: line and column or the text around")
def malformed(t):
    refused_xml(t, "<domain type='qemu'>\n  <name>x</nam>\n</domain>\n", r"\b2\b|</nam>")


@case("another document than a domain")
def other_root(t):
    refused_xml(t, "<network><name>x</name></network>", "network|domain")


@case("no name, an empty name, a name with a slash")
def names(t):
    good = t.guest_xml("x")
    refused_xml(t, good.replace("<name>x</name>", ""), "name")
    refused_xml(t, good.replace("<name>x</name>", "<name></name>"), "name")
    refused_xml(t, t.guest_xml("a/b"), "a/b", "/")


@case("unknown domain type, machine, architecture")
def machine(t):
    refused_xml(t, t.guest_xml("x").replace("<domain type='%s'" % TYPE, "<domain type='nosuch'"), "nosuch")
    refused_xml(t, t.guest_xml("x", machine="pc-nosuch-9"), "pc-nosuch-9")
    refused_xml(t, t.guest_xml("x").replace("arch='x86_64'", "arch='nosuch'"), "nosuch")


@case("memory and vcpus out of reason")
def sizes(t):
    refused_xml(t, t.guest_xml("x").replace("<vcpu>1</vcpu>", "<vcpu>0</vcpu>"), "vcpu|cpu")
    refused_xml(t, t.guest_xml("x").replace(">64<", ">lots<"), "lots|memory")


@case("what ends libvirtd 9.0, or is taken and dropped by it")
def hard_input(t):
    refused_xml(t, t.guest_xml("x").replace("<vcpu>1</vcpu>", "<vcpu>-1</vcpu>"), "vcpu", "-1")
    disk = ("<disk type='file' device='disk'><driver name='qemu' type='raw' %s/><source file='/x'/>"
            "<target dev='sda' bus='sata'/></disk>")
    refused_xml(t, t.guest_xml("x", devices=disk % "queue_size='64'"), "queue_size")
    refused_xml(t, t.guest_xml("x", devices=disk % "queues='2'"), "queues")
    nic = ("<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/>"
           "<source><address type='pci' domain='0' bus='0x3f' slot='5' function='0'/></source></interface>")
    argv = t.virsh("domxml-to-native", "qemu-argv", t.file("nic.xml", t.guest_xml("x", devices=nic)))
    check("vfio-pci" in argv and "0000:3f:05.0" in argv, argv)


TOGETHER = [      # what the head of a definition says, what the refusal names
    ("<iothreadids><iothread id='2'/><iothread id='2'/></iothreadids>", "iothread id '2'"),
    ("<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='0' cpuset='0'/></cputune>", "vcpupin"),
    ("<blkiotune><device><path>/dev/a</path><weight>200</weight></device><device><path>/dev/a</path><weight>300</weight></device>"
     "</blkiotune>", "/dev/a"),
    ("<clock offset='utc'><timer name='rtc' tickpolicy='discard'/></clock>", "discard"),
    ("<clock offset='utc'><timer name='kvmclock' tickpolicy='delay'/></clock>", "kvmclock"),
    ("<sysinfo type='smbios'><system><entry name='uuid'>nonsense</entry></system></sysinfo>", "nonsense"),
    ("<vcpus><vcpu id='0' enabled='yes' hotpluggable='yes' order='1'/></vcpus>", "vcpu0"),
    ("<idmap><uid start='1' target='1' count='1'/><gid start='0' target='1' count='1'/></idmap>", "root"),
    ("<cpu><numa><cell id='0' cpus='0' memory='32' unit='MiB'/><cell id='1' cpus='0' memory='32' unit='MiB'/></numa></cpu>", "overlap"),
]


@case("parts of a definition that do not go together")
def together(t):
    for head, word in TOGETHER:
        refused_xml(t, t.guest_xml("x", head=head), word)


@case("a network disk whose host has no name is refused, and nobody follows it")
def nameless_host(t):
    disk = ("<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='http' name='a/b'>"
            "<host transport='unix' socket='/x'/></source><target dev='vdb' bus='virtio'/></disk>")
    message = t.refused("domxml-to-native", "qemu-argv", t.file("nameless.xml", t.guest_xml("x", devices=disk)))
    check("http" in message and "host" in message, message)


@case("an emulator that is not there")
def emulator(t):
    refused_xml(t, t.guest_xml("x", devices="<emulator>/nowhere/qemu</emulator>"), "/nowhere/qemu")


@case("two devices at one address")
def addresses(t):
    slot = "<address type='pci' domain='0' bus='0' slot='9' function='0'/>"
    refused_xml(t, t.guest_xml("x", devices="<memballoon model='virtio'>%s</memballoon>"
                               "<rng model='virtio'><backend model='random'>/dev/urandom</backend>%s</rng>" % (slot, slot)),
                "0000:00:09|address|slot")


@case("a disk image that is not there: start is refused, and nothing stays")
def no_disk(t):
    t.define("nodisk", disk="/nowhere/disk.img")
    message = t.refused("start", "nodisk")
    check("/nowhere/disk.img" in message, message)
    equal(t.state("nodisk"), "shut off")
    equal(t.qemu_pids(), [], "processes left behind")
    t.virsh("undefine", "nodisk")


@case("a name or uuid that is taken by another")
def taken(t):
    t.define("one")
    uuid = t.virsh("domuuid", "one")
    message = t.refused("define", t.file("two.xml", t.guest_xml("one", head="<uuid>11111111-2222-3333-4444-555555555555</uuid>")))
    check("already exists" in message and uuid in message, message)
    message = t.refused("define", t.file("two.xml", t.guest_xml("two", head="<uuid>%s</uuid>" % uuid)))
    check("already" in message, message)
    t.virsh("undefine", "one")


@case("a QEMU that ends at once: its own words are quoted")
def dies(t):
    path = t.file("dies", "#!/bin/sh\ncase \"$*\" in *-machine\\ none*) exec /usr/bin/qemu-system-x86_64 \"$@\";; esac\n"
                  "echo 'the moon is wrong' >&2\nexit 3\n", 0o755)
    t.virsh("define", t.file("dies.xml", t.guest_xml("dying", devices="<emulator>%s</emulator>" % path)))
    message = t.refused("start", "dying")
    check("the moon is wrong" in message, message)
    equal(t.state("dying"), "shut off")
    t.virsh("undefine", "dying")


@case("the daemon answers on after all of it")
def alive(t):
    check("QEMU" in t.virsh("version"), "version")
    check(t.daemon.poll() is None, "the daemon ended")


@case("changes over the read-only socket are refused")
def readonly(t):
    message = t.refused("define", t.file("x.xml", t.guest_xml("x")), readonly=True)
    check("read only access" in message, message)
    equal(t.virsh("list", "--all", "--name", readonly=True), "")


run()
