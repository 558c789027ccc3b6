#!/usr/bin/python3
"""A libvirt-python program (events, threads, a console stream, statistics) and virt-install --import."""
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402

try:
    import libvirt
except ImportError:
    libvirt = None


class Python(Lab):
    def __init__(self):
        if not libvirt:
            raise Skip("python3-libvirt is not installed")
        libvirt.registerErrorHandler(lambda *_: None, None)
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=self.loop, daemon=True).start()
        super().__init__()

    @staticmethod
    def loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    def setup(self):
        self.conn = libvirt.open(self.uri)
        self.events = []
        self.conn.setKeepAlive(2, 3)
        self.conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         lambda _, dom, event, detail, __: self.events.append((dom.name(), event, detail)), None)

    def wait_event(self, name, event):
        return poll("event %d of %s" % (event, name),
                    lambda: [e for e in self.events if e[:2] == (name, event)], 15)


def error_of(function, *arguments):
    try:
        function(*arguments)
    except libvirt.libvirtError as error:
        return error
    raise Failed("no error")


@case("connection: type, versions, host, lists")
def connection(t):
    equal(t.conn.getType(), "QEMU")
    check(t.conn.getLibVersion() >= 9000000, "library version")
    check(t.conn.getVersion() > 6000000, "QEMU's version")
    equal(t.conn.getURI(), t.uri)
    check(t.conn.isAlive() and t.conn.isSecure(), "alive and secure")
    equal(t.conn.getInfo()[2], os.cpu_count(), "cpus")
    check(t.conn.getFreeMemory() > 0, "free memory")
    check("total" in t.conn.getMemoryStats(-1), "memory statistics")
    check("idle" in t.conn.getCPUStats(-1), "CPU statistics")
    check(t.conn.getCPUMap()[0] >= 1, "CPU map")
    equal(t.conn.listDomainsID(), [])
    equal(t.conn.numOfDefinedDomains(), 0)


@case("define, and the event of it")
def define(t):
    t.dom = t.conn.defineXML(t.guest_xml("python", disk=t.demo_disk(), devices="<memballoon model='virtio'/>"))
    t.wait_event("python", libvirt.VIR_DOMAIN_EVENT_DEFINED)
    equal(t.conn.listDefinedDomains(), ["python"])
    equal(t.conn.lookupByUUID(t.dom.UUID()).name(), "python")
    equal((t.dom.isActive(), t.dom.isPersistent(), t.dom.isUpdated(), t.dom.OSType()), (0, 1, 0, "hvm"))


@case("start, and its events in order")
def start(t):
    t.dom.create()
    t.wait_event("python", libvirt.VIR_DOMAIN_EVENT_STARTED)
    equal(t.dom.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED])
    check(t.conn.lookupByID(t.dom.ID()).name() == "python", "lookup by id")
    equal(t.conn.listDomainsID(), [t.dom.ID()])


@case("error codes are libvirt's")
def codes(t):
    equal(error_of(t.conn.lookupByName, "nobody").get_error_code(), libvirt.VIR_ERR_NO_DOMAIN)
    equal(error_of(t.dom.create).get_error_code(), libvirt.VIR_ERR_OPERATION_INVALID)
    equal(error_of(t.conn.defineXML, "<domain><name>x</nam").get_error_code(), libvirt.VIR_ERR_XML_DETAIL)
    equal(error_of(t.conn.listAllDomains, 1 << 30).get_error_code(), libvirt.VIR_ERR_INVALID_ARG)
    equal(error_of(t.dom.metadata, libvirt.VIR_DOMAIN_METADATA_TITLE, None).get_error_code(),
          libvirt.VIR_ERR_NO_DOMAIN_METADATA)
    for function in (t.conn.listAllNetworks, t.conn.listAllStoragePools, t.conn.listAllDevices):
        try:
            function()
        except libvirt.libvirtError as error:
            equal(error.get_error_code(), libvirt.VIR_ERR_NO_SUPPORT, function.__name__)


@case("a console stream, both ways")
def console(t):
    stream = t.conn.newStream(0)
    t.dom.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    got = bytearray()

    def read():
        try:
            while True:
                data = stream.recv(1024)
                if not data:
                    return
                got.extend(data)
        except libvirt.libvirtError:
            return
    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def echoed():
        stream.send(b"are you there?\r")
        time.sleep(0.2)
        return b"are you there?" in got
    poll("the guest echoes", echoed, 30)
    stream.abort()


@case("statistics: all at once, and one by one")
def stats(t):
    (dom, record), = t.conn.getAllDomainStats(0, 0)
    equal((dom.name(), record["state.state"]), ("python", 1))
    check(record["cpu.time"] > 0 and record["balloon.current"] == 65536, record)
    equal(t.dom.memoryStats()["actual"], 65536)
    check(t.dom.info()[4] > 0, "CPU time")
    check(t.dom.getCPUStats(True)[0]["cpu_time"] > 0, "getCPUStats")
    equal(len(t.dom.vcpus()[0]), 1, "vcpus")


@case("200 threads ask at once")
def many(t):
    wrong = []

    def ask():
        try:
            for _ in range(10):
                equal(t.conn.lookupByName("python").info()[0], 1)
        except Exception as error:
            wrong.append(error)
    threads = [threading.Thread(target=ask) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    equal(wrong, [], "errors")


@case("a frozen QEMU delays nobody else's reads")
def frozen(t):
    import signal
    pid, = t.qemu_pids()
    os.kill(pid, signal.SIGSTOP)
    try:
        other = libvirt.open(t.uri)
        begin = time.monotonic()
        other.listAllDomains()
        other.getAllDomainStats(0, 0)
        dom = other.lookupByName("python")
        dom.info(), dom.state(), dom.XMLDesc(0), dom.memoryStats()
        spent = time.monotonic() - begin
        check(spent < 2, "%.1f s" % spent)
    finally:
        os.kill(pid, signal.SIGCONT)


@case("destroy, and its event; undefine")
def destroy(t):
    t.dom.destroy()
    equal(t.wait_event("python", libvirt.VIR_DOMAIN_EVENT_STOPPED)[0][2], libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    t.dom.undefine()
    t.wait_event("python", libvirt.VIR_DOMAIN_EVENT_UNDEFINED)


@case("virt-install --import of a prepared disk")
def virt_install(t):
    os.mkdir(t.root + "/images")
    disk = t.demo_disk("images/installed.img")
    t.run("virt-install", "--connect", t.uri, "--name", "installed", "--memory", "64", "--vcpus", "1", "--import",
          "--disk", "path=%s,format=raw" % disk, "--network", "user", "--graphics", "none", "--noautoconsole",
          "--osinfo", "detect=off,require=off", "--virt-type", TYPE, timeout=120)
    equal(t.state("installed"), "running")
    check(re.search(r"vda +%s|hda +%s|sda +%s" % ((re.escape(disk),) * 3), t.virsh("domblklist", "installed")), "disk")
    check("images" in t.virsh("pool-list", "--name"), "virt-install makes a pool of the disk's folder")
    t.virsh("destroy", "installed")
    t.virsh("undefine", "installed")


run(Python)
