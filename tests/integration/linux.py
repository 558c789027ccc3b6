#!/usr/bin/python3
"""A real guest: Debian's cloud kernel with a busybox initramfs of our making. We log in on its serial
console through our stream, see its disk and NIC, shut it down by ACPI, reboot it, and kill the daemon in
between."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_client import *                                    # noqa: E402

INIT = """#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# Several rounds: whatever depends on what, each round loads what the last one made possible.
for round in 1 2 3 4; do for module in $(cat /modules); do insmod "$module" 2>/dev/null; done; done
mkdir -p /etc/acpi/PWRF /var/log
printf '#!/bin/sh\\npoweroff -f\\n' >/etc/acpi/PWRF/00000080
chmod +x /etc/acpi/PWRF/00000080
acpid -d >/dev/null 2>&1 &
while :; do setsid cttyhack sh /session </dev/ttyS0 >/dev/ttyS0 2>&1; done
"""
SESSION = """stty sane -echo
printf 'guest login: '
read name
printf '\\nwelcome %s\\n' "$name"
PS1='# ' exec sh -i
"""
MODULES = ("virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk",
           "failover", "net_failover", "virtio_net", "button", "evdev")


def kernel():
    """The newest cloud kernel and its modules folder."""
    for image in sorted(glob.glob("/boot/vmlinuz-*cloud*"), reverse=True):
        return image, "/lib/modules/" + os.path.basename(image)[len("vmlinuz-"):]
    raise Skip("linux-image-cloud-amd64 is not installed")


def initramfs(folder, modules):
    root = os.path.join(folder, "initramfs")
    for name in ("bin", "proc", "sys", "dev", "etc"):
        os.makedirs(os.path.join(root, name))
    busybox = shutil.which("busybox")
    if not busybox:
        raise Skip("busybox-static is not installed")
    shutil.copy(busybox, root + "/bin/busybox")
    os.symlink("busybox", root + "/bin/sh")
    names = []
    for name in MODULES:
        for found in glob.glob(modules + "/**/%s.ko*" % name, recursive=True) + \
                glob.glob(modules + "/**/%s.ko*" % name.replace("_", "-"), recursive=True):
            shutil.copy(found, root)
            names.append("/" + os.path.basename(found))
    for path, text in (("init", INIT), ("session", SESSION), ("modules", "\n".join(names))):
        with open(os.path.join(root, path), "w") as f:
            f.write(text)
        os.chmod(os.path.join(root, path), 0o755)
    image = os.path.join(folder, "initramfs.img")
    files = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
    with open(image, "wb") as f:
        subprocess.run(["cpio", "--null", "--create", "--format=newc", "--quiet"], cwd=root, input=files, stdout=f, check=True)
    os.chmod(image, 0o644)
    return image


class Linux(Lab):
    def __init__(self):
        self.kernel, self.modules = kernel()
        super().__init__()

    def setup(self):
        image = shutil.copy(self.kernel, self.root + "/vmlinuz")
        os.chmod(image, 0o644)
        devices = "<interface type='user'><mac address='52:54:00:ab:cd:ef'/><model type='virtio'/></interface>"
        xml = self.guest_xml("linux", disk=self.demo_disk(), devices=devices, memory=256, machine="q35")
        boot = "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd><cmdline>console=ttyS0 quiet panic=5</cmdline></os>" % (
            image, initramfs(self.root, self.modules))
        start = xml.index("<os>")
        xml = xml[:start] + boot + xml[xml.index("</os>") + 5:]
        self.virsh("define", self.file("linux.xml", xml))
        self.virsh("start", "linux", "--paused")
        self.console = Console(self.socket, "linux")
        self.virsh("resume", "linux")

    def log_in(self):
        self.console.expect(b"login: ", 240)
        self.console.send(b"tester\n")
        self.console.expect(b"welcome tester", 30)

    def ask(self, command):
        """What the guest's shell answers."""
        self.console.send(b"%s; echo done-$((40+2))\n" % command.encode())
        return self.console.expect(b"done-42", 60).decode(errors="replace")


@case("direct kernel boot, log in on the serial console")
def boot(t):
    t.log_in()
    check("Linux" in t.ask("uname -a"), "uname")


@case("the guest sees its virtio disk and its NIC")
def devices(t):
    size = t.ask("cat /sys/block/vda/size")
    check("2048" in size, size)
    check("52:54:00:ab:cd:ef" in t.ask("cat /sys/class/net/*/address"), "the NIC's address")


@case("it survives kill -9 of the daemon; its console opens again")
def killed(t):
    t.end_daemon(signal.SIGKILL)
    t.console.close()
    t.start_daemon()
    equal(t.state("linux"), "running")
    t.console = Console(t.socket, "linux")
    check("Linux" in t.ask("uname -a"), "uname")


@case("reboot by ACPI or reset comes back to the login")
def reboot(t):
    t.console.send(b"echo b > /proc/sysrq-trigger\n")
    t.log_in()
    equal(t.state("linux"), "running")


@case("shutdown by ACPI")
def shutdown(t):
    t.virsh("shutdown", "linux", "--mode", "acpi")
    poll("the guest is off", lambda: t.state("linux") == "shut off", 60)
    equal(t.virsh("domstate", "linux", "--reason"), "shut off (shutdown)")
    equal(t.qemu_pids(), [])


run(Linux)
