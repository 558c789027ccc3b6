#!/usr/bin/python3
"""Filters and their bindings, without a guest: a pair of veth ends plays its network card. What the "guest" sends is
looked for at another port of the bridge. In a network namespace of its own."""
import ctypes
import os
import select
import socket
import struct
import time

from qvirt_test import *

MAC, OTHER = "52:54:00:aa:00:01", "52:54:00:bb:00:02"
IP, SPOOFED, PEER = "10.9.0.1", "10.9.0.66", "10.9.0.2"


def own_namespace():
    if os.geteuid() != 0:
        raise Skip("needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:      # CLONE_NEWNET
        raise Skip("no network namespaces here")


def mac(text):
    return bytes(int(x, 16) for x in text.split(":"))


def ether(source, target, kind, payload):
    return (mac(target) + mac(source) + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def arp(source, sender_mac, sender_ip, target="ff:ff:ff:ff:ff:ff", target_ip=PEER, op=1):
    return ether(source, target, 0x806, struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + mac(sender_mac) +
                 socket.inet_aton(sender_ip) + bytes(6) + socket.inet_aton(target_ip))


def ipv4(source, source_ip, proto=17, sport=1000, dport=2000, target=OTHER, target_ip=PEER, body=b"", flags=2):
    l4 = struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body
    if proto == 6:
        l4 = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, flags, 1000, 0, 0)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), 1, 0, 64, proto, 0) + socket.inet_aton(source_ip) + socket.inet_aton(target_ip)
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    head = head[:10] + struct.pack("!H", 0xffff - total) + head[12:]
    return ether(source, target, 0x800, head + l4)


def dhcp(op, client_mac, address, kind, **more):
    bootp = struct.pack("!BBBBIHH", op, 1, 6, 0, 7, 0, 0) + bytes(4) + socket.inet_aton(address) + bytes(8) + mac(client_mac)
    return bootp.ljust(236, b"\0") + b"\x63\x82\x53\x63" + bytes([53, 1, kind, 255])


class Port:
    """One end of a pair of veths: sends frames, and says what arrives."""
    number = 0x1000

    def __init__(self, dev):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((dev, 0))

    def send(self, frame):
        self.socket.send(frame)

    def drain(self):
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(2048)

    def sees(self, frame, within):
        end = time.monotonic() + within
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            if self.socket.recv(2048).rstrip(b"\0") == frame.rstrip(b"\0"):
                return True


class FilterLab(Lab):
    def __init__(self):
        own_namespace()
        Port.nft = shutil.which("nft") or "/usr/sbin/nft"
        super().__init__()

    def setup(self):
        for command in ("ip link set lo up", "ip link add br0 type bridge forward_delay 0 mcast_snooping 0", "ip link set br0 up",
                        "ip link add port0 type veth peer name guest0", "ip link add port1 type veth peer name guest1"):
            self.run(*command.split())
        for dev in ("port0", "port1"):
            self.run("ip", "link", "set", dev, "master", "br0")
        for dev in ("port0", "port1", "guest0", "guest1"):
            self.run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % dev, ok=False)
            self.run("ip", "link", "set", dev, "up")
        self.guest, self.peer = Port("guest0"), Port("guest1")
        frame = ipv4(MAC, IP)
        poll("the bridge forwards", lambda: self.guest.send(frame) or self.peer.sees(frame, 0.2))

    def binding(self, filter, *parameters, dev="port0"):
        return """<filterbinding><owner><name>vm</name><uuid>11111111-2222-3333-4444-555555555555</uuid></owner>
  <portdev name='%s'/><mac address='%s'/><filterref filter='%s'>%s</filterref></filterbinding>""" % (
            dev, MAC, filter, "".join("<parameter name='%s' value='%s'/>" % p for p in parameters))

    def bind(self, *arguments, **more):
        self.virsh("nwfilter-binding-create", self.file("binding.xml", self.binding(*arguments, **more)))

    def unbind(self, dev="port0"):
        self.virsh("nwfilter-binding-delete", dev)

    def define_filter(self, xml):
        self.virsh("nwfilter-define", self.file("filter.xml", xml))

    def passes(self, frame, to_guest=False):
        return self.crosses(frame, to_guest, 2)

    def stopped(self, frame, to_guest=False):
        return not self.crosses(frame, to_guest, 0.3)

    def crosses(self, frame, to_guest, within):
        sender, receiver = (self.peer, self.guest) if to_guest else (self.guest, self.peer)
        receiver.drain()
        sender.send(frame)
        return receiver.sees(frame, within)

    def rules(self):
        """What is in the kernel; None without the nft program."""
        if not os.access(Port.nft, os.X_OK):
            return None
        return self.run(Port.nft, "list", "ruleset").stdout


