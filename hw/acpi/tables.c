/*
 * The machine's own ACPI tables, built from a plain description of it
 *
 * One table after the other, each cited with the revision it is written to.
 * FADT and DSDT have files of their own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/tables.h"

#include <inttypes.h>

#include "hw/acpi/dsdt.h"
#include "hw/acpi/fadt.h"
#include "hw/acpi/loader.h"
#include "hw/acpi/ssdt-vmgenid.h"
#include "hw/acpi/table-header.h"
#include "util/error.h"

#define TABLES_ALIGN 64             /* what a FACS needs (ACPI 6.5, 5.2.10) */
#define RSDP_ALIGN 16               /* ACPI 6.5, 5.2.5.1 */

/*
 * More than everything generated takes without processors, and more than one
 * processor adds to MADT and DSDT; acpi_tables_build() checks both.
 */
#define TABLES_BASE_LEN (24 * 1024)
#define TABLES_CPU_LEN 40
#define TABLES_RSDT_ENTRY_LEN 4

/* FACS, version 0 (ACPI 1.0b, 5.2.6) */

#define FACS_LEN 64

static uint32_t tables_facs(AcpiBlob *blob)
{
    uint32_t offset = blob->bytes->len;

    acpi_blob_append(blob, "FACS", 4);
    acpi_blob_append_int(blob, 4, FACS_LEN);
    acpi_blob_append_zeros(blob, FACS_LEN - 8);
    acpi_blob_record_table(blob, offset, ACPI_ORIGIN_GENERATED);
    return offset;
}

/* MADT, revision 1 (ACPI 2.0c, 5.2.10.4) */

enum { MADT_PCAT_COMPAT = 1 << 0 };
enum { MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2,
       MADT_LOCAL_APIC_NMI = 4 };
enum { MADT_CPU_ENABLED = 1 << 0 };
enum { MADT_AS_THE_BUS = 0, MADT_HIGH_LEVEL = 0x0d };

static void tables_madt_override(AcpiBlob *blob, uint8_t irq, uint32_t gsi,
                                 uint16_t flags)
{
    acpi_blob_append_int(blob, 1, MADT_OVERRIDE);
    acpi_blob_append_int(blob, 1, 10);
    acpi_blob_append_int(blob, 1, 0);                   /* bus: ISA */
    acpi_blob_append_int(blob, 1, irq);
    acpi_blob_append_int(blob, 4, gsi);
    acpi_blob_append_int(blob, 2, flags);
}

static uint32_t tables_madt(AcpiBlob *blob, const AcpiPlatform *p)
{
    /* what PCI links and the SCI may use: level-triggered, active high */
    static const uint8_t level_irqs[] = { 5, 9, 10, 11 };
    uint32_t offset = acpi_table_begin(blob, "APIC", 1, &p->general);

    g_assert(p->n_cpus >= 1 && p->n_cpus <= ACPI_MAX_CPUS);
    acpi_blob_append_int(blob, 4, p->local_apic);
    acpi_blob_append_int(blob, 4, p->has_pic ? MADT_PCAT_COMPAT : 0);

    for (unsigned i = 0; i < p->n_cpus; i++) {
        acpi_blob_append_int(blob, 1, MADT_LOCAL_APIC);
        acpi_blob_append_int(blob, 1, 8);
        acpi_blob_append_int(blob, 1, i);               /* as _UID in DSDT */
        acpi_blob_append_int(blob, 1, i);               /* APIC ID */
        acpi_blob_append_int(blob, 4, MADT_CPU_ENABLED);
    }

    acpi_blob_append_int(blob, 1, MADT_IO_APIC);
    acpi_blob_append_int(blob, 1, 12);
    acpi_blob_append_int(blob, 1, p->io_apic_id);
    acpi_blob_append_int(blob, 1, 0);
    acpi_blob_append_int(blob, 4, p->io_apic);
    acpi_blob_append_int(blob, 4, 0);                   /* first GSI */

    /* the timer is wired to input 2 */
    tables_madt_override(blob, 0, 2, MADT_AS_THE_BUS);
    for (size_t i = 0; i < G_N_ELEMENTS(level_irqs); i++) {
        tables_madt_override(blob, level_irqs[i], level_irqs[i],
                             MADT_HIGH_LEVEL);
    }

    acpi_blob_append_int(blob, 1, MADT_LOCAL_APIC_NMI);
    acpi_blob_append_int(blob, 1, 6);
    acpi_blob_append_int(blob, 1, 0xff);                /* all processors */
    acpi_blob_append_int(blob, 2, MADT_AS_THE_BUS);
    acpi_blob_append_int(blob, 1, 1);                   /* LINT1 */
    acpi_table_end(blob, offset);
    return offset;
}

