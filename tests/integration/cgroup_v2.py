#!/usr/bin/python3
"""Control groups v2, for real: a guest of plain QEMU boots Debian's cloud kernel with cgroup_no_v1=all, and in its
initramfs qvirtd, QEMU and virsh run a nested guest whose limits a shell script (cgroup_v2.sh) reads back from the
kernel. The script's lines "ok ..." and "not ok ..." on the serial console are this test's cases."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from qvirt_test import BUILD, program, Skip                  # noqa: E402

MODULES = ("virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk", "bfq")
QEMU = "/usr/bin/qemu-system-x86_64"
DATA = ("/usr/share/seabios/bios-256k.bin", "/usr/share/seabios/bios.bin", "/usr/share/qemu/kvmvapic.bin",
        "/usr/share/qemu/linuxboot_dma.bin", "/usr/share/seabios/vgabios-stdvga.bin")
TIMEOUT = 280

INIT = """#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /tmp /run /dev/pts
mount -t devpts pts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ifconfig lo 127.0.0.1
for round in 1 2 3 4; do for module in $(cat /modules); do insmod "$module" 2>/dev/null; done; done
sh /cgroup_v2.sh </dev/null >/dev/ttyS0 2>&1
echo "the end" >/dev/ttyS0
poweroff -f
"""


def kernel():
    for image in sorted(glob.glob("/boot/vmlinuz-*cloud*"), reverse=True):
        return image, "/lib/modules/" + os.path.basename(image)[len("vmlinuz-"):]
    raise Skip("linux-image-cloud-amd64 is not installed")


def put(root, path, source=None):
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.exists(target):
        shutil.copy(source or path, target)


def put_program(root, path, source=None):
    """A program or library with all it is linked with."""
    put(root, path, source)
    for line in subprocess.run(["ldd", source or path], capture_output=True, text=True).stdout.splitlines():
        for word in line.split():
            if word.startswith("/"):
                put(root, word)


def initramfs(folder):
    root = os.path.join(folder, "root")
    image, modules = kernel()
    for tool in (shutil.which("busybox"), QEMU, shutil.which("virsh"), shutil.which("cpio")):
        if not tool or not os.path.exists(tool):
            raise Skip("busybox-static, qemu-system-x86, libvirt-clients and cpio are needed")
    put(root, "/bin/busybox", shutil.which("busybox"))
    os.symlink("busybox", root + "/bin/sh")
    for name in ("proc", "sys", "dev", "etc"):
        os.makedirs(os.path.join(root, name))
    put_program(root, "/usr/bin/qvirtd", program("daemon", "qvirtd"))
    put_program(root, "/usr/bin/virsh", os.path.realpath(shutil.which("virsh")))
    put_program(root, QEMU)
    for module in glob.glob("/usr/lib/*/qemu/accel-tcg-x86_64.so"):
        put_program(root, module)
    for path in DATA:
        if os.path.exists(path):
            put(root, path)
    names = []
    for name in MODULES:
        for found in glob.glob(modules + "/**/%s.ko*" % name, recursive=True):
            shutil.copy(found, root)
            names.append("/" + os.path.basename(found))
    shutil.copy(os.path.join(HERE, "cgroup_v2.sh"), root)
    for path, text in (("init", INIT), ("modules", "\n".join(names)), ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"),
                       ("etc/group", "root:x:0:\n")):
        with open(os.path.join(root, path), "w") as f:
            f.write(text)
        os.chmod(os.path.join(root, path), 0o755)
    with open(root + "/spin.img", "wb") as f:                # a boot sector that loops
        f.write(b"\xeb\xfe" + b"\0" * 508 + b"\x55\xaa" + b"\0" * (1 << 20))
    archive = os.path.join(folder, "initramfs.img")
    files = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
    with open(archive, "wb") as f:
        subprocess.run(["cpio", "--null", "--create", "--format=newc", "--quiet"], cwd=root, input=files, stdout=f, check=True)
    shutil.rmtree(root)
    return image, archive


def boot(folder, image, archive):
    """What the guest's serial console said."""
    log = os.path.join(folder, "console.log")
    disk = os.path.join(folder, "disk.img")
    with open(disk, "wb") as f:
        f.truncate(16 << 20)
    vm = subprocess.Popen([QEMU, "-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults", "-no-reboot",
                           "-display", "none", "-serial", "file:" + log, "-drive", "file=%s,format=raw,if=virtio" % disk,
                           "-kernel", image, "-initrd", archive, "-append", "console=ttyS0 cgroup_no_v1=all quiet panic=-1"],
                          stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + TIMEOUT
        while vm.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
    finally:
        if vm.poll() is None:
            vm.kill()
        vm.wait()
    with open(log, errors="replace") as f:
        return f.read().replace("\r", "")


def main():
    with open(os.path.join(HERE, "cgroup_v2.sh")) as f:
        wanted = re.findall(r'^(?:is|has|holds|near) "([^"]+)"', f.read(), re.M)
    print("1..%d" % len(wanted), flush=True)
    folder = tempfile.mkdtemp(prefix="qvirt-test-")
    try:
        try:
            text = boot(folder, *initramfs(folder))
        except Skip as why:
            for number, name in enumerate(wanted, 1):
                print("ok %d - %s # SKIP %s" % (number, name, why))
            return 0
        said = {m[1]: m for m in re.finditer(r"^((?:not )?ok) - (.*?)(?:: (.*))?$", text, re.M) for m in [(m[1], m[2], m[3])]}
        failed = 0
        for number, name in enumerate(wanted, 1):
            verdict, _, words = said.get(name, ("not ok", name, "the guest never said"))
            failed += verdict != "ok"
            print("%s %d - %s" % (verdict, number, name) + ("\n# %s" % words if words else ""))
        if failed:
            print("# " + text[-6000:].replace("\n", "\n# "))
        return 1 if failed else 0
    finally:
        if not os.environ.get("QVIRT_TEST_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
