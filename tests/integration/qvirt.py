#!/usr/bin/python3
"""qvirt, the client of ours: every command's words, its JSON, its exit status; the console; completion; the manual."""
import json
import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                    # noqa: E402

UUID = "6a1f8d6e-0a52-4f3c-9a6e-0d5c5f0a7b11"


class QvirtLab(Lab):
    def setup(self):
        self.qvirt_path = program("tools", "qvirt")
        self.guest = self.file("q1.xml", self.guest_xml("q1", disk=self.demo_disk(), head="<uuid>%s</uuid>" % UUID,
                                                        devices="<interface type='user'/><graphics type='vnc'/>"))

    def qvirt(self, *words, status=0, stdin=subprocess.DEVNULL, **more):
        done = subprocess.run([self.qvirt_path, "--root", self.root, *words], capture_output=True, text=True, timeout=60,
                              stdin=stdin, **more)
        equal(done.returncode, status, "exit status of 'qvirt %s' (%s)" % (" ".join(words), done.stderr.strip()))
        return done.stdout.strip() if status == 0 else done.stderr.strip()

    def json(self, *words):
        return json.loads(self.qvirt("--json", *words))


# Words of the command, in turn on one guest; what its output must match; and what the guest's state is then.
STEPS = [
    (["define", "@GUEST@"], r"Domain 'q1' defined from", "shut off"),
    (["start", "q1", "--paused"], r"Domain 'q1' started", "paused"),
    (["resume", "q1"], r"resumed", "running"),
    (["suspend", "1"], r"suspended", "paused"),
    (["resume", UUID], r"resumed", "running"),
    (["reset", "q1"], r"reset", "running"),
    (["list"], r"Id +Name +State.*\n-+\n *1 +q1 +running +" + UUID, None),
    (["list", "--name"], r"^q1$", None),
    (["--quiet", "list"], r"^1 +q1 +running", None),
    (["domid", "q1"], r"^1$", None),
    (["domuuid", "q1"], UUID, None),
    (["domname", UUID], r"^q1$", None),
    (["domstate", "q1", "--reason"], r"^running \(unpaused\)$", None),
    (["dominfo", "q1"], r"Name: +q1\n(.*\n)*Persistent: +yes", None),
    (["domblklist", "q1"], r"vda +disk +file +.*demo.img", None),
    (["domiflist", "q1"], r"user .*52:54:00:", None),
    (["ttyconsole", "q1"], r"^/dev/pts/\d+$", None),
    (["vncdisplay", "q1"], r"^127.0.0.1:\d+$", None),
    (["domdisplay", "q1"], r"^vnc://127.0.0.1:\d+$", None),
    (["send-key", "q1", "28"], r"^$", None),
    (["stats", "q1"], r"state.state=1", None),
    (["dumpxml", "q1"], r"<domain type='\w+' id='1'>", None),
    (["dumpxml", "q1", "--inactive"], r"<domain type='\w+'>", None),
    (["autostart", "q1"], r"starts with the host", None),
    (["list", "--all", "--autostart"], r"q1", None),
    (["autostart", "q1", "--disable"], r"no longer", None),
    (["desc", "q1", "a guest", "--config", "--live"], r"changed", None),
    (["desc", "q1"], r"^a guest$", None),
    (["argv", "q1"], r"qemu-system-x86_64 \\", None),
    (["explain", "q1"], r"-name guest=q1.*\n +/domain/name", None),
    (["explain", "@GUEST@"], r"virtio-blk-pci.*\n +/domain/devices/disk", None),
    (["validate", "@GUEST@"], r"sound definition of domain 'q1'", None),
    (["xml-help", "disk"], r"@queue_size", None),
    (["help", "xml", "tpm"], r"^<tpm>\n", None),
    (["version"], r"qvirt: .*\nAPI: +libvirt 9.0.0\nHypervisor: +QEMU \d", None),
    (["uri"], r"^qemu:///system$", None),
    (["hostname"], r".", None),
    (["nodeinfo"], r"CPU\(s\): +\d", None),
    (["capabilities"], r"^<capabilities>", None),
    (["shutdown", "q1"], r"is asked to shut down", None),
    (["destroy", "q1"], r"destroyed", "shut off"),
    (["domrename", "q1", "q2"], r"is now 'q2'", None),
    (["domrename", "q2", "q1"], r"is now 'q1'", None),
    (["list", "--inactive"], r"^ *- +q1 +shut off", None),
    (["undefine", "q1"], r"undefined", None),
    (["create", "@GUEST@"], r"started from", "running"),
    (["reboot", "q1", "--mode", "acpi"], r"", "running"),
    (["destroy", "q1"], r"destroyed", None),
    (["list", "--all"], r"^ *Id +Name +State +UUID\n-+$", None),
]


