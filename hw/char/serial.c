/*
 * isa-serial: a 16550A UART on the ISA bus
 *
 * What the guest sends leaves at once, as if the line were infinitely fast; a
 * host that does not read makes the transmitter wait for a while, and then
 * lose what is sent.  The line's speed counts only for the receiver's
 * character timeout.
 *
 * Spec: National Semiconductor PC16550D data sheet, June 1995;
 * docs/specs/serial.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/char/serial.h"

#include "chardev/char.h"
#include "hw/acpi/platform.h"
#include "qapi-types.h"
#include "util/bytes.h"
#include "util/error.h"

#define SERIAL_CLOCK_HZ 1843200     /* the crystal of a PC's serial port */
#define SERIAL_FIFO_LEN 16
#define SERIAL_TIMEOUT_CHARS 4      /* 8.10, "FIFO Interrupt Mode" */

/* Output that may wait on the host's side; then the transmitter waits too: how
 * long in all, and how often it asks */
#define SERIAL_MAX_PENDING 65536
#define SERIAL_STALL_NS NS_PER_SECOND
#define SERIAL_RETRY_NS (NS_PER_SECOND / 100)

/* Registers (table II); the second name is for DLAB = 1 */
enum {
    REG_RBR_THR = 0, REG_DLL = 0,
    REG_IER = 1, REG_DLM = 1,
    REG_IIR_FCR = 2, REG_LCR = 3, REG_MCR = 4, REG_LSR = 5, REG_MSR = 6,
    REG_SCR = 7,
};

enum {
    IER_ERBFI = 1 << 0, IER_ETBEI = 1 << 1, IER_ELSI = 1 << 2,
    IER_EDSSI = 1 << 3, IER_MASK = 0x0f,
};

/* Identification of the pending interrupt (table IV) */
enum {
    IIR_NONE = 0x01, IIR_LINE_STATUS = 0x06, IIR_DATA = 0x04,
    IIR_TIMEOUT = 0x0c, IIR_THR_EMPTY = 0x02, IIR_MODEM_STATUS = 0x00,
    IIR_FIFOS_ENABLED = 0xc0,
};

enum {
    FCR_ENABLE = 1 << 0, FCR_CLEAR_RX = 1 << 1, FCR_CLEAR_TX = 1 << 2,
    FCR_TRIGGER_SHIFT = 6,
};

enum {
    LCR_WORD_LEN = 0x03, LCR_STOP = 1 << 2, LCR_PARITY = 1 << 3,
    LCR_DLAB = 1 << 7,
};

enum {
    MCR_DTR = 1 << 0, MCR_RTS = 1 << 1, MCR_OUT1 = 1 << 2, MCR_OUT2 = 1 << 3,
    MCR_LOOP = 1 << 4, MCR_MASK = 0x1f,
};

enum {
    LSR_DR = 1 << 0, LSR_OE = 1 << 1, LSR_THRE = 1 << 5, LSR_TEMT = 1 << 6,
};

enum {
    MSR_DELTA = 0x0f, MSR_TERI = 1 << 2,
    MSR_CTS = 1 << 4, MSR_DSR = 1 << 5, MSR_RI = 1 << 6, MSR_DCD = 1 << 7,
    MSR_LINES = 0xf0,
};

static const uint8_t serial_triggers[4] = { 1, 4, 8, 14 };

#define SERIAL_NUM_STANDARD 4

static const struct {
    uint16_t iobase;
    uint8_t irq;
} serial_standard[SERIAL_NUM_STANDARD] = {
    { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 },
};

/* What is saved of where it is: iobase (u16), irq (u8) */
#define SERIAL_PLACE_LEN 3

typedef struct SerialFifo {
    uint8_t bytes[SERIAL_FIFO_LEN];
    uint8_t first, len;
} SerialFifo;

