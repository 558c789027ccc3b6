/* The filters that every host has from the first start, under the names that libvirt's users know. */
#include <stddef.h>
#include "drivers/nwfilter/private.h"

#define RULE(action, direction, priority, match) \
    "<rule action='" action "' direction='" direction "' priority='" priority "'>" match "</rule>"
#define REF(name) "<filterref filter='" name "'/>"
#define DHCP4(server) \
    RULE("accept", "out", "100", "<ip srcipaddr='0.0.0.0' dstipaddr='255.255.255.255' protocol='udp' srcportstart='68' dstportstart='67'/>") \
    RULE("accept", "in", "100", "<ip " server " protocol='udp' srcportstart='67' dstportstart='68'/>")
#define DHCP6(server) \
    RULE("accept", "out", "100", "<ipv6 srcipaddr='fe80::' srcipmask='10' dstipaddr='ff02::1:2' protocol='udp' srcportstart='546' dstportstart='547'/>") \
    RULE("accept", "in", "100", "<ipv6 " server " protocol='udp' srcportstart='547' dstportstart='546'/>")

const char *const nw_builtin[] = {
    "<filter name='allow-arp' chain='arp'>" RULE("accept", "inout", "500", "") "</filter>",
    "<filter name='allow-ipv4' chain='ipv4'>" RULE("accept", "inout", "500", "") "</filter>",
    "<filter name='allow-ipv6' chain='ipv6'>" RULE("accept", "inout", "500", "") "</filter>",
    "<filter name='allow-incoming-ipv4' chain='ipv4'>" RULE("accept", "in", "500", "") "</filter>",
    "<filter name='allow-incoming-ipv6' chain='ipv6'>" RULE("accept", "in", "500", "") "</filter>",
    "<filter name='allow-dhcp' chain='ipv4'>" DHCP4("") "</filter>",
    "<filter name='allow-dhcp-server' chain='ipv4'>" DHCP4("srcipaddr='$DHCPSERVER'") "</filter>",
    "<filter name='allow-dhcpv6' chain='ipv6'>" DHCP6("") "</filter>",
    "<filter name='allow-dhcpv6-server' chain='ipv6'>" DHCP6("srcipaddr='$DHCPSERVER'") "</filter>",
    "<filter name='no-mac-spoofing' chain='mac' priority='-800'>"
        RULE("return", "out", "500", "<mac srcmacaddr='$MAC'/>") RULE("drop", "out", "500", "<mac/>") "</filter>",
    "<filter name='no-ip-spoofing' chain='ipv4-ip' priority='-710'>"
        RULE("return", "out", "100", "<ip srcipaddr='0.0.0.0' protocol='udp'/>")
        RULE("return", "out", "500", "<ip srcipaddr='$IP'/>") RULE("drop", "out", "1000", "") "</filter>",
    "<filter name='no-ipv6-spoofing' chain='ipv6-ip' priority='-610'>"
        RULE("return", "out", "100", "<ipv6 srcipaddr='fe80::' srcipmask='10' protocol='udp'/>")
        RULE("return", "out", "500", "<ipv6 srcipaddr='$IPV6'/>") RULE("drop", "out", "1000", "") "</filter>",
    "<filter name='no-arp-mac-spoofing' chain='arp-mac' priority='-520'>"
        RULE("return", "out", "350", "<arp match='yes' arpsrcmacaddr='$MAC'/>") RULE("drop", "out", "1000", "") "</filter>",
    "<filter name='no-arp-ip-spoofing' chain='arp-ip' priority='-510'>"
        RULE("return", "out", "400", "<arp match='yes' arpsrcipaddr='$IP'/>") RULE("drop", "out", "1000", "") "</filter>",
    "<filter name='no-arp-spoofing' chain='root'>" REF("no-arp-mac-spoofing") REF("no-arp-ip-spoofing") "</filter>",
    "<filter name='no-ip-multicast' chain='ipv4'>" RULE("drop", "out", "500", "<ip dstipaddr='224.0.0.0' dstipmask='4'/>") "</filter>",
    "<filter name='no-ipv6-multicast' chain='ipv6'>" RULE("drop", "out", "500", "<ipv6 dstipaddr='ff00::' dstipmask='8'/>") "</filter>",
    "<filter name='no-mac-broadcast' chain='ipv4'>" RULE("drop", "out", "500", "<mac dstmacaddr='ff:ff:ff:ff:ff:ff'/>") "</filter>",
    "<filter name='no-other-l2-traffic' chain='root'>" RULE("drop", "inout", "1000", "") "</filter>",
    "<filter name='no-other-rarp-traffic' chain='rarp'>" RULE("drop", "inout", "1000", "") "</filter>",
    "<filter name='qemu-announce-self-rarp' chain='rarp'>"
        RULE("accept", "out", "500", "<rarp srcmacaddr='$MAC' dstmacaddr='ff:ff:ff:ff:ff:ff' opcode='Request_Reverse' arpsrcmacaddr='$MAC'"
             " arpdstmacaddr='$MAC' arpsrcipaddr='0.0.0.0' arpdstipaddr='0.0.0.0'/>")
        RULE("accept", "in", "500", "<rarp dstmacaddr='ff:ff:ff:ff:ff:ff' opcode='Request_Reverse' arpsrcmacaddr='$MAC'"
             " arpdstmacaddr='$MAC' arpsrcipaddr='0.0.0.0' arpdstipaddr='0.0.0.0'/>") "</filter>",
    /* QEMU once announced itself under a wrong number of RARP; old guests' hosts still do. */
    "<filter name='qemu-announce-self' chain='root'>" RULE("accept", "out", "500", "<mac protocolid='0x835'/>")
        REF("qemu-announce-self-rarp") REF("no-other-rarp-traffic") "</filter>",
    "<filter name='clean-traffic' chain='root'>" REF("no-mac-spoofing") REF("no-ip-spoofing")
        RULE("accept", "out", "-650", "<mac protocolid='ipv4'/>") REF("allow-incoming-ipv4") REF("no-arp-spoofing")
        RULE("accept", "inout", "-500", "<mac protocolid='arp'/>") REF("no-other-l2-traffic") REF("qemu-announce-self") "</filter>",
    "<filter name='clean-traffic-gateway' chain='root'>" REF("no-mac-spoofing") REF("no-ip-spoofing") REF("no-arp-spoofing")
        RULE("accept", "inout", "-500", "<mac protocolid='arp'/>")
        RULE("accept", "in", "500", "<mac match='yes' srcmacaddr='$GATEWAY_MAC'/>")
        RULE("accept", "out", "500", "<mac match='yes' dstmacaddr='$GATEWAY_MAC'/>")
        REF("no-other-l2-traffic") REF("qemu-announce-self") "</filter>",
    NULL
};
