/*
 * libqtest: PCI configuration space by ports 0xCF8 and 0xCFC
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "libqtest-pci.h"

#define QPCI_ADDRESS 0xcf8
#define QPCI_DATA 0xcfc
#define QPCI_ENABLE 0x80000000u

/** Returns the data port for @offset. */
static uint16_t qpci_address(Qtest *qts, uint8_t devfn, uint8_t offset)
{
    qtest_outl(qts, QPCI_ADDRESS,
               QPCI_ENABLE | (uint32_t)devfn << 8 | (offset & ~3u));
    return QPCI_DATA + (offset & 3);
}

uint8_t qpci_readb(Qtest *qts, uint8_t devfn, uint8_t offset)
{
    return qtest_inb(qts, qpci_address(qts, devfn, offset));
}

uint16_t qpci_readw(Qtest *qts, uint8_t devfn, uint8_t offset)
{
    return qtest_inw(qts, qpci_address(qts, devfn, offset));
}

uint32_t qpci_readl(Qtest *qts, uint8_t devfn, uint8_t offset)
{
    return qtest_inl(qts, qpci_address(qts, devfn, offset));
}

void qpci_writeb(Qtest *qts, uint8_t devfn, uint8_t offset, uint8_t value)
{
    qtest_outb(qts, qpci_address(qts, devfn, offset), value);
}

void qpci_writew(Qtest *qts, uint8_t devfn, uint8_t offset, uint16_t value)
{
    qtest_outw(qts, qpci_address(qts, devfn, offset), value);
}

void qpci_writel(Qtest *qts, uint8_t devfn, uint8_t offset, uint32_t value)
{
    qtest_outl(qts, qpci_address(qts, devfn, offset), value);
}