typedef struct IsaSerial {
    IsaDevice parent;

    /* Links: found when the object is completed */
    Chardev *chardev;           /* NULL: none */

    /* Fixed once realized */
    uint32_t index;
    uint16_t iobase;
    uint8_t irq_num;
    Irq *irq;

    /* Guest state: reset and saved; what the host has not taken from the
     * transmitter yet is the guest's still */
    uint8_t ier, lcr, mcr, scr;
    uint8_t fcr;                /* FCR_ENABLE and the trigger */
    uint8_t msr;
    uint16_t divisor;
    SerialFifo rx, tx;
    bool overrun;               /* LSR_OE */
    bool thr_empty_pending;     /* as an interrupt */
    bool timeout_pending;
    Timer timeout;

    bool irq_level;             /* follows from the state */

    /* The host's side */
    MemoryRegion mr;
    bool rx_refused;            /* can_receive() said 0 */
    bool tx_dropping;           /* the host did not take anything in time */
    int64_t tx_since_ns;        /* it does not take the first byte since then */
    Timer retry;
} IsaSerial;

/* FIFOs */

static unsigned serial_fifo_depth(const IsaSerial *s)
{
    return s->fcr & FCR_ENABLE ? SERIAL_FIFO_LEN : 1;
}

static void serial_fifo_push(SerialFifo *fifo, uint8_t byte)
{
    g_assert(fifo->len < SERIAL_FIFO_LEN);
    fifo->bytes[(fifo->first + fifo->len++) % SERIAL_FIFO_LEN] = byte;
}

static uint8_t serial_fifo_pop(SerialFifo *fifo)
{
    uint8_t byte = fifo->bytes[fifo->first];

    g_assert(fifo->len > 0);
    fifo->first = (fifo->first + 1) % SERIAL_FIFO_LEN;
    fifo->len--;
    return byte;
}

/* Interrupts */

/** serial_pending: IIR bits 3 to 0, of the highest priority. */
static uint8_t serial_pending(const IsaSerial *s)
{
    unsigned trigger = s->fcr & FCR_ENABLE
        ? serial_triggers[s->fcr >> FCR_TRIGGER_SHIFT] : 1;

    if (s->ier & IER_ELSI && s->overrun) {
        return IIR_LINE_STATUS;
    }
    if (s->ier & IER_ERBFI && s->rx.len >= trigger) {
        return IIR_DATA;
    }
    if (s->ier & IER_ERBFI && s->timeout_pending) {
        return IIR_TIMEOUT;
    }
    if (s->ier & IER_ETBEI && s->thr_empty_pending) {
        return IIR_THR_EMPTY;
    }
    if (s->ier & IER_EDSSI && s->msr & MSR_DELTA) {
        return IIR_MODEM_STATUS;
    }
    return IIR_NONE;
}

static void serial_update_irq(IsaSerial *s)
{
    bool level = serial_pending(s) != IIR_NONE;

    if (level != s->irq_level) {
        s->irq_level = level;
        irq_set(s->irq, level);
    }
}

/* Receiver */

static int64_t serial_char_ns(const IsaSerial *s)
{
    unsigned bits = 1 + 5 + (s->lcr & LCR_WORD_LEN) +
                    (s->lcr & LCR_PARITY ? 1 : 0) +
                    (s->lcr & LCR_STOP ? 2 : 1);
    /* What the counter does with 0 is not specified: the longest time */
    int64_t divisor = s->divisor ? s->divisor : 0x10000;

    return bits * divisor * 16 * NS_PER_SECOND / SERIAL_CLOCK_HZ;
}

/** serial_rx_changed: something came into the receiver or left it. */
static void serial_rx_changed(IsaSerial *s)
{
    s->timeout_pending = false;
    if (s->fcr & FCR_ENABLE && s->rx.len > 0) {
        timer_set_in(&s->timeout, SERIAL_TIMEOUT_CHARS * serial_char_ns(s));
    } else {
        timer_cancel(&s->timeout);
    }
    serial_update_irq(s);
}

static void serial_timeout_expired(void *opaque)
{
    IsaSerial *s = opaque;

    s->timeout_pending = s->rx.len > 0;
    serial_update_irq(s);
}

