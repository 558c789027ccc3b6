"""What integration tests share: TAP, a private qvirtd, unmodified clients, waiting for a condition.

    from qvirt_test import *

    @case("a guest starts")
    def starts(t):
        t.virsh("start", t.name)

    run(Lab)          # or a class derived from it, with setup()

Cases run in the order of the file on one Lab: a daemon under a temporary root. A case that raises
is "not ok", with the reason; Skip skips it. Everything a Lab started ends with it, by its pid.
"""
import glob
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("top_builddir", "build")
SOURCE = os.environ.get("top_srcdir", ".")
# TCG unless asked: where KVM is itself emulated, it is there and yet boots no Linux.
TYPE = os.environ.get("QVIRT_TEST_TYPE", "qemu")

_cases = []


class Skip(Exception):
    pass


class Failed(AssertionError):
    pass


def case(name):
    def keep(function):
        _cases.append((name, function))
        return function
    return keep


def check(condition, why):
    if not condition:
        raise Failed(why() if callable(why) else why)


def equal(got, wanted, what="value"):
    check(got == wanted, "%s: got %r, wanted %r" % (what, got, wanted))


def poll(what, condition, timeout=20.0):
    """Waits until condition() is true, and gives its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("%s: not within %g s" % (what, timeout))
        time.sleep(0.02)


def program(folder, name):
    path = os.path.join(BUILD, folder, name)
    if not os.access(path, os.X_OK):
        raise Skip("%s is not built" % path)
    return path


class Lab:
    """A private daemon under a temporary root."""

    options = ()

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="qvirt-test-")
        os.chmod(self.root, 0o755)
        self.socket = self.root + "/run/qvirt-sock"
        self.readonly_socket = self.root + "/run/qvirt-sock-ro"
        self.uri = "qemu+unix:///system?socket=" + self.socket
        self.readonly_uri = "qemu+unix:///system?socket=" + self.readonly_socket
        self.daemon = None
        self.log = open(self.root + "/qvirtd.log", "ab")
        self.start_daemon()
        self.setup()

    def setup(self):
        pass

    # --- the daemon
    def start_daemon(self):
        self.daemon = subprocess.Popen([program("daemon", "qvirtd"), "--root", self.root, *self.options],
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        poll("qvirtd listens", lambda: self.daemon.poll() is not None or self.answers(), 30)
        check(self.daemon.poll() is None, lambda: "qvirtd ended: " + self.daemon_log())

    def answers(self):
        """Somebody listens: after a kill, the old socket file is still there."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def end_daemon(self, sig=signal.SIGTERM, timeout=10):
        self.daemon.send_signal(sig)
        status = self.daemon.wait(timeout)
        self.daemon = None
        return status

    def daemon_log(self):
        with open(self.root + "/qvirtd.log", errors="replace") as f:
            return f.read()[-4000:]

    def qemu_pids(self):
        """Every process that was started under this root."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    line = f.read()
            except OSError:
                continue
            if b"qemu-system" in line.split(b"\0")[0] and self.root.encode() in line:
                found.append(int(pid))
        return found

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.end_daemon()
        for pid in self.qemu_pids():
            os.kill(pid, signal.SIGKILL)
        self.remove_groups()
        self.log.close()
        if not os.environ.get("QVIRT_TEST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def group_parent(self):
        """The name under which this daemon's guests have their control groups."""
        return "machine-" + hashlib.sha256((self.root + "/run").encode()).hexdigest()[:8]

    def remove_groups(self):
        """Of guests that ended after their daemon."""
        for top in glob.glob("/sys/fs/cgroup/" + self.group_parent()) + glob.glob("/sys/fs/cgroup/*/" + self.group_parent()):
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    poll("empty cgroup", lambda: self.remove_group(folder), 5)
                except Failed:
                    pass

    @staticmethod
    def remove_group(folder):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            pass
        except OSError:
            return False
        return True

    # --- clients
    def run(self, *command, ok=True, timeout=60, **more):
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **more)
        if ok:
            check(done.returncode == 0, "%s: %s" % (" ".join(command[-4:]), (done.stderr or done.stdout).strip()))
        return done

    def virsh(self, *arguments, readonly=False, **more):
        """The output of virsh, stripped; a failure of virsh fails the case."""
        return self.run("virsh", "-q", "-c", self.readonly_uri if readonly else self.uri, *arguments, **more).stdout.strip()

    def refused(self, *arguments, readonly=False):
        """The words with which virsh fails."""
        done = self.run("virsh", "-q", "-c", self.readonly_uri if readonly else self.uri, *arguments, ok=False)
        check(done.returncode != 0, "virsh %s did not fail" % " ".join(arguments))
        return done.stderr.strip()

    # --- things guests are made of
    def file(self, name, content=b"", mode=0o666):
        path = os.path.join(self.root, name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def demo_disk(self, name="demo.img"):
        path = os.path.join(self.root, name)
        shutil.copyfile(os.path.join(BUILD, "tools/demo/demo.img"), path)
        os.chmod(path, 0o666)
        return path

    def guest_xml(self, name, devices="", head="", disk=None, memory=64, machine="pc"):
        disk = "" if disk is None else """
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='%s'/>
      <target dev='vda' bus='virtio'/>
    </disk>""" % disk
        return """<domain type='%s'>
  <name>%s</name>
  <memory unit='MiB'>%d</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='%s'>hvm</type></os>
  <features><acpi/></features>
  %s
  <devices>%s
    <serial type='pty'><target port='0'/></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    %s
  </devices>
</domain>
""" % (TYPE, name, memory, machine, head, disk, devices)

    def define(self, name, **parts):
        self.virsh("define", self.file(name + ".xml", self.guest_xml(name, **parts)))
        return name

    def state(self, name):
        return self.virsh("domstate", name)


def describe(error):
    text = str(error) or type(error).__name__
    if not isinstance(error, Failed):
        text = "%s: %s\n%s" % (type(error).__name__, text, traceback.format_exc(limit=-3))
    return text


def run(make=Lab):
    """Runs the cases of this file on one lab, as TAP."""
    print("1..%d" % len(_cases), flush=True)
    try:
        lab = make()
    except Skip as why:
        for number, (name, _) in enumerate(_cases, 1):
            print("ok %d - %s # SKIP %s" % (number, name, why))
        return
    except Exception as error:
        for number, (name, _) in enumerate(_cases, 1):
            print("not ok %d - %s" % (number, name))
        print("# " + describe(error).replace("\n", "\n# "))
        sys.exit(1)
    failed = 0
    try:
        for number, (name, function) in enumerate(_cases, 1):
            try:
                function(lab)
                print("ok %d - %s" % (number, name), flush=True)
            except Skip as why:
                print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
            except Exception as error:
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, describe(error).replace("\n", "\n# ")), flush=True)
        if failed:
            print("# the daemon's last words:\n# " + lab.daemon_log().replace("\n", "\n# "), flush=True)
    finally:
        lab.close()
    sys.exit(1 if failed else 0)
