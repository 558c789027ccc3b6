#!/usr/bin/python3
"""The guest agent: Debian's qemu-guest-agent in a guest of Debian's kernel, asked through unmodified virsh; and what is
said when it is not there or does not answer."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from linux_guest import *                                   # noqa: E402

CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"

# Who may have the agent's port open, and the programs that the agent calls.
PROGRAMS = {
    "/agent": "mkdir -p /tmp; exec qemu-ga -m virtio-serial -p $1 -t /tmp",
    "/mute": "exec sleep 12",
    "/sbin/hwclock": "exit 0",
    "/sbin/shutdown": "case $* in *-r*) exec reboot -f ;; *) exec poweroff -f ;; esac",
}


def fill(root):
    """The agent, and what it looks at."""
    path = shutil.which("qemu-ga")
    if not path:
        raise Skip("qemu-guest-agent is not installed")
    add_program(root, path)
    with open(root + "/etc/passwd", "w") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\n")
    with open(root + "/etc/os-release", "w") as f:
        f.write("ID=tiny\nNAME=Tiny\nPRETTY_NAME=\"Tiny guest\"\n")
    for name, words in PROGRAMS.items():
        os.makedirs(os.path.dirname(root + name), exist_ok=True)
        with open(root + name, "w") as f:
            f.write("#!/bin/sh\n" + words + "\n")
        os.chmod(root + name, 0o755)


class AgentGuest(Lab):
    name = "a1"

    def setup(self):
        devices = CHANNEL + "<interface type='user'><mac address='52:54:00:12:34:56'/><model type='virtio'/></interface>"
        xml = self.guest_xml(self.name, disk=self.demo_disk(), devices=devices, memory=256)
        self.virsh("define", self.file("a1.xml", with_linux(xml, boot_files(self, fill))))
        self.virsh("start", self.name, "--paused")
        self.guest = Guest(self, self.name)
        self.virsh("resume", self.name)
        self.guest.log_in()

    def holds_port(self, what):
        """A program of the guest has the agent's port open."""
        words = "setsid sh /agent $(echo /dev/vport*p1) </dev/null >/dev/null 2>&1 & true" if what == "agent" else \
            "PORT=$(echo /dev/vport*p1); setsid sh /%s </dev/null >/dev/null 2>&1 3<>$PORT & true" % what
        for _ in range(3):                                   # what ended the shell is not what is tested here
            try:
                return self.guest.ask(words, timeout=10)
            except Failed:
                continue
        raise Failed("the guest's shell does not answer")

    def connected(self, state):
        poll("the channel is " + state, lambda: "state='%s'" % state in self.virsh("dumpxml", self.name))


@case("without its channel or its program, the agent is missed in so many words")
def absent(t):
    error = t.refused("domtime", t.name)
    check("agent is not connected" in error, error)
    check("state='disconnected'" in t.virsh("dumpxml", t.name), "the channel's state")
    t.define("plain", disk=t.demo_disk("plain.img"))
    t.virsh("start", "plain")
    check("agent is not configured" in t.refused("domtime", "plain"), "no channel")
    t.virsh("destroy", "plain")


@case("an agent that says nothing costs its time and delays nothing else")
def mute(t):
    t.holds_port("mute")
    t.connected("connected")
    begun = time.monotonic()
    error = t.refused("qemu-agent-command", t.name, "--timeout", "1", '{"execute": "guest-ping"}')
    check("does not answer" in error, error)
    check(time.monotonic() - begun < 4, "one second was asked for")
    asking = subprocess.Popen(["virsh", "-c", t.uri, "domtime", t.name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    t.virsh("suspend", t.name)
    t.virsh("resume", t.name)
    check(time.monotonic() - begun < 2 and asking.poll() is None, "the monitor is not behind the agent")
    asking.wait(20)
    t.connected("disconnected")


@case("the agent comes: an event, and live XML says connected")
def comes(t):
    watch = subprocess.Popen(["virsh", "-q", "-c", t.uri, "event", "--event", "agent-lifecycle", "--timeout", "60"],
                             stdout=subprocess.PIPE, text=True)
    poll("the watcher is there", lambda: "virsh" in open("/proc/%d/comm" % watch.pid).read())
    time.sleep(0.5)                                          # virsh says nothing when it is subscribed
    t.holds_port("agent")
    out, _ = watch.communicate(timeout=60)
    check(re.search("agent-lifecycle.*state: 'connected'", out), out)
    t.connected("connected")
    equal(json.loads(t.virsh("qemu-agent-command", t.name, '{"execute": "guest-ping"}')), {"return": {}}, "ping")


@case("raw commands: answers, refusals, and what is no command")
def raw(t):
    info = json.loads(t.virsh("qemu-agent-command", t.name, '{"execute": "guest-info"}'))
    check("version" in info["return"], info)
    error = t.refused("qemu-agent-command", t.name, '{"execute": "guest-nonsense"}')
    check("has not been found" in error, error)
    check("JSON object" in t.refused("qemu-agent-command", t.name, "nonsense"), "no JSON")
    t.virsh("guest-agent-timeout", t.name, "--timeout", "20")


@case("time, host name, file systems, addresses, processors, users, everything")
def questions(t):
    check(re.match(r"Time: \d+", t.virsh("domtime", t.name)), "time")
    t.virsh("domtime", t.name, "--time", "1700000000")
    seconds = int(t.virsh("domtime", t.name).split()[1])
    check(0 <= seconds - 1700000000 < 60, "the time that was set: %d" % seconds)
    equal(t.virsh("domhostname", t.name, "--source", "agent"), "(none)", "host name")
    check("lo" in t.virsh("domifaddr", t.name, "--source", "agent", "--full"), "addresses")
    check(re.search(r"vcpus +: 0\nonline +: 0", t.virsh("guestvcpus", t.name)), t.virsh("guestvcpus", t.name))
    info = t.virsh("guestinfo", t.name)
    for pattern in (r"os\.id +: tiny", r"os\.pretty-name +: Tiny guest", r"user\.count +: 0", r"timezone\.offset +: 0",
                    r"disk\.count +: 1", r"if\.0\.name +: lo"):
        check(re.search(pattern, info), "%s in %s" % (pattern, info))
    check("hostname" not in t.virsh("guestinfo", t.name, "--os"), "only what was asked for")
    check("unsupported" in t.refused("domhostname", t.name, "--source", "lease").lower() or
          "not" in t.refused("domhostname", t.name, "--source", "lease"), "leases")


@case("file systems are frozen and thawed")
def freeze(t):
    t.virsh("domfsfreeze", t.name)                           # all of this guest is in memory: 0 of them
    t.virsh("domfsthaw", t.name)
    check("specifying mountpoints is not supported" in t.refused("domfsthaw", t.name, "--mountpoint", "/"), "thaw one")


@case("the password goes to the agent and nowhere else")
def password(t):
    error = t.refused("set-user-password", t.name, "root", "s3cret-word")
    check("guest-set-user-password" in error, error)         # busybox has no chpasswd where the agent looks
    check("s3cret-word" not in t.daemon_log(), "the log")


@case("shutdown by the agent, which is the way where none is asked for")
def shutdown(t):
    t.virsh("reboot", t.name, "--mode", "agent")
    t.guest.console.expect(b"Restarting system", 60)
    t.guest.log_in()
    t.holds_port("agent")
    t.connected("connected")
    t.virsh("shutdown", t.name)
    poll("the guest is off", lambda: t.state(t.name) == "shut off", 60)
    equal(t.virsh("domstate", t.name, "--reason"), "shut off (shutdown)")


run(AgentGuest)
