# Runs inside the guest of cgroup_v2.py: busybox, cgroup v2 on /sys/fs/cgroup, root. Each line that begins with "is",
# "has", "holds" or "near" is one case.
export LIBVIRT_DEFAULT_URI='qemu+unix:///system?socket=/q/run/qvirt-sock'
G=/sys/fs/cgroup

say() { printf '%s - %s%s\n' "$1" "$2" "${3:+: $3}"; }
is() { if [ "$2" = "$3" ]; then say ok "$1"; else say "not ok" "$1" "got '$(echo $2)', wanted '$3'"; fi; }
has() { case "$2" in *"$3"*) say ok "$1" ;; *) say "not ok" "$1" "'$(echo $2)' has no '$3'" ;; esac; }
holds() { if eval "$2" >/dev/null 2>&1; then say ok "$1"; else say "not ok" "$1" "$2"; fi; }
near() { if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then say ok "$1" ; else say "not ok" "$1" "got $2, wanted $3 to $4"; fi; }
wait_for() { n=0; while ! eval "$1" >/dev/null 2>&1; do n=$((n + 1)); [ $n -gt 300 ] && return 1; sleep 0.2; done; }
start_daemon() { qvirtd --root /q >>/qvirtd.log 2>&1 & DAEMON=$!; wait_for '[ -S /q/run/qvirt-sock ] && grep -q serving /qvirtd.log'; }
text() { echo $(cat "$1" 2>&1); }

cat >/guest.xml <<XML
<domain type='qemu'><name>nested</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><iothreads>1</iothreads>
<memtune><hard_limit unit='MiB'>400</hard_limit><soft_limit unit='MiB'>300</soft_limit><swap_hard_limit unit='MiB'>500</swap_hard_limit></memtune>
<blkiotune><device><path>/dev/vda</path><read_bytes_sec>1000000</read_bytes_sec><write_iops_sec>50</write_iops_sec></device></blkiotune>
<cputune><shares>2048</shares><period>100000</period><quota>60000</quota><emulator_period>50000</emulator_period>
<emulator_quota>40000</emulator_quota><vcpupin vcpu='1' cpuset='1'/></cputune>
<numatune><memory mode='strict' nodeset='0'/></numatune>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features></domain>
XML
cat >/spin.xml <<XML
<domain type='qemu'><name>spin</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<cputune><global_period>50000</global_period><global_quota>10000</global_quota></cputune>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><disk type='file'><driver name='qemu' type='raw'/><source file='/spin.img'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML

start_daemon
has "the host has no v1 hierarchy" "$(cat $G/cgroup.controllers)" "memory"
holds "qvirtd and a nested guest start" "virsh 'define /guest.xml; start nested --paused' >/start.log 2>&1"
cat /start.log
M=$(echo $G/machine-*/qemu-1-nested)
PID=$(cat $M/cgroup.procs | head -1)
is "QEMU's group is a threaded domain" "$(text $M/cgroup.type)" "domain threaded"
is "a vcpu's group is threaded" "$(text $M/vcpu0/cgroup.type)" "threaded"
is "one thread in a vcpu's group" "$(cat $M/vcpu1/cgroup.threads | wc -l)" 1
is "every thread of QEMU is in the guest's groups" "$(cat /proc/$PID/task/*/cgroup | grep -vc "/qemu-1-nested/")" 0
is "one process in the guest's group" "$(cat $M/cgroup.procs | wc -l)" 1
is "shares 2048 are weight 79" "$(text $M/cpu.weight)" 79
is "quota of a vcpu" "$(text $M/vcpu0/cpu.max)" "60000 100000"
is "quota of the emulator" "$(text $M/emulator/cpu.max)" "40000 50000"
is "hard limit" "$(text $M/memory.max)" $((400 << 20))
is "soft limit" "$(text $M/memory.high)" $((300 << 20))
is "swap above the hard limit" "$(text $M/memory.swap.max)" $((100 << 20))
has "limits of a disk" "$(text $M/io.max)" "rbps=1000000 wbps=max riops=max wiops=50"
is "CPUs of a vcpu" "$(text $M/vcpu1/cpuset.cpus)" 1
has "affinity of a vcpu" "$(grep Cpus_allowed_list /proc/$(text $M/vcpu1/cgroup.threads)/status)" "1"
is "nodes of the emulator" "$(text $M/emulator/cpuset.mems)" 0

