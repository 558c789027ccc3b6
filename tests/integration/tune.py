#!/usr/bin/python3
"""Resource control by unmodified virsh: each value, from the XML and live, is read back from the kernel: the cgroup's
file, the thread's CPUs, the process's limits."""
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402

HEAD = """<memtune><hard_limit unit='MiB'>900</hard_limit><soft_limit unit='MiB'>500</soft_limit></memtune>
<iothreads>2</iothreads>
<cputune>
  <shares>2048</shares>
  <period>100000</period><quota>60000</quota>
  <emulator_period>50000</emulator_period><emulator_quota>40000</emulator_quota>
  <iothread_period>20000</iothread_period><iothread_quota>10000</iothread_quota>
  <global_period>100000</global_period><global_quota>180000</global_quota>
  <vcpupin vcpu='1' cpuset='1'/>
  <emulatorpin cpuset='0'/>
  <iothreadpin iothread='2' cpuset='1'/>
  <vcpusched vcpus='0' scheduler='batch'/>
  <iothreadsched iothreads='1' scheduler='idle'/>
</cputune>
<numatune><memory mode='strict' nodeset='0'/></numatune>"""


def hierarchies():
    """Where each v1 controller is mounted; v2 has a test of its own."""
    found = {}
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        kind, _, options = right.split()[:3]
        for option in options.split(",") if kind == "cgroup" else ():
            found.setdefault(option, left.split()[4])
    return found


class Tune(Lab):
    name = "tuned"

    def setup(self):
        self.mounts = hierarchies()
        if os.getuid() or not {"cpu", "cpuset", "memory"} <= set(self.mounts):
            raise Skip("needs root and the v1 controllers cpu, cpuset and memory")
        if os.cpu_count() < 2:
            raise Skip("needs two CPUs")
        self.parent = self.group_parent()
        self.mask = os.sched_getaffinity(0)

    def xml(self, name, head="", vcpus="2", **more):
        return self.guest_xml(name, head=head, **more).replace("<vcpu>1</vcpu>", "<vcpu>%s</vcpu>" % vcpus if vcpus.isdigit() else vcpus)

    def make(self, name, head="", **more):
        self.virsh("define", self.file(name + ".xml", self.xml(name, head, **more)))

    def group(self, name=None):
        name = name or self.name
        return "%s/qemu-%s-%s" % (self.parent, self.virsh("domid", name), name)

    def kernel(self, controller, file, child="", name=None):
        with open("/".join(filter(None, (self.mounts[controller], self.group(name), child, file)))) as f:
            return f.read().strip()

    def pid(self, name=None):
        mark = b"guest=" + (name or self.name).encode()
        return next(p for p in self.qemu_pids() if mark in open("/proc/%d/cmdline" % p, "rb").read())

    def thread(self, child, name=None):
        (tid,) = self.kernel("cpu", "tasks", child, name).split()
        return int(tid)

    def schedinfo(self, *options):
        return dict(re.findall(r"^(\w+) *: (-?\w+)$", self.virsh("schedinfo", self.name, *options), re.M))


@case("a start with everything: groups, threads and limits are as the XML says")
def start(t):
    t.make(t.name, HEAD)
    t.virsh("start", t.name)
    equal(t.kernel("cpu", "cpu.shares"), "2048", "shares")
    for child, period, quota in (("vcpu0", 100000, 60000), ("vcpu1", 100000, 60000), ("emulator", 50000, 40000),
                                 ("iothread1", 20000, 10000), ("iothread2", 20000, 10000), ("", 100000, 180000)):
        equal(t.kernel("cpu", "cpu.cfs_period_us", child), str(period), child + " period")
        equal(t.kernel("cpu", "cpu.cfs_quota_us", child), str(quota), child + " quota")
    equal(t.kernel("memory", "memory.limit_in_bytes"), str(900 << 20), "hard limit")
    equal(t.kernel("memory", "memory.soft_limit_in_bytes"), str(500 << 20), "soft limit")