@case("every command does what it says")
def steps(t):
    for words, pattern, state in STEPS:
        out = t.qvirt(*[t.guest if word == "@GUEST@" else word for word in words])
        check(re.search(pattern, out, re.M), "qvirt %s: %r does not match %r" % (" ".join(words), out, pattern))
        if state:
            equal(t.qvirt("domstate", "q1"), state, "state after '%s'" % " ".join(words))


@case("answers in JSON are of JSON's types")
def json_types(t):
    t.qvirt("define", t.guest)
    equal(t.json("list", "--all"), [{"id": None, "name": "q1", "state": "shut off", "uuid": UUID}], "list")
    equal(t.json("list"), [], "empty list")
    info = t.json("dominfo", "q1")
    equal((info["id"], info["cpus"], info["persistent"], info["autostart"]), (None, 1, True, False), "dominfo")
    equal(t.json("domstate", "q1"), {"state": "shut off", "reason": "unknown"}, "domstate")
    equal(t.json("domuuid", "q1"), {"uuid": UUID}, "domuuid")
    equal(t.json("autostart", "q1", "--disable")["done"], True, "what was done")
    check(t.json("dumpxml", "q1")["xml"].startswith("<domain"), "dumpxml")
    check(isinstance(t.json("stats")["q1"]["state.state"], int), "stats")
    first = t.json("explain", "q1")[0]
    check(first["argument"] and first["path"] == "/domain/name", "explain: %s" % first)
    t.virsh("domrename", "q1", "7")
    equal(t.json("list", "--all")[0]["name"], "7", "a name of digits stays a string")
    t.qvirt("domrename", UUID, "q1")
    t.qvirt("undefine", "q1")


@case("errors say what is wrong, and the exit status which kind it is")
def errors(t):
    for words, status, pattern in (
            (["lst"], 2, r"no command 'lst'; did you mean 'list'"),
            (["start"], 2, r"usage: qvirt start DOMAIN"),
            (["start", "q1", "--pausd"], 2, r"'start' has no option '--pausd'; see: qvirt help start"),
            (["shutdown", "q1", "--mode", "loud"], 1, r"no domain with matching name 'q1'"),
            (["define", "/nowhere.xml"], 1, r"cannot read '/nowhere.xml'"),
            (["dominfo", "nobody"], 1, r"no domain with matching name 'nobody'"),
            (["--connect", "qemu+ssh://h/system", "list"], 3, r"only qemu: and qemu\+unix:")):
        root = [] if "--connect" in words else ["--root", t.root]
        done = t.run(t.qvirt_path, *root, *words, ok=False)
        equal(done.returncode, status, "exit status of %s" % words)
        check(re.search(pattern, done.stderr), "%s: %s" % (words, done.stderr))
    done = t.run(t.qvirt_path, "--root", t.root + "/nowhere", "list", ok=False)
    equal(done.returncode, 3, "exit status without a daemon")
    check("is qvirtd running" in done.stderr, done.stderr)
    bad = t.file("bad.xml", "<domain type='qemu'><name>x</name>\n<memry>1</memry></domain>")
    check(re.search(r"bad.xml:2:.*unknown element.*memry.*did you mean", t.qvirt("validate", bad, status=1)), "a wrong element")


@case("the read-only connection looks and does not touch")
def readonly(t):
    equal(t.qvirt("--readonly", "uri"), "qemu:///system", "uri")
    check("read only" in t.qvirt("--readonly", "define", t.guest, status=1), "define is refused")


