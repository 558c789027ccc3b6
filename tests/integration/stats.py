#!/usr/bin/python3
"""Statistics: names and types as libvirt's, real counters, and guests that do not answer."""
import ctypes
import json
import os
import signal
import socket
import sys
import time
import libvirt
from qvirt_test import *

GROUPS = dict(state=1, cpu=2, balloon=4, vcpu=8, interface=16, block=32, perf=64, iothread=128, memory=256, dirtyrate=512, vm=1024)
BACKING, ENFORCE, NOWAIT = 1 << 30, 1 << 31, 1 << 29
DEADLINE = 5            # seconds; generous: a read must answer, however slow the machine


class Value(ctypes.Union):
    _fields_ = [("number", ctypes.c_ulonglong), ("text", ctypes.c_char_p)]


class Param(ctypes.Structure):
    _fields_ = [("field", ctypes.c_char * 80), ("type", ctypes.c_int), ("value", Value)]


class Record(ctypes.Structure):
    _fields_ = [("dom", ctypes.c_void_p), ("params", ctypes.POINTER(Param)), ("n", ctypes.c_int)]


TYPES = "? int uint llong ullong double boolean string".split()


def typed_stats(uri, flags=0, groups=0):
    """{field: type} of the only active domain, by libvirt's own C library: Python hides the types."""
    lib = ctypes.CDLL("libvirt.so.0")
    lib.virConnectOpen.restype = ctypes.c_void_p
    records = ctypes.POINTER(ctypes.POINTER(Record))()
    lib.virConnectGetAllDomainStats.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_uint]
    connection = lib.virConnectOpen(uri.encode())
    n = lib.virConnectGetAllDomainStats(connection, groups, ctypes.byref(records), flags | 1)
    check(n == 1, "%d records" % n)
    record = records[0].contents
    found = {record.params[i].field.decode(): TYPES[record.params[i].type] for i in range(record.n)}
    lib.virConnectClose(ctypes.c_void_p(connection))
    return found


class StatsLab(Lab):
    def setup(self):
        self.name = self.define("full", **self.parts())
        self.other = self.define("other")
        self.connection = libvirt.open(self.uri)
        self.dom = self.connection.lookupByName(self.name)

    def parts(self):
        for command in ("-f raw base.raw 4M", "-f qcow2 -b base.raw -F raw mid.qcow2", "-f qcow2 -b mid.qcow2 -F qcow2 top.qcow2"):
            self.run("qemu-img", "create", "-q", *command.split(), cwd=self.root)
        self.top = self.root + "/top.qcow2"
        devices = """
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>
    <interface type='user'><mac address='52:54:00:11:22:34'/><model type='e1000'/></interface>
    <memballoon model='virtio'><stats period='2'/></memballoon>""" % self.top
        return dict(devices=devices, head="<iothreads>2</iothreads>", disk=self.demo_disk())

    def close(self):
        for pid in self.qemu_pids():
            os.kill(pid, signal.SIGCONT)
        super().close()

    def stats(self, groups=0, flags=0, dom=None):
        return self.connection.domainListGetStats([dom or self.dom], groups, flags)[0][1]

    def pid(self, name):
        with open("%s/run/qemu/%s.json" % (self.root, name)) as f:
            return json.load(f)["pid"]


def timed(function):
    start = time.monotonic()
    value = function()
    took = time.monotonic() - start
    check(took < DEADLINE, "took %.1f s" % took)
    return value


@case("an off domain: state, balloon, vcpu, and its images read from disk")
def off(t):
    s = t.stats()
    equal(s["state.state"], 5)
    equal(s["block.count"], 3)
    equal((s["block.1.name"], s["block.1.path"], s["block.1.capacity"]), ("vdb", t.top, 4 << 20))
    equal(s["block.1.physical"], os.stat(t.top).st_size)
    check("block.2.path" not in s and "net.count" not in s and "cpu.time" not in s, sorted(s))
    equal(t.dom.blockInfo("vdb")[0], 4 << 20)
    for call in (lambda: t.dom.blockStats("vdb"), lambda: t.dom.memoryStats(), lambda: t.dom.jobInfo(), lambda: t.dom.vcpus()):
        try:
            call()
            check(False, "was not refused")
        except libvirt.libvirtError as e:
            equal(e.get_error_code(), libvirt.VIR_ERR_OPERATION_INVALID)


def wanted_types():
    """Name and type of every field, as libvirt 9.0.0 gave them for this guest (QEMU 7.2, TCG)."""
    path = os.path.join(SOURCE, "tests/data/domstats.txt")
    with open(path) as f:
        return dict(line.split() for line in f if line.strip() and not line.startswith("#"))


@case("every field of domstats has libvirt's name and type")
def types(t):
    t.virsh("start", t.name)
    time.sleep(1.5)
    got = typed_stats(t.uri)
    got.update(typed_stats(t.uri, BACKING, GROUPS["block"]))
    wanted = wanted_types()
    equal({k: v for k, v in got.items() if wanted.get(k) != v}, {}, "more or other than libvirt's")
    equal({k: v for k, v in wanted.items() if k not in got}, {}, "missing")


