/*
 * Shadow RAM and SMRAM: what a host bridge shows between 640 KiB and 1 MiB
 * (PAM and SMRAM registers of the Intel 82441FX and 3 Series Express Chipset)
 *
 * A component of both host bridges.  It lays out the low part of system
 * memory, by priority:
 *
 *     2   shadow segments C0000-FFFFF, seen by reads or writes as their PAM
 *         attributes say; SMRAM A0000-BFFFF while it is open
 *     1   A0000-FFFFF: PCI memory space
 *     0   RAM and devices of the board
 *    -1   (PCI Express configuration window: hw/pci/q35-mch.h)
 *    -2   PCI memory space: everything else
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_PAM_H
#define HW_PCI_PAM_H

#include "system/memory.h"

#define PAM_REGISTERS 7
#define PAM_SEGMENTS 13

/** Writable bits of PAM0, and of PAM1 to PAM6: RE and WE of each nibble. */
#define PAM0_WRITABLE 0x30
#define PAM_WRITABLE 0x33

/** SMRAM register bits */
enum {
    SMRAM_C_BASE_SEG = 2,       /* bits 2:0, read only: A0000 */
    SMRAM_G_SMRAME = 1 << 3, SMRAM_D_LCK = 1 << 4, SMRAM_D_CLS = 1 << 5,
    SMRAM_D_OPEN = 1 << 6,
    SMRAM_WRITABLE = 0x78,
};

typedef struct Pam {
    MemoryRegion *pci;
    MemoryRegion legacy_mr;                 /* A0000-FFFFF: PCI */
    MemoryRegion segments[PAM_SEGMENTS];    /* F0000 first, then C0000 up */
    MemoryRegion smram_mr;
} Pam;

/**
 * pam_init: lay out the low part of @memory, nothing but PCI memory space seen
 * above 640 KiB.
 *
 * @memory: system memory
 * @ram: RAM from address 0 up, at least 1 MiB of it
 * @pci: PCI memory space, a container that is placed nowhere yet and holds no
 *       part of @memory
 *
 * Returns: false with @error set, nothing done, if @ram is too small.
 */
bool pam_init(Pam *pam, MemoryRegion *memory, MemoryRegion *ram,
              MemoryRegion *pci, GError **error);
/** pam_cleanup: undo pam_init(); @pci is taken out of system memory. */
void pam_cleanup(Pam *pam);

/** pam_update: PAM0 to PAM6 now are @registers. */
void pam_update(Pam *pam, const uint8_t registers[PAM_REGISTERS]);

/**
 * pam_update_smram:
 * @smram: the SMRAM register, as just written or reset
 * @wmask: its writable bits; cleared when D_LCK is set, else SMRAM_WRITABLE
 *
 * There is no system management mode, so SMRAM is RAM while it is open to
 * everybody (G_SMRAME and D_OPEN, and neither D_CLS nor D_LCK) and PCI memory
 * space otherwise.  D_LCK clears D_OPEN.
 */
void pam_update_smram(Pam *pam, uint8_t *smram, uint8_t *wmask);

#endif