@case("the console greets, echoes, and Ctrl+] leaves it")
def console(t):
    t.qvirt("define", t.guest)
    t.qvirt("start", "q1", "--paused")
    ours, theirs = pty.openpty()
    client = subprocess.Popen([t.qvirt_path, "--root", t.root, "console", "q1"], stdin=theirs, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    seen = b""
    try:
        os.set_blocking(client.stdout.fileno(), False)

        def shows(word):
            nonlocal seen
            seen += client.stdout.read() or b""
            return word in seen

        check("Connected to domain 'q1'" in client.stderr.readline().decode(), "the greeting of qvirt")
        t.qvirt("resume", "q1")
        poll("the guest greets", lambda: shows(b"hello from COM1"), 60)
        os.write(ours, b"typed here\r")
        poll("the guest echoes", lambda: shows(b"typed here"))
        os.write(ours, b"\x1d")
        equal(client.wait(10), 0, "exit status")
    finally:
        client.poll() is None and client.kill()
        client.wait()
        os.close(ours)
        os.close(theirs)


@case("a console has one user; --force takes it, and tells the one who had it")
def taken(t):
    def attach(*options):
        ours, theirs = pty.openpty()
        client = subprocess.Popen([t.qvirt_path, "--root", t.root, "console", "q1", *options], stdin=theirs, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
        os.close(theirs)
        return client, ours

    first, terminal = attach()
    second = other = None
    try:
        check(b"Connected" in first.stderr.readline(), "the first has it")
        check("Active console session exists" in t.qvirt("console", "q1", status=1), "the second does not")
        second, other = attach("--force")
        check(b"Connected" in second.stderr.readline(), "by force it does")
        equal(first.wait(10), 1, "the first ends")
        check(b"taken over" in first.stderr.read(), "and is told why")
        os.write(other, b"\x1d")
        equal(second.wait(10), 0, "exit status")
    finally:
        for client in filter(None, (first, second)):
            client.poll() is None and client.kill()
            client.wait()
        for fd in filter(None, (terminal, other)):
            os.close(fd)


@case("events are told as they come")
def events(t):
    watch = subprocess.Popen([t.qvirt_path, "--root", t.root, "--json", "event", "q1", "--event", "lifecycle", "--count", "2"],
                             stdout=subprocess.PIPE, text=True)
    try:
        poll("the watcher is subscribed", lambda: _asked(t, watch))
        told = [json.loads(line) for line in watch.communicate(timeout=20)[0].splitlines()]
    finally:
        watch.poll() is None and watch.kill()
        watch.wait()
    equal(sorted((e["event"], e["domain"], e["what"]) for e in told),      # subscribed in between, in either order
          [("lifecycle", "q1", "Resumed"), ("lifecycle", "q1", "Suspended")], "events")
    t.qvirt("destroy", "q1")


def _asked(t, watch):
    """Pauses and resumes until the watcher, which may not have subscribed yet, has seen both and ended."""
    t.qvirt("suspend", "q1")
    t.qvirt("resume", "q1")
    return watch.poll() is not None


@case("edit keeps a text that was refused, and changes the definition with one that was not")
def edit(t):
    def editor(script):
        return dict(os.environ, VISUAL="sed -i " + script)

    check("Nothing changed" in t.qvirt("edit", "q1", env=editor("s/none/none/")), "an edit of nothing")
    t.qvirt("edit", "q1", env=editor("s,KiB.*\\</memory,MiB\\'\\>96\\</memory,"))
    check("<memory unit='KiB'>98304</memory>" in t.qvirt("dumpxml", "q1"), "the new memory")
    words = t.qvirt("edit", "q1", status=1, env=editor("s,vcpu,vcpuu,g"))
    kept = re.search(r"Your text is kept in '(.*)'", words)
    check(kept and "vcpuu" in open(kept.group(1)).read(), words)
    os.unlink(kept.group(1))
    t.qvirt("undefine", "q1")


@case("a pipe gets columns, and a closed pipe ends it quietly")
def pipes(t):
    done = t.run("bash", "-c", "'%s' --root '%s' capabilities | head -1" % (t.qvirt_path, t.root))
    equal(done.stdout, "<capabilities>\n", "first line")


@case("completion offers commands, options and guests")
def completion(t):
    t.qvirt("define", t.guest)
    script = os.path.join(SOURCE, "tools/qvirt.bash-completion")

    def completes(*words):
        done = t.run("bash", "-c", '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _qvirt; printf "%s\n" "${COMPREPLY[@]}"',
                     script, t.qvirt_path, *words)
        return done.stdout.split()

    equal(completes("domst"), ["domstate"], "commands")
    equal(completes("start", "--p"), ["--paused"], "options")
    equal(completes("--root", t.root, "start", "q"), ["q1"], "guests")
    equal(completes("--root", t.root, "dominfo", "--json", "q"), ["q1"], "guests behind an option")
    equal(completes("help", "unde"), ["undefine"], "commands for help")
    check(t.guest in completes("define", t.guest[:-3]), "files")
    t.qvirt("undefine", "q1")


@case("the manual and the help know every command")
def manual(t):
    commands = t.qvirt("complete", "commands").split()
    check(len(commands) > 30, "commands: %s" % commands)
    with open(os.path.join(BUILD, "docs/qvirt.1")) as page:
        page = page.read()
    for command in commands:
        check("\n.B %s\\fR" % command in page, "'%s' is not in the manual" % command)
        check(t.qvirt("help", command).startswith("Usage: qvirt %s" % command), "help of '%s'" % command)


run(QvirtLab)