static void serial_rx_push(IsaSerial *s, uint8_t byte)
{
    if (s->rx.len == serial_fifo_depth(s)) {
        s->overrun = true;
        if (s->fcr & FCR_ENABLE) {
            return;             /* the FIFO keeps the older bytes... */
        }
        serial_fifo_pop(&s->rx);        /* ...RBR keeps the newest */
    }
    serial_fifo_push(&s->rx, byte);
}

static void serial_rx_clear(IsaSerial *s)
{
    s->rx = (SerialFifo) { 0 };
    serial_rx_changed(s);
}

/** serial_rx_resume: there may be room again.  What has waited may arrive
 *  before this returns. */
static void serial_rx_resume(IsaSerial *s)
{
    if (s->rx_refused) {
        s->rx_refused = false;
        chardev_accept_input(s->chardev);
    }
}

static size_t serial_can_receive(void *opaque)
{
    IsaSerial *s = opaque;
    const bool *awaits_restore = s->parent.bus->awaits_restore;
    size_t room = s->mcr & MCR_LOOP || (awaits_restore && *awaits_restore)
        ? 0 : serial_fifo_depth(s) - s->rx.len;

    s->rx_refused = room == 0;
    return room;
}

static void serial_received(void *opaque, const uint8_t *bytes, size_t len)
{
    IsaSerial *s = opaque;

    for (size_t i = 0; i < len; i++) {
        serial_rx_push(s, bytes[i]);
    }
    serial_rx_changed(s);
}

/* Transmitter */

static void serial_tx_emptied(IsaSerial *s)
{
    s->tx = (SerialFifo) { 0 };
    s->thr_empty_pending = true;
    timer_cancel(&s->retry);
    serial_update_irq(s);
}

/** serial_transmit: give the host what waits; ask again later, or forget it,
 *  if the host does not take it. */
static void serial_transmit(IsaSerial *s)
{
    int64_t now_ns = clock_now_ns(s->parent.bus->clock);

    while (s->tx.len > 0) {
        if (!s->chardev) {
            break;
        }
        if (!chardev_is_open(s->chardev)) {
            /* Nobody gets it but its log. */
            chardev_write(s->chardev, &s->tx.bytes[s->tx.first], 1);
            serial_fifo_pop(&s->tx);
            continue;
        }
        if (chardev_pending(s->chardev) >= SERIAL_MAX_PENDING ||
            !chardev_write(s->chardev, &s->tx.bytes[s->tx.first], 1)) {
            if (s->tx_dropping || now_ns - s->tx_since_ns >= SERIAL_STALL_NS) {
                s->tx_dropping = true;
                break;
            }
            timer_set_in(&s->retry, SERIAL_RETRY_NS);
            return;
        }
        s->tx_dropping = false;
        s->tx_since_ns = now_ns;
        serial_fifo_pop(&s->tx);
    }
    serial_tx_emptied(s);
}

static void serial_drained(void *opaque)
{
    IsaSerial *s = opaque;

    if (s->tx.len > 0) {
        serial_transmit(s);
    }
}

static void serial_event(void *opaque, ChardevEvent event)
{
    serial_drained(opaque);
}

static void serial_write_thr(IsaSerial *s, uint8_t byte)
{
    s->thr_empty_pending = false;
    if (s->mcr & MCR_LOOP) {
        serial_rx_push(s, byte);
        s->thr_empty_pending = s->tx.len == 0;
        serial_rx_changed(s);
        return;
    }
    if (s->tx.len < serial_fifo_depth(s)) {
        serial_fifo_push(&s->tx, byte);
    }                           /* else the guest did not look at THRE */
    if (s->tx.len == 1) {
        s->tx_since_ns = clock_now_ns(s->parent.bus->clock);
        serial_transmit(s);
    }
    serial_update_irq(s);
}

/* Registers */

/** serial_lines: the modem's answers, or in loopback mode our own outputs
 *  (8.7). */
