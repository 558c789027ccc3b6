#!/usr/bin/python3
"""What real guests see of their interfaces: two of them on one bridge, a macvtap and a multicast group. In a network
namespace of its own; one boot for all cases."""
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from linux_guest import *                                    # noqa: E402
from own_network import *                                    # noqa: E402

MAC = "52:54:00:00:%02x:%02x"
HOST = "10.77.0.254"


def nic(kind, source, mac, inner=""):
    return "<interface type='%s'><source %s/><mac address='%s'/><model type='virtio'/>%s</interface>" % (kind, source, mac, inner)


class Guests(Lab):
    nets = ()

    def close(self):
        for name in self.nets:
            self.run("virsh", "-c", self.uri, "net-destroy", name, ok=False)
        super().close()

    def setup(self):
        for words in ("link add br0 type bridge", "link set br0 up", "addr add %s/24 dev br0" % HOST,
                      "link add uplink type veth peer name far", "link set uplink up", "link set far up",
                      "addr add 10.78.0.254/24 dev far", "route add 230.0.0.0/8 dev br0"):
            ip(*words.split())
        image = boot_files(self)
        self.before = links()
        for number, name in enumerate("ab", 1):
            cards = nic("bridge", "bridge='br0'", MAC % (0, number)) + \
                nic("mcast", "address='230.0.0.7' port='5577'", MAC % (2, number))
            if name == "a":
                cards += nic("direct", "dev='uplink' mode='bridge'", MAC % (1, number)) + "<controller type='pci' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 6
            xml = with_linux(self.guest_xml(name, devices=cards, memory=192, machine="q35" if name == "a" else "pc"), image)
            self.virsh("define", self.file(name + ".xml", xml))
            self.virsh("start", name, "--paused")
            setattr(self, name, Guest(self, name))
            self.virsh("resume", name)
        for number, guest in enumerate((self.a, self.b), 1):
            guest.log_in()
            for net in range(3):
                guest.ask(by_mac(MAC % (net, number)) + " && ip addr add 10.%d.0.%d/24 dev $D && ip link set $D up" % (77 + net, number))


def by_mac(mac):
    """Shell words that put the device with that address into $D."""
    return "D=$(grep -l %s /sys/class/net/*/address | cut -d/ -f5) && [ \"$D\" ]" % mac


def reaches(guest, address):
    return guest.succeeds("ping -c 1 -W 2 " + address)


def device(t, name, mac):
    return re.search("%s'/>.*?<target dev='([^']*)'" % mac, t.virsh("dumpxml", name), re.S).group(1)


@case("two guests on one bridge, and the host, reach each other")
def bridge(t):
    check(reaches(t.a, "10.77.0.2"), "a reaches b")
    check(reaches(t.b, HOST), "b reaches the host")


@case("a macvtap reaches what is behind its device")
def macvtap(t):
    check(reaches(t.a, "10.78.0.254"), "a reaches the far end")


@case("a multicast group joins two guests")
def mcast(t):
    check(reaches(t.a, "10.79.0.2"), "a reaches b")


@case("addresses by ARP, counters as the guest counts")
def reads(t):
    check(re.search("vnet[0-9]+ +52:54:00:00:00:02 +ipv4 +10.77.0.2/", t.virsh("domifaddr", "b", "--source", "arp")),
          lambda: t.virsh("domifaddr", "b", "--source", "arp"))
    tap = device(t, "b", MAC % (0, 2))

    def count():
        return dict(line.split()[1:] for line in t.virsh("domifstat", "b", tap).splitlines())
    was = count()
    t.b.ask("ping -c 3 -s 1000 -A %s >/dev/null" % HOST)
    now = count()
    for way in ("rx", "tx"):
        check(int(now[way + "_bytes"]) - int(was[way + "_bytes"]) > 3000, way)
    check(int(now["tx_packets"]) - int(was["tx_packets"]) >= 3, now)


class Sink(threading.Thread):
    """Takes or gives bytes on a port of the host, and measures from the first to the last."""

    def __init__(self, give=0):
        super().__init__()
        self.server = socket.create_server((HOST, 0))
        self.port, self.give, self.rate = self.server.getsockname()[1], give, 0
        self.start()

    def run(self):
        peer, _ = self.server.accept()
        total, skip, begin = 0, 0, None
        if self.give:
            peer.sendall(b"x" * self.give)
            peer.close()
            return
        while data := peer.recv(65536):
            total += len(data)
            if begin is None and total > 200000:         # past the burst
                begin, skip = time.monotonic(), total
        self.rate = (total - skip) / (time.monotonic() - begin)
        peer.close()


@case("outbound and inbound limits hold within 10 %, and go")
def bandwidth(t):
    tap = device(t, "a", MAC % (0, 1))
    t.virsh("domiftune", "a", tap, "--inbound", "600", "--outbound", "400,400,32")
    sink = Sink()
    t.a.ask("dd if=/dev/zero bs=1000 count=1500 2>/dev/null | nc %s %d" % (HOST, sink.port))
    sink.join(30)
    check(360e3 < sink.rate < 440e3, "outbound: %.0f bytes/s of 400000" % sink.rate)
    sink = Sink(give=1500000)
    begin = time.monotonic()
    size = t.a.ask("nc %s %d </dev/null | wc -c" % (HOST, sink.port))
    rate = 1500000 / (time.monotonic() - begin)
    check("1500000" in size, size)
    check(540e3 < rate < 680e3, "inbound: %.0f bytes/s of 600000" % rate)
    t.virsh("domiftune", "a", tap, "--inbound", "0", "--outbound", "0")
    sink = Sink()
    t.a.ask("dd if=/dev/zero bs=1000 count=3000 2>/dev/null | nc %s %d" % (HOST, sink.port))
    sink.join(30)
    check(sink.rate > 1e6, "no limit: %.0f bytes/s" % sink.rate)


