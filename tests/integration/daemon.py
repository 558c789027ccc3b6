#!/usr/bin/python3
"""qvirtd's own face: options, configuration, signals, sockets handed over."""
import os
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_client import *                                    # noqa: E402


def qvirtd(t, *arguments):
    return t.run(program("daemon", "qvirtd"), *arguments, ok=False, timeout=10)


@case("--version, --help, --print-config")
def words(t):
    check(qvirtd(t, "--version").stdout.startswith("qvirt "), "version")
    check("--root" in qvirtd(t, "--help").stdout, "help")
    check("#max_clients = 5000" in qvirtd(t, "--print-config").stdout, "configuration")


@case("a wrong option and a wrong configuration end it with words")
def wrong(t):
    done = qvirtd(t, "--nonsense")
    check(done.returncode == 1 and "nonsense" in done.stderr, done.stderr)
    done = qvirtd(t, "--root", t.root + "/other", "--config", t.file("bad.conf", "\nmax_clients = none\n"))
    check(done.returncode == 1 and "bad.conf:2: 'none' for max_clients" in done.stderr, done.stderr)


@case("the sockets have the modes of the configuration")
def modes(t):
    equal(stat.S_IMODE(os.stat(t.socket).st_mode), 0o770, "read-write")
    equal(stat.S_IMODE(os.stat(t.readonly_socket).st_mode), 0o777, "read-only")


@case("state-changing calls leave a line in the log, reads none")
def audit(t):
    wire = Wire(t.socket).hello()
    wire.call(LIST_ALL, struct.pack(">iI", 1, 0))
    try:
        wire.call(DEFINE, text("<domain/>"))
    except RemoteError:
        pass
    poll("audit line", lambda: "virDomainDefineXML by uid 0, process %d" % os.getpid() in t.daemon_log(), 5)
    check("audit: failed (" in t.daemon_log(), "no result in the log")
    check("virConnectListAllDomains by" not in t.daemon_log(), "a read is in the log")


@case("SIGHUP reads the configuration again, and connections stay")
def reload(t):
    wire = Wire(t.socket).hello()
    t.daemon.send_signal(signal.SIGHUP)
    poll("word of it", lambda: "configuration read again" in t.daemon_log(), 5)
    wire.call(GET_TYPE)


@case("SIGTERM ends it within a second, also with clients connected")
def term(t):
    clients = [Wire(t.socket).hello() for _ in range(20)]
    begin = time.monotonic()
    equal(t.end_daemon(), 0, "exit status")
    check(time.monotonic() - begin < 1.5, "took %.1f s" % (time.monotonic() - begin))
    check(not os.path.exists(t.socket), "the socket file stays")
    del clients


@case("an old socket file that nobody serves is replaced")
def stale(t):
    old = socket.socket(socket.AF_UNIX)
    old.bind(t.socket)
    old.close()
    t.start_daemon()
    poll("it answers", lambda: Wire(t.socket).hello().call(GET_TYPE), 5)


@case("a socket that a service manager opened is served")
def activation(t):
    path = t.root + "/handed-over"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(5)
    binary, root = program("daemon", "qvirtd"), t.root + "/activated"

    def hand_over():
        os.dup2(listener.fileno(), 3)

    daemon = subprocess.Popen(["/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --root \"$1\"", binary, root],
                              preexec_fn=hand_over, close_fds=False, stdin=subprocess.DEVNULL, stdout=t.log, stderr=t.log)
    try:
        equal(take_text(Wire(path).hello().call(GET_TYPE), 0)[0], "QEMU", "type")
    finally:
        daemon.terminate()
        daemon.wait(5)


run()