static uint8_t serial_lines(const IsaSerial *s)
{
    if (!(s->mcr & MCR_LOOP)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (s->mcr & MCR_RTS ? MSR_CTS : 0) |
           (s->mcr & MCR_DTR ? MSR_DSR : 0) |
           (s->mcr & MCR_OUT1 ? MSR_RI : 0) |
           (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void serial_update_lines(IsaSerial *s)
{
    uint8_t lines = serial_lines(s), changed = (s->msr ^ lines) & MSR_LINES;

    if (!(s->msr & MSR_RI)) {
        changed &= ~MSR_RI;     /* TERI: only the end of a ring counts */
    }
    s->msr = lines | (s->msr & MSR_DELTA) | changed >> 4;
    serial_update_irq(s);
}

static void serial_write_ier(IsaSerial *s, uint8_t value)
{
    if (value & ~s->ier & IER_ETBEI && s->tx.len == 0) {
        s->thr_empty_pending = true;
    }
    s->ier = value & IER_MASK;
    serial_update_irq(s);
}

static void serial_write_fcr(IsaSerial *s, uint8_t value)
{
    bool toggled = (value ^ s->fcr) & FCR_ENABLE;

    /* Without FCR_ENABLE the other bits are not programmed (8.4) */
    s->fcr = value & FCR_ENABLE
        ? value & (FCR_ENABLE | 3 << FCR_TRIGGER_SHIFT) : 0;
    if (toggled || (value & FCR_ENABLE && value & FCR_CLEAR_TX)) {
        if (s->tx.len > 0) {
            serial_tx_emptied(s);
        }
    }
    if (toggled || (value & FCR_ENABLE && value & FCR_CLEAR_RX)) {
        serial_rx_clear(s);
    }
    serial_update_irq(s);
    serial_rx_resume(s);
}

static uint8_t serial_read_rbr(IsaSerial *s)
{
    uint8_t byte = 0;

    if (s->rx.len > 0) {
        byte = serial_fifo_pop(&s->rx);
        serial_rx_changed(s);
        serial_rx_resume(s);
    }
    return byte;
}

static uint8_t serial_read_iir(IsaSerial *s)
{
    uint8_t pending = serial_pending(s);

    if (pending == IIR_THR_EMPTY) {
        s->thr_empty_pending = false;
        serial_update_irq(s);
    }
    return pending | (s->fcr & FCR_ENABLE ? IIR_FIFOS_ENABLED : 0);
}

static uint8_t serial_read_lsr(IsaSerial *s)
{
    uint8_t lsr = (s->rx.len > 0 ? LSR_DR : 0) | (s->overrun ? LSR_OE : 0) |
                  (s->tx.len == 0 ? LSR_THRE | LSR_TEMT : 0);

    s->overrun = false;
    serial_update_irq(s);
    return lsr;
}

static uint8_t serial_read_msr(IsaSerial *s)
{
    uint8_t msr = s->msr;

    s->msr &= ~MSR_DELTA;
    serial_update_irq(s);
    return msr;
}

static uint64_t serial_read(void *opaque, uint64_t offset, unsigned size)
{
    IsaSerial *s = opaque;
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset) {
    case REG_RBR_THR:
        return dlab ? s->divisor & 0xff : serial_read_rbr(s);
    case REG_IER:
        return dlab ? s->divisor >> 8 : s->ier;
    case REG_IIR_FCR:
        return serial_read_iir(s);
    case REG_LCR:
        return s->lcr;
    case REG_MCR:
        return s->mcr;
    case REG_LSR:
        return serial_read_lsr(s);
    case REG_MSR:
        return serial_read_msr(s);
    default:
        return s->scr;
    }
}

static void serial_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    IsaSerial *s = opaque;
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset) {
    case REG_RBR_THR:
        if (dlab) {
            s->divisor = (s->divisor & 0xff00) | (value & 0xff);
        } else {
            serial_write_thr(s, value);
        }
        break;
    case REG_IER:
        if (dlab) {
            s->divisor = (s->divisor & 0xff) | (value & 0xff) << 8;
        } else {
            serial_write_ier(s, value);
        }
        break;
    case REG_IIR_FCR:
        serial_write_fcr(s, value);
        break;
    case REG_LCR:
        s->lcr = value;
        break;
    case REG_MCR:
        s->mcr = value & MCR_MASK;
        serial_update_lines(s);
        serial_rx_resume(s);
        break;
    case REG_SCR:
        s->scr = value;
        break;
    default:                    /* LSR and MSR are for reading */
        break;
    }
}