@case("the built-in filters are there, as libvirt's")
def builtin(t):
    names = [line.split()[1] for line in t.virsh("nwfilter-list").splitlines()]
    check(len(names) == 24 and "clean-traffic" in names and "no-ipv6-spoofing" in names, "built-in filters: %s" % names)
    xml = t.virsh("nwfilter-dumpxml", "no-ip-spoofing")
    check("<filter name='no-ip-spoofing' chain='ipv4-ip' priority='-710'>" in xml and
          "<ip srcipaddr='0.0.0.0' protocol='udp'/>" in xml, xml)
    uuid = t.virsh("nwfilter-dumpxml", "clean-traffic").split("<uuid>")[1].split("<")[0]
    check("clean-traffic" in t.virsh("nwfilter-dumpxml", uuid), "by UUID")


@case("define, change, undefine; names that would leave the folder, loops and clashes are refused")
def definitions(t):
    t.define_filter("<filter name='mine'><uuid>11111111-0000-0000-0000-000000000001</uuid><rule action='drop' direction='in'/></filter>")
    check("<rule action='drop' direction='in' priority='500'/>" in t.virsh("nwfilter-dumpxml", "mine"), "canonical")
    for xml, words in (("<filter name='../up'/>", "no name of a filter"),
                       ("<filter name='a/b'/>", "no name of a filter"),
                       ("<filter name='mine'/>", "already exists"),
                       ("<filter name='loop'><filterref filter='loop'/></filter>", "loop"),
                       ("<filter name='x' chain='foo'/>", "name of a chain"),
                       ("<filter name='x'><rule action='drop' direction='in'><ip srcipaddr='fe80::1'/></rule></filter>", "IPv4 address"),
                       ("<filter name='x'><rule action='drop' direction='in'><ip srcportstart='7'/></rule></filter>", "protocol=")):
        words_there = t.refused("nwfilter-define", t.file("bad.xml", xml))
        check(words in words_there, "%s: %s" % (xml, words_there))
    check(not os.path.exists(t.root + "/etc/up.xml"), "a file outside")
    t.virsh("nwfilter-undefine", "mine")
    check("Network filter not found" in t.refused("nwfilter-dumpxml", "mine"), "it is gone")
    check("forbidden" in t.refused("nwfilter-undefine", "allow-arp", readonly=True), "read-only")


@case("clean-traffic: the honest pass, spoofed MAC, IP and ARP are stopped")
def clean_traffic(t):
    t.bind("clean-traffic", ("IP", IP))
    check("port0" in t.virsh("nwfilter-binding-list"), "listed")
    check("<parameter name='IP' value='%s'/>" % IP in t.virsh("nwfilter-binding-dumpxml", "port0"), "dumpxml")
    for what, frame in (("IP", ipv4(MAC, IP)), ("TCP", ipv4(MAC, IP, proto=6)), ("ARP", arp(MAC, MAC, IP)),
                        ("DHCP's discover", ipv4(MAC, "0.0.0.0", sport=68, dport=67, target="ff:ff:ff:ff:ff:ff", target_ip="255.255.255.255"))):
        check(t.passes(frame), "honest %s is stopped" % what)
    for what, frame in (("a spoofed MAC", ipv4(OTHER[:-1] + "9", IP)), ("a spoofed IP", ipv4(MAC, SPOOFED)),
                        ("ARP with a spoofed IP", arp(MAC, MAC, SPOOFED)), ("ARP with a spoofed MAC", arp(MAC, OTHER, IP)),
                        ("another protocol", ether(MAC, OTHER, 0x88b5, b"hello")), ("a VLAN", ether(MAC, OTHER, 0x8100, b"\0\5\x08\0")),
                        ("IPv6", ether(MAC, OTHER, 0x86dd, bytes(40)))):
        check(t.stopped(frame), "%s passes" % what)
    check(t.passes(ipv4(OTHER, PEER, target=MAC, target_ip=IP), to_guest=True), "traffic to the guest is stopped")
    t.unbind()
    check(t.passes(ipv4(MAC, SPOOFED)), "rules are left after the binding")
    check("nwfilter" not in (t.rules() or ""), "the table is left: %s" % t.rules())


