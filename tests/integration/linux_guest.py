"""Guests with a real kernel: Debian's cloud kernel and a busybox initramfs of our making, reached by its console.

    image = boot_files(lab)                       # kernel and initrd under the lab's root; Skip when there are none
    xml = with_linux(lab.guest_xml("a", memory=256), image)
    guest = Guest(lab, "a"); guest.log_in(); guest.ask("uname -a")
"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_client import *                                    # noqa: E402,F403
from wire_client import Console, Failed, Skip                        # noqa: E402

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
           "failover", "net_failover", "virtio_net", "button", "evdev", "af_packet", "virtio_console")


def kernel():
    """The newest cloud kernel and its modules folder."""
    for image in sorted(glob.glob("/boot/vmlinuz-*cloud*"), reverse=True):
        return image, "/lib/modules/" + os.path.basename(image)[len("vmlinuz-"):]
    raise Skip("linux-image-cloud-amd64 is not installed")


def add_program(root, path):
    """A program of the host with the libraries it needs."""
    libraries = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    for file in [path] + [word for word in libraries.split() if word.startswith("/")]:
        os.makedirs(root + os.path.dirname(file), exist_ok=True)
        shutil.copy(os.path.realpath(file), root + file)


def initramfs(folder, modules, fill=None):
    """@fill: puts more into the root folder it is given, before the image is made of it."""
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
    if fill:
        fill(root)
    image = os.path.join(folder, "initramfs.img")
    files = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
    with open(image, "wb") as f:
        subprocess.run(["cpio", "--null", "--create", "--format=newc", "--quiet"], cwd=root, input=files, stdout=f, check=True)
    os.chmod(image, 0o644)
    return image


def boot_files(lab, fill=None):
    """The kernel and the initramfs, copied to where QEMU's user can read them."""
    image, modules = kernel()
    copied = shutil.copy(image, lab.root + "/vmlinuz")
    os.chmod(copied, 0o644)
    return copied, initramfs(lab.root, modules, fill)


def boot_disk(lab, image):
    """A disk that boots them by itself: a FAT file system with the SYSLINUX boot loader."""
    for tool in ("syslinux", "mkfs.fat", "mcopy"):
        if not shutil.which(tool):
            raise Skip("%s is not installed (syslinux, dosfstools, mtools)" % tool)
    disk = lab.file("boot.img")
    os.truncate(disk, 64 << 20)
    config = lab.file("syslinux.cfg", "SERIAL 0\nDEFAULT linux\nLABEL linux\n  KERNEL vmlinuz\n  INITRD initrd.img\n"
                                      "  APPEND console=ttyS0 quiet panic=5\n")
    lab.run("mkfs.fat", "-F", "16", disk)
    lab.run("syslinux", "--install", disk)
    for file, name in ((image[0], "vmlinuz"), (image[1], "initrd.img"), (config, "syslinux.cfg")):
        lab.run("mcopy", "-i", disk, file, "::" + name)
    return disk


def with_linux(xml, image):
    """Guest XML that boots them."""
    machine = xml[xml.index("machine='") + 9:].split("'")[0]
    boot = "<os><type arch='x86_64' machine='%s'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>" \
        "<cmdline>console=ttyS0 quiet panic=5</cmdline></os>" % (machine, *image)
    return xml[:xml.index("<os>")] + boot + xml[xml.index("</os>") + 5:]


class Guest:
    """A running guest's shell on its console."""

    def __init__(self, lab, name):
        self.console = Console(lab.socket, name)

    def log_in(self):
        self.console.expect(b"login: ", 240)
        try:
            self.console.send(b"tester\n")
            self.console.expect(b"welcome tester", 5)
        except Failed:                                       # the terminal was still being set up, and dropped it
            self.console.send(b"\n")
            self.console.expect(b"welcome", 30)

    def ask(self, command, timeout=60):
        """What the guest's shell answers."""
        self.console.send(b"%s; echo done-$((40+2))\n" % command.encode())
        return self.console.expect(b"done-42", timeout).decode(errors="replace")

    def succeeds(self, command, timeout=60):
        """Whether the guest's shell says so."""
        return "status-0-" in self.ask("%s >/dev/null 2>&1; echo status-$?-" % command, timeout)

    def close(self):
        self.console.close()
