#!/usr/bin/python3
"""Virtual networks, in a network namespace of the test's own, with unmodified virsh and libvirt-python: guests (namespaces
at the end of a veth) get addresses and names of our dnsmasq, reach the world through NAT, and nothing stays behind."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from own_network import *                                    # noqa: E402,F403

NAT = """<network><name>t</name><forward mode='nat'/><bridge name='qvt0' stp='off'/><domain name='lab.test' localOnly='yes'/>
<dns><host ip='10.77.0.9'><hostname>nine</hostname></host><txt name='motd' value='a "quoted" text'/></dns>
<ip address='10.77.0.1' netmask='255.255.255.0'><dhcp><range start='10.77.0.100' end='10.77.0.200'><lease expiry='1' unit='hours'/></range>
<host mac='52:54:00:77:00:05' name='five' ip='10.77.0.5'/></dhcp></ip></network>"""
ISOLATED = """<network><name>alone</name><bridge name='qvt1' stp='off'/><ip address='10.78.0.1' prefix='24'>
<dhcp><range start='10.78.0.10' end='10.78.0.20'/></dhcp></ip></network>"""
ROUTED = """<network><name>routed</name><forward mode='route'/><bridge name='qvt2' stp='off'/><mtu size='1400'/>
<ip address='10.79.0.1' prefix='24'/><route address='10.80.0.0' prefix='16' gateway='10.79.0.2'/>
<ip family='ipv6' address='fd00:79::1' prefix='64'/></network>"""
ADDRESSED = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route add default via "$router"
echo "$ip $dns $domain" > "$LEASE"
"""


