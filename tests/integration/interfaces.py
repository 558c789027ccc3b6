#!/usr/bin/python3
"""Guests' interfaces on the host: every type's device, names, limits and what is left afterwards. In a network namespace
of its own."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from own_network import *                                    # noqa: E402

MAC = "52:54:00:00:00:%02x"


class Interfaces(Lab):
    fault = None

    def setup(self):
        for command in ("link add br0 mtu 1400 type bridge", "link set br0 up", "link add uplink type veth peer name far",
                        "link set uplink up", "link set far up"):
            ip(*command.split())
        self.before = links()

    def nic(self, kind, source, inner="", number=1, model="virtio"):
        return "<interface type='%s'>%s<mac address='%s'/><model type='%s'/>%s</interface>" % (
            kind, source and "<source %s/>" % source, MAC % number, model, inner)

    def bridged(self, inner="", number=1):
        return self.nic("bridge", "bridge='br0'", inner, number)

    def start(self, name, devices, ok=True):
        self.forget(name)
        self.define(name, devices=devices)
        if not ok:
            return self.refused("start", name)
        self.virsh("start", name)
        return self.virsh("dumpxml", name)

    def forget(self, name):
        """What a case that failed has left."""
        for verb in ("destroy", "undefine"):
            self.run("virsh", "-c", self.uri, verb, name, ok=False)

    def gone(self, name):
        if self.state(name) != "shut off":
            self.virsh("destroy", name)
        poll("all of '%s' is gone" % name, lambda: links() == self.before, 5)
        self.virsh("undefine", name)

    def restart(self, fault=""):
        if self.daemon and self.daemon.poll() is None:
            self.end_daemon(signal.SIGKILL)
        os.environ["QVIRT_FAULT"] = fault
        self.start_daemon()
        os.environ["QVIRT_FAULT"] = ""


def device(xml, number=0):
    return re.findall("<target dev='([^']*)'/>", xml)[number]


@case("a bridged interface: tap, address, MTU of the bridge, port, up; gone with the guest")
def bridged(t):
    tap = device(t.start("a", t.bridged()))
    check(re.fullmatch("vnet[0-9]+", tap), tap)
    link = show(tap)
    equal((link["address"], link["mtu"], link["master"]), ("fe:54:00:00:00:01", 1400, "br0"))
    check("UP" in link["flags"], link)
    check("vnet" not in t.virsh("dumpxml", "a", "--inactive"), "the name is in the definition")
    t.gone("a")


@case("names go on, skip what is there, and the user's own are his")
def names(t):
    first = device(t.start("a", t.bridged()))
    following = "vnet%d" % (int(first[4:]) + 1)
    ip("link", "add", following, "type", "veth", "peer", "name", "x")
    try:
        xml = t.start("b", t.bridged(number=2) + t.bridged("<target dev='mine'/>", 3))
        equal(device(xml, 0), "vnet%d" % (int(first[4:]) + 2))
        equal(device(xml, 1), "mine")
        check("busy" in t.start("c", t.bridged("<target dev='mine'/>", 4), ok=False), "a busy name")
        t.virsh("undefine", "c")
    finally:
        ip("link", "del", following)
    t.virsh("destroy", "a")
    t.virsh("undefine", "a")
    t.gone("b")


@case("port isolation, MTU, several queues")
def options(t):
    tap = device(t.start("a", t.bridged("<port isolated='yes'/><mtu size='1300'/><driver queues='2'/>")))
    check("isolated on" in command("bridge", "-d", "link", "show", "dev", tap), "isolated")
    equal(show(tap)["mtu"], 1300)
    check(re.search(r'"fds":"[0-9]+:[0-9]+"', open(t.root + "/log/qemu/a.log").read()), "a descriptor for each queue")
    t.gone("a")


@case("macvtap in each mode; passthrough lends its device the guest's address")
def macvtap(t):
    was = show("uplink")["address"]
    for mode, kernel_mode in (("vepa", "vepa"), ("bridge", "bridge"), ("private", "private"), ("passthrough", "passthru")):
        dev = device(t.start("a", t.nic("direct", "dev='uplink' mode='%s'" % mode)))
        check(re.fullmatch("macvtap[0-9]+", dev), dev)
        link = show(dev)
        equal((link["address"], link["linkinfo"]["info_data"]["mode"]), (MAC % 1, kernel_mode))
        equal(show("uplink")["address"], MAC % 1 if mode == "passthrough" else was)
        t.gone("a")
        equal(show("uplink")["address"], was, "the device's address")


@case("ethernet: scripts, addresses of the host's end, somebody else's tap")
def ethernet(t):
    script = t.file("script", "#!/bin/sh\necho \"$(basename $0) $1\" >>%s/script.log\n" % t.root, 0o755)
    down = t.file("down", open(script).read(), 0o755)
    inner = "<script path='%s'/><downscript path='%s'/>" % (script, down)
    xml = "<interface type='ethernet'><source><ip address='10.7.0.1' prefix='24'/><route address='10.8.0.0' prefix='16' gateway='10.7.0.9'/>" \
          "</source><mac address='%s'/><model type='virtio'/>%s</interface>" % (MAC % 1, inner)
    tap = device(t.start("a", xml))
    check("10.7.0.1/24" in command("ip", "addr", "show", tap), "the address")
    check("10.8.0.0/16 via 10.7.0.9" in command("ip", "route"), "the route")
    t.gone("a")
    equal(open(t.root + "/script.log").read(), "script %s\ndown %s\n" % (tap, tap))
    mine = t.nic("ethernet", "", "<target dev='theirs' managed='no'/>")
    check("doesn't exist" in t.start("a", mine, ok=False), "a tap that is not there")
    ip("tuntap", "add", "theirs", "mode", "tap", "vnet_hdr")
    try:
        t.virsh("start", "a")
        t.virsh("destroy", "a")
        check("theirs" in links(), "their tap is theirs")
    finally:
        ip("link", "del", "theirs")
    t.gone("a")


@case("a card comes to a running guest, and to its definition; its limits, link and counters change")
def attach(t):
    t.start("a", t.bridged())
    t.virsh("attach-interface", "a", "bridge", "br0", "--mac", MAC % 2, "--model", "virtio", "--live", "--config")
    xml = t.virsh("dumpxml", "a")
    tap = device(xml, 1)
    equal(show(tap)["master"], "br0")
    check("<alias name='net1'/>" in xml, "its alias")
    live, stored = (re.findall("<address type='pci'[^>]*>", t.virsh("dumpxml", "a", *more)) for more in ((), ("--inactive",)))
    equal(live, stored, "addresses in both definitions")
    t.virsh("domif-setlink", "a", MAC % 2, "down")
    equal(t.virsh("domif-getlink", "a", tap), "%s down" % tap)
    t.virsh("domiftune", "a", tap, "--inbound", "1000,2000,64", "--outbound", "500", "--live", "--config")
    check("rate 8Mbit ceil 16Mbit" in command("tc", "class", "show", "dev", tap), command("tc", "class", "show", "dev", tap))
    check("inbound.peak   : 2000" in t.virsh("domiftune", "a", tap), "domiftune")
    equal(t.virsh("dumpxml", "a", "--inactive").count("<outbound average='500'/>"), 1)
    t.virsh("domiftune", "a", tap, "--inbound", "0", "--outbound", "0")
    check("htb" not in command("tc", "qdisc", "show", "dev", tap), "no limit")
    check("rx_bytes" in t.virsh("domifstat", "a", tap), "domifstat")
    t.restart()
    equal(device(t.virsh("dumpxml", "a"), 1), tap)
    check("existing" not in t.virsh("dumpxml", "a"), "")
    t.gone("a")


@case("what cannot be attached, detached or changed says so and leaves nothing")
def attach_refused(t):
    t.start("a", t.bridged())
    had = links()
    for words, said in (
            (("attach-interface", "a", "bridge", "nobody", "--model", "virtio"), "bridge 'nobody' does not exist"),
            (("detach-interface", "a", "bridge", "--mac", MAC % 9), MAC % 9),
            (("domiftune", "a", "nobody", "--inbound", "1"), "nobody"),
            (("attach-interface", "a", "bridge", "br0", "--target", "uplink"), "uplink"),
            (("domif-setlink", "a", "nobody", "up"), "nobody")):
        answer = t.refused(*words)
        check(said in answer, "%s: %s" % (words[0], answer))
        equal(links(), had)
    other = t.file("other.xml", t.nic("bridge", "bridge='br0'", model="e1000"))
    check("model" in t.refused("update-device", "a", other), "a model is fixed")
    t.gone("a")


REFUSED = (
    ("bridge", "bridge='nobody'", "", "bridge 'nobody' does not exist"),
    ("bridge", "bridge='uplink'", "", "is no bridge"),
    ("bridge", "bridge='br0'", "<vlan><tag id='7'/></vlan>", "does not tell VLANs apart"),
    ("bridge", "bridge='br0'", "<virtualport type='openvswitch'/>", "ovs-vsctl"),
    ("direct", "dev='nobody' mode='bridge'", "", "network device 'nobody'"),
    ("direct", "dev='uplink' mode='vepa'", "<virtualport type='802.1Qbg'><parameters managerid='1' typeid='2' typeidversion='3'/></virtualport>",
     "lldpad"),
    ("direct", "dev='uplink' mode='vepa'", "<vlan><tag id='7'/></vlan>", "vlan"),
    ("user", "", "<bandwidth><inbound average='10'/></bandwidth>", "bandwidth"),
)


@case("what cannot be had is refused by name, and leaves nothing")
def refused(t):
    for kind, source, inner, words in REFUSED:
        said = t.start("a", t.nic(kind, source, inner), ok=False)
        check(words in said, "%s %s: %s" % (kind, source, said))
        t.gone("a")


@case("kill -9 at every step of a start leaves no device behind")
def killed(t):
    devices = t.bridged("<target dev='mine'/><bandwidth><inbound average='1000'/><outbound average='1000'/></bandwidth>") + \
        t.nic("direct", "dev='uplink' mode='passthrough'", number=2)
    t.define("a", devices=devices)
    was = show("uplink")["address"]
    for step in ("interfaces", "command", "spawn", "greet", "go", "status"):
        for action in ("fail", "kill"):
            t.restart("start-%s:%s" % (step, action))
            t.run("virsh", "-c", t.uri, "start", "a", ok=False)
            if action == "kill":
                t.daemon.wait(10)
                t.daemon = None
                t.restart()
            poll("start-%s:%s leaves nothing" % (step, action), lambda: links() == t.before, 5)
            equal(show("uplink")["address"], was)
    t.restart()
    t.virsh("start", "a")
    t.restart()
    equal(t.state("a"), "running")
    t.gone("a")
    equal(show("uplink")["address"], was)


in_own_network(Interfaces)