@case("lists of addresses, ports and priorities; a change of the filter reaches its bindings")
def own_filter(t):
    xml = """<filter name='ports' chain='root'><uuid>11111111-0000-0000-0000-000000000002</uuid>
      <rule action='accept' direction='out' priority='100'><ip srcipaddr='$IP' protocol='udp' dstportstart='$PORT[@1]'/></rule>
      <rule action='accept' direction='out' priority='%d'><ip protocol='tcp' dstportstart='80' dstportend='90'/></rule>
      <rule action='drop' direction='out' priority='500'><ip/></rule></filter>"""
    t.define_filter(xml % 200)
    t.bind("ports", ("IP", IP), ("IP", SPOOFED), ("PORT", "53"), ("PORT", "123"))
    for ip in (IP, SPOOFED):
        for port in (53, 123):
            check(t.passes(ipv4(MAC, ip, dport=port)), "%s:%d is stopped" % (ip, port))
    check(t.stopped(ipv4(MAC, IP, dport=54)), "port 54 passes")
    check(t.stopped(ipv4(MAC, "10.9.0.9", dport=53)), "another address passes")
    check(t.passes(ipv4(MAC, IP, proto=6, dport=85)), "a port in the range is stopped")
    check(t.stopped(ipv4(MAC, IP, proto=6, dport=91)), "a port after the range passes")
    t.define_filter(xml % 600)
    check(t.stopped(ipv4(MAC, IP, proto=6, dport=85)), "the new priority is not in force")
    check("in use" in t.refused("nwfilter-undefine", "ports"), "undefine of one in use")
    t.refused("nwfilter-define", t.file("bad.xml", xml.replace("$IP", "$NOWHERE") % 600))
    check(t.passes(ipv4(MAC, IP, dport=53)), "the old filter stays when the new one cannot be in force")
    check("NOWHERE" not in t.virsh("nwfilter-dumpxml", "ports"), "the old definition stays")
    t.unbind()
    t.virsh("nwfilter-undefine", "ports")


@case("rules about connections")
def connections(t):
    t.define_filter("""<filter name='web'><uuid>11111111-0000-0000-0000-000000000003</uuid>
      <rule action='accept' direction='in' priority='100'><tcp dstportstart='80'/></rule>
      <rule action='drop' direction='inout' priority='500'><all/></rule></filter>""")
    t.bind("web")
    check(t.passes(ipv4(OTHER, PEER, proto=6, sport=5000, dport=80, target=MAC, target_ip=IP), to_guest=True), "a request is stopped")
    check(t.stopped(ipv4(OTHER, PEER, proto=6, sport=5000, dport=81, target=MAC, target_ip=IP), to_guest=True), "another port passes")
    check(t.passes(ipv4(MAC, IP, proto=6, sport=80, dport=5000, flags=0x12)), "the answer is stopped")
    check(t.stopped(ipv4(MAC, IP, proto=6, sport=80, dport=5001, flags=2)), "a new connection passes for an answer")
    check(t.stopped(ipv4(MAC, IP)), "UDP passes")
    check(t.passes(arp(MAC, MAC, IP)), "ARP is no connection")
    t.unbind()
    t.virsh("nwfilter-undefine", "web")