@case("every thread of QEMU is in its group, and nothing is outside")
def threads(t):
    pid = t.pid()
    equal(t.kernel("memory", "cgroup.procs"), str(pid), "processes in the memory group")
    homes = {}
    for tid in os.listdir("/proc/%d/task" % pid):
        lines = dict(line.strip().split(":", 2)[1:] for line in open("/proc/%d/task/%s/cgroup" % (pid, tid)))
        for controller in ("cpu", "cpuset"):
            check(lines[controller].startswith("/" + t.group() + "/"), "thread %s is in %s" % (tid, lines[controller]))
        equal(lines["memory"], "/" + t.group(), "memory group of a thread")
        homes.setdefault(os.path.basename(lines["cpu"]), []).append(int(tid))
    check({"vcpu0", "vcpu1", "iothread1", "iothread2", "emulator"} <= set(homes), homes)
    check(pid in homes["emulator"], homes)
    for child in ("vcpu0", "vcpu1", "iothread1", "iothread2"):
        equal(len(homes[child]), 1, child)


@case("CPUs: sched_getaffinity of emulator, vcpu and iothread")
def affinity(t):
    equal(os.sched_getaffinity(t.pid()), {0}, "emulator")
    equal(os.sched_getaffinity(t.thread("vcpu1")), {1}, "vcpu 1")
    equal(os.sched_getaffinity(t.thread("iothread2")), {1}, "iothread 2")
    equal(t.kernel("cpuset", "cpuset.cpus", "vcpu1"), "1", "cpuset of vcpu 1")


@case("schedulers and memory policy")
def schedulers(t):
    equal(os.sched_getscheduler(t.thread("vcpu0")), os.SCHED_BATCH, "vcpu 0")
    equal(os.sched_getscheduler(t.thread("vcpu1")), os.SCHED_OTHER, "vcpu 1")
    equal(os.sched_getscheduler(t.thread("iothread1")), os.SCHED_IDLE, "iothread 1")
    check(" bind:0 " in open("/proc/%d/numa_maps" % t.pid()).read(), "no mapping is bound to node 0")
    equal(t.kernel("cpuset", "cpuset.mems", "vcpu0"), "0", "nodes of vcpu 0")


@case("schedinfo: live values come from the kernel and go to it")
def schedinfo(t):
    before = t.schedinfo()
    equal((before["Scheduler"], before["cpu_shares"], before["vcpu_quota"]), ("posix", "2048", "60000"), "before")
    t.virsh("schedinfo", t.name, "--live", "--set", "cpu_shares=512", "vcpu_quota=-1", "emulator_period=70000", "iothread_quota=15000")
    equal(t.kernel("cpu", "cpu.shares"), "512", "shares")
    equal([t.kernel("cpu", "cpu.cfs_quota_us", "vcpu%d" % n) for n in (0, 1)], ["-1", "-1"], "quotas")
    equal(t.kernel("cpu", "cpu.cfs_period_us", "emulator"), "70000", "period")
    equal(t.kernel("cpu", "cpu.cfs_quota_us", "iothread2"), "15000", "quota of an iothread")
    with open("%s/%s/cpu.shares" % (t.mounts["cpu"], t.group()), "w") as f:
        f.write("333")
    equal(t.schedinfo()["cpu_shares"], "333", "what somebody else wrote")
    equal(t.schedinfo("--config")["cpu_shares"], "2048", "stored")
    t.virsh("schedinfo", t.name, "--config", "--set", "cpu_shares=100")
    check("<shares>100</shares>" in t.virsh("dumpxml", t.name, "--inactive"), "stored XML")
    check("<shares>512</shares>" in t.virsh("dumpxml", t.name), "live XML")


@case("refused: values out of range, unknown parameters, wrong combinations")
def refused(t):
    check("out of range [1000, 1000000]" in t.refused("schedinfo", t.name, "--live", "--set", "vcpu_period=10"), "period")
    check("out of range [2, 262144]" in t.refused("schedinfo", t.name, "--config", "--set", "cpu_shares=1"), "shares")
    check("lower than or equal" in t.refused("memtune", t.name, "--hard-limit", "600M", "--swap-hard-limit", "500M", "--live"), "memtune")
    check("can't change numatune mode" in t.refused("numatune", t.name, "--mode", "interleave", "--nodeset", "0", "--live"), "numatune")
    check("node 77 is unavailable" in t.refused("numatune", t.name, "--nodeset", "77", "--live"), "nodeset")
    check("block device" in t.refused("blkiotune", t.name, "--device-read-iops-sec", "/dev/null,10", "--live"), "blkiotune")
    equal(t.kernel("memory", "memory.limit_in_bytes"), str(900 << 20), "hard limit")


