#!/usr/bin/python3
"""A real guest: Debian's cloud kernel with a busybox initramfs of our making. We log in on its serial
console through our stream, see its disk and NIC, shut it down by ACPI, reboot it, and kill the daemon in
between."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from linux_guest import *                                    # noqa: E402


class Linux(Lab):
    def setup(self):
        devices = "<interface type='user'><mac address='52:54:00:ab:cd:ef'/><model type='virtio'/></interface>"
        xml = self.guest_xml("linux", disk=self.demo_disk(), devices=devices, memory=256, machine="q35")
        self.image = boot_files(self)
        self.virsh("define", self.file("linux.xml", with_linux(xml, self.image)))
        self.virsh("start", "linux", "--paused")
        self.open()
        self.virsh("resume", "linux")

    def open(self):
        self.guest = Guest(self, "linux")
        self.console = self.guest.console

    def log_in(self):
        self.guest.log_in()

    def ask(self, command):
        return self.guest.ask(command)


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
    t.open()
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


@case("a guest boots from its disk: BIOS, boot loader, kernel; and sees the disk it came from")
def from_disk(t):
    t.define("disk", disk=boot_disk(t, t.image), memory=256)
    t.virsh("start", "disk", "--paused")
    guest = Guest(t, "disk")
    t.virsh("resume", "disk")
    guest.log_in()
    check(str((64 << 20) // 512) in guest.ask("cat /sys/block/vda/size"), "the disk's size")
    check("SYSLINUX" in guest.ask("dd if=/dev/vda bs=512 count=1 2>/dev/null | strings | head -3; strings /dev/vda | grep -m1 SYSLINUX"),
          "the boot loader")
    guest.close()
    t.virsh("shutdown", "disk")
    poll("the guest is off", lambda: t.state("disk") == "shut off", 60)


run(Linux)