@case("an address is learned from the first frame, and from DHCP")
def learning(t):
    t.bind("clean-traffic")
    check(t.stopped(ipv4(OTHER, IP)), "another MAC passes while nothing is known")
    t.guest.send(arp(MAC, MAC, IP))
    poll("the filter is in force", lambda: t.stopped(ipv4(MAC, SPOOFED)))
    check(t.passes(ipv4(MAC, IP)), "the learned address is stopped")
    t.unbind()
    t.bind("clean-traffic", ("CTRL_IP_LEARNING", "dhcp"))
    check(t.stopped(ipv4(MAC, IP)), "anything but DHCP passes before the lease")
    answer = ipv4(OTHER, PEER, sport=67, dport=68, target=MAC, target_ip=IP, body=dhcp(2, MAC, IP, 5))
    check(t.passes(answer, to_guest=True), "DHCP's answer is stopped")
    poll("the lease's address is in force", lambda: t.passes(ipv4(MAC, IP)))
    check(t.stopped(ipv4(MAC, SPOOFED)), "another address passes")
    t.unbind()
    check("IPV6" in t.refused("nwfilter-binding-create", t.file("b.xml", t.binding("no-ipv6-spoofing"))), "a missing variable is named")
    equal(t.virsh("nwfilter-binding-list"), "", "bindings after a refusal")


@case("refused bindings say why")
def refused(t):
    for xml, words in ((t.binding("nothere"), "Network filter not found"), (t.binding("clean-traffic", ("IP", IP), dev="nodev"), "nodev"),
                       (t.binding("clean-traffic", ("IP", "@x; drop")), "IPv4 address"), (t.binding("allow-arp", dev="a*"), "no name of a device")):
        words_there = t.refused("nwfilter-binding-create", t.file("bad.xml", xml))
        check(words in words_there, words_there)
    t.bind("allow-arp")
    check("already exists" in t.refused("nwfilter-binding-create", t.file("b.xml", t.binding("allow-arp"))), "twice")
    t.unbind()
    check("Network filter binding not found" in t.refused("nwfilter-binding-dumpxml", "port0"), "it is gone")


@case("kill -9: rules stay, the next daemon knows them, and forgets those of a device that is gone")
def restart(t):
    t.bind("clean-traffic")
    t.guest.send(arp(MAC, MAC, IP))
    poll("the address is learned", lambda: t.stopped(ipv4(MAC, SPOOFED)))
    t.run("ip", "link", "add", "port2", "type", "veth", "peer", "name", "guest2")
    t.bind("clean-traffic", ("IP", PEER), dev="port2")
    t.end_daemon(9)
    check(t.stopped(ipv4(MAC, SPOOFED)) and t.passes(ipv4(MAC, IP)), "the rules went with the daemon")
    t.run("ip", "link", "del", "port2")
    t.start_daemon()
    equal(t.virsh("nwfilter-binding-list").split(), ["port0", "clean-traffic"], "bindings after the restart")
    check(t.stopped(ipv4(MAC, SPOOFED)) and t.passes(ipv4(MAC, IP)), "the rules after the restart")
    check("port2" not in (t.rules() or ""), "rules of a device that is gone")
    t.unbind()
    check("nwfilter" not in (t.rules() or ""), "the table is left")


@case("a guest's start binds its filter, its end takes it away")
def guest(t):
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")
    nic = """<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:cc:00:01'/>
      <filterref filter='%s'><parameter name='IP' value='10.9.0.5'/></filterref></interface>"""
    t.define("filtered", devices=nic % "clean-traffic")
    t.virsh("start", "filtered")
    dev, name = t.virsh("nwfilter-binding-list").split()
    equal(name, "clean-traffic", "filter")
    check("<name>filtered</name>" in t.virsh("nwfilter-binding-dumpxml", dev), "owner")
    check("in use" in t.refused("nwfilter-undefine", "no-mac-spoofing"), "undefine of a nested one in use")
    t.virsh("destroy", "filtered")
    equal(t.virsh("nwfilter-binding-list"), "", "bindings after the end")
    check("nwfilter" not in (t.rules() or ""), "the table is left")
    t.define("unfiltered", devices=(nic % "nothere").replace("cc", "dd"))
    check("no nwfilter with matching name 'nothere'" in t.refused("start", "unfiltered"), "a filter that is not there")


@case("another program's flush of all rules is mended at the next change")
def flushed(t):
    if not os.access(Port.nft, os.X_OK):
        raise Skip("no nft program")
    t.bind("no-mac-spoofing")
    t.bind("no-mac-spoofing", dev="port1")
    t.run(Port.nft, "flush", "ruleset")
    t.unbind("port1")
    check(t.stopped(ipv4(OTHER, IP)), "the rules of port0 are not back")
    t.unbind()
    check("nwfilter" not in t.rules(), "the table is left")


run(FilterLab)
