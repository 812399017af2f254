/*
 * Write the tables of a sample platform to files, linked, for ACPICA to read
 *
 *     acpi-table-writer pc|q35 DIRECTORY [OPTION]...
 *
 * Used by tests/unit/test-acpica.py.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "acpi-samples.h"
#include "util/bytes.h"

/** What it takes has to be left out of PCI0's windows. */
static void writer_device_on_root(AcpiPlatform *p)
{
    AcpiDevice *d = acpi_platform_add_device(p);

    g_strlcpy(d->name, "ROOT", sizeof(d->name));
    d->hid = "FMNT0001";
    d->on_root = d->hidden = true;
    d->n_io = 1;
    d->io[0] = (AcpiIoRange) { 0x510, 12 };
    d->mmio_base = 0xfe000000;
    d->mmio_len = 0x1001;
}

/** Firmware that knows nothing of VGIA leaves it as it is. */
static void writer_forget_vgia(const SampleGuest *guest)
{
    enum { VGIA = 42, CHECKSUM = 9 };
    uint32_t len;
    uint8_t *ssdt = (uint8_t *)sample_table(guest, "SSDT", 0, &len);

    st32_le(ssdt + VGIA, 0);
    ssdt[CHECKSUM] -= bytes_sum(ssdt, len);
}

static bool writer_option(AcpiPlatform *p, GPtrArray *user, const char *arg)
{
    if (g_str_has_prefix(arg, "cpus=")) {
        p->n_cpus = atoi(arg + 5);
    } else if (!strcmp(arg, "no-mcfg")) {
        p->has_mcfg = false;
    } else if (!strcmp(arg, "high-mcfg")) {
        p->mcfg_base = 0x800000000;
    } else if (!strcmp(arg, "no-hpet")) {
        p->has_hpet = false;
    } else if (!strcmp(arg, "no-pm")) {
        p->pm1a_evt = p->pm1a_cnt = p->pm_tmr = 0;
        p->gpe0 = p->routing == ACPI_PCI_ROUTING_ICH9 ? 0 : p->gpe0;
    } else if (!strcmp(arg, "serial")) {
        sample_serial(p);
    } else if (!strcmp(arg, "vmgenid") || !strcmp(arg, "no-vgia")) {
        p->has_vmgenid = true;
    } else if (!strcmp(arg, "on-root")) {
        writer_device_on_root(p);
    } else if (!strcmp(arg, "slic")) {
        g_ptr_array_add(user, sample_slic_374("ABRACA", "DABRAXYZ"));
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) user = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_bytes_unref);
    bool no_vgia = false;
    AcpiPlatform p;

    if (argc < 3) {
        fprintf(stderr, "usage: %s pc|q35 DIRECTORY [OPTION]...\n", argv[0]);
        return 2;
    }
    if (!strcmp(argv[1], "pc")) {
        sample_pc(&p, 1);
    } else {
        sample_q35(&p, 1);
    }
    for (int i = 3; i < argc; i++) {
        if (!writer_option(&p, user, argv[i])) {
            fprintf(stderr, "%s: no such option\n", argv[i]);
            return 2;
        }
        no_vgia |= !strcmp(argv[i], "no-vgia");
    }
    p.user_tables = user;

    g_autoptr(AcpiBlobSet) set = acpi_tables_build(&p);
    g_autoptr(SampleGuest) guest = sample_link(set);
    const AcpiBlob *blob = acpi_blob_find(set, ACPI_FILE_TABLES);
    const GByteArray *bytes = sample_file(guest, ACPI_FILE_TABLES, NULL);

    if (no_vgia) {
        writer_forget_vgia(guest);
    }
    for (guint i = 0; i < blob->tables->len; i++) {
        const AcpiTableRecord *r = &g_array_index(blob->tables,
                                                  AcpiTableRecord, i);
        g_autofree char *name = g_ascii_strdown(r->signature, 4);
        g_autofree char *path = g_strdup_printf("%s/%s.dat", argv[2], name);
        g_autoptr(GError) error = NULL;

        if (!g_file_set_contents(path, (char *)bytes->data + r->offset,
                                 r->len, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
    }
    return 0;
}
