/*
 * The FADT: where the fixed hardware is, as a table of fields
 *
 * Spec: revision 3, 244 bytes: ACPI 2.0c, 5.2.8
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/fadt.h"

#include "hw/acpi/table-header.h"
#include "util/bytes.h"

enum {
    FADT_FIRMWARE_CTRL = 36, FADT_DSDT = 40, FADT_X_DSDT = 140,
    FADT_REVISION = 3, FADT_LEN = 244,
};

/* Fixed feature flags */
enum {
    FADT_WBINVD = 1 << 0, FADT_PROC_C1 = 1 << 2, FADT_SLP_BUTTON = 1 << 5,
    FADT_RTC_S4 = 1 << 7, FADT_RESET_REG_SUP = 1 << 10,
    FADT_USE_PLATFORM_CLOCK = 1 << 15,  /* ACPI 3.0; reserved before */
};

/* IA-PC boot architecture flags */
enum { FADT_LEGACY_DEVICES = 1 << 0, FADT_8042 = 1 << 1 };

static uint16_t fadt_boot_arch(const AcpiPlatform *p)
{
    uint16_t flags = p->has_8042 ? FADT_8042 : 0;

    for (unsigned i = 0; i < p->n_devices; i++) {
        if (!strcmp(p->devices[i].hid, "PNP0501")) {
            flags |= FADT_LEGACY_DEVICES;
        }
    }
    return flags;
}

typedef struct FadtField {
    uint8_t at, width;          /* bytes */
    uint64_t value;
} FadtField;

/* Generic address of @bits of I/O ports (ACPI 2.0c, 5.2.3.1): three fields */
#define GAS_IO(at, bits, port)                                              \
    { (at), 1, 1 }, { (at) + 1, 1, (bits) }, { (at) + 4, 8, (port) }

void acpi_fadt_build(AcpiBlob *blob, const AcpiPlatform *p, uint32_t facs,
                     uint32_t dsdt)
{
    bool reset = p->has_reset_reg;
    const FadtField fields[] = {
        {  44, 1, 1 },                      /* INT_MODEL: PIC and APIC */
        {  46, 2, p->sci_irq },             /* SCI_INT */
        {  48, 4, p->smi_cmd },             /* SMI_CMD */
        {  52, 1, p->acpi_enable },         /* ACPI_ENABLE */
        {  53, 1, p->acpi_disable },        /* ACPI_DISABLE */
        {  56, 4, p->pm1a_evt },            /* PM1a_EVT_BLK */
        {  64, 4, p->pm1a_cnt },            /* PM1a_CNT_BLK */
        {  76, 4, p->pm_tmr },              /* PM_TMR_BLK */
        {  80, 4, p->gpe0 },                /* GPE0_BLK */
        {  88, 1, 4 },                      /* PM1_EVT_LEN */
        {  89, 1, 2 },                      /* PM1_CNT_LEN */
        {  91, 1, 4 },                      /* PM_TMR_LEN */
        {  92, 1, p->gpe0_len },            /* GPE0_BLK_LEN */
        {  96, 2, 0xfff },                  /* P_LVL2_LAT: no C2 */
        {  98, 2, 0xfff },                  /* P_LVL3_LAT: no C3 */
        { 108, 1, 0x32 },                   /* CENTURY: index in CMOS */
        { 109, 2, fadt_boot_arch(p) },      /* IAPC_BOOT_ARCH */
        { 112, 4, FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON |
                  FADT_RTC_S4 | FADT_USE_PLATFORM_CLOCK |
                  (reset ? FADT_RESET_REG_SUP : 0) },
        { 116, 1, reset },                  /* RESET_REG: I/O port */
        { 117, 1, reset ? 8 : 0 },          /*   8 bits wide */
        { 120, 8, reset ? p->reset_port : 0 },
        { 128, 1, reset ? p->reset_value : 0 },
        GAS_IO(148, 32, p->pm1a_evt),       /* X_PM1a_EVT_BLK */
        GAS_IO(172, 16, p->pm1a_cnt),       /* X_PM1a_CNT_BLK */
        GAS_IO(208, 32, p->pm_tmr),         /* X_PM_TMR_BLK */
        GAS_IO(220, 8 * p->gpe0_len, p->gpe0),  /* X_GPE0_BLK */
    };
    uint32_t offset = acpi_table_begin(blob, "FACP", FADT_REVISION,
                                       &p->identity);

    acpi_blob_append_zeros(blob, FADT_LEN - ACPI_HEADER_LEN);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        stn_le(blob->bytes->data + offset + fields[i].at, fields[i].width,
               fields[i].value);
    }
    acpi_blob_point(blob, offset + FADT_FIRMWARE_CTRL, 4, blob, facs);
    acpi_blob_point(blob, offset + FADT_DSDT, 4, blob, dsdt);
    acpi_blob_point(blob, offset + FADT_X_DSDT, 8, blob, dsdt);
    acpi_table_end(blob, offset);
}
