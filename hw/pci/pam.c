/*
 * Shadow RAM and SMRAM: what a host bridge shows between 640 KiB and 1 MiB
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/pci/pam.h"

#include "util/error.h"

#define MIB UINT64_C(0x100000)

#define PAM_LEGACY_BASE UINT64_C(0xa0000)
#define PAM_SMRAM_LEN UINT64_C(0x20000)

enum { PRIORITY_PCI = -2, PRIORITY_LEGACY = 1, PRIORITY_SHADOW = 2 };

/* Attributes of a segment, in either nibble */
enum { PAM_RE = 1 << 0, PAM_WE = 1 << 1 };

/* Which nibble of PAM0 to PAM6 is for which segment */
static const struct PamSegment {
    uint8_t pam, shift;
    uint32_t base, len;
} pam_layout[PAM_SEGMENTS] = {
    { 0, 4, 0xf0000, 0x10000 },
    { 1, 0, 0xc0000, 0x4000 }, { 1, 4, 0xc4000, 0x4000 },
    { 2, 0, 0xc8000, 0x4000 }, { 2, 4, 0xcc000, 0x4000 },
    { 3, 0, 0xd0000, 0x4000 }, { 3, 4, 0xd4000, 0x4000 },
    { 4, 0, 0xd8000, 0x4000 }, { 4, 4, 0xdc000, 0x4000 },
    { 5, 0, 0xe0000, 0x4000 }, { 5, 4, 0xe4000, 0x4000 },
    { 6, 0, 0xe8000, 0x4000 }, { 6, 4, 0xec000, 0x4000 },
};

bool pam_init(Pam *pam, MemoryRegion *memory, MemoryRegion *ram,
              MemoryRegion *pci, GError **error)
{
    if (ram->size < MIB) {
        return fm_error_set(error, "RAM of %" G_GUINT64_FORMAT " bytes is less "
                            "than the 1 MiB that the chipset needs",
                            ram->size);
    }
    pam->pci = pci;
    memory_region_add(memory, 0, pci, PRIORITY_PCI);
    memory_region_init_alias(&pam->legacy_mr, "pci-legacy", pci,
                             PAM_LEGACY_BASE, MIB - PAM_LEGACY_BASE);
    memory_region_add(memory, PAM_LEGACY_BASE, &pam->legacy_mr,
                      PRIORITY_LEGACY);
    memory_region_init_alias(&pam->smram_mr, "smram", ram, PAM_LEGACY_BASE,
                             PAM_SMRAM_LEN);
    memory_region_set_enabled(&pam->smram_mr, false);
    memory_region_add(memory, PAM_LEGACY_BASE, &pam->smram_mr,
                      PRIORITY_SHADOW);
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        const struct PamSegment *s = &pam_layout[i];

        memory_region_init_alias(&pam->segments[i], "shadow-ram", ram,
                                 s->base, s->len);
        memory_region_set_access(&pam->segments[i], false, false);
        memory_region_add(memory, s->base, &pam->segments[i],
                          PRIORITY_SHADOW);
    }
    return true;
}

void pam_cleanup(Pam *pam)
{
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        memory_region_cleanup(&pam->segments[i]);
    }
    memory_region_cleanup(&pam->smram_mr);
    memory_region_cleanup(&pam->legacy_mr);
    memory_region_remove(pam->pci);
}

void pam_update(Pam *pam, const uint8_t registers[PAM_REGISTERS])
{
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        unsigned attributes = registers[pam_layout[i].pam] >>
                              pam_layout[i].shift;

        memory_region_set_access(&pam->segments[i], attributes & PAM_RE,
                                 attributes & PAM_WE);
    }
}

void pam_update_smram(Pam *pam, uint8_t *smram, uint8_t *wmask)
{
    const uint8_t deciding = SMRAM_G_SMRAME | SMRAM_D_OPEN | SMRAM_D_CLS;

    if (*smram & SMRAM_D_LCK) {
        *smram &= ~SMRAM_D_OPEN;
        *wmask = 0;
    } else {
        *wmask = SMRAM_WRITABLE;
    }
    memory_region_set_enabled(&pam->smram_mr, (*smram & deciding) ==
                              (SMRAM_G_SMRAME | SMRAM_D_OPEN));
}
