/*
 * libqtest: PCI configuration space by ports 0xCF8 and 0xCFC
 * (PCI Local Bus 3.0, 3.2.2.3.2)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_LIBQTEST_PCI_H
#define TESTS_QTEST_LIBQTEST_PCI_H

#include "libqtest.h"

#define QPCI_DEVFN(slot, function) ((slot) << 3 | (function))

uint8_t qpci_readb(Qtest *qts, uint8_t devfn, uint8_t offset);
uint16_t qpci_readw(Qtest *qts, uint8_t devfn, uint8_t offset);
uint32_t qpci_readl(Qtest *qts, uint8_t devfn, uint8_t offset);
void qpci_writeb(Qtest *qts, uint8_t devfn, uint8_t offset, uint8_t value);
void qpci_writew(Qtest *qts, uint8_t devfn, uint8_t offset, uint16_t value);
void qpci_writel(Qtest *qts, uint8_t devfn, uint8_t offset, uint32_t value);

#endif
