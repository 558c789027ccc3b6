"""The guests of the bench, and the same QEMU started by hand: what a start costs without a daemon."""
import json
import os
import shlex
import socket
import subprocess
import tempfile
import time
import uuid

BRIDGE = "qvbench0"
NIC = "<interface type='bridge'><mac address='52:54:00:%s'/><source bridge='" + BRIDGE + "'/><model type='virtio'/></interface>"


def xml(name, disks=(), nic=False):
    """A guest without an operating system: it stays in its firmware."""
    devices = "".join("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
                      "<target dev='vd%s' bus='virtio'/></disk>" % (path, "ab"[i]) for i, path in enumerate(disks))
    if nic:
        tail = uuid.uuid4().hex[:6]
        devices += NIC % ":".join(tail[i:i + 2] for i in (0, 2, 4))
    return ("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/><apic/></features>"
            "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>%s<serial type='pty'/><console type='pty'/>"
            "</devices></domain>" % (name, uuid.uuid4(), devices))


def images(folder, name):
    made = []
    for i in range(2):
        made.append("%s/%s-%d.qcow2" % (folder, name, i))
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", made[-1], "1G"], check=True)
    return made


def argv_of(pid):
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        return f.read().decode().split("\0")[:-1]


class HandStart:
    """A guest's own command line, with the descriptors that the daemon passed replaced by things of ours."""

    def __init__(self, argv, lib):
        self.folder = tempfile.mkdtemp(prefix="qvbench-hand-")
        self.monitor = self.folder + "/monitor"
        self.argv = self.replaced(argv, lib)

    def replaced(self, argv, lib):
        out, skip = [], False
        for i, word in enumerate(argv):
            before = argv[i - 1] if i else ""
            if skip:
                skip = False
            elif word == "-chardev" and "charmonitor" in argv[i + 1]:
                out += ["-chardev", "socket,id=charmonitor,path=%s,server=on,wait=off" % self.monitor]
                skip = True
            elif word == "-add-fd":
                skip = True
            elif word == "-object" and "masterKey0" in argv[i + 1]:
                skip = True
            elif before == "-netdev":
                out.append("tap,id=%s,ifname=qvhand0,script=no,downscript=no" % self.netdev_id(word))
            elif before == "-chardev" and "/dev/fdset" in word:
                out.append(word.split(",logfile")[0])
            else:
                out.append(word)
        return out

    @staticmethod
    def netdev_id(word):
        if word.startswith("{"):
            return json.loads(word)["id"]
        return dict(part.split("=", 1) for part in word.split(",") if "=" in part)["id"]

    def run(self):
        """Launch, greeting, capabilities, cont: ms; then the end of it: ms."""
        begin = time.monotonic()
        with open(self.folder + "/log", "ab") as log:
            process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            monitor = self.dial(process)
            for command in ("qmp_capabilities", "cont"):
                monitor.sendall(json.dumps({"execute": command}).encode())
                while b'"return"' not in (answer := monitor.recv(65536)):
                    if not answer:
                        raise RuntimeError("the QEMU started by hand ended: %s/log" % self.folder)
            started = time.monotonic()
        finally:
            process.kill()
            process.wait()
        os.unlink(self.monitor)
        return (started - begin) * 1e3, (time.monotonic() - started) * 1e3

    def dial(self, process):
        while True:
            monitor = socket.socket(socket.AF_UNIX)
            if monitor.connect_ex(self.monitor) == 0:
                monitor.recv(65536)
                return monitor
            monitor.close()
            if process.poll() is not None:
                raise RuntimeError("QEMU by hand ended (%s/log): %s" % (self.folder, shlex.join(self.argv)))
            time.sleep(0.0005)