/* HPET, revision 1 (IA-PC HPET 1.0a, 3.2.4) */

static uint32_t tables_hpet(AcpiBlob *blob, const AcpiPlatform *p)
{
    uint32_t offset = acpi_table_begin(blob, "HPET", 1, &p->general);

    acpi_blob_append_int(blob, 4, p->hpet_id);
    acpi_blob_append_int(blob, 1, 0);                   /* memory */
    acpi_blob_append_int(blob, 1, 64);                  /* bits */
    acpi_blob_append_zeros(blob, 2);
    acpi_blob_append_int(blob, 8, p->hpet_base);
    acpi_blob_append_int(blob, 1, 0);                   /* sequence number */
    acpi_blob_append_int(blob, 2, p->hpet_min_tick);
    acpi_blob_append_int(blob, 1, 0);                   /* no guarantee */
    acpi_table_end(blob, offset);
    return offset;
}

/* MCFG, revision 1 (PCI Firmware 3.0, 4.1.2) */

static uint32_t tables_mcfg(AcpiBlob *blob, const AcpiPlatform *p)
{
    uint32_t offset = acpi_table_begin(blob, "MCFG", 1, &p->general);

    acpi_blob_append_zeros(blob, 8);
    acpi_blob_append_int(blob, 8, p->mcfg_base);
    acpi_blob_append_int(blob, 2, 0);                   /* segment */
    acpi_blob_append_int(blob, 1, 0);                   /* first bus */
    acpi_blob_append_int(blob, 1, p->mcfg_last_bus);
    acpi_blob_append_zeros(blob, 4);
    acpi_table_end(blob, offset);
    return offset;
}

/* WAET, revision 1 (Microsoft, 2009-02: Windows ACPI Emulated Devices
 * Table) */

enum { WAET_PM_TIMER_GOOD = 1 << 1 };   /* one read of the timer is enough */

static uint32_t tables_waet(AcpiBlob *blob, const AcpiPlatform *p)
{
    uint32_t offset = acpi_table_begin(blob, "WAET", 1, &p->general);

    acpi_blob_append_int(blob, 4, WAET_PM_TIMER_GOOD);
    acpi_table_end(blob, offset);
    return offset;
}

/* RSDT, revision 1; RSDP, revision 0 */

static uint32_t tables_rsdt(AcpiBlob *blob, const AcpiPlatform *p,
                            const GArray *entries)
{
    uint32_t offset = acpi_table_begin(blob, "RSDT", 1, &p->identity);

    for (guint i = 0; i < entries->len; i++) {
        acpi_blob_append_pointer(blob, TABLES_RSDT_ENTRY_LEN, blob,
                                 g_array_index(entries, uint32_t, i));
    }
    acpi_table_end(blob, offset);
    return offset;
}

/** tables_rsdp: the first 20 bytes, all that ACPI 1.0b, 5.2.4 has. */
static void tables_rsdp(AcpiBlob *rsdp, const AcpiPlatform *p,
                        const AcpiBlob *tables, uint32_t rsdt)
{
    acpi_blob_append(rsdp, "RSD PTR ", 8);
    acpi_blob_append_int(rsdp, 1, 0);                   /* checksum */
    acpi_blob_append(rsdp, p->general.oem_id, sizeof(p->general.oem_id));
    acpi_blob_append_int(rsdp, 1, 0);                   /* revision */
    acpi_blob_append_pointer(rsdp, 4, tables, rsdt);
    acpi_blob_checksum(rsdp, 8, 0, rsdp->bytes->len);
}