static const MemoryRegionOps serial_ops = {
    .read = serial_read,
    .write = serial_write,
    .min_size = 1,
    .max_size = 1,
};

/* What firmware is told */

static bool serial_uid_is_free(const AcpiPlatform *platform, unsigned uid)
{
    for (unsigned i = 0; i < platform->n_devices; i++) {
        if (g_strcmp0(platform->devices[i].hid, "PNP0501") == 0 &&
            platform->devices[i].uid == uid) {
            return false;
        }
    }
    return true;
}

static void serial_describe(const Device *dev, AcpiPlatform *platform)
{
    const IsaSerial *s = (const IsaSerial *)dev;
    unsigned uid = s->index + 1;
    AcpiDevice *acpi;

    /* Two ports may have been given the same index at different addresses */
    while (!serial_uid_is_free(platform, uid)) {
        uid++;
    }
    acpi = acpi_platform_add_device(platform);
    g_snprintf(acpi->name, sizeof(acpi->name), uid < 10 ? "COM%u" : "CO%02u",
               uid);
    acpi->hid = "PNP0501";
    acpi->uid = uid;
    acpi->n_io = 1;
    acpi->io[0] = (AcpiIoRange) { s->iobase, SERIAL_NUM_PORTS };
    acpi->irq = s->irq_num;
}

/* What is saved */

static bool serial_check_registers(const IsaSerial *s, GError **error)
{
    uint8_t fcr = s->fcr & FCR_ENABLE ? FCR_ENABLE | 3 << FCR_TRIGGER_SHIFT
                                      : 0;

    return state_check_bits("ier", s->ier, IER_MASK, error) &&
           state_check_bits("mcr", s->mcr, MCR_MASK, error) &&
           state_check_bits("fcr", s->fcr, fcr, error) &&
           ((s->msr & MSR_LINES) == serial_lines(s) ||
            fm_error_set(error, "msr is 0x%02x, its lines are 0x%02x while mcr "
                         "is 0x%02x", s->msr, serial_lines(s), s->mcr));
}

static bool serial_check_fifo(const IsaSerial *s, const char *member,
                              const SerialFifo *fifo, GError **error)
{
    if (fifo->first >= SERIAL_FIFO_LEN) {
        return fm_error_set(error, "%s.first is %u, the FIFO has %d places",
                            member, fifo->first, SERIAL_FIFO_LEN);
    }
    return fifo->len <= serial_fifo_depth(s) ||
           fm_error_set(error, "%s.len is %u, %u fit", member, fifo->len,
                        serial_fifo_depth(s));
}

static bool serial_check_pending(const IsaSerial *s, GError **error)
{
    bool waiting = s->fcr & FCR_ENABLE && s->rx.len > 0;

    if (s->thr_empty_pending && s->tx.len > 0) {
        return fm_error_set(error, "thr_empty_pending is set, but tx.len is "
                            "%u", s->tx.len);
    }
    if (s->timeout_pending && (!waiting || s->timeout.armed)) {
        return fm_error_set(error, "timeout_pending is set, but nothing has "
                            "waited that long");
    }
    return !s->timeout.armed || waiting ||
           fm_error_set(error, "timeout is due, but nothing waits in the FIFO");
}

/** serial_loaded: what is in the FIFO for this host's side is not sent here,
 *  for the machine may not run yet or never: it is the first thing when it
 *  does. */
static bool serial_loaded(void *obj, GError **error)
{
    IsaSerial *s = obj;

    if (!serial_check_registers(s, error) ||
        !serial_check_fifo(s, "rx", &s->rx, error) ||
        !serial_check_fifo(s, "tx", &s->tx, error) ||
        !serial_check_pending(s, error)) {
        return false;
    }
    s->irq_level = serial_pending(s) != IIR_NONE;
    s->tx_dropping = false;
    s->tx_since_ns = clock_now_ns(s->parent.bus->clock);
    if (s->tx.len > 0) {
        timer_set_in(&s->retry, 0);
    } else {
        timer_cancel(&s->retry);
    }
    return true;
}

