#!/usr/bin/python3
"""What the host and its QEMU can do, as unmodified clients ask: capabilities, CPU models, comparison, baseline."""
import os
import re
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from qvirt_test import *                                     # noqa: E402

X86 = os.uname().machine in ("x86_64", "i686")


def values(node, path):
    return [v.text for v in node.findall(path)]


@case("capabilities: the host's processor, cells and pages; a default machine first")
def host(t):
    caps = ET.fromstring(t.virsh("capabilities"))
    check(caps.find("host/uuid") is not None and caps.find("host/cpu/arch").text == os.uname().machine, "host")
    cpus = caps.findall("host/topology/cells/cell/cpus/cpu")
    equal(len(cpus), os.sysconf("SC_NPROCESSORS_ONLN"), "processors in cells")
    check(all(int(m.text) > 0 for m in caps.findall("host/topology/cells/cell/memory")), "memory of cells")
    if X86:
        with open("/proc/cpuinfo") as f:
            flags = set(re.search(r"flags\s*: (.*)", f.read()).group(1).split())
        model, features = caps.find("host/cpu/model").text, {f.get("name") for f in caps.findall("host/cpu/feature")}
        check(model, "no model")
        for name in ("avx2", "aes", "erms", "bmi2"):
            if name in features:
                check(name in flags, "%s is not in /proc/cpuinfo" % name)
    guest = caps.find("guest/arch[@name='x86_64']")
    check(guest is not None and guest.find("machine").text.startswith("pc-"), "the first machine is not the default one")
    check("qemu" in [d.get("type") for d in guest.findall("domain")], "no TCG")


@case("domcapabilities: every model that is 'usable' starts, what is listed is defined")
def domain(t):
    caps = ET.fromstring(t.virsh("domcapabilities", "--virttype", "qemu", "--machine", "q35"))
    check(caps.find("machine").text.startswith("pc-q35"), "machine")
    equal(caps.find("domain").text, "qemu", "type")
    check("ide" not in values(caps, "devices/disk/enum[@name='bus']/value"), "q35 has no IDE")
    usable = [m.text for m in caps.findall("cpu/mode[@name='custom']/model") if m.get("usable") == "yes"]
    check("qemu64" in usable, usable)
    for model in values(caps, "devices/video/enum[@name='modelType']/value"):
        xml = t.guest_xml("v-" + model, devices="<graphics type='vnc'/><video><model type='%s'/></video>" % model)
        t.virsh("define", t.file("v.xml", xml))
        t.virsh("undefine", "v-" + model)
    base = caps.find("cpu/mode[@name='host-model']/model")
    check(base is not None and base.text, "no host-model")


@case("domcapabilities: an unknown arch, machine, emulator or type is refused with its name")
def refused(t):
    for option, value in (("--arch", "vax"), ("--machine", "pc-nosuch"), ("--emulatorbin", "/nowhere/qemu"), ("--virttype", "xen")):
        check(value in t.refused("domcapabilities", option, value), option)


@case("a guest of host-model gets the processor that domcapabilities announced, and runs")
def host_model(t):
    announced = ET.fromstring(t.virsh("domcapabilities", "--virttype", "qemu")).find("cpu/mode[@name='host-model']")
    xml = t.guest_xml("hm").replace("<vcpu>1</vcpu>", "<vcpu>1</vcpu><cpu mode='host-model'><feature policy='optional' name='avx2'/></cpu>")
    xml = xml.replace("<domain type='kvm'", "<domain type='qemu'")
    t.virsh("define", t.file("hm.xml", xml))
    check("mode='host-model'" in t.virsh("dumpxml", "hm"), "the definition says host-model")
    t.virsh("start", "hm")
    live = ET.fromstring(t.virsh("dumpxml", "hm")).find("cpu")
    equal((live.get("mode"), live.get("match")), ("custom", "exact"), "live CPU")
    equal(live.find("model").text, announced.find("model").text, "model")
    wanted = {(f.get("policy"), f.get("name")) for f in announced.findall("feature")}
    got = {(f.get("policy"), f.get("name")) for f in live.findall("feature")}
    equal(wanted - got, set(), "announced and not there")
    t.virsh("destroy", "hm")
    check("mode='host-model'" in t.virsh("dumpxml", "hm"), "and still does")
    t.virsh("undefine", "hm")


@case("cpu-models, cpu-compare, cpu-baseline")
def cpus(t):
    names = t.virsh("cpu-models", "x86_64").split()
    check("EPYC" in names and "Skylake-Client" in names and "486" in names, names)
    check("POWER9" in t.virsh("cpu-models", "ppc64").split(), "ppc64")
    if not X86:
        return
    old = t.file("old.xml", "<cpu><arch>x86_64</arch><model>qemu32</model></cpu>")
    check("superset" in t.virsh("cpu-compare", old), "qemu32")
    check("superset" in t.virsh("hypervisor-cpu-compare", "--virttype", "qemu", old), "qemu32 by QEMU")
    own = t.file("host.xml", t.virsh("capabilities"))
    check("identical" in t.virsh("cpu-compare", own), "the host's own")
    odd = t.file("odd.xml", "<cpu><arch>x86_64</arch><model>486</model><feature policy='require' name='xop'/>"
                 "<feature policy='require' name='hle'/></cpu>")
    done = t.run("virsh", "-c", t.uri, "cpu-compare", "--error", odd, ok=False)
    check(done.returncode and ("xop" in done.stderr or "hle" in done.stderr), done.stderr)
    two = t.file("two.xml", "<cpu><arch>x86_64</arch><model>Westmere</model></cpu><cpu><arch>x86_64</arch><model>Haswell</model></cpu>")
    check("<model fallback='allow'>Westmere</model>" in t.virsh("cpu-baseline", two), "baseline")
    check("name='sse4.2'" in t.virsh("cpu-baseline", "--features", two), "expanded")
    check("Unknown CPU model" in t.refused("cpu-baseline", t.file("bad.xml", "<cpu><arch>x86_64</arch><model>nosuch</model></cpu>")), "bad")


run()
