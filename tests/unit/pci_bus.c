/* Where devices land on PCI buses, and what is refused. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "drivers/qemu/pci_bus.h"

#define CONVENTIONAL (PCI_DEVICE | PCI_HOTPLUG)
#define EXPRESS (PCIE_DEVICE | PCI_HOTPLUG)

static PciSet *set_new(ControllerModel root)
{
    PciSet *set = g_new0(PciSet, 1);
    set->dry = true;
    set->has_pcie_pci_bridge = true;
    pci_set_bus(set, 0, root);
    return set;
}

static void assert_next(PciSet *set, guint wants, guint bus, guint slot, guint function)
{
    PciAddr at;
    g_autoptr(GError) err = NULL;
    assert_true(pci_take_next(set, wants, -1, &at, &err));
    assert_int_equal(at.bus, bus);
    assert_int_equal(at.slot, slot);
    assert_int_equal(at.function, function);
}

static void test_conventional_order(void **state)
{
    (void)state;
    g_autofree PciSet *set = set_new(MODEL_PCI_ROOT);
    for (guint slot = 1; slot <= 31; slot++)
        assert_next(set, CONVENTIONAL, 0, slot, 0);
    assert_next(set, CONVENTIONAL, 1, 1, 0);             /* a pci-bridge: its slot 0 is its own */
    assert_int_equal(set->buses[1].model, MODEL_PCI_BRIDGE);
}

static void test_root_ports_share_slots(void **state)
{
    (void)state;
    g_autofree PciSet *set = set_new(MODEL_PCIE_ROOT);
    guint wants = pci_controller_wants(MODEL_PCIE_ROOT_PORT);
    for (guint i = 0; i < 9; i++)
        assert_next(set, wants, 0, 1 + i / 8, i % 8);
}

static void test_express_grows_ports(void **state)
{
    (void)state;
    g_autofree PciSet *set = set_new(MODEL_PCIE_ROOT);
    assert_next(set, EXPRESS, 1, 0, 0);
    assert_next(set, EXPRESS, 2, 0, 0);
    assert_int_equal(set->buses[2].model, MODEL_PCIE_ROOT_PORT);
}

static void test_conventional_on_express(void **state)
{
    (void)state;
    g_autofree PciSet *set = set_new(MODEL_PCIE_ROOT);
    assert_next(set, CONVENTIONAL, 2, 1, 0);
    assert_int_equal(set->buses[1].model, MODEL_PCIE_ROOT_PORT);
    assert_int_equal(set->buses[2].model, MODEL_PCIE_TO_PCI_BRIDGE);
}

typedef struct { const char *name; PciAddr at; guint wants; const char *error; } TakeCase;
static const TakeCase takes[] = {
    { "free slot", { 0, 5, 0 }, CONVENTIONAL, NULL },
    { "an Express endpoint insists on a conventional slot", { 0, 6, 0 }, EXPRESS, NULL },
    { "slot 0 is the bridge's own", { 0, 0, 0 }, CONVENTIONAL, "slot must be >= 1" },
    { "taken function", { 0, 7, 0 }, CONVENTIONAL, "Attempted double use of PCI Address 0000:00:07.0" },
    { "no such function", { 0, 8, 8 }, CONVENTIONAL, "slot must be" },
    { "root port on a conventional bus", { 0, 9, 0 }, PCIE_TAKES_ROOT_PORT, "requires a controller that accepts a pcie-root-port" },
    { "integrated device elsewhere", { 1, 1, 0 }, CONVENTIONAL | PCI_INTEGRATED, "needs to be an integrated device" },
};

static void test_take(void **state)
{
    const TakeCase *c = *state;
    g_autofree PciSet *set = set_new(MODEL_PCI_ROOT);
    g_autoptr(GError) err = NULL;
    assert_true(pci_take(set, (PciAddr){ 0, 7, 0 }, CONVENTIONAL, &err));
    assert_int_equal(pci_take(set, c->at, c->wants, &err), c->error == NULL);
    if (c->error)
        assert_non_null(strstr(err->message, c->error));
}

static void test_full_without_growing(void **state)
{
    (void)state;
    g_autofree PciSet *set = set_new(MODEL_PCI_ROOT);
    g_autoptr(GError) err = NULL;
    PciAddr at;
    set->dry = false;
    for (guint i = 0; i < 31; i++)
        assert_true(pci_take_next(set, CONVENTIONAL, -1, &at, &err));
    assert_false(pci_take_next(set, CONVENTIONAL, -1, &at, &err));
    assert_non_null(strstr(err->message, "No more available PCI slots"));
}

int main(void)
{
    struct CMUnitTest tests[5 + G_N_ELEMENTS(takes)] = {
        cmocka_unit_test(test_conventional_order), cmocka_unit_test(test_root_ports_share_slots),
        cmocka_unit_test(test_express_grows_ports), cmocka_unit_test(test_conventional_on_express),
        cmocka_unit_test(test_full_without_growing),
    };
    for (guint i = 0; i < G_N_ELEMENTS(takes); i++)
        tests[5 + i] = (struct CMUnitTest){ takes[i].name, test_take, NULL, NULL, (void *)&takes[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