static void serial_restored(void *obj)
{
    serial_rx_resume(obj);
}

/** serial_get_place: where the guest finds it, which cannot change. */
static GBytes *serial_get_place(const void *obj)
{
    const IsaSerial *s = obj;
    uint8_t place[SERIAL_PLACE_LEN];

    st16_le(place, s->iobase);
    place[2] = s->irq_num;
    return g_bytes_new(place, sizeof(place));
}

static bool serial_put_place(void *obj, GBytes *bytes, GError **error)
{
    const IsaSerial *s = obj;
    gsize len;
    const uint8_t *place = g_bytes_get_data(bytes, &len);

    if (len != SERIAL_PLACE_LEN) {
        return fm_error_set(error, "it has %" G_GSIZE_FORMAT " bytes, %d are "
                            "expected", len, SERIAL_PLACE_LEN);
    }
    if (ld16_le(place) != s->iobase || place[2] != s->irq_num) {
        return fm_error_set(error, "the saved port is at iobase=0x%x,irq=%u, "
                            "this one at iobase=0x%x,irq=%u", ld16_le(place),
                            place[2], s->iobase, s->irq_num);
    }
    return true;
}

static const StateField serial_fifo_fields[] = {
    STATE_ARRAY(SerialFifo, bytes),
    STATE_FIELD(SerialFifo, first),
    STATE_FIELD(SerialFifo, len),
    STATE_END
};

static const StateTable serial_fifo_state = {
    .version = 1,
    .fields = serial_fifo_fields,
};

static const StateField serial_fields[] = {
    STATE_BLOB_FIELD("place", serial_get_place, serial_put_place),
    STATE_FIELD(IsaSerial, ier),
    STATE_FIELD(IsaSerial, lcr),
    STATE_FIELD(IsaSerial, mcr),
    STATE_FIELD(IsaSerial, scr),
    STATE_FIELD(IsaSerial, fcr),
    STATE_FIELD(IsaSerial, msr),
    STATE_FIELD(IsaSerial, divisor),
    STATE_PART_FIELD(IsaSerial, rx, &serial_fifo_state),
    STATE_PART_FIELD(IsaSerial, tx, &serial_fifo_state),
    STATE_FIELD(IsaSerial, overrun),
    STATE_FIELD(IsaSerial, thr_empty_pending),
    STATE_FIELD(IsaSerial, timeout_pending),
    STATE_TIMER_FIELD(IsaSerial, timeout),
    STATE_END
};

static const StateTable serial_state = {
    .version = 1,
    .fields = serial_fields,
    .loaded = serial_loaded,
    .restored = serial_restored,
};

/* Life */

static void serial_reset(Device *dev)
{
    IsaSerial *s = (IsaSerial *)dev;

    timer_cancel(&s->timeout);
    timer_cancel(&s->retry);
    s->ier = s->lcr = s->mcr = s->scr = s->fcr = 0;
    s->divisor = 12;            /* 9600 baud */
    s->rx = s->tx = (SerialFifo) { 0 };
    s->overrun = s->thr_empty_pending = s->timeout_pending = false;
    s->tx_dropping = false;
    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    serial_update_irq(s);
    serial_rx_resume(s);
}

/** What was left out is told as it was decided. */
static void serial_complete_config(const IsaSerial *s,
                                   IsaSerialProperties *config)
{
    config->has_index = config->has_iobase = config->has_irq = true;
    config->index = s->index;
    config->iobase = s->iobase;
    config->irq = s->irq_num;
}

/** serial_claim: take the ports that the configuration names, or the first
 *  standard ones that are free. */