class Space:
    """A network namespace, kept by a process; its device is called eth0."""

    def __init__(self, mac=None):
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        poll("a namespace", lambda: os.readlink("/proc/%d/ns/net" % self.keeper.pid) != os.readlink("/proc/self/ns/net"))
        self.peer = "v%d" % self.keeper.pid
        ip("link", "add", self.peer, "type", "veth", "peer", "name", "eth0", "netns", str(self.keeper.pid))
        if mac:
            self.run("ip", "link", "set", "eth0", "address", mac)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", "eth0", "up")

    def words(self, *command):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", *command]

    def run(self, *command, ok=True, **more):
        done = subprocess.run(self.words(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30, **more)
        check(not ok or done.returncode == 0, lambda: "%s: %s" % (" ".join(command), done.stderr or done.stdout))
        return done

    def plug(self, bridge):
        ip("link", "set", self.peer, "master", bridge, "up")
        return self

    def close(self):
        self.keeper.kill()
        self.keeper.wait()


class Lab(Lab):
    def setup(self):
        for tool in ("nft", "dnsmasq", "busybox", "nsenter"):
            if not shutil.which(tool):
                raise Skip("no " + tool)
        self.spaces = []

    def space(self, **parts):
        self.spaces.append(Space(**parts))
        return self.spaces[-1]

    def xml(self, text):
        return self.file("net.xml", text)

    def lease(self, space):
        script, lease = self.file("addressed", ADDRESSED, 0o755), self.root + "/lease"
        space.run("busybox", "udhcpc", "-f", "-q", "-n", "-i", "eth0", "-t", "8", "-T", "1", "-x", "hostname:guest", "-s", script,
                  env=dict(os.environ, LEASE=lease))
        with open(lease) as f:
            return f.read().split()

    def servers(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid) as f:
                    line = f.read()
            except OSError:
                continue
            if "dnsmasq" in line and "--conf-file=" + self.root in line:
                found.append(int(pid))
        return found

    def left(self):
        """What networks have on the host now."""
        run = [name for name in os.listdir(self.root + "/run/network") if name != "ports"]
        return [links_of_ours(), self.servers(), re.findall("table inet qvirt_\\S+", command("nft", "list", "ruleset")), run]

    def close(self):
        for space in self.spaces:
            space.close()
        super().close()
        for pid in self.servers():
            os.kill(pid, signal.SIGKILL)


def links_of_ours():
    return [name for name in links() if name.startswith(("qvt", "virbr"))]


NOTHING = [[], [], [], []]


@case("the network 'default' is there, not started and not marked")
def default(t):
    equal(t.virsh("net-list", "--all").split(), ["default", "inactive", "no", "yes"])
    check("192.168.122.254" in t.virsh("net-dumpxml", "default"), "the range of 'default'")


@case("a network comes up, and its definition says what was left out")
def starts(t):
    command("nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority filter; }; "
            "add rule ip filter FORWARD counter accept")
    command("nft", "-s", "list", "ruleset")
    t.before = command("nft", "-s", "list", "ruleset")
    t.virsh("net-define", t.xml(NAT))
    check("52:54:00:" in t.virsh("net-dumpxml", "t"), "a generated address")
    t.virsh("net-start", "t")
    info = t.virsh("net-info", "t")
    check(re.search("Active: +yes", info) and re.search("Bridge: +qvt0", info), info)
    equal(show("qvt0")["linkinfo"]["info_data"]["stp_state"], 0, "stp")
    check("already active" in t.refused("net-start", "t"), "a second start")


@case("a guest gets an address, names, and the one that is kept for it")
def dhcp(t):
    t.guest = t.space().plug("qvt0")
    address, dns, domain = t.lease(t.guest)
    check(address.startswith("10.77.0.1") and dns == "10.77.0.1" and domain == "lab.test", address)
    check(address in t.virsh("net-dhcp-leases", "t"), lambda: t.virsh("net-dhcp-leases", "t"))
    check("10.77.0.9" in t.guest.run("busybox", "nslookup", "-type=a", "nine.lab.test", "10.77.0.1", ok=False).stdout, "a name of <dns>")
    check('a "quoted" text' in t.guest.run("busybox", "nslookup", "-type=txt", "motd", "10.77.0.1", ok=False).stdout.replace("\\", ""), "a text of <dns>")
    equal(t.lease(t.space(mac="52:54:00:77:00:05").plug("qvt0"))[0], "10.77.0.5", "the address of a <host>")


SERVE_ONE = """import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('0.0.0.0', 8000)); s.listen(); print('up', flush=True)
print(s.accept()[1][0], flush=True)"""
CONNECT = "import socket; socket.create_connection(('%s', 8000), 3)"


def source_seen(t, guest):
    """The address that the world's server sees of @guest; None when it cannot get there."""
    server = subprocess.Popen(t.world.words(sys.executable, "-c", SERVE_ONE), stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        if guest.run(sys.executable, "-c", CONNECT % "198.51.100.2", ok=False).returncode != 0:
            return None
        return server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


@case("it reaches a server in the world with the host's address")
def nat(t):
    t.world = t.space()
    ip("addr", "add", "198.51.100.1/24", "dev", t.world.peer)
    ip("link", "set", t.world.peer, "up")
    t.world.run("ip", "addr", "add", "198.51.100.2/24", "dev", "eth0")
    equal(source_seen(t, t.guest), "198.51.100.1", "the source that the server sees")


@case("the world does not reach it unasked")
def unasked(t):
    t.world.run("ip", "route", "add", "10.77.0.0/24", "via", "198.51.100.1")
    check(t.world.run("busybox", "ping", "-c", "1", "-W", "1", "10.77.0.5", ok=False).returncode != 0, "a ping into a NAT network")


@case("isolated means isolated; the host can still be reached")
def isolated(t):
    t.virsh("net-create", t.xml(ISOLATED))
    guest = t.space().plug("qvt1")
    t.lease(guest)
    equal(guest.run("ip", "route", "show", "default").stdout, "", "a default route")
    guest.run("busybox", "ping", "-c", "1", "-W", "2", "10.78.0.1")
    guest.run("ip", "route", "add", "default", "via", "10.78.0.1")
    equal(source_seen(t, guest), None, "the world")
    t.virsh("net-destroy", "alone")
    check("alone" not in t.virsh("net-list", "--all"), "a transient network goes with its stop")


@case("a routed network: its MTU, routes and IPv6")
def routed(t):
    t.virsh("net-create", t.xml(ROUTED))
    equal(show("qvt2")["mtu"], 1400, "mtu")
    check("10.80.0.0/16 via 10.79.0.2" in ip("route", "show"), "its route")
    check("fd00:79::1/64" in ip("-6", "addr", "show", "dev", "qvt2"), "its IPv6 address")
    guest = t.space().plug("qvt2")
    guest.run("ip", "addr", "add", "10.79.0.2/24", "dev", "eth0")
    guest.run("ip", "route", "add", "default", "via", "10.79.0.1")
    t.world.run("ip", "route", "add", "10.79.0.0/24", "via", "198.51.100.1")
    equal(source_seen(t, guest), "10.79.0.2", "the source that the server sees")
    t.virsh("net-destroy", "routed")


@case("parts change while it is active")
def update(t):
    pids = t.servers()
    t.virsh("net-update", "t", "add", "dns-host", "<host ip='10.77.0.8'><hostname>eight</hostname></host>", "--live", "--config")
    poll("the new name", lambda: "10.77.0.8" in t.guest.run("busybox", "nslookup", "-type=a", "eight", "10.77.0.1", ok=False).stdout, 5)
    t.virsh("net-update", "t", "add", "ip-dhcp-host", "<host mac='52:54:00:77:00:06' ip='10.77.0.6'/>", "--live", "--config")
    equal(t.servers(), pids, "dnsmasq, which only reads again")
    equal(t.lease(t.space(mac="52:54:00:77:00:06").plug("qvt0"))[0], "10.77.0.6", "the address of the new host")
    t.virsh("net-update", "t", "modify", "ip-dhcp-host", "<host mac='52:54:00:77:00:06' ip='10.77.0.7'/>", "--config")
    check("10.77.0.7" in t.virsh("net-dumpxml", "t", "--inactive") and "10.77.0.7" not in t.virsh("net-dumpxml", "t"), "config only")
    t.virsh("net-update", "t", "delete", "ip-dhcp-host", "<host mac='52:54:00:77:00:06'/>", "--live", "--config")
    check("no matching entry" in t.refused("net-update", "t", "delete", "ip-dhcp-host", "<host mac='52:54:00:77:00:06'/>"), "a second delete")
    check("within the network" in t.refused("net-update", "t", "add", "ip-dhcp-range", "<range start='1.2.3.4' end='1.2.3.5'/>"), "a wrong range")
    t.virsh("net-update", "t", "add", "ip-dhcp-range", "<range start='10.77.0.30' end='10.77.0.40'/>", "--live")
    poll("one dnsmasq", lambda: len(t.servers()) == 1, 5)


@case("dnsmasq comes back when it is killed")
def killed(t):
    pid = t.servers()[0]
    os.kill(pid, signal.SIGKILL)
    poll("another dnsmasq", lambda: any(other != pid for other in t.servers()), 10)
    poll("a name", lambda: "10.77.0.9" in t.guest.run("busybox", "nslookup", "-type=a", "nine", "10.77.0.1", ok=False).stdout, 5)


@case("a network outlives kill -9 of the daemon")
def outlives(t):
    pids = t.servers()
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    equal(t.virsh("net-list").split(), ["t", "active", "no", "yes"])
    equal(t.servers(), pids, "dnsmasq")
    equal(source_seen(t, t.guest), "198.51.100.1", "NAT")


@case("a subnet that the host has is refused, with the device that has it")
def collision(t):
    xml = NAT.replace("<name>t<", "<name>u<").replace("qvt0", "qvt3")
    words = t.refused("net-create", t.xml(xml))
    check("qvt0" in words and "10.77.0.0/24" in words, words)
    words = t.refused("net-create", t.xml(NAT.replace("<name>t<", "<name>u<").replace("10.77", "10.81")))
    check("qvt0" in words, words)


@case("a zone of firewalld that the bridge would not get is refused")
def zone(t):
    xml = NAT.replace("<name>t<", "<name>z<").replace("10.77", "10.82").replace("<bridge ", "<bridge zone='home' ")
    xml = xml.replace("qvt0", "qvt4")
    words = t.refused("net-create", t.xml(xml))
    check("zone 'home'" in words, words)


@case("libvirt-python sees its events")
def events(t):
    import libvirt
    libvirt.virEventRegisterDefaultImpl()
    libvirt.registerErrorHandler(lambda *a: None, None)
    seen = []
    connection = libvirt.open(t.uri)
    connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                       lambda c, net, event, detail, user: seen.append((net.name(), event)), None)
    net = connection.networkDefineXML(ISOLATED)
    net.create()
    net.destroy()
    net.undefine()
    end = time.monotonic() + 5
    libvirt.virEventAddTimeout(100, lambda *a: None, None)       # a turn of the loop ends
    while len(seen) < 4 and time.monotonic() < end:
        libvirt.virEventRunDefaultImpl()
    equal(seen, [("alone", libvirt.VIR_NETWORK_EVENT_DEFINED), ("alone", libvirt.VIR_NETWORK_EVENT_STARTED),
                 ("alone", libvirt.VIR_NETWORK_EVENT_STOPPED), ("alone", libvirt.VIR_NETWORK_EVENT_UNDEFINED)])
    connection.close()


@case("a guest's card takes a port, which outlives the daemon and goes with the guest")
def guest(t):
    nic = "<interface type='network'><mac address='52:54:00:77:00:05'/><source network='%s'/><model type='virtio'/></interface>"
    t.define("g", disk=t.demo_disk(), devices=nic % "t")
    t.virsh("start", "g")
    port = t.virsh("net-port-list", "t")
    xml = t.virsh("net-port-dumpxml", "t", port)
    check("<name>g</name>" in xml and "<plug type='network' bridge='qvt0'/>" in xml, xml)
    check("connections='1'" in t.virsh("net-dumpxml", "t"), "the count of ports")
    equal(show("vnet0")["master"], "qvt0", "the tap's bridge")
    check("10.77.0.5/24" in t.virsh("domifaddr", "g"), lambda: t.virsh("domifaddr", "g"))
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    equal(t.virsh("net-port-list", "t"), port, "the port after a kill of the daemon")
    t.virsh("destroy", "g")
    equal(t.virsh("net-port-list", "t"), "", "the port of a stopped guest")
    equal(os.listdir(t.root + "/run/network/ports"), [], "its file")
    t.define("h", disk=t.demo_disk(), devices=nic.replace(":05", ":15") % "default")
    check("not active" in t.refused("start", "h"), "a start on a network that is not active")


@case("after the stop, the host's rules are byte for byte what they were, and nothing is left")
def stops(t):
    t.virsh("net-destroy", "t")
    equal(command("nft", "-s", "list", "ruleset"), t.before, "the host's rules")
    equal(t.left(), NOTHING)


@case("a failure at any step leaves nothing")
def fails(t):
    for point in ("net-bridge", "net-address", "net-up", "net-rules", "net-dnsmasq", "net-status"):
        t.end_daemon()
        os.environ["QVIRT_FAULT"] = point + ":fail"
        t.start_daemon()
        del os.environ["QVIRT_FAULT"]
        check(point in t.refused("net-start", "t"), point)
        equal(t.left(), NOTHING, "after " + point)


@case("so does kill -9 at any step, once the daemon is back")
def dies(t):
    for point in ("net-bridge", "net-address", "net-up", "net-rules", "net-dnsmasq"):
        t.end_daemon()
        os.environ["QVIRT_FAULT"] = point + ":kill"
        t.start_daemon()
        del os.environ["QVIRT_FAULT"]
        t.run("virsh", "-q", "-c", t.uri, "net-start", "t", ok=False)
        t.daemon.wait(10)
        check(links_of_ours(), "the fault came before anything was there")
        t.start_daemon()
        equal(t.left(), NOTHING, "after " + point)


@case("what is marked comes up with the daemon; undefining ends the mark")
def autostart(t):
    t.virsh("net-autostart", "t")
    t.end_daemon()
    t.start_daemon()
    poll("the marked network", lambda: "t" in t.virsh("net-list").split())
    t.virsh("net-undefine", "t")
    equal(t.virsh("net-list").split(), ["t", "active", "no", "no"])
    t.virsh("net-destroy", "t")
    equal(t.virsh("net-list", "--all").split()[0], "default")
    equal(sorted(os.listdir(t.root + "/lib/network")), ["autostart", "default.xml"], "files of networks that are gone")
    equal(t.left(), NOTHING)


@case("the host's interfaces are shown, and not changed")
def interfaces(t):
    ip("link", "add", "qvbr", "type", "bridge", "stp_state", "0")
    ip("link", "add", "qvport", "type", "veth", "peer", "name", "qvpeer")
    ip("link", "set", "qvport", "master", "qvbr", "up")
    ip("link", "set", "qvpeer", "up")
    ip("link", "set", "qvbr", "up")
    poll("qvbr is up", lambda: re.search("qvbr +active", t.virsh("iface-list", "--all")), 10)
    check("qvport" not in t.virsh("iface-list", "--all"), "a bridge's port is listed for itself")
    xml = t.virsh("iface-dumpxml", "qvbr")
    check("<interface type='bridge' name='qvbr'>" in xml and "<bridge stp='off'" in xml and "name='qvport'" in xml, xml)
    mac = show("qvbr")["address"]
    equal(t.virsh("iface-name", mac), "qvbr", "by address")
    equal(t.virsh("iface-mac", "qvbr"), mac, "address")
    check("couldn't find interface named 'nope'" in t.refused("iface-dumpxml", "nope"), "a name that is nobody's")
    check("not changed" in t.refused("iface-define", t.file("iface.xml", "<interface type='ethernet' name='x'/>")), "a definition")
    for name in ("qvport", "qvbr"):
        ip("link", "delete", name)


@case("a read-only client looks and changes nothing")
def readonly(t):
    check("default" in t.virsh("net-list", "--all", readonly=True), "a list")
    check("read only" in t.refused("net-start", "default", readonly=True), "a start")


in_own_network(Lab)
