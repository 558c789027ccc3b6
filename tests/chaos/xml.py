#!/usr/bin/python3
"""Hostile XML and names: refused at once, or carried literally; never interpreted. After each the daemon answers, and has
not grown much."""
import os
import json
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from wire_client import *                                    # noqa: E402

ODD = ["../../evil", "a/b", "a\nb", "a,b=c", "a\"b", "a'b", "%s%n%d", "-rf", "$(id)", "`id`", "a;b", "a\\b", "a\tb", "{}", "é", "a b"]


class Hostile(Lab):
    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.define("witness")
        self.canary = self.file("secret.txt", "c4nary-of-the-host")
        self.disk = self.demo_disk()

    def rss_kb(self):
        with open("/proc/%d/status" % self.daemon.pid) as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def try_define(self, xml, limit=3.0):
        """(None or the error's words); fails when it takes long or the daemon ends."""
        begin = time.monotonic()
        client = Wire(self.socket).hello()
        raw = xml if isinstance(xml, bytes) else xml.encode()
        try:
            client.call(DEFINE, struct.pack(">I", len(raw)) + raw + b"\0" * (-len(raw) % 4))
            words = None
        except RemoteError as error:
            words = error.message
        except Closed:
            words = "closed"
        client.socket.close()
        took = time.monotonic() - begin
        check(self.daemon.poll() is None, "the daemon ended: " + self.daemon_log())
        check(took < limit, "it took %.1f s" % took)
        return words

    def forget(self, name):
        self.run("virsh", "-q", "-c", self.uri, "undefine", name, ok=False)

    def report(self, what, attempts):
        equal(self.state("witness"), "shut off", "the witness")
        print("# %-28s %5d attempts, 0 violations, %6d KiB" % (what, attempts, self.rss_kb()), flush=True)
        check(self.rss_kb() < 700 * 1024, "the daemon has %d KiB" % self.rss_kb())


def insert(xml, where, what):
    return xml.replace(where, what + where, 1)


@case("entity bombs and external entities")
def entities(t):
    bomb = "<!DOCTYPE d [<!ENTITY a 'ha'>" + "".join(
        "<!ENTITY %s '%s'>" % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10) for i in range(12)) + "]>"
    quadratic = "<!DOCTYPE d [<!ENTITY a '%s'>]>" % ("x" * 100000)
    outside = "<!DOCTYPE d [<!ENTITY e SYSTEM 'file://%s'>]>" % t.canary
    parameter = "<!DOCTYPE d [<!ENTITY %% p SYSTEM 'file://%s'> %%p;]>" % t.canary
    dtd = "<!DOCTYPE domain SYSTEM 'http://127.0.0.1:1/x.dtd'>"
    n = 0
    for doctype, text_ in ((bomb, "&m;"), (quadratic, "&a;" * 20000), (outside, "&e;"), (parameter, ""), (dtd, "")):
        xml = doctype + t.guest_xml("bomb", head="<description>%s</description>" % text_)
        words = t.try_define(xml)
        if words is None:
            check("c4nary" not in t.virsh("dumpxml", "bomb"), "the host's file is in the domain")
            t.forget("bomb")
        n += 1
    t.report("entities", n)


@case("10 MB attributes, 100,000 elements, deep nesting")
def size(t):
    base = t.guest_xml("large")
    documents = [
        base.replace("<name>", "<name>" + "n" * 10_000_000, 1),
        base.replace("type='%s'" % TYPE, "type='%s' x='%s'" % (TYPE, "y" * 10_000_000), 1),
        insert(base, "</devices>", "<controller type='usb' index='%s'/>" % ("9" * 1_000_000)),
        insert(base, "</devices>", "<nothing/>" * 100_000),
        insert(base, "</devices>", "<disk/>" * 100_000),
        insert(base, "</devices>", "<interface type='user'/>" * 100_000),
        insert(base, "</devices>", "<a>" * 100_000 + "</a>" * 100_000),
        insert(base, "<devices>", "<metadata>" + "<x:a xmlns:x='u'>" * 10_000 + "</x:a>" * 10_000 + "</metadata>"),
        "<domain>" * 200_000,
        "<" * 1_000_000,
        "",
        "\0" * 1000,
    ]
    for xml in documents:
        t.try_define(xml, 6)
        t.forget("large")
    t.report("large and deep", len(documents))


