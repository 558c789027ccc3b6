#!/usr/bin/python3
"""A domain's life by unmodified virsh: every everyday command, on a demo guest that boots our boot sector."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402


class Guest(Lab):
    name = "life"

    def setup(self):
        self.disk = self.demo_disk()
        self.devices = """<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
    <graphics type='vnc' autoport='yes'/><video><model type='vga'/></video>
    <memballoon model='virtio'/>"""


@case("uri, version, capabilities, nodeinfo, hostname")
def about(t):
    equal(t.virsh("uri"), t.uri, "uri")
    check("Running hypervisor: QEMU" in t.virsh("version"), "version names no QEMU")
    caps = t.virsh("capabilities")
    check("<host>" in caps and "<guest>" in caps and "<arch name='x86_64'>" in caps, "capabilities")
    info = t.virsh("nodeinfo")
    check(re.search(r"CPU\(s\): +%d" % os.cpu_count(), info), info)
    equal(t.virsh("hostname"), os.uname().nodename)


@case("define writes what it will be, and lists it")
def define(t):
    t.define(t.name, disk=t.disk, devices=t.devices)
    equal(t.state(t.name), "shut off", "state")
    check(t.name in t.virsh("list", "--all", "--name").split(), "not in list --all")
    check(t.name not in t.virsh("list", "--name").split(), "in list of running")
    check(t.name in t.virsh("list", "--inactive", "--persistent", "--name").split(), "not in list --inactive")
    xml = t.virsh("dumpxml", t.name)
    check("<uuid>" in xml and "machine='pc-i440fx" in xml and "<address type='pci'" in xml, xml)
    equal(t.virsh("domid", t.name), "-", "domid")


@case("define again with the same text changes nothing")
def define_again(t):
    before = t.virsh("dumpxml", t.name, "--inactive")
    t.virsh("define", t.file("again.xml", before))
    equal(t.virsh("dumpxml", t.name, "--inactive"), before, "XML")


@case("autostart is kept")
def autostart(t):
    t.virsh("autostart", t.name)
    check(re.search(r"Autostart: +enable", t.virsh("dominfo", t.name)), "not enabled")
    equal(t.virsh("list", "--all", "--autostart", "--name").split(), [t.name])
    t.virsh("autostart", t.name, "--disable")
    equal(t.virsh("list", "--all", "--autostart", "--name").split(), [])


@case("start, domstate --reason, dominfo, domid, list")
def start(t):
    t.virsh("start", t.name)
    equal(t.virsh("domstate", t.name, "--reason"), "running (booted)")
    number = int(t.virsh("domid", t.name))
    check(number > 0, "domid %d" % number)
    equal(t.virsh("domname", str(number)), t.name, "domname")
    check(t.name in t.virsh("list", "--state-running", "--name").split(), "not in list")
    info = t.virsh("dominfo", t.name)
    check(re.search(r"Max memory: +65536 KiB", info) and re.search(r"CPU time: +\d", info), info)
    equal(t.virsh("domname", t.virsh("domuuid", t.name)), t.name, "domuuid")


@case("a running guest cannot be started again")
def start_twice(t):
    check("already" in t.refused("start", t.name), "words")


@case("dumpxml: live XML has ids and aliases, --inactive has not")
def dumpxml(t):
    live = t.virsh("dumpxml", t.name)
    check(re.search(r"<domain type='\w+' id='\d+'", live) and "<alias name='" in live, live)
    stored = t.virsh("dumpxml", t.name, "--inactive")
    check("id='" not in stored.split("\n")[0] and "<alias" not in stored, stored)
    check("passwd" not in t.virsh("dumpxml", t.name, "--security-info"), "a password out of nowhere")


@case("domblklist, domiflist, vncdisplay, ttyconsole")
def devices(t):
    check(re.search(r"vda +%s" % re.escape(t.disk), t.virsh("domblklist", t.name)), "domblklist")
    check("52:54:00:11:22:33" in t.virsh("domiflist", t.name), "domiflist")
    check(re.match(r"127\.0\.0\.1:\d+|:\d+", t.virsh("vncdisplay", t.name)), "vncdisplay")
    check(t.virsh("ttyconsole", t.name).startswith("/dev/pts/"), "ttyconsole")


@case("suspend and resume")
def suspend(t):
    t.virsh("suspend", t.name)
    equal(t.virsh("domstate", t.name, "--reason"), "paused (user)")
    check(t.name in t.virsh("list", "--state-paused", "--name").split(), "not in list --state-paused")
    t.virsh("resume", t.name)
    equal(t.virsh("domstate", t.name, "--reason"), "running (unpaused)")


@case("title, description and metadata, live and stored")
def metadata(t):
    t.virsh("desc", t.name, "--config", "--live", "--title", "A title")
    equal(t.virsh("desc", t.name, "--title"), "A title")
    equal(t.virsh("desc", t.name, "--title", "--config"), "A title")
    t.virsh("desc", t.name, "--config", "A <text> & more")
    equal(t.virsh("desc", t.name, "--config"), "A <text> & more")
    t.virsh("metadata", t.name, "--uri", "urn:test", "--key", "k", "--config", "--live", "--set", "<a b='1'/>")
    check("<a b=" in t.virsh("metadata", t.name, "--uri", "urn:test"), "metadata")
    check("urn:test" in t.virsh("dumpxml", t.name, "--inactive"), "not stored")
    t.virsh("metadata", t.name, "--uri", "urn:test", "--config", "--live", "--remove")
    check("metadata" in t.refused("metadata", t.name, "--uri", "urn:test"), "words")


@case("dommemstat and domstats")
def stats(t):
    check(re.search(r"^actual 65536$", t.virsh("dommemstat", t.name), re.M), t.virsh("dommemstat", t.name))
    text = t.virsh("domstats", t.name)
    for field in ("state.state=1", "state.reason=", "cpu.time=", "balloon.current=65536", "vcpu.current=1",
                  "net.count=1", "block.count=1", "block.0.name=vda"):
        check(field in text, "no %s in\n%s" % (field, text))
    check("cpu.time" not in t.virsh("domstats", t.name, "--state"), "--state alone")


@case("send-key and screenshot")
def keys(t):
    t.virsh("send-key", t.name, "KEY_LEFTCTRL", "KEY_LEFTALT", "KEY_DELETE")
    t.refused("send-key", t.name, "KEY_NONSENSE")
    picture = t.root + "/shot"
    t.virsh("screenshot", t.name, picture)
    with open(picture, "rb") as f:
        head = f.read(8)
    check(head.startswith(b"\x89PNG") or head.startswith(b"P6"), repr(head))


@case("qemu-monitor-command, QMP and HMP")
def monitor(t):
    answer = json.loads(t.virsh("qemu-monitor-command", t.name, '{"execute":"query-status"}'))
    equal(answer["return"]["status"], "running")
    check("VM status: running" in t.virsh("qemu-monitor-command", t.name, "--hmp", "info status"), "hmp")


@case("reset and reboot leave it running")
def reset(t):
    t.virsh("reset", t.name)
    equal(t.state(t.name), "running")
    t.virsh("reboot", t.name)
    equal(t.state(t.name), "running")


@case("destroy ends QEMU")
def destroy(t):
    check(t.qemu_pids(), "no QEMU")
    t.virsh("destroy", t.name)
    equal(t.virsh("domstate", t.name, "--reason"), "shut off (destroyed)")
    equal(t.qemu_pids(), [], "QEMU processes")
    check("not running" in t.refused("destroy", t.name), "words")


@case("start --paused")
def paused(t):
    t.virsh("start", t.name, "--paused")
    equal(t.state(t.name), "paused")
    t.virsh("destroy", t.name)


@case("domrename")
def rename(t):
    t.virsh("domrename", t.name, "other")
    check(t.name not in t.virsh("list", "--all", "--name").split(), "old name is there")
    equal(t.state("other"), "shut off")
    t.virsh("domrename", "other", t.name)


@case("domxml-to-native shows the command line and starts nothing")
def native(t):
    line = t.virsh("domxml-to-native", "qemu-argv", t.root + "/life.xml")
    check("qemu-system-x86_64" in line and "-blockdev" in line, line)
    equal(t.qemu_pids(), [])


@case("create makes a transient guest, gone when it ends")
def transient(t):
    xml = t.file("passing.xml", t.guest_xml("passing"))
    t.virsh("create", xml)
    check("passing" in t.virsh("list", "--transient", "--name").split(), "not in list --transient")
    check(re.search(r"Persistent: +no", t.virsh("dominfo", "passing")), "persistent")
    t.virsh("destroy", "passing")
    check("passing" not in t.virsh("list", "--all", "--name").split(), "still there")


@case("create --autodestroy ends with its connection")
def autodestroy(t):
    xml = t.file("brief.xml", t.guest_xml("brief"))
    t.virsh("create", "--autodestroy", xml)
    poll("the guest is gone", lambda: "brief" not in t.virsh("list", "--all", "--name").split(), 10)
    equal(t.qemu_pids(), [])


@case("QEMU's death is a crash")
def death(t):
    t.virsh("start", t.name)
    os.kill(t.qemu_pids()[0], 9)
    poll("shut off", lambda: t.virsh("domstate", t.name, "--reason") == "shut off (crashed)", 10)


@case("event: each step is told")
def events(t):
    import subprocess
    watcher = subprocess.Popen(["virsh", "-q", "-c", t.uri, "event", "--event", "lifecycle", "--loop", "--timeout", "25"],
                               stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    import time
    time.sleep(1)                                            # virsh says nothing when it is ready
    for command in ("start", "suspend", "resume", "destroy"):
        t.virsh(command, t.name)
    seen = ""
    while "Stopped" not in seen:
        line = watcher.stdout.readline()
        check(line, "virsh event ended: " + seen)
        seen += line
    watcher.terminate()
    watcher.wait()
    for word in ("Started Booted", "Suspended Paused", "Resumed Unpaused", "Stopped Destroyed"):
        check(word in seen, "no '%s' in\n%s" % (word, seen))


@case("undefine forgets it")
def undefine(t):
    t.virsh("undefine", t.name)
    check(t.name not in t.virsh("list", "--all", "--name").split(), "still there")
    check("failed to get domain" in t.refused("domstate", t.name), "words")


run(Guest)