@case("memtune: live and stored, raised, lowered and lifted")
def memtune(t):
    def shown(*options):
        return dict(re.findall(r"(\w+_limit) *: (\w+)", t.virsh("memtune", t.name, *options)))
    equal(shown(), {"hard_limit": str(900 << 10), "soft_limit": str(500 << 10), "swap_hard_limit": "unlimited"}, "before")
    t.virsh("memtune", t.name, "--hard-limit", "1000M", "--swap-hard-limit", "1200M", "--live", "--config")
    equal(t.kernel("memory", "memory.limit_in_bytes"), str(1000 << 20), "hard limit")
    equal(t.kernel("memory", "memory.memsw.limit_in_bytes"), str(1200 << 20), "with swap")
    t.virsh("memtune", t.name, "--hard-limit", "1500M", "--swap-hard-limit", "1600M", "--live")
    equal(t.kernel("memory", "memory.memsw.limit_in_bytes"), str(1600 << 20), "raised past the former")
    t.virsh("memtune", t.name, "--soft-limit", "-1", "--live")
    equal(shown()["soft_limit"], "unlimited")
    equal(shown("--config")["swap_hard_limit"], str(1200 << 10))


@case("blkiotune: weight and limits of a disk of the host")
def blkiotune(t):
    disk = next((d for d in sorted(os.listdir("/sys/block")) if d.startswith(("vd", "sd", "nvme"))), None)
    if "blkio" not in t.mounts or not disk:
        raise Skip("no blkio controller or no disk")
    number = open("/sys/block/%s/dev" % disk).read().strip()
    t.virsh("blkiotune", t.name, "--device-read-bytes-sec", "/dev/%s,1000000" % disk, "--device-write-iops-sec", "/dev/%s,500" % disk, "--live", "--config")
    equal(t.kernel("blkio", "blkio.throttle.read_bps_device"), number + " 1000000", "bytes")
    equal(t.kernel("blkio", "blkio.throttle.write_iops_device"), number + " 500", "operations")
    check("/dev/%s,1000000" % disk in t.virsh("blkiotune", t.name), "shown")
    check("<read_bytes_sec>1000000</read_bytes_sec>" in t.virsh("dumpxml", t.name, "--inactive"), "stored")
    t.virsh("blkiotune", t.name, "--device-read-bytes-sec", "/dev/%s,0" % disk, "--live")
    equal(t.kernel("blkio", "blkio.throttle.read_bps_device"), "", "lifted")
    if os.path.exists("%s/%s/blkio.bfq.weight" % (t.mounts["blkio"], t.group())):
        t.virsh("blkiotune", t.name, "--weight", "321", "--live")
        equal(t.kernel("blkio", "blkio.bfq.weight"), "321", "weight")
        check(re.search(r"weight *: 321", t.virsh("blkiotune", t.name)), "shown weight")


@case("numatune: shown, and nodes changed where that is possible")
def numatune(t):
    equal(re.findall(r": (\w+)", t.virsh("numatune", t.name)), ["strict", "0"], "shown")
    t.virsh("numatune", t.name, "--nodeset", "0", "--live")
    t.virsh("numatune", t.name, "--mode", "interleave", "--nodeset", "0", "--config")
    check("<memory mode='interleave' nodeset='0'/>" in t.virsh("dumpxml", t.name, "--inactive"), "stored")


