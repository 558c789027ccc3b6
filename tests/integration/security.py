#!/usr/bin/python3
"""What a guest's QEMU may do, looked at from outside, and the files that are lent to its user."""
import os
import pwd
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402

USER = pwd.getpwnam("nobody")


class Guarded(Lab):
    def start_daemon(self):
        path = self.root + "/test.conf"
        with open(path, "w") as f:
            f.write('user = "nobody"\ngroup = "nogroup"\nlog_level = "info"\n')
        self.options = ("--config", path)
        super().start_daemon()

    def setup(self):
        if os.geteuid() != 0:
            raise Skip("needs root")
        self.base = self.demo_disk("base.img")
        self.top = self.root + "/top.qcow2"
        self.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "raw", self.top)
        for path in (self.base, self.top):
            os.chown(path, 1234, 4321)
            os.chmod(path, 0o600)
        self.virsh("define", self.file("guarded.xml", self.qcow2_guest("guarded")))

    def qcow2_guest(self, name, readonly=False):
        xml = self.guest_xml(name, disk=self.top,
                             devices="<graphics type='vnc' passwd='t0psecrt' listen='127.0.0.1' autoport='yes'/>")
        xml = xml.replace("type='raw'", "type='qcow2'")
        return xml.replace("<target dev='vda'", "<readonly/><target dev='vda'") if readonly else xml

    def owners(self):
        return [(os.stat(p).st_uid, os.stat(p).st_gid, oct(os.stat(p).st_mode & 0o777)) for p in (self.top, self.base)]


BEFORE = [(1234, 4321, "0o600")] * 2
LENT = [(USER.pw_uid, USER.pw_gid, "0o600")] * 2


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


@case("QEMU's user, groups, capabilities, no_new_privs, seccomp")
def credentials(t):
    t.virsh("start", "guarded")
    pid, = t.qemu_pids()
    s = status(pid)
    equal(s["Uid"].split(), [str(USER.pw_uid)] * 4, "uid")
    equal(s["Gid"].split(), [str(USER.pw_gid)] * 4, "gid")
    equal(s["Groups"].split(), [str(USER.pw_gid)], "groups")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(int(s[name], 16), 0, name)
    equal(s["NoNewPrivs"].strip(), "1", "NoNewPrivs")
    equal(s["Seccomp"].strip(), "2", "Seccomp")


@case("QEMU's descriptors and environment are its own")
def descriptors(t):
    pid, = t.qemu_pids()
    allowed = re.compile(r"^(/dev/(null|kvm|ptmx|pts/\d+)|socket:.*|anon_inode:.*|pipe:.*|/memfd:.*|%s/.*)$" % re.escape(t.root))
    for fd in os.listdir("/proc/%d/fd" % pid):
        target = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        check(allowed.match(target), "descriptor %s is %s" % (fd, target))
    with open("/proc/%d/environ" % pid, "rb") as f:
        names = {e.split(b"=")[0].decode() for e in f.read().split(b"\0") if e}
    check(names <= {"LC_ALL", "PATH", "HOME", "USER", "LOGNAME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
                    "TMPDIR", "QEMU_AUDIO_DRV"}, "environment: %s" % sorted(names))


@case("the password is in no argument, log, or ordinary XML")
def secrets(t):
    pid, = t.qemu_pids()
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        check(b"t0psecrt" not in f.read(), "in the command line")
    check("t0psecrt" not in t.virsh("dumpxml", "guarded"), "in dumpxml")
    check("t0psecrt" in t.virsh("dumpxml", "guarded", "--security-info"), "not in dumpxml --security-info")
    for folder, _, files in os.walk(t.root):
        for name in files:
            path = os.path.join(folder, name)
            if folder == t.root or not os.path.isfile(path):       # the test's own, and sockets
                continue
            with open(path, "rb") as f:
                found = b"t0psecrt" in f.read()
            check(not found or os.stat(path).st_mode & 0o077 == 0, path + " holds it for all to read")


@case("the image chain is QEMU's while it runs, and as before afterwards")
def lent(t):
    equal(t.owners(), LENT, "owners")
    xml = t.virsh("dumpxml", "guarded")
    check("+%d:+%d" % (USER.pw_uid, USER.pw_gid) in xml, "no <seclabel> in the live XML")
    check("<backingStore type='file'" in xml and t.base in xml, "no backing chain in the live XML")
    t.virsh("destroy", "guarded")
    equal(t.owners(), BEFORE, "owners")


