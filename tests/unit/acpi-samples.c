/*
 * What the ACPI tests share: sample platforms, and firmware's part of the work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "acpi-samples.h"

#include "hw/acpi/loader.h"
#include "hw/acpi/vmgenid.h"
#include "util/bytes.h"

#define SAMPLE_MAX_TARGETS 128      /* OVMF installs no more */

static void sample_common(AcpiPlatform *p, unsigned n_cpus)
{
    static const AcpiOemIdentity own = {
        { 'F', 'I', 'R', 'M', 'N', 'T' },
        { 'F', 'I', 'R', 'M', 'A', 'M', 'N', 'T' },
    };

    memset(p, 0, sizeof(*p));
    p->identity = own;
    p->general = own;
    p->n_cpus = n_cpus;
    p->pm1a_evt = 0x600;
    p->pm1a_cnt = 0x604;
    p->pm_tmr = 0x608;
    p->smi_cmd = 0xb2;
    p->sci_irq = 9;
    p->local_apic = 0xfee00000;
    p->io_apic = 0xfec00000;
    p->has_pic = true;
    p->has_hpet = true;
    p->hpet_base = 0xfed00000;
    p->hpet_id = 0x8086a201;
    p->pci_hole_start = 0x08000000;
    p->pci_hole_end = 0xfebfffff;
    p->mcfg_last_bus = 255;
    p->pci_slots = 0xffffffff;
    p->has_reset_reg = true;
    p->reset_port = 0xcf9;
    p->reset_value = 0x0f;
}

void sample_pc(AcpiPlatform *p, unsigned n_cpus)
{
    sample_common(p, n_cpus);
    p->gpe0 = 0xafe0;
    p->gpe0_len = 4;
    p->acpi_enable = 0xf1;
    p->acpi_disable = 0xf0;
    p->routing = ACPI_PCI_ROUTING_PIIX;
    p->isa_slot = 1;
}

void sample_q35(AcpiPlatform *p, unsigned n_cpus)
{
    sample_common(p, n_cpus);
    p->gpe0 = 0x620;
    p->gpe0_len = 16;
    p->acpi_enable = 2;
    p->acpi_disable = 3;
    p->pci_express = true;
    p->has_mcfg = true;
    p->mcfg_base = 0xb0000000;
    p->routing = ACPI_PCI_ROUTING_ICH9;
    p->isa_slot = 31;
    p->pci_hole64_start = 0x100000000;
    p->pci_hole64_end = 0x8ffffffff;
}

void sample_serial(AcpiPlatform *p)
{
    AcpiDevice *d = acpi_platform_add_device(p);

    g_strlcpy(d->name, "COM1", sizeof(d->name));
    d->hid = "PNP0501";
    d->uid = 1;
    d->n_io = 1;
    d->io[0] = (AcpiIoRange) { 0x3f8, 8 };
    d->irq = 4;
}

static GBytes *sample_sum(uint8_t *t, uint32_t len)
{
    t[9] = 0;
    t[9] = -bytes_sum(t, len);
    return g_bytes_new_take(t, len);
}

GBytes *sample_licence(const char signature[4], const char oem_id[6],
                       const char oem_table_id[8], uint32_t len)
{
    uint8_t *t = g_malloc0(len);

    memcpy(t, signature, 4);
    st32_le(t + 4, len);
    t[8] = 1;
    memcpy(t + 10, oem_id, 6);
    memcpy(t + 16, oem_table_id, 8);
    return sample_sum(t, len);
}

GBytes *sample_slic_374(const char *oem_id, const char *oem_table_id)
{
    enum { LEN = 374, KEY = 36, MARKER = 36 + 156 };
    uint8_t *t = g_malloc(LEN);

    for (unsigned i = 0; i < LEN; i++) {
        t[i] = i * 37 + 11;
    }
    memcpy(t, "SLIC", 4);
    st32_le(t + 4, LEN);
    t[8] = 1;
    memset(t + 10, ' ', 14);
    memcpy(t + 10, oem_id, strlen(oem_id));
    memcpy(t + 16, oem_table_id, strlen(oem_table_id));
    st32_le(t + 24, 1);
    memcpy(t + 28, "EXMP", 4);
    st32_le(t + 32, 1);
    st32_le(t + KEY, 0);
    st32_le(t + KEY + 4, 156);
    st32_le(t + MARKER, 1);
    st32_le(t + MARKER + 4, 182);
    return sample_sum(t, LEN);
}

/* Firmware's part */

void sample_guest_free(SampleGuest *guest)
{
    g_ptr_array_unref(guest->files);
    g_array_unref(guest->bases);
    g_free(guest);
}

static int sample_index(const SampleGuest *guest, const char *file)
{
    for (guint i = 0; i < guest->set->blobs->len; i++) {
        const AcpiBlob *b = g_ptr_array_index(guest->set->blobs, i);

        if (!strcmp(b->file, file)) {
            return i;
        }
    }
    g_assert_not_reached();
}

static GByteArray *sample_bytes(const SampleGuest *guest, int i)
{
    g_assert_cmpuint(g_array_index(guest->bases, uint64_t, i), !=, 0);
    return g_ptr_array_index(guest->files, i);
}

const GByteArray *sample_file(const SampleGuest *guest, const char *file,
                              uint64_t *base)
{
    int i = sample_index(guest, file);

    if (base) {
        *base = g_array_index(guest->bases, uint64_t, i);
    }
    return sample_bytes(guest, i);
}