@case("blkdeviotune: QEMU's own throttle, from the XML and live")
def blkdeviotune(t):
    disk = t.demo_disk("throttled.img")
    xml = t.xml("throttled", disk=disk).replace("<target dev='vda'", "<iotune><read_iops_sec>77</read_iops_sec></iotune><target dev='vda'")
    t.virsh("define", t.file("throttled.xml", xml))
    t.virsh("start", "throttled", "--paused")

    def qemu():
        blocks = json.loads(t.virsh("qemu-monitor-command", "throttled", '{"execute": "query-block"}'))["return"]
        return next(b["inserted"] for b in blocks if b.get("inserted", {}).get("file", "").endswith("throttled.img") or "virtio" in b.get("qdev", ""))
    equal(qemu()["iops_rd"], 77, "read iops at the start")
    t.virsh("blkdeviotune", "throttled", "vda", "--total-bytes-sec", "5000", "--total-bytes-sec-max", "9000", "--live", "--config")
    equal((qemu()["bps"], qemu()["bps_max"], qemu()["iops_rd"]), (5000, 9000, 77), "live")
    check(re.search(r"total_bytes_sec: 5000", t.virsh("blkdeviotune", "throttled", "vda")), "shown")
    check("<total_bytes_sec>5000</total_bytes_sec>" in t.virsh("dumpxml", "throttled", "--inactive"), "stored")
    check("cannot be set at the same time" in t.refused("blkdeviotune", "throttled", "vda", "--total-bytes-sec", "1", "--read-bytes-sec", "1"), "words")
    t.virsh("destroy", "throttled")


@case("vcpupin, emulatorpin: live, stored, shown")
def pins(t):
    t.virsh("vcpupin", t.name, "0", "1", "--live", "--config")
    equal(os.sched_getaffinity(t.thread("vcpu0")), {1}, "vcpu 0")
    equal(t.kernel("cpuset", "cpuset.cpus", "vcpu0"), "1", "its cpuset")
    t.virsh("vcpupin", t.name, "1", "0-1", "--live")
    equal(os.sched_getaffinity(t.thread("vcpu1")), {0, 1}, "vcpu 1, widened")
    t.virsh("emulatorpin", t.name, "0-1", "--live")
    equal(os.sched_getaffinity(t.pid()), {0, 1}, "emulator")
    equal(re.findall(r"(\d+) +(\S+)", t.virsh("vcpupin", t.name)), [("0", "1"), ("1", "0-1")], "vcpupin")
    equal(re.findall(r"(\d+) +(\S+)", t.virsh("vcpupin", t.name, "--config")), [("0", "1"), ("1", "1")], "vcpupin --config")
    check("0-1" in t.virsh("emulatorpin", t.name), "emulatorpin")
    check("<vcpupin vcpu='0' cpuset='1'/>" in t.virsh("dumpxml", t.name, "--inactive"), "stored")
    os.sched_setaffinity(t.thread("vcpu1"), {1})
    check(re.search(r"VCPU: +1\n.*\n.*\n.*CPU Affinity: +-y", t.virsh("vcpuinfo", t.name)), "vcpuinfo: what somebody else did")
    check("out of live cpu count" in t.refused("vcpupin", t.name, "5", "0", "--live"), "a vcpu there is not")


@case("events tell of what was tuned")
def events(t):
    with subprocess.Popen(["virsh", "-c", t.uri, "event", t.name, "--event", "tunable", "--loop", "--timeout", "20"], bufsize=1,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, stdin=subprocess.DEVNULL) as listener:
        try:
            # nobody says when it listens: told again until it is heard
            poll("an event", lambda: t.virsh("schedinfo", t.name, "--live", "--set", "emulator_quota=45000") and
                 select.select([listener.stdout], [], [], 0.3)[0])
            words = [listener.stdout.readline(), listener.stdout.readline()]
        finally:
            listener.kill()
    check("tunable" in words[0] and "cputune.emulator_quota: 45000" in words[1], words)


@case("iothreads: shown, added, pinned, tuned, removed")
def iothreads(t):
    equal(re.findall(r"(\d+) +(\S+)", t.virsh("iothreadinfo", t.name)), [("1", "0-1"), ("2", "1")], "before")
    t.virsh("iothreadadd", t.name, "7", "--live", "--config")
    equal(t.kernel("cpu", "cpu.cfs_quota_us", "iothread7"), "15000", "quota of the new one")
    t.virsh("iothreadpin", t.name, "7", "0", "--live")
    equal(os.sched_getaffinity(t.thread("iothread7")), {0}, "iothread 7")
    t.virsh("iothreadset", t.name, "7", "--poll-max-ns", "12345", "--live")
    shown = json.loads(t.virsh("qemu-monitor-command", t.name, '{"execute": "query-iothreads"}'))["return"]
    equal([i["poll-max-ns"] for i in shown if i["id"] == "iothread7"], [12345], "polling")
    check("already" in t.refused("iothreadadd", t.name, "7", "--live"), "words")
    t.virsh("iothreaddel", t.name, "7", "--live", "--config")
    equal(re.findall(r"(\d+) +\S+", t.virsh("iothreadinfo", t.name)), ["1", "2"], "after")
    check(not os.path.exists("%s/%s/iothread7" % (t.mounts["cpu"], t.group())), "its group is left")
    check("cannot find IOThread" in t.refused("iothreaddel", t.name, "9", "--live"), "words")