@case("owners are as before also when the daemon was killed and QEMU ended meanwhile")
def lent_across_kill(t):
    t.virsh("start", "guarded")
    equal(t.owners(), LENT, "owners")
    t.end_daemon(signal.SIGKILL)
    for pid in t.qemu_pids():
        os.kill(pid, signal.SIGKILL)
    t.start_daemon()
    poll("owners as before", lambda: t.owners() == BEFORE)   # QEMU may still be dying while the daemon looks
    equal(t.state("guarded"), "shut off", "state")


@case("a second start on the same writable disk is refused, and takes nothing from the first")
def second(t):
    t.virsh("start", "guarded")
    t.virsh("define", t.file("second.xml", t.qcow2_guest("second")))
    words = t.refused("start", "second")
    check("lock" in words, words)
    equal(t.owners(), LENT, "owners while the first runs")
    t.virsh("destroy", "guarded")
    equal(t.owners(), BEFORE, "owners")


@case("a file that QEMU's user may open anyhow keeps its owner")
def unneeded(t):
    os.chmod(t.base, 0o644)
    t.virsh("start", "guarded")
    equal(t.owners()[1], (1234, 4321, "0o644"), "base image")
    t.virsh("destroy", "guarded")
    os.chmod(t.base, 0o600)


@case("seclabel: none leaves files alone, static runs QEMU as it says")
def seclabels(t):
    xml = t.qcow2_guest("own").replace("<devices>", "<seclabel type='none' model='dac'/><devices>", 1)
    t.virsh("define", t.file("own.xml", xml))
    check("Permission denied" in t.refused("start", "own"), "QEMU opened what it may not")
    equal(t.owners(), BEFORE, "owners")
    t.virsh("undefine", "own")
    xml = xml.replace("<seclabel type='none' model='dac'/>",
                      "<seclabel type='static' model='dac' relabel='yes'><label>+1234:+4321</label></seclabel>")
    t.virsh("define", t.file("own.xml", xml))
    t.virsh("start", "own")
    pid, = t.qemu_pids()
    equal(status(pid)["Uid"].split()[0], "1234", "uid")
    equal(t.owners(), BEFORE, "owners")
    t.virsh("destroy", "own")


@case("a seclabel of a model that is not there is refused by its name")
def other_model(t):
    t.virsh("undefine", "own")
    label = "<seclabel type='static' model='selinux' relabel='no'><label>system_u:system_r:svirt_t:s0</label></seclabel>"
    t.virsh("define", t.file("own.xml", t.qcow2_guest("own").replace("<devices>", label + "<devices>", 1)))
    words = t.refused("start", "own")
    check("model selinux" in words, words)
    t.virsh("undefine", "own")
    disk = "<seclabel model='selinux'><label>x:y:z</label></seclabel></source><target dev='vda'"
    t.virsh("define", t.file("own.xml", re.sub(r"/>\s*<target dev='vda'", ">" + disk, t.qcow2_guest("own"), count=1)))
    check("x:y:z" in t.virsh("dumpxml", "own"), "the disk's label is in the definition")
    words = t.refused("start", "own")
    check("model selinux" in words, words)
    equal(t.owners(), BEFORE, "owners")


@case("a lease is refused, as nobody would take it")
def lease(t):
    t.virsh("undefine", "own")
    xml = "<lease><lockspace>space</lockspace><key>k</key><target path='/nowhere' offset='0'/></lease></devices>"
    t.virsh("define", t.file("own.xml", t.qcow2_guest("own").replace("</devices>", xml, 1)))
    words = t.refused("start", "own")
    check("lock manager" in words, words)
    equal(t.owners(), BEFORE, "owners")


@case("nothing is left behind")
def rest(t):
    for name in ("guarded", "second", "own"):
        t.virsh("undefine", name)
    left = [os.path.join(d, f) for d, _, fs in os.walk(t.root + "/run/qemu") for f in fs]
    equal(left, [], "files in run/qemu")
    equal([d for d in os.listdir(t.root + "/lib/qemu") if d.startswith("domain-")], [], "folders")


run(Guarded)