@case("groups are told apart; unknown ones are refused when enforced")
def groups(t):
    prefix = dict(cpu="cpu", balloon="balloon", vcpu="vcpu", interface="net", block="block", state="state", iothread="iothread", dirtyrate="dirtyrate")
    for group, bit in GROUPS.items():
        found = {name.split(".")[0] for name in t.stats(bit, ENFORCE)}
        equal(found, {prefix[group]} if group in prefix else set(), group)
    try:
        t.stats(1 << 20, ENFORCE)
        check(False, "was not refused")
    except libvirt.libvirtError as e:
        equal(e.get_error_code(), libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED)
    equal(t.stats(1 << 20), {})
    equal(len(t.connection.getAllDomainStats(0, 1)), 1)
    equal(len(t.connection.getAllDomainStats(0, 2)), 1)
    equal(len(t.connection.getAllDomainStats(0, NOWAIT)), 2)


@case("disk counters are QEMU's; with --backing each image of the chain")
def disks(t):
    s = t.stats(GROUPS["block"])
    check(s["block.0.rd.reqs"] >= 1 and s["block.0.rd.bytes"] >= 512, s)       # the boot sector
    chain = t.stats(GROUPS["block"], BACKING)
    equal(chain["block.count"], 5)
    equal([chain["block.%d.path" % i] for i in (1, 2, 3)], [t.root + "/" + n for n in ("top.qcow2", "mid.qcow2", "base.raw")])
    rd, rd_bytes, wr, wr_bytes, errs = t.dom.blockStats("vda")
    equal((rd, rd_bytes, errs), (s["block.0.rd.reqs"], s["block.0.rd.bytes"], -1))
    equal(t.dom.blockStatsFlags("vda")["rd_operations"], rd)
    equal(t.dom.blockStats("")[0] >= rd, True)
    equal(t.dom.blockInfo("vdb")[0], 4 << 20)
    equal(t.dom.diskErrors(), {})
    check("rd_req" in t.virsh("domblkstat", t.name, "vda"), "domblkstat")
    check("Capacity" in t.virsh("domblkinfo", t.name, "vdb"), "domblkinfo")
    check("is not currently" not in t.refused("domblkinfo", t.name, "hdc"), "domblkinfo of an empty drive")
    check("nope" in t.refused("domblkstat", t.name, "nope"), "domblkstat of no disk")


@case("processor time, memory and threads")
def threads(t):
    s = t.stats()
    check(s["cpu.time"] > 0 and s["vcpu.0.time"] <= s["cpu.time"] + 20000000, s)
    check(s["balloon.rss"] > 1000 and s["balloon.current"] == 65536, s)
    m = t.dom.memoryStats()
    check(m["actual"] == 65536 and m["rss"] > 1000 and "last_update" in m, m)
    equal(len(t.dom.vcpus()[0]), 1)
    equal(t.dom.controlInfo()[0], 0)
    check("cpu_time" in t.virsh("cpu-stats", t.name, "--total"), "cpu-stats")
    check("CPU time" in t.virsh("vcpuinfo", t.name), "vcpuinfo")


@case("the balloon's period: from the definition, live and stored, read back from QEMU; KSM by its files")
def period(t):
    def qemu():
        return json.loads(t.virsh("qemu-monitor-command", t.name, json.dumps({"execute": "qom-get", "arguments": {
            "path": "/machine/peripheral/balloon0", "property": "guest-stats-polling-interval"}})))["return"]
    equal(qemu(), 2, "at start")
    t.virsh("dommemstat", t.name, "--period", "7", "--live")
    equal(qemu(), 7)
    check("period='7'" in t.virsh("dumpxml", t.name) and "period='2'" in t.virsh("dumpxml", t.name, "--inactive"), "live only")
    t.virsh("dommemstat", t.name, "--period", "9", "--config")
    check("period='9'" in t.virsh("dumpxml", t.name, "--inactive"), "stored")
    equal(qemu(), 7)
    if os.path.isdir("/sys/kernel/mm/ksm"):
        with open("/sys/kernel/mm/ksm/pages_to_scan") as f:
            equal(t.connection.getMemoryParameters()["shm_pages_to_scan"], int(f.read()))
        try:
            t.connection.setMemoryParameters({"shm_pages_volatile": 1})
            check(False, "was not refused")
        except libvirt.libvirtError as e:
            equal(e.get_error_code(), libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED)


READS = [
    ("all statistics", lambda t: t.stats()["block.0.rd.reqs"]),
    ("blockStats", lambda t: t.dom.blockStats("vda")[0]),
    ("memoryStats", lambda t: t.dom.memoryStats()["actual"]),
    ("vcpus", lambda t: len(t.dom.vcpus()[0])),
    ("diskErrors", lambda t: t.dom.diskErrors()),
    ("blockInfo", lambda t: t.dom.blockInfo("vdb")[0]),
    ("info", lambda t: t.dom.info()[0]),
]