@case("limits survive a restart; what somebody changed or removed is put right")
def readopt(t):
    def write(file, text, child=""):
        with open("/".join(filter(None, (t.mounts["cpu"], t.group(), child, file))), "w") as f:
            f.write(text)
    group = t.group()
    write("cpu.shares", "2")
    tid = t.thread("vcpu1")
    with open(t.mounts["cpu"] + "/tasks", "w") as f:
        f.write(str(tid))
    os.rmdir("%s/%s/vcpu1" % (t.mounts["cpu"], group))
    t.end_daemon(signal.SIGKILL)
    t.start_daemon()
    equal(t.kernel("cpu", "cpu.shares"), "512", "shares")
    equal(t.thread("vcpu1"), tid, "thread of vcpu 1")
    equal(t.kernel("cpu", "cpu.cfs_quota_us", "vcpu1"), "-1", "quota of vcpu 1")
    equal(t.schedinfo()["cpu_shares"], "512", "schedinfo")


@case("a control group that vanished is reported, and nothing crashes")
def vanished(t):
    t.make("vanished", vcpus="1")
    t.virsh("start", "vanished")
    for mount in (t.mounts["cpu"], t.mounts["memory"]):
        group = mount + "/" + t.group("vanished")
        poll("settled", lambda: not os.path.isdir(group + "/vcpu0") or open(group + "/vcpu0/tasks").read())
        for folder, _, _ in os.walk(group, topdown=False):
            for tid in open(folder + "/tasks").read().split():
                with open(mount + "/tasks", "w") as f:
                    f.write(tid)
            os.rmdir(folder)
    check("removed by somebody else" in t.refused("schedinfo", "vanished"), "schedinfo")
    check("removed by somebody else" in t.refused("memtune", "vanished", "--hard-limit", "500M", "--live"), "memtune")
    t.virsh("destroy", "vanished")


@case("setvcpus: plugged into the guest with their limits, taken out, stored")
def vcpus(t):
    t.make("grows", "<cputune><period>50000</period><quota>20000</quota><vcpupin vcpu='2' cpuset='1'/></cputune>",
           vcpus="<vcpu current='1'>4</vcpu>", machine="q35", memory=128)
    t.virsh("start", "grows")

    def counts(*options):
        return [int(t.virsh("vcpucount", "grows", *options, which)) for which in ("--live", "--config")]
    equal(counts("--active"), [1, 1], "at first")
    t.virsh("setvcpus", "grows", "3", "--live")
    equal(counts("--active"), [3, 1], "plugged")
    equal(t.kernel("cpu", "cpu.cfs_quota_us", "vcpu2", "grows"), "20000", "quota of a new vcpu")
    equal(os.sched_getaffinity(t.thread("vcpu2", "grows")), {1}, "CPUs of a new vcpu")
    check("current='3'" in t.virsh("dumpxml", "grows"), "live XML")
    check(re.search(r"CPU\(s\): +3", t.virsh("dominfo", "grows")), "dominfo")
    check("greater than max" in t.refused("setvcpus", "grows", "5", "--live"), "too many")
    t.virsh("setvcpu", "grows", "3", "--enable", "--live")
    equal(counts("--active"), [4, 1], "by number")
    t.virsh("setvcpus", "grows", "2", "--config")
    t.virsh("setvcpus", "grows", "8", "--config", "--maximum")
    equal([counts("--active"), counts("--maximum")], [[4, 2], [4, 8]], "stored")
    check("agent" in t.refused("setvcpus", "grows", "2", "--guest"), "words")
    check("agent" in t.refused("guestvcpus", "grows"), "words")