@case("link down stops traffic, up lets it go on")
def link(t):
    mac = MAC % (0, 1)
    t.virsh("domif-setlink", "a", mac, "down")
    t.a.ask(by_mac(mac))
    equal(t.a.succeeds("grep -q 0 /sys/class/net/$D/carrier"), True)
    check(not reaches(t.a, HOST), "reached with its link down")
    t.virsh("domif-setlink", "a", mac, "up")
    poll("a reaches the host again", lambda: reaches(t.a, HOST), 10)


@case("a card that is plugged in works, also after a restart of the daemon, and leaves when told")
def hotplug(t):
    for number, name in enumerate("ab", 1):
        guest = getattr(t, name)
        mac = MAC % (3, number)
        had = links()
        t.virsh("attach-interface", name, "bridge", "br0", "--mac", mac, "--model", "virtio", "--live")
        tap = device(t, name, mac)
        poll("the guest has it", lambda: guest.succeeds(by_mac(mac)), 20)
        guest.ask(by_mac(mac) + " && ip addr add 10.80.0.%d/24 dev $D && ip link set $D up" % number)
        ip("addr", "replace", "10.80.0.254/24", "dev", "br0")
        check(reaches(guest, "10.80.0.254"), "over the new card")
        if name == "a":
            t.end_daemon(signal.SIGKILL)
            t.start_daemon()
            t.a, t.b = Guest(t, "a"), Guest(t, "b")
            guest = t.a
        t.virsh("detach-interface", name, "bridge", "--mac", mac, "--live")
        poll("it is gone", lambda: mac not in t.virsh("dumpxml", name) and tap not in links(), 10)
        equal(links(), had)
        check(not guest.succeeds(by_mac(mac)), "the guest has it still")


NETWORK = """<network><name>lan</name><bridge name='lanbr0'/><mac address='52:54:00:aa:aa:aa'/>
<ip address='10.95.0.1' netmask='255.255.255.0'><dhcp><range start='10.95.0.100' end='10.95.0.110'/></dhcp></ip></network>"""


@case("a card of a virtual network gets its lease, which domifaddr tells; the network's device goes with it")
def network(t):
    if not shutil.which("dnsmasq"):
        raise Skip("dnsmasq is not installed")
    mac = MAC % (4, 2)
    t.virsh("net-create", t.file("lan.xml", NETWORK))
    with_net = links()
    t.nets = ["lan"]
    t.virsh("attach-interface", "b", "network", "lan", "--mac", mac, "--model", "virtio")
    tap = device(t, "b", mac)
    equal(show(tap)["master"], "lanbr0")
    xml = t.virsh("dumpxml", "b")
    check(re.search("<source network='lan' portid='[0-9a-f-]{36}' bridge='lanbr0'/>", xml), "the port in the XML")
    poll("the guest has it", lambda: t.b.succeeds(by_mac(mac)), 20)
    # The bridge's spanning tree takes 4 s to let a new port speak, dnsmasq 3 s to see that nobody has the address.
    t.b.ask(by_mac(mac) + " && ip link set $D up && udhcpc -i $D -q -n -t 8 -s /bin/true")
    poll("the lease is told", lambda: re.search("%s +%s +ipv4 +10.95.0.1[01][0-9]/24" % (tap, mac), t.virsh("domifaddr", "b")), 10)
    t.virsh("detach-interface", "b", "network", "--mac", mac)
    poll("it is gone", lambda: mac not in t.virsh("dumpxml", "b") and links() == with_net, 10)
    t.virsh("net-destroy", "lan")
    t.nets = ()


@case("passt gives a card a network of the user's, and forwards a port of the host")
def passt(t):
    if not shutil.which("passt"):
        raise Skip("passt is not installed")
    ip("link", "add", "outer", "type", "veth", "peer", "name", "inner")           # a way out, without which passt does not start
    t.before = sorted(t.before + ["inner", "outer"])
    for words in ("link set outer up", "link set inner up", "addr add 10.90.0.2/24 dev outer", "route add default via 10.90.0.1 dev outer"):
        ip(*words.split())
    mac = MAC % (5, 1)
    card = t.file("passt.xml", "<interface type='user'><source dev='outer'/><mac address='%s'/><model type='virtio'/>"
                  "<portForward proto='tcp'><range start='8022' to='22'/></portForward><backend type='passt'/></interface>" % mac)
    t.virsh("attach-device", "a", card)
    poll("the guest has it", lambda: t.a.succeeds(by_mac(mac)), 20)
    t.a.ask(by_mac(mac) + " && ip link set $D up && ip addr add 10.90.0.2/24 dev $D && ip route add default via 10.90.0.1 dev $D")
    t.a.ask("ping -c 1 -W 1 10.90.0.1")              # may be refused to passt; that its gateway is there shows below
    check(re.search("10.90.0.1 .*lladdr", t.a.ask("ip neigh")), "the gateway answers")
    check(re.search("LISTEN.*:8022 ", command("ss", "-ltn")), "the forwarded port")
    folder = t.root + "/run/passt"
    pid = int(open("%s/%s/pid" % (folder, os.listdir(folder)[0])).read())
    t.virsh("detach-device", "a", card)
    poll("the guest let it go", lambda: mac not in t.virsh("dumpxml", "a"), 10)
    poll("passt has ended", lambda: not os.path.exists("/proc/%d" % pid) and not os.listdir(folder), 5)


@case("the end of both leaves nothing")
def end(t):
    for name in "ab":
        t.virsh("destroy", name)
    poll("all is gone", lambda: links() == t.before, 5)


in_own_network(Guests)
