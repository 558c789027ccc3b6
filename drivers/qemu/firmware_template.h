/* Which file of variables belongs to an image of firmware. */
#ifndef QV_QEMU_FIRMWARE_TEMPLATE_H
#define QV_QEMU_FIRMWARE_TEMPLATE_H

/* The template that a descriptor names for the image @loader, or NULL. Gives. */
char *firmware_template_of(const char *loader, const char *const *dirs);
#endif