@case("setmem, setmaxmem: balloon and definition")
def memory(t):
    t.virsh("setmem", "grows", "100M", "--live")
    check("<currentMemory unit='KiB'>102400<" in t.virsh("dumpxml", "grows"), "live XML")
    t.virsh("setmem", "grows", "64M", "--config")
    check("higher than max" in t.refused("setmem", "grows", "1G", "--live"), "words")
    check("active domain" in t.refused("setmaxmem", "grows", "1G", "--live"), "words")
    t.virsh("setmaxmem", "grows", "1G", "--config")
    xml = t.virsh("dumpxml", "grows", "--inactive")
    check("<memory unit='KiB'>1048576<" in xml and "<currentMemory unit='KiB'>65536<" in xml, "stored XML")
    t.virsh("destroy", "grows")
    check("cpu_cycles" in t.run("virsh", "-c", t.uri, "perf", "grows").stdout, "perf")
    check("perf" in t.refused("perf", "grows", "--enable", "cpu_cycles", "--config"), "words")


def cpu_seconds(pid):
    words = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# A boot sector that spins: cli is left out, so that the timer lets QEMU breathe as with a real guest.
SPIN = b"\xeb\xfe" + b"\0" * 508 + b"\x55\xaa"


def spinner(t, name, head):
    disk = t.file(name + ".img", SPIN + b"\0" * (1 << 20))
    t.make(name, head, vcpus="1", disk=disk)
    t.virsh("start", name)
    pid = t.pid(name)
    poll(name + " is busy", lambda: cpu_seconds(pid) > 0.6)
    return pid


@case("a busy guest with a quota of 20 % gets 20 % of a CPU within a tenth")
def quota(t):
    pid = spinner(t, "spins", "<cputune><global_period>50000</global_period><global_quota>10000</global_quota></cputune>")
    start, used = time.monotonic(), cpu_seconds(pid)
    time.sleep(5)
    share = (cpu_seconds(pid) - used) / (time.monotonic() - start)
    print("# quota 20 %%: %.1f %%" % (100 * share), flush=True)
    check(share < 0.22, "it got %.1f %%" % (100 * share))
    if share < 0.18 and os.getloadavg()[0] > os.cpu_count():
        raise Skip("the host was too busy to give it all of its 20 %%: %.1f %%" % (100 * share))
    check(share > 0.18, "it got %.1f %%" % (100 * share))
    t.virsh("destroy", "spins")


@case("two busy guests on one CPU with shares 1:3 get near 1:3")
def shares(t):
    pin = "<cputune><shares>%d</shares><vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='1'/></cputune>"
    pids = [spinner(t, "light", pin % 1024), spinner(t, "heavy", pin % 3072)]
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(6)
    light, heavy = (cpu_seconds(pid) - was for pid, was in zip(pids, before))
    print("# shares 1:3: %.2f s and %.2f s, 1:%.2f" % (light, heavy, heavy / light), flush=True)
    check(2.2 < heavy / light < 4.0, "1:%.2f" % (heavy / light))
    t.virsh("destroy", "light")
    t.virsh("destroy", "heavy")


def opens(t, name, path):
    """Whether a process in the guest's devices group may read @path."""
    tasks = "%s/%s/tasks" % (t.mounts["devices"], t.group(name))
    return t.run("sh", "-c", 'echo $$ >"$1" && exec dd if="$2" of=/dev/null bs=1 count=1', "sh", tasks, path, ok=False).returncode == 0