@case("invalid UTF-8 and control characters")
def bytes_(t):
    base = t.guest_xml("bytes", head="<description>HERE</description>").encode()
    n = 0
    for raw in (b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x01", b"\x08", b"\x1b[2J", b"&#0;", b"&#1;", b"&#xFFFE;"):
        for where in (b"HERE", b"bytes"):
            words = t.try_define(base.replace(where, raw, 1))
            check(words is not None, "%r is taken" % raw)
            n += 1
    t.report("bytes", n)


@case("odd names of domains: refused, or carried literally and inside their folders")
def names(t):
    before = {f: set(os.listdir(t.root + f)) for f in ("", "/etc", "/lib", "/run", "/log")}
    taken = 0
    for name in ODD + ["..", ".", "/", "", "x" * 300, "x" * 5000]:
        xml = t.guest_xml("NAME", disk=t.disk).replace("NAME", name.replace("&", "&amp;").replace("<", "&lt;"), 1)
        if t.try_define(xml) is None:
            taken += 1
            wire = Wire(t.socket).hello()
            dom = wire.call(LOOKUP_NAME, text(name))
            wire.socket.close()
            equal(take_text(dom, 0)[0], name, "name")
            t.run("virsh", "-q", "-c", t.uri, "start", "--", name, ok=False)
            for known in t.virsh("list", "--all", "--uuid").split():
                if known != t.virsh("domuuid", "witness"):
                    t.run("virsh", "-q", "-c", t.uri, "destroy", known, ok=False)
                    t.run("virsh", "-q", "-c", t.uri, "undefine", known, ok=False)
    for folder, files in before.items():
        new = {f for f in set(os.listdir(t.root + folder)) - files}
        equal(new, set(), "new in '%s'" % folder)
    check(not os.path.exists("/tmp/evil") and not os.path.exists(t.root + "/evil.xml"), "written outside")
    equal(t.qemu_pids(), [], "QEMUs")
    t.report("names (%d taken)" % taken, len(ODD) + 6)


PLACES = [
    ("disk path", "<disk type='file'><source file='%s'/><target dev='vdb' bus='virtio'/></disk>"),
    ("disk serial", "<disk type='file'><source file='/nowhere'/><target dev='vdb' bus='virtio'/><serial>%s</serial></disk>"),
    ("nbd host", "<disk type='network'><source protocol='nbd' name='n'><host name='%s' port='1'/></source><target dev='vdb'/></disk>"),
    ("nbd export", "<disk type='network'><source protocol='nbd' name='%s'><host name='h' port='1'/></source><target dev='vdb'/></disk>"),
    ("chardev host", "<serial type='tcp'><source mode='connect' host='%s' service='1'/></serial>"),
    ("chardev path", "<channel type='unix'><source mode='bind' path='%s'/><target type='virtio' name='n'/></channel>"),
    ("channel name", "<channel type='unix'><target type='virtio' name='%s'/></channel>"),
    ("usbredir host", "<redirdev bus='usb' type='tcp'><source mode='connect' host='%s' service='1'/></redirdev>"),
    ("vnc listen", "<graphics type='vnc' listen='%s' port='5999' autoport='no'/>"),
    ("vnc socket", "<graphics type='vnc' socket='%s'/>"),
    ("interface name", "<interface type='ethernet'><target dev='%s'/></interface>"),
    ("bridge", "<interface type='bridge'><source bridge='%s'/></interface>"),
    ("filesystem", "<filesystem type='mount'><source dir='%s'/><target dir='tag'/></filesystem>"),
    ("filesystem tag", "<filesystem type='mount'><source dir='/tmp'/><target dir='%s'/></filesystem>"),
    ("rng", "<rng model='virtio'><backend model='random'>%s</backend></rng>"),
    ("evdev", "<input type='evdev'><source dev='%s'/></input>"),
    ("boot file", "</devices><os><type>hvm</type><kernel>%s</kernel></os><devices>"),
    ("alias", "<rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='ua-%s'/></rng>"),
]


@case("odd text at every place that reaches a path or a command line")
def places(t):
    n = carried = 0
    for what, pattern in PLACES:
        for odd in ODD:
            value = odd.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;").replace("\n", "&#10;").replace("\t", "&#9;")
            xml = insert(t.guest_xml("odd"), "</devices>", pattern.replace("%s", value))
            n += 1
            client = Wire(t.socket).hello()
            try:
                answer = client.call(136, text("qvirt-explain") + text(xml) + struct.pack(">I", 0))
            except RemoteError:
                client.socket.close()
                continue                           # refused: as good
            client.socket.close()
            carried += 1
            for argument in json.loads(take_text(answer, 0)[0]):
                inspect(what, odd, argument)
    check(len(inspected) >= 5, "too few commas were looked at: %d" % len(inspected))
    t.report("places (%d carried)" % carried, n)


inspected = []


def inspect(what, odd, argument):
    """An option's value that is no JSON may hold a comma of ours only doubled."""
    words = argument["argument"]
    for word in words:
        word = str(word)
        if odd == "a,b=c" and "b=c" in word and not word.startswith("{"):
            inspected.append(word)
            check("a,,b=c" in word or word == odd, "%s: the comma is interpreted: %s" % (what, word))


@case("overflow at every unit")
def overflow(t):
    n = 0
    for unit in ("b", "bytes", "KB", "k", "KiB", "MB", "M", "MiB", "GB", "G", "GiB", "TB", "T", "TiB", "zzz"):
        for value in ("18446744073709551615", "18446744073709551616", "9223372036854775808", "-1", "17592186044416", "99999999999999999999999"):
            xml = t.guest_xml("units").replace("unit='MiB'>64<", "unit='%s'>%s<" % (unit, value))
            if t.try_define(xml) is None:
                t.forget("units")
            n += 1
    for vcpu in ("-1", "0", "4294967295", "4294967296", "99999", "0x10", "1e9"):
        xml = t.guest_xml("units").replace("<vcpu>1<", "<vcpu>%s<" % vcpu)
        check(t.try_define(xml) is not None, "%s vcpus are taken" % vcpu)
        n += 1
    for index in ("65536", "4294967295", "2147483648", "-1", "100000"):
        for kind in ("pci", "usb", "scsi", "ide", "virtio-serial", "sata"):
            xml = insert(t.guest_xml("units"), "</devices>", "<controller type='%s' index='%s'/>" % (kind, index))
            if t.try_define(xml, 2) is None:
                t.forget("units")
            n += 1
    t.report("numbers", n)


run(Hostile)
