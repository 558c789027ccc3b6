"""Tests that change the host's network run in a namespace of their own: in_own_network(Lab) at the end of a file, instead
of run(Lab), starts the file again in one."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402,F403
from qvirt_test import run, Skip, check                      # noqa: E402


def command(*words, ok=True):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ok:
        check(done.returncode == 0, "%s: %s" % (" ".join(words), done.stderr.strip()))
    return done.stdout


def ip(*words):
    return command("ip", *words)


def links():
    """The names of all devices of this namespace."""
    return sorted(link["ifname"] for link in json.loads(command("ip", "-j", "link")))


def show(name):
    """One device, as iproute2 describes it."""
    return json.loads(command("ip", "-j", "-d", "link", "show", name))[0]


def unable(why):
    class Unable:
        def __init__(self):
            raise Skip(why)
    return Unable


def in_own_network(make):
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        run(unable("needs root and iproute2"))
        return
    if os.environ.get("QVIRT_TEST_NETWORK") != str(os.getppid()):
        os.environ["QVIRT_TEST_NETWORK"] = str(os.getpid())
        sys.exit(subprocess.call(["unshare", "-n", "-m", sys.executable, *sys.argv]))
    command("mount", "-t", "sysfs", "sysfs", "/sys")
    command("mount", "--make-rprivate", "/")
    ip("link", "set", "lo", "up")
    run(make)