@case("devices: QEMU may open those it was told of, now and later, and no others")
def devices(t):
    if "devices" not in t.mounts:
        raise Skip("no devices controller")
    loops = []
    try:
        for name in ("one", "two", "three"):
            image = t.file(name + ".block", b"\0" * (1 << 20))
            done = t.run("losetup", "--find", "--show", image, ok=False)
            if done.returncode:
                raise Skip("no loop devices: " + done.stderr.strip())
            loops.append(done.stdout.strip())
        disk = "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='%s'/><target dev='%s' bus='virtio'/></disk>"
        t.make("opens", vcpus="1", devices=disk % (loops[0], "vda"))
        t.virsh("start", "opens")
        equal([opens(t, "opens", path) for path in ["/dev/zero", "/dev/urandom"] + loops], [True, True, True, False, False], "at the start")
        t.virsh("qemu-monitor-command", "opens", '{"execute": "blockdev-add", "arguments": {"driver": "host_device", '
                '"node-name": "more", "filename": "%s"}}' % loops[1])
        equal([opens(t, "opens", path) for path in loops], [True, True, False], "after another was named")
        t.end_daemon(signal.SIGKILL)
        t.start_daemon()
        equal([opens(t, "opens", path) for path in loops], [True, True, False], "after a restart")
        t.virsh("qemu-monitor-command", "opens", '{"execute": "blockdev-add", "arguments": {"driver": "host_device", '
                '"node-name": "yet-more", "filename": "%s"}}' % loops[2])
        equal([opens(t, "opens", path) for path in loops], [True, True, True], "named after the restart")
        t.virsh("destroy", "opens")
    finally:
        for loop in loops:
            t.run("losetup", "--detach", loop, ok=False)


@case("locked memory: the limit of the process")
def locked(t):
    t.make("locked", "<memtune><hard_limit unit='MiB'>700</hard_limit></memtune><memoryBacking><locked/></memoryBacking>", vcpus="1")
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] != resource.RLIM_INFINITY and t.run("prlimit", "--memlock=%d" % (1 << 40), "true", ok=False).returncode:
        check("cannot let QEMU lock" in t.refused("start", "locked"), "words")
        raise Skip("we may not raise limits here (CAP_SYS_RESOURCE)")
    t.virsh("start", "locked", "--paused")
    check(re.search(r"Max locked memory +%d +%d" % (700 << 20, 700 << 20), open("/proc/%d/limits" % t.pid("locked")).read()), "limits")
    t.virsh("destroy", "locked")


@case("a throttled disk is throttled")
def throttled(t):
    disk = t.file("slow.img", b"\0" * (4 << 20))
    xml = t.xml("slow", vcpus="1", disk=disk).replace("<target dev='vda'", "<iotune><read_bytes_sec>500000</read_bytes_sec></iotune><target dev='vda'")
    t.virsh("define", t.file("slow.xml", xml))
    t.virsh("start", "slow", "--paused")

    def read(count):
        start = time.monotonic()
        for _ in range(count):
            t.virsh("qemu-monitor-command", "--hmp", "slow", 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "read 0 256k"')
        return time.monotonic() - start
    slow = read(5)
    t.virsh("blkdeviotune", "slow", "vda", "--read-bytes-sec", "0", "--live")
    fast = read(5)
    print("# 1.25 MiB at 500 kB/s: %.1f s; without a limit: %.1f s" % (slow, fast), flush=True)
    check(slow > 1.4 and fast < slow / 2, "%.1f s with the limit, %.1f s without" % (slow, fast))
    t.virsh("destroy", "slow")


@case("a guest over its hard limit is stopped by the kernel, and the log says why")
def out_of_memory(t):
    t.make("oom", "<memtune><hard_limit unit='MiB'>300</hard_limit></memtune>"
                  "<memoryBacking><source type='memfd'/><allocation mode='immediate'/></memoryBacking>", memory=400)
    words = t.refused("start", "oom")
    check("killed by the kernel" in words and "hard_limit of 307200 KiB" in words, words)
    t.virsh("undefine", "oom")
    t.make("oom", "<memtune><hard_limit unit='MiB'>300</hard_limit></memtune>")
    t.virsh("start", "oom")
    t.virsh("qemu-monitor-command", "oom", '{"execute": "object-add", "arguments": {"qom-type": "memory-backend-ram", '
            '"id": "glutton", "size": 536870912, "prealloc": true}}', ok=False)
    poll("it is off", lambda: t.state("oom") == "shut off")
    equal(t.virsh("domstate", "oom", "--reason"), "shut off (crashed)")
    check("hard_limit of 307200 KiB" in t.daemon_log(), t.daemon_log)


@case("groups go with the guest")
def removed(t):
    group = t.group()
    t.virsh("destroy", t.name)
    for controller, mount in t.mounts.items():
        check(not os.path.exists(mount + "/" + group), "%s: %s is left" % (controller, group))
        check(not os.path.exists(mount + "/" + t.parent), "%s: %s is left" % (controller, t.parent))


run(Tune)
