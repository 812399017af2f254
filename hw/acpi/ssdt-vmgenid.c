/*
 * What firmware and the operating system are told of the VM generation ID
 *
 * An SSDT of its own, so that a machine without it has the tables that it
 * always had.  Firmware patches one number in it, VGIA.
 *
 * Spec: Virtual Machine Generation ID (Microsoft, 2012-08-01);
 * docs/specs/vmgenid.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/ssdt-vmgenid.h"

#include <string.h>

#include "hw/acpi/aml.h"
#include "hw/acpi/table-header.h"
#include "hw/acpi/vmgenid.h"

#define VMGENID_HID "QEMUVGID"          /* what guests' drivers were told */
#define VMGENID_CID "VM_Gen_Counter"
#define VMGENID_DEVICE "\\_SB.VGEN"

/* _STA: present, enabled, shown, working (ACPI 6.5, 6.3.7) */
#define VMGENID_STA 0x0f
/* Notify: status change, as the device's own specification wants it */
#define VMGENID_NOTIFY 0x80

AcpiBlob *acpi_vmgenid_page_build(AcpiBlobSet *set)
{
    AcpiBlob *page = acpi_blob_new(set, VMGENID_FILE_GUID, VMGENID_PAGE_LEN,
                                   ACPI_ZONE_HIGH);

    acpi_blob_append_zeros(page, VMGENID_PAGE_LEN);
    acpi_blob_write_back(page, VMGENID_GUID_OFFSET, VMGENID_FILE_ADDR, 0,
                         VMGENID_ADDR_LEN);
    return page;
}

/** Method (_STA): there is no device where firmware has placed no page. */
static void ssdt_vmgenid_sta(AmlWriter *w)
{
    aml_method(w, "_STA", 0, false);
    aml_op(w, AML_OP_STORE);
    aml_int(w, VMGENID_STA);
    aml_local(w, 0);
    aml_if(w);
    aml_op(w, AML_OP_LEQUAL);
    aml_ref(w, "VGIA");
    aml_int(w, 0);
    aml_op(w, AML_OP_STORE);
    aml_int(w, 0);
    aml_local(w, 0);
    aml_end(w);
    aml_op(w, AML_OP_RETURN);
    aml_local(w, 0);
    aml_end(w);
}

/** Index (Local0, @n): where a Store puts what was written before. */
static void ssdt_vmgenid_element(AmlWriter *w, unsigned n)
{
    aml_op(w, AML_OP_INDEX);
    aml_local(w, 0);
    aml_int(w, n);
    aml_int(w, 0);                      /* and nowhere else */
}

/** Method (ADDR): Package { low half, high half }; the page is below 4 GiB. */
static void ssdt_vmgenid_addr(AmlWriter *w)
{
    aml_method(w, "ADDR", 0, false);
    aml_op(w, AML_OP_STORE);
    aml_package(w, 2);
    aml_end(w);
    aml_local(w, 0);
    aml_op(w, AML_OP_STORE);
    aml_op(w, AML_OP_ADD);
    aml_ref(w, "VGIA");
    aml_int(w, VMGENID_GUID_OFFSET);
    aml_int(w, 0);
    ssdt_vmgenid_element(w, 0);
    aml_op(w, AML_OP_STORE);
    aml_int(w, 0);
    ssdt_vmgenid_element(w, 1);
    aml_op(w, AML_OP_RETURN);
    aml_local(w, 0);
    aml_end(w);
}

static void ssdt_vmgenid_device(AmlWriter *w)
{
    aml_scope(w, "\\_SB");
    aml_device(w, "VGEN");
    aml_name(w, "_HID");
    aml_string(w, VMGENID_HID);
    aml_name(w, "_CID");
    aml_string(w, VMGENID_CID);
    aml_name(w, "_DDN");
    aml_string(w, VMGENID_CID);
    ssdt_vmgenid_sta(w);
    ssdt_vmgenid_addr(w);
    aml_end(w);
    aml_end(w);
}

static void ssdt_vmgenid_gpe(AmlWriter *w)
{
    g_autofree char *path = g_strdup_printf("\\_GPE._E%02X", VMGENID_GPE);

    aml_method(w, path, 0, false);
    aml_op(w, AML_OP_NOTIFY);
    aml_ref(w, VMGENID_DEVICE);
    aml_int(w, VMGENID_NOTIFY);
    aml_end(w);
}

uint32_t acpi_vmgenid_ssdt_build(AcpiBlob *blob, const AcpiPlatform *p,
                                 const AcpiBlob *page)
{
    AcpiOemIdentity oem = p->general;
    uint32_t offset;
    AmlWriter w;

    memcpy(oem.oem_table_id, "VMGENID", sizeof(oem.oem_table_id));
    offset = acpi_table_begin(blob, "SSDT", 1, &oem);
    aml_init(&w, blob->bytes);
    /* a DWord: the loader patches 4 bytes, and OVMF keeps what such a pointer
     * points to below 4 GiB */
    aml_name(&w, "VGIA");
    acpi_blob_point(blob, aml_dword(&w, 0), 4, page, 0);
    ssdt_vmgenid_device(&w);
    ssdt_vmgenid_gpe(&w);
    g_assert(w.depth == 0);
    acpi_table_end(blob, offset);
    return offset;
}