def scrape(t, request=b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(t.root + "/run/metrics.sock")
        s.sendall(request)
        answer = b""
        while True:
            piece = s.recv(1 << 16)
            if not piece:
                break
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body.decode()


def served(t):
    try:
        return scrape(t)[0].startswith("HTTP/1.0 200")
    except OSError:
        return False


@case("metrics: OpenMetrics over HTTP, with the numbers of domstats; nonsense is refused")
def metrics(t):
    head, body = scrape(t)
    check(head.startswith("HTTP/1.0 200 OK") and "openmetrics-text" in head and "Content-Length: %d" % len(body) in head, head)
    check(body.endswith("# EOF\n"), body[-100:])
    samples, seen = {}, []
    for line in body.splitlines():
        if line.startswith("# TYPE"):
            check(line.split()[2] not in seen, "family twice: " + line)
            seen.append(line.split()[2])
        elif not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            check(any(name.startswith(seen[-1]) for _ in (0,)), "sample outside of its family: " + line)
            check(name not in samples, "sample twice: " + line)
            samples[name] = float(value)
    s = t.stats()
    equal(samples['qvirt_domain_state{domain="full"}'], 1)
    equal(samples['qvirt_domain_state{domain="other"}'], 5)
    equal(samples['qvirt_domain_block_reads_total{domain="full",device="vda"}'], s["block.0.rd.reqs"])
    equal(samples['qvirt_domain_memory_bytes{domain="full"}'], 64 << 20)
    check(samples['qvirt_domain_vcpu_seconds_total{domain="full",vcpu="0"}'] > 0, "vcpu time")
    for request, status in ((b"POST / HTTP/1.0\r\n\r\n", "405"), (b"GET /x HTTP/1.0\n\n", "404"), (b"\r\n\r\n", "400"),
                            (b"A" * 9000, "400"), (b"GET /\0 HTTP/1.0\r\n\r\n", "400")):
        check(scrape(t, request)[0].startswith("HTTP/1.0 " + status), request[:20])
    idle = [socket.socket(socket.AF_UNIX) for _ in range(30)]          # more than are served, and none says a word
    for s in idle:
        s.connect(t.root + "/run/metrics.sock")
    equal(t.stats()["state.state"], 1)
    for s in idle:
        s.close()
    poll("metrics are there again", lambda: served(t))


@case("qvirt top --once and qvirt stats --json")
def top(t):
    qvirt = program("tools", "qvirt")
    rows = json.loads(t.run(qvirt, "-c", t.uri, "--json", "top", "--once").stdout)
    equal([row["name"] for row in rows], ["full"])
    check(rows[0]["memory_kib"] == 65536 and rows[0]["rss_kib"] > 1000 and rows[0]["vcpus"] == 1, rows)
    check("full" in t.run(qvirt, "-c", t.uri, "top", "--once").stdout, "no table")
    equal(json.loads(t.run(qvirt, "-c", t.uri, "--json", "stats", t.name).stdout)["full"]["block.count"], 3)


@case("a stopped QEMU: every read answers with what was last known, also of the other guests")
def stopped(t):
    t.virsh("start", t.other)
    before = [read(t) for _, read in READS]
    os.kill(t.pid(t.name), signal.SIGSTOP)
    for _ in range(2):
        for (name, read), known in zip(READS, before):
            equal(timed(lambda: read(t)), known, name)
        both = timed(lambda: t.connection.getAllDomainStats(0, 1))
        equal(len(both), 2)
        check(all("block.count" in s and "vcpu.0.time" in s for _, s in both), both)
    check(t.dom.controlInfo()[0] != 0, "controlInfo says all is well")
    os.kill(t.pid(t.name), signal.SIGCONT)
    poll("it is heard again", lambda: t.stats() and t.dom.controlInfo()[0] == 0)


@case("a guest that ends while it is asked leaves nobody waiting")
def ending(t):
    os.kill(t.pid(t.other), signal.SIGSTOP)
    os.kill(t.pid(t.other), signal.SIGKILL)
    timed(lambda: t.connection.getAllDomainStats())
    poll("it is off", lambda: t.state(t.other) == "shut off")
    t.virsh("start", t.other)
    check(t.stats(dom=t.connection.lookupByName(t.other))["vcpu.0.time"] >= 0, "no numbers of the next run")


class Recorder(StatsLab):
    """A libvirtd somebody else started, for the table of names and types: stats.py --record URI >tests/data/domstats.txt"""

    def start_daemon(self):
        self.uri = sys.argv[2]

    def record(self):
        self.virsh("start", self.name)
        time.sleep(1.5)
        found = typed_stats(self.uri)
        found.update(typed_stats(self.uri, BACKING, GROUPS["block"]))
        self.virsh("destroy", self.name)
        print("# domstats of libvirt %d with the guest of tests/integration/stats.py" % self.connection.getLibVersion())
        for field in sorted(found):
            print(field, found[field])


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--record":
        lab = Recorder()
        lab.record()
        lab.close()
    else:
        run(StatsLab)