/* The set */

uint32_t acpi_tables_capacity(const GPtrArray *user_tables, unsigned n_cpus,
                              GError **error)
{
    uint64_t len = TABLES_BASE_LEN + (uint64_t)n_cpus * TABLES_CPU_LEN;

    for (guint i = 0; user_tables && i < user_tables->len; i++) {
        len += g_bytes_get_size(g_ptr_array_index(user_tables, i)) +
               TABLES_RSDT_ENTRY_LEN;
    }
    if (len > ACPI_TABLES_MAX) {
        fm_error_set(error, "all tables together need %" PRIu64 " bytes, "
                     "at most %u fit", len, ACPI_TABLES_MAX);
        return 0;
    }
    return (len + ACPI_TABLES_STEP - 1) / ACPI_TABLES_STEP * ACPI_TABLES_STEP;
}

uint32_t acpi_tables_script_capacity(const GPtrArray *user_tables,
                                     bool has_vmgenid)
{
    /* the machine's own: 2 files, 9 pointers, 3 checksums; a VM generation
     * ID's: a file, a write-back, 2 pointers, a checksum */
    uint32_t entries = 14 + (has_vmgenid ? 5 : 0) +
                       (user_tables ? user_tables->len : 0);
    uint32_t len = entries * ACPI_LOADER_ENTRY_LEN;

    return (len + ACPI_LOADER_SCRIPT_STEP - 1) / ACPI_LOADER_SCRIPT_STEP *
           ACPI_LOADER_SCRIPT_STEP;
}

/** tables_user: byte for byte as the user gave it, checksum included. */
static uint32_t tables_user(AcpiBlob *blob, GBytes *table)
{
    uint32_t offset = blob->bytes->len;
    gsize len;
    const void *bytes = g_bytes_get_data(table, &len);

    acpi_blob_append(blob, bytes, len);
    acpi_blob_record_table(blob, offset, ACPI_ORIGIN_USER);
    return offset;
}

AcpiBlobSet *acpi_tables_build(const AcpiPlatform *p)
{
    AcpiBlobSet *set = acpi_blob_set_new();
    AcpiBlob *rsdp = acpi_blob_new(set, ACPI_FILE_RSDP, RSDP_ALIGN,
                                   ACPI_ZONE_FSEG);
    AcpiBlob *page = p->has_vmgenid ? acpi_vmgenid_page_build(set) : NULL;
    AcpiBlob *blob = acpi_blob_new(set, ACPI_FILE_TABLES, TABLES_ALIGN,
                                   ACPI_ZONE_HIGH);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint32_t facs, dsdt, offset;

    facs = tables_facs(blob);
    dsdt = blob->bytes->len;
    acpi_dsdt_build(blob, p);

    offset = blob->bytes->len;
    acpi_fadt_build(blob, p, facs, dsdt);
    g_array_append_val(entries, offset);
    offset = tables_madt(blob, p);
    g_array_append_val(entries, offset);
    if (page) {
        offset = acpi_vmgenid_ssdt_build(blob, p, page);
        g_array_append_val(entries, offset);
    }
    if (p->has_hpet) {
        offset = tables_hpet(blob, p);
        g_array_append_val(entries, offset);
    }
    if (p->has_mcfg) {
        offset = tables_mcfg(blob, p);
        g_array_append_val(entries, offset);
    }
    offset = tables_waet(blob, p);
    g_array_append_val(entries, offset);
    for (guint i = 0; p->user_tables && i < p->user_tables->len; i++) {
        offset = tables_user(blob, g_ptr_array_index(p->user_tables, i));
        g_array_append_val(entries, offset);
    }

    offset = tables_rsdt(blob, p, entries);
    tables_rsdp(rsdp, p, blob, offset);
    g_assert(blob->bytes->len <=
             acpi_tables_capacity(p->user_tables, p->n_cpus, NULL));
    return set;
}