/** sample_is_table: OVMF's own test of what a pointer points to. */
static bool sample_is_table(const GByteArray *bytes, uint64_t offset)
{
    const uint8_t *p = bytes->data + offset;
    uint64_t room = bytes->len - offset;

    if (room < 36) {
        return false;
    }
    if (!memcmp(p, "FACS", 4)) {
        return ld32_le(p + 4) >= 64 && ld32_le(p + 4) <= room;
    }
    return ld32_le(p + 4) >= 36 && ld32_le(p + 4) <= room &&
           bytes_sum(p, ld32_le(p + 4)) == 0;
}

SampleGuest *sample_link(const AcpiBlobSet *set)
{
    SampleGuest *guest = g_new0(SampleGuest, 1);
    g_autoptr(GBytes) script = acpi_blob_set_script(set);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    gsize len;
    const uint8_t *raw = g_bytes_get_data(script, &len);
    uint64_t next = SAMPLE_BASE;
    uint32_t stage = 0;

    guest->set = set;
    guest->files = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_byte_array_unref);
    guest->bases = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    g_array_set_size(guest->bases, set->blobs->len);
    for (guint i = 0; i < set->blobs->len; i++) {
        const AcpiBlob *b = g_ptr_array_index(set->blobs, i);
        GByteArray *copy = g_byte_array_new();

        g_byte_array_append(copy, b->bytes->data, b->bytes->len);
        g_ptr_array_add(guest->files, copy);
    }

    g_assert_cmpuint(len % 4096, ==, 0);
    for (gsize at = 0; at < len; at += ACPI_LOADER_ENTRY_LEN) {
        /* allocate, write back, add pointers, checksum */
        static const uint8_t stages[] = { 5, 1, 3, 4, 2 };
        AcpiLoaderEntry e;
        GByteArray *bytes;
        uint64_t *base;

        g_assert_true(acpi_loader_decode(raw + at, &e, NULL));
        g_assert_cmpuint(e.command, <, G_N_ELEMENTS(stages));
        g_assert_cmpuint(stages[e.command], >=, stage);
        stage = stages[e.command];

        switch (e.command) {
        case ACPI_LOADER_ALLOCATE:
            base = &g_array_index(guest->bases, uint64_t,
                                  sample_index(guest, e.file));
            g_assert_cmpuint(*base, ==, 0);
            g_assert_cmpuint(e.align, <=, 4096);
            g_assert_cmpuint(e.align & (e.align - 1), ==, 0);
            if (e.zone == ACPI_ZONE_FSEG) {
                *base = 0xf5a40;
            } else {
                g_assert_cmpuint(e.zone, ==, ACPI_ZONE_HIGH);
                *base = next = (next + e.align - 1) & ~(uint64_t)(e.align - 1);
                next += sample_file(guest, e.file, NULL)->len;
            }
            break;
        case ACPI_LOADER_ADD_POINTER: {
            int target = sample_index(guest, e.source);
            uint64_t old;

            bytes = sample_bytes(guest, sample_index(guest, e.file));
            g_assert_cmpuint((uint64_t)e.offset + e.width, <=, bytes->len);
            old = ldn_le(bytes->data + e.offset, e.width);
            g_assert_cmpuint(old, <, sample_bytes(guest, target)->len);
            stn_le(bytes->data + e.offset, e.width, old +
                   g_array_index(guest->bases, uint64_t, target));
            break;
        }
        case ACPI_LOADER_ADD_CHECKSUM:
            bytes = sample_bytes(guest, sample_index(guest, e.file));
            g_assert_cmpuint(e.offset, <, bytes->len);
            g_assert_cmpuint((uint64_t)e.start + e.len, <=, bytes->len);
            bytes->data[e.offset] -= bytes_sum(bytes->data + e.start, e.len);
            break;
        case ACPI_LOADER_WRITE_POINTER:
            bytes = sample_bytes(guest, sample_index(guest, e.source));
            g_assert_cmpuint(e.source_offset, <, bytes->len);
            break;
        default:
            break;
        }
    }

    /* the second pass: what is pointed to is a table, whole and summed */
    for (guint i = 0; i < set->fix_ups->len; i++) {
        const AcpiFixUp *f = &g_array_index(set->fix_ups, AcpiFixUp, i);
        const GByteArray *bytes;
        uint64_t base, value;

        if (f->kind != ACPI_FIX_UP_POINTER) {
            continue;
        }
        bytes = sample_file(guest, f->blob->file, NULL);
        value = ldn_le(bytes->data + f->offset, f->width);
        bytes = sample_file(guest, f->target->file, &base);
        /* data must not look like a table: it would be moved */
        g_assert_cmpint(sample_is_table(bytes, value - base), ==,
                        strcmp(f->target->file, VMGENID_FILE_GUID) != 0);
        g_hash_table_add(seen, GUINT_TO_POINTER((guint)value));
    }
    g_assert_cmpuint(g_hash_table_size(seen), <=, SAMPLE_MAX_TARGETS);
    return guest;
}

const uint8_t *sample_table(const SampleGuest *guest, const char *signature,
                            unsigned nth, uint32_t *len)
{
    const AcpiBlob *b = acpi_blob_find(guest->set, ACPI_FILE_TABLES);
    const GByteArray *bytes = sample_file(guest, ACPI_FILE_TABLES, NULL);

    for (guint i = 0; i < b->tables->len; i++) {
        const AcpiTableRecord *r = &g_array_index(b->tables, AcpiTableRecord,
                                                  i);

        if (!memcmp(r->signature, signature, 4) && nth-- == 0) {
            if (len) {
                *len = r->len;
            }
            return bytes->data + r->offset;
        }
    }
    return NULL;
}
