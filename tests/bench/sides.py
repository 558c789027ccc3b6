"""The daemons that are compared: each a process of this run with folders of its own, in this network namespace."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = os.environ.get("top_builddir", "build")
WIRE = os.path.join(BUILD, "tests/bench/wire")


class Side:
    """A daemon. socket and definitions are paths that we see too; start() returns the ms until it listens."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="qvbench-")
        os.chmod(self.folder, 0o755)
        self.process = None

    @property
    def uri(self):
        return "qemu+unix:///system?socket=" + self.socket

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        begin = time.monotonic()
        self.process = self.launch()
        end = begin + 60
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s does not start: see %s/bench.log" % (self.name, self.folder))
            time.sleep(0.0005)
        return begin

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def popen(self, *command):
        with open(self.folder + "/bench.log", "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    # --- what the kernel says of it
    def cpu_seconds(self):
        """All its threads, to the nanosecond."""
        with open("/proc/%d/schedstat" % self.pid) as f:
            f.read()
        total = 0
        for task in os.listdir("/proc/%d/task" % self.pid):
            try:
                with open("/proc/%d/task/%s/schedstat" % (self.pid, task)) as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def private_kib(self):
        with open("/proc/%d/smaps_rollup" % self.pid) as f:
            return sum(int(line.split()[1]) for line in f if line.startswith("Private_"))

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.pid))


class Qvirtd(Side):
    name = "qvirtd"

    def __init__(self):
        super().__init__()
        self.socket = self.folder + "/run/qvirt-sock"
        self.definitions = self.folder + "/etc/qemu"

    def launch(self):
        return self.popen(os.path.join(BUILD, "daemon/qvirtd"), "--root", self.folder)


class Libvirtd(Side):
    """Debian's, in a mount namespace where its folders are ours; a virtlogd beside it, as on a host."""
    name = "libvirtd"
    binary = "/usr/sbin/libvirtd"

    def __init__(self):
        super().__init__()
        for name in ("run", "lib", "cache", "etc/qemu", "log"):
            os.makedirs(os.path.join(self.folder, name))
        self.socket = self.folder + "/run/libvirt-sock"
        self.definitions = self.folder + "/etc/qemu"
        with open(self.folder + "/etc/libvirtd.conf", "w") as f:
            f.write('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        with open(self.folder + "/etc/qemu.conf", "w") as f:
            f.write('user = "root"\ngroup = "root"\nnamespaces = []\nsecurity_driver = "none"\n')

    def launch(self):
        script = """
        mount --make-rprivate /
        for pair in run:/run/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt etc:/etc/libvirt log:/var/log/libvirt; do
            mkdir -p "${pair#*:}"; mount --bind "$1/${pair%%:*}" "${pair#*:}"
        done
        /usr/sbin/virtlogd -d -p "$1/virtlogd.pid"
        exec /usr/sbin/libvirtd -p "$1/libvirtd.pid"
        """
        return self.popen("unshare", "-m", "sh", "-c", script, "sh", self.folder)

    def stop(self):
        super().stop()
        try:
            with open(self.folder + "/virtlogd.pid") as f:
                os.kill(int(f.read()), signal.SIGTERM)
        except (OSError, ValueError):
            pass
