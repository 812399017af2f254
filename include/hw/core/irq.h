/*
 * Interrupt lines
 *
 * A line is an input of somebody: whoever drives it holds a pointer to it.
 * Devices keep `Irq *` outputs, NULL while not wired.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include <stdbool.h>

typedef struct Irq Irq;

typedef void IrqHandler(void *opaque, unsigned n, bool level);

struct Irq {
    IrqHandler *handler;
    void *opaque;
    unsigned n;
    bool level;                 /* as last set */

    /* Who watches the line besides (qtest); called on changes, first */
    void (*observer)(void *opaque, Irq *irq, bool level);
    void *observer_opaque;
};

/** irq_init: set up @irq, low. */
static inline void irq_init(Irq *irq, IrqHandler *handler, void *opaque,
                            unsigned n)
{
    *irq = (Irq){ .handler = handler, .opaque = opaque, .n = n };
}

/** irq_restore: whoever receives the line was restored, and knows that it is
 *  @level: nobody is told but who watches it. */
static inline void irq_restore(Irq *irq, bool level)
{
    if (irq->observer && irq->level != level) {
        irq->observer(irq->observer_opaque, irq, level);
    }
    irq->level = level;
}

/** irq_set: drive the line; NULL is a line that leads nowhere. */
static inline void irq_set(Irq *irq, bool level)
{
    if (irq) {
        irq_restore(irq, level);
        irq->handler(irq->opaque, irq->n, level);
    }
}

#endif
