/* The demo guest's whole disk: a boot sector that greets on the first serial port and sends back
 * what is typed. It sleeps between characters: the port's interrupt (or the timer) ends each hlt,
 * so an idle demo guest costs the host next to nothing. Assembled by build rules, no image needed. */
        .set    COM1, 0x3f8
        .set    LINE_STATUS, COM1 + 5

        .code16
        .section .text
        .globl  _start
_start:
        ljmp    $0, $begin              /* BIOSes differ in cs:ip; pin it */
begin:
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        cld

        movw    $COM1 + 4, %dx          /* modem control: DTR, RTS, and OUT2, which gates the interrupt */
        movb    $0x0b, %al
        outb    %al, %dx
        movw    $COM1 + 1, %dx          /* interrupt when a character has come */
        movb    $0x01, %al
        outb    %al, %dx
        inb     $0x21, %al              /* unmask IRQ 4; the BIOS only acknowledges it */
        andb    $0xef, %al
        outb    %al, $0x21

        movw    $greeting, %si
greet:
        lodsb
        testb   %al, %al
        jz      echo
        call    send
        jmp     greet

echo:
        call    receive
        call    send
        cmpb    $'\r', %al
        jne     echo
        movb    $'\n', %al
        call    send
        jmp     echo

/* Sends %al; keeps it. */
send:
        movb    %al, %bl
        movw    $LINE_STATUS, %dx
send_wait:
        inb     %dx, %al
        testb   $0x20, %al
        jz      send_wait
        movb    %bl, %al
        movw    $COM1, %dx
        outb    %al, %dx
        ret

/* Waits for a character; gives it in %al. */
receive:
        cli
        movw    $LINE_STATUS, %dx
        inb     %dx, %al
        testb   $0x01, %al
        jnz     receive_take
        sti                             /* takes effect after hlt: no interrupt is lost between */
        hlt
        jmp     receive
receive_take:
        movw    $COM1, %dx
        inb     %dx, %al
        sti
        ret

greeting:
        .asciz  "qvirt demo guest: hello from COM1. Type, and I echo.\r\n"

        .org    510
        .word   0xaa55