in_group() { sh -c "echo 0 >$M/cgroup.procs; exec dd if=$1 of=/dev/null bs=512 count=1" 2>&1; }
has "QEMU may open /dev/zero" "$(in_group /dev/zero)" "1+0 records out"
has "QEMU may not open a disk it was not told of" "$(in_group /dev/vda)" "not permitted"
virsh qemu-monitor-command nested '{"execute":"blockdev-add","arguments":{"driver":"host_device","node-name":"more","filename":"/dev/vda"}}' >/dev/null
has "it may once it was told" "$(in_group /dev/vda)" "1+0 records out"

sed "s/nested/locked/; s/'MiB'>400/'MiB'>700/; s/'MiB'>500/'MiB'>800/; s|<blkiotune>.*</blkiotune>|<memoryBacking><locked/></memoryBacking>|; s|<soft_limit.*</soft_limit>||" /guest.xml >/locked.xml
virsh 'define /locked.xml; start locked --paused' >/locked.log 2>&1 || cat /locked.log
has "locked memory, up to the hard limit" "$(text /proc/$(cat $G/machine-*/qemu-*-locked/cgroup.procs | head -1)/limits)" "Max locked memory $((700 << 20))"
virsh destroy locked >/dev/null

S=$(virsh schedinfo nested)
has "schedinfo shows shares as they were given" "$S" "cpu_shares     : 2048"
has "schedinfo shows a vcpu's quota" "$S" "vcpu_quota     : 60000"
virsh "schedinfo nested --live --set cpu_shares=1024 vcpu_quota=-1 emulator_period=70000; memtune nested --hard-limit 450M --swap-hard-limit 600M --live; blkiotune nested --device-read-bytes-sec /dev/vda,2000000 --live; vcpupin nested 0 1 --live; iothreadadd nested 5 --live" >/live.log 2>&1
grep -i error /live.log
is "weight, live" "$(text $M/cpu.weight)" 39
is "quota lifted, live" "$(text $M/vcpu1/cpu.max)" "max 100000"
is "period, live" "$(text $M/emulator/cpu.max)" "40000 70000"
is "hard limit, live" "$(text $M/memory.max)" $((450 << 20))
is "swap, live" "$(text $M/memory.swap.max)" $((150 << 20))
has "limit of a disk, live" "$(text $M/io.max)" "rbps=2000000"
is "CPUs of a vcpu, live" "$(text $M/vcpu0/cpuset.cpus)" 1
is "a new iothread has its group" "$(cat $M/iothread5/cgroup.threads | wc -l)" 1
has "memtune reads the kernel" "$(virsh memtune nested)" "hard_limit     : 460800"

echo 7 >$M/cpu.weight
kill -9 $DAEMON; wait $DAEMON 2>/dev/null; : >/qvirtd.log; start_daemon
is "a restart puts right what somebody changed" "$(text $M/cpu.weight)" 39
is "the guest is still in its group" "$(text $M/cgroup.procs)" "$PID"

virsh 'define /spin.xml; start spin' >/spin.log 2>&1 || cat /spin.log
C=$(echo $G/machine-*/qemu-*-spin)
used() { awk '/^usage_usec/ { print $2 }' $C/cpu.stat; }
wait_for '[ $(used) -gt 1000000 ]'
A=$(used); T=$(cut -d. -f1 /proc/uptime); sleep 10; B=$(used); U=$(cut -d. -f1 /proc/uptime)
near "a busy guest with a quota of 20 % gets 20 %" $(((B - A) / 10000 / (U - T))) 17 22
virsh 'memtune nested --soft-limit -1 --live' >/dev/null    # else the kernel slows it down long before it ends it
is "soft limit lifted, live" "$(text $M/memory.high)" max
virsh qemu-monitor-command nested '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"glutton","size":734003200,"prealloc":true}}' >/dev/null 2>&1
wait_for 'grep -q "killed by the kernel" /qvirtd.log'
has "a guest over its hard limit ends, with the reason" "$(cat /qvirtd.log)" "its hard_limit of 460800 KiB"
virsh destroy spin >/dev/null 2>&1
wait_for '[ ! -e $C ]'
wait_for '! ls -d $G/machine-*'
is "groups go with their guests" "$(ls -d $G/machine-* 2>/dev/null)" ""
tail -5 /qvirtd.log