static bool serial_claim(IsaSerial *s, const IsaSerialProperties *config,
                         GError **error)
{
    if (!config->has_index && !config->has_iobase) {
        for (unsigned i = 0; i < SERIAL_NUM_STANDARD; i++) {
            if (isa_claim_ports(&s->parent, &s->mr, serial_standard[i].iobase,
                                NULL)) {
                s->index = i;
                s->iobase = serial_standard[i].iobase;
                return true;
            }
        }
        return fm_error_set(error, "isa-serial: no iobase given, and all %d "
                            "standard ports are in use", SERIAL_NUM_STANDARD);
    }
    s->index = config->has_index ? config->index : 0;
    s->iobase = config->has_iobase ? config->iobase
                                   : serial_standard[s->index].iobase;
    return isa_claim_ports(&s->parent, &s->mr, s->iobase, error);
}

static bool serial_realize(Device *dev, GError **error)
{
    IsaSerial *s = (IsaSerial *)dev;
    IsaSerialProperties *config = dev->parent.config;
    const ChardevUser user = {
        .can_receive = serial_can_receive,
        .received = serial_received,
        .event = serial_event,
        .drained = serial_drained,
        .opaque = s,
    };

    if (!serial_claim(s, config, error)) {
        return false;
    }
    s->irq_num = config->has_irq ? config->irq : serial_standard[s->index].irq;
    s->irq = s->parent.bus->irqs[s->irq_num];
    timer_init(&s->timeout, s->parent.bus->clock, serial_timeout_expired, s);
    timer_init(&s->retry, s->parent.bus->clock, serial_drained, s);
    if (s->chardev && !chardev_attach(s->chardev, &user, error)) {
        memory_region_remove(&s->mr);
        return false;
    }
    serial_complete_config(s, config);
    return true;
}

static void serial_unrealize(Device *dev)
{
    IsaSerial *s = (IsaSerial *)dev;

    timer_cancel(&s->timeout);
    timer_cancel(&s->retry);
    memory_region_remove(&s->mr);
    if (s->chardev) {
        chardev_detach(s->chardev);
    }
}

static void serial_init(Object *obj)
{
    IsaSerial *s = (IsaSerial *)obj;

    memory_region_init_io(&s->mr, "isa-serial", SERIAL_NUM_PORTS, &serial_ops,
                          s);
    device_add_outputs(&s->parent.parent, NULL, &s->irq, 1);
}

static void serial_finalize(Object *obj)
{
    memory_region_cleanup(&((IsaSerial *)obj)->mr);
}

static bool serial_check(const Object *obj, const void *config, GError **error)
{
    const IsaSerialProperties *p = config;

    if (p->has_index && p->index >= SERIAL_NUM_STANDARD) {
        return fm_error_set(error, "isa-serial index=%u: must be 0 to %d",
                            p->index, SERIAL_NUM_STANDARD - 1);
    }
    if (p->has_iobase && p->iobase > 0x10000 - SERIAL_NUM_PORTS) {
        return fm_error_set(error, "isa-serial iobase=0x%x: must be at most "
                            "0x%x", p->iobase, 0x10000 - SERIAL_NUM_PORTS);
    }
    if (p->has_irq && p->irq >= ISA_NUM_IRQS) {
        return fm_error_set(error, "isa-serial irq=%u: must be 0 to %d",
                            p->irq, ISA_NUM_IRQS - 1);
    }
    return true;
}

/* Type */

static const ObjectLink serial_links[] = {
    { "chardev", "/chardevs", &chardev_type, offsetof(IsaSerial, chardev) },
};

static const DeviceClass serial_class = {
    .bus = "ISA",
    .user_creatable = true,
    .realize = serial_realize,
    .unrealize = serial_unrealize,
    .reset = serial_reset,
    .describe = serial_describe,
    .state = &serial_state,
};

const ObjectType isa_serial_type = {
    .name = "isa-serial",
    .parent = &isa_device_type,
    .doc = "16550A serial port",
    .instance_size = sizeof(IsaSerial),
    .config = &qapi_type_IsaSerialProperties,
    .links = serial_links,
    .n_links = G_N_ELEMENTS(serial_links),
    .klass = &serial_class,
    .check = serial_check,
    .init = serial_init,
    .finalize = serial_finalize,
};
