/*
 * The qtest protocol's commands
 *
 * Words are looked at where they stand in the line; nothing is allocated for
 * the commands that a test sends by the thousand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qtest-command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/device.h"

#define QTEST_MAX_ARGS 4

/** A word of a command; not terminated. */
typedef struct QtestWord {
    const char *p;
    size_t len;
} QtestWord;

typedef struct QtestCall {
    QtestCommands *on;
    GString *reply;
    unsigned n_args;
    QtestWord args[QTEST_MAX_ARGS];
    unsigned size;              /* of the access, from the command's row */
} QtestCall;

/** A line that is watched, and its number in the device's set. */
typedef struct QtestLine {
    QtestCommands *on;
    Irq *irq;
    unsigned n;
} QtestLine;

/* Replies */

static void G_GNUC_PRINTF(2, 3) qtest_fail(const QtestCall *call,
                                           const char *fmt, ...)
{
    va_list ap;

    g_string_append(call->reply, "FAIL ");
    va_start(ap, fmt);
    g_string_append_vprintf(call->reply, fmt, ap);
    va_end(ap);
    g_string_append_c(call->reply, '\n');
}

static void qtest_err(const QtestCall *call, const char *reason)
{
    g_string_append(call->reply, "ERR ");
    g_string_append(call->reply, reason);
    g_string_append_c(call->reply, '\n');
}

static void qtest_err_too_large(const QtestCall *call, uint64_t max)
{
    g_string_append_printf(call->reply, "ERR invalid argument size: more than "
                           "%" PRIu64 " bytes\n", max);
}

static void qtest_ok(const QtestCall *call)
{
    g_string_append_len(call->reply, "OK\n", 3);
}

static void qtest_ok_hex(const QtestCall *call, uint64_t value,
                         unsigned min_digits)
{
    char text[32] = "OK 0x";
    unsigned digits = min_digits;
    unsigned n = 5;

    while (digits < 16 && value >> (4 * digits)) {
        digits++;
    }
    while (digits--) {
        text[n++] = "0123456789abcdef"[value >> (4 * digits) & 15];
    }
    text[n++] = '\n';
    g_string_append_len(call->reply, text, n);
}

static void qtest_ok_time(const QtestCall *call)
{
    g_string_append_printf(call->reply, "OK %" G_GINT64_FORMAT "\n",
                           clock_now_ns(call->on->target.clock));
}

void qtest_append_shown(GString *to, const char *text, size_t len, size_t max)
{
    for (size_t i = 0; i < len; i++) {
        if (i == max) {
            g_string_append(to, "...");
            return;
        }
        if (g_ascii_isprint(text[i])) {
            g_string_append_c(to, text[i]);
        } else {
            g_string_append_printf(to, "\\x%02x", (uint8_t)text[i]);
        }
    }
}

/* Words, numbers and bytes */

static bool qtest_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool qtest_next_word(const char **p, const char *end, QtestWord *word)
{
    while (*p < end && qtest_is_space(**p)) {
        ++*p;
    }
    word->p = *p;
    while (*p < end && !qtest_is_space(**p)) {
        ++*p;
    }
    word->len = *p - word->p;
    return word->len != 0;
}

static bool qtest_word_is(QtestWord word, const char *text)
{
    return strlen(text) == word.len && memcmp(word.p, text, word.len) == 0;
}

/** The value plus one; 0: no hexadecimal digit. */
static const uint8_t qtest_hex_value[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/**
 * Numbers are C's: decimal, 0x..., 0...; a minus sign negates modulo 2^64, as
 * strtoul() does and clients that print signed values rely on.
 */
static bool qtest_parse_number(QtestWord word, uint64_t *value)
{
    const char *p = word.p, *end = word.p + word.len;
    bool negative = false;
    unsigned base = 10;
    uint64_t v = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        negative = *p++ == '-';
    }
    if (end - p > 1 && *p == '0') {
        p++;
        base = 8;
        if (*p == 'x' || *p == 'X') {
            p++;
            base = 16;
        }
    }
    if (p == end) {
        return false;
    }
    for (; p < end; p++) {
        unsigned digit = qtest_hex_value[(uint8_t)*p];

        if (digit == 0 || --digit >= base || v > (UINT64_MAX - digit) / base) {
            return false;
        }
        v = v * base + digit;
    }
    *value = negative ? -v : v;
    return true;
}

/** The number in args[@i]; false after a reply that names it as @name. */
static bool qtest_arg(const QtestCall *call, unsigned i, const char *name,
                      uint64_t *value)
{
    if (!qtest_parse_number(call->args[i], value)) {
        g_string_append_printf(call->reply, "FAIL %s '", name);
        qtest_append_shown(call->reply, call->args[i].p, call->args[i].len,
                           32);
        g_string_append(call->reply, "' is no number of 64 bits\n");
        return false;
    }
    return true;
}

/** The number of bytes in args[@i], 1 to QTEST_DATA_MAX. */
static bool qtest_arg_size(const QtestCall *call, unsigned i, uint64_t *len)
{
    if (!qtest_arg(call, i, "size", len)) {
        return false;
    }
    if (*len == 0) {
        qtest_err(call, "invalid argument size");
        return false;
    }
    if (*len > QTEST_DATA_MAX) {
        qtest_err_too_large(call, QTEST_DATA_MAX);
        return false;
    }
    return true;
}

typedef uint8_t QtestVector __attribute__((vector_size(16)));

static inline QtestVector qtest_digits(QtestVector nibbles)
{
    return nibbles + '0' + ((QtestVector)(nibbles > 9) & ('a' - '0' - 10));
}

/** Write @len bytes as digits; @bytes may be the last @len of @text's
 *  2 * @len: each byte is read before its place is written. */
static void qtest_encode_hex(char *text, const uint8_t *bytes, size_t len)
{
    size_t i = 0;

    for (; i + 16 <= len; i += 16) {
        QtestVector v, high, low, out[2];

        memcpy(&v, bytes + i, 16);
        high = qtest_digits(v >> 4);
        low = qtest_digits(v & 15);
        out[0] = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19,
                                         4, 20, 5, 21, 6, 22, 7, 23);
        out[1] = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11,
                                         27, 12, 28, 13, 29, 14, 30, 15, 31);
        memcpy(text + 2 * i, out, 32);
    }
    for (; i < len; i++) {
        uint8_t b = bytes[i];

        text[2 * i] = "0123456789abcdef"[b >> 4];
        text[2 * i + 1] = "0123456789abcdef"[b & 15];
    }
}

/* Ports, memory */

static bool qtest_arg_port(const QtestCall *call, uint64_t *port)
{
    if (!qtest_arg(call, 0, "port", port)) {
        return false;
    }
    if (*port > 0xffff) {
        qtest_fail(call, "port 0x%" PRIx64 " is above 0xffff", *port);
        return false;
    }
    return true;
}

static void qtest_out(QtestCall *call)
{
    uint64_t port, value;

    if (qtest_arg_port(call, &port) && qtest_arg(call, 1, "value", &value)) {
        address_space_store(call->on->target.io, port, value, call->size);
        qtest_ok(call);
    }
}

static void qtest_in(QtestCall *call)
{
    uint64_t port;

    if (qtest_arg_port(call, &port)) {
        qtest_ok_hex(call, address_space_load(call->on->target.io, port,
                                              call->size), 4);
    }
}

static void qtest_store(QtestCall *call)
{
    uint64_t addr, value;

    if (qtest_arg(call, 0, "address", &addr) &&
        qtest_arg(call, 1, "value", &value)) {
        address_space_store(call->on->target.memory, addr, value,
                            call->size);
        qtest_ok(call);
    }
}

static void qtest_load(QtestCall *call)
{
    uint64_t addr;

    if (qtest_arg(call, 0, "address", &addr)) {
        qtest_ok_hex(call, address_space_load(call->on->target.memory,
                                              addr, call->size), 16);
    }
}

static void qtest_read(QtestCall *call)
{
    AddressSpace *memory = call->on->target.memory;
    GString *reply = call->reply;
    g_autofree uint8_t *bytes = NULL;
    uint64_t addr, len;
    size_t start;
    bool in_place;

    if (!qtest_arg(call, 0, "address", &addr) ||
        !qtest_arg_size(call, 1, &len)) {
        return;
    }
    /* Memory goes to the end of the place for its digits and is spread out
     * from there.  Registers do not: reading them may put a line about an
     * interrupt into this very string, before the OK. */
    start = reply->len + strlen("OK 0x");
    g_string_set_size(reply, start + 2 * len + 1);
    in_place = address_space_peek(memory, addr, reply->str + start + len, len);
    g_string_truncate(reply, start - strlen("OK 0x"));
    if (!in_place) {
        bytes = g_malloc(len);
        address_space_read(memory, addr, bytes, len);
    }
    g_string_append_len(reply, "OK 0x", strlen("OK 0x"));
    start = reply->len;
    g_string_set_size(reply, start + 2 * len + 1);
    qtest_encode_hex(reply->str + start,
                     in_place ? (uint8_t *)reply->str + start + len : bytes,
                     len);
    reply->str[start + 2 * len] = '\n';
}

static void qtest_write(QtestCall *call)
{
    const uint8_t *digits = (const uint8_t *)call->args[2].p;
    size_t n_digits = call->args[2].len;
    g_autofree uint8_t *bytes = NULL;
    uint64_t addr, len;
    bool bad = false;

    if (!qtest_arg(call, 0, "address", &addr) ||
        !qtest_arg_size(call, 1, &len)) {
        return;
    }
    if (n_digits < 3 || digits[0] != '0' ||
        (digits[1] != 'x' && digits[1] != 'X')) {
        qtest_err(call, "data is not 0x and digits");
        return;
    }
    digits += 2;
    n_digits -= 2;
    if (n_digits % 2 != 0) {
        qtest_err(call, "data has an odd number of digits");
        return;
    }
    if (n_digits / 2 > len) {
        qtest_err(call, "more data than the size says");
        return;
    }
    bytes = g_malloc(len);
    for (size_t i = 0; i < n_digits / 2; i++) {
        unsigned high = qtest_hex_value[digits[2 * i]];
        unsigned low = qtest_hex_value[digits[2 * i + 1]];

        bad |= !high | !low;
        bytes[i] = (high - 1) << 4 | ((low - 1) & 15);
    }
    if (bad) {
        qtest_err(call, "data holds something that is no hexadecimal digit");
        return;
    }
    memset(bytes + n_digits / 2, 0, len - n_digits / 2);
    address_space_write(call->on->target.memory, addr, bytes, len);
    qtest_ok(call);
}

static void qtest_b64read(QtestCall *call)
{
    GString *reply = call->reply;
    g_autofree uint8_t *bytes = NULL;
    uint64_t addr, len;
    int state = 0, save = 0;
    size_t n;

    if (!qtest_arg(call, 0, "address", &addr) ||
        !qtest_arg_size(call, 1, &len)) {
        return;
    }
    bytes = g_malloc(len);
    address_space_read(call->on->target.memory, addr, bytes, len);
    g_string_append_len(reply, "OK ", 3);
    n = reply->len;
    g_string_set_size(reply, n + (len / 3 + 1) * 4 + 4 + 1);
    n += g_base64_encode_step(bytes, len, FALSE, reply->str + n, &state,
                              &save);
    n += g_base64_encode_close(FALSE, reply->str + n, &state, &save);
    reply->str[n++] = '\n';
    g_string_set_size(reply, n);
}

/** Whether all of @text is base64 (RFC 4648, 4), padded. */
static bool qtest_is_base64(QtestWord text)
{
    size_t n = text.len;

    if (n % 4 != 0) {
        return false;
    }
    for (unsigned pad = 0; n > 0 && pad < 2 && text.p[n - 1] == '='; pad++) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isalnum(text.p[i]) && text.p[i] != '+' &&
            text.p[i] != '/') {
            return false;
        }
    }
    return true;
}

static void qtest_b64write(QtestCall *call)
{
    QtestWord text = call->args[2];
    g_autofree uint8_t *bytes = NULL;
    uint64_t addr, len;
    int state = 0;
    guint save = 0;
    size_t n;

    if (!qtest_arg(call, 0, "address", &addr) ||
        !qtest_arg_size(call, 1, &len)) {
        return;
    }
    if (!qtest_is_base64(text)) {
        qtest_err(call, "data is not base64");
        return;
    }
    bytes = g_malloc(text.len / 4 * 3 + 3);
    n = g_base64_decode_step(text.p, text.len, bytes, &state, &save);
    if (n != len) {
        qtest_err(call, "data is not as long as the size says");
        return;
    }
    address_space_write(call->on->target.memory, addr, bytes, len);
    qtest_ok(call);
}

static void qtest_memset(QtestCall *call)
{
    uint64_t addr, len, value;

    if (!qtest_arg(call, 0, "address", &addr) ||
        !qtest_arg(call, 1, "size", &len) ||
        !qtest_arg(call, 2, "value", &value)) {
        return;
    }
    if (len > QTEST_FILL_MAX) {
        qtest_err_too_large(call, QTEST_FILL_MAX);
        return;
    }
    if (len) {
        address_space_fill(call->on->target.memory, addr, (uint8_t)value,
                           len);
    }
    qtest_ok(call);
}

static void qtest_endianness(QtestCall *call)
{
    g_string_append(call->reply, "OK little\n");
}

/* Interrupts */

/** The device at path args[0]; NULL after a reply. */
static Device *qtest_arg_device(const QtestCall *call)
{
    g_autofree char *path = g_strndup(call->args[0].p, call->args[0].len);
    bool ambiguous = false;
    Object *obj = object_resolve(call->on->target.root, path, &ambiguous);

    if (!obj || !object_is_a(obj, &device_type)) {
        qtest_fail(call, ambiguous ? "Unknown device: the path fits several"
                                   : "Unknown device");
        return NULL;
    }
    return (Device *)obj;
}

void qtest_commands_release_lines(QtestCommands *on)
{
    for (guint i = 0; i < on->lines->len; i++) {
        QtestLine *line = g_ptr_array_index(on->lines, i);

        line->irq->observer = NULL;
        line->irq->observer_opaque = NULL;
    }
    g_ptr_array_set_size(on->lines, 0);
    if (on->intercepted) {
        object_unpin(&on->intercepted->parent);
        on->intercepted = NULL;
    }
}

static void qtest_line_changed(void *opaque, Irq *irq, bool level)
{
    const QtestLine *line = opaque;
    QtestCommands *on = line->on;
    char text[32];
    int n = snprintf(text, sizeof(text), "IRQ %s %u\n",
                     level ? "raise" : "lower", line->n);

    if (on->current) {
        g_string_append_len(on->current, text, n);
    } else {
        on->unasked(on->unasked_opaque, text, n);
    }
}

static void qtest_watch(QtestCommands *on, Irq *irq, unsigned n)
{
    QtestLine *line;

    /* An output may lead nowhere, or where another output leads too */
    if (!irq || irq->observer) {
        return;
    }
    line = g_new(QtestLine, 1);
    *line = (QtestLine){ .on = on, .irq = irq, .n = n };
    irq->observer = qtest_line_changed;
    irq->observer_opaque = line;
    g_ptr_array_add(on->lines, line);
}

static void qtest_intercept(QtestCall *call, bool out)
{
    QtestCommands *on = call->on;
    Device *dev = qtest_arg_device(call);

    if (!dev) {
        return;
    }
    if (on->intercepted) {
        if (on->intercepted == dev && on->intercepted_out == out) {
            qtest_ok(call);
        } else {
            qtest_fail(call, "IRQ intercept already enabled");
        }
        return;
    }
    object_pin(&dev->parent);
    on->intercepted = dev;
    on->intercepted_out = out;
    for (guint i = 0; dev->gpios && i < dev->gpios->len; i++) {
        const DeviceGpio *gpio = &g_array_index(dev->gpios, DeviceGpio, i);

        for (unsigned n = 0; gpio->output == out && n < gpio->n; n++) {
            qtest_watch(on, out ? gpio->out[n] : &gpio->in[n], n);
        }
    }
    qtest_ok(call);
}

static void qtest_intercept_in(QtestCall *call)
{
    qtest_intercept(call, false);
}

static void qtest_intercept_out(QtestCall *call)
{
    qtest_intercept(call, true);
}

static void qtest_set_irq_in(QtestCall *call)
{
    Device *dev = qtest_arg_device(call);
    g_autofree char *name = NULL;
    const DeviceGpio *gpio;
    uint64_t n, level;

    if (!dev || !qtest_arg(call, 2, "line", &n) ||
        !qtest_arg(call, 3, "level", &level)) {
        return;
    }
    if (!qtest_word_is(call->args[1], "unnamed-gpio-in")) {
        name = g_strndup(call->args[1].p, call->args[1].len);
    }
    gpio = device_find_gpio(dev, name, false);
    if (!gpio) {
        qtest_fail(call, "Unknown interrupt lines");
        return;
    }
    if (n >= gpio->n) {
        qtest_fail(call, "line %" PRIu64 " is none of %u", n, gpio->n);
        return;
    }
    irq_set(&gpio->in[n], level != 0);
    qtest_ok(call);
}

/* Clock */

static void qtest_clock_step(QtestCall *call)
{
    Clock *clock = call->on->target.clock;
    int64_t now = clock_now_ns(clock), to = clock_deadline_ns(clock);
    uint64_t step;

    if (call->n_args > 0) {
        if (!qtest_arg(call, 0, "step", &step)) {
            return;
        }
        if (step > (uint64_t)(INT64_MAX - now)) {
            qtest_fail(call, "step goes beyond the end of time");
            return;
        }
        to = now + (int64_t)step;
    }
    if (to >= 0) {
        clock_advance(clock, MAX(to, now));
    }
    qtest_ok_time(call);
}

static void qtest_clock_set(QtestCall *call)
{
    Clock *clock = call->on->target.clock;
    uint64_t to;

    if (!qtest_arg(call, 0, "time", &to)) {
        return;
    }
    if (to > INT64_MAX) {
        qtest_fail(call, "time lies beyond the end of time");
        return;
    }
    clock_advance(clock, MAX((int64_t)to, clock_now_ns(clock)));
    qtest_ok_time(call);
}

static void qtest_module_load(QtestCall *call)
{
    qtest_fail(call, "no modules: everything is built in");
}

/* Commands */

typedef struct QtestCommand {
    const char *name;
    const char *usage;          /* its arguments */
    unsigned min_args;
    unsigned size;              /* of the access; 0: not one access */
    void (*run)(QtestCall *call);
} QtestCommand;

/* Most used first: they are looked up in this order */
static const QtestCommand qtest_commands[] = {
    { "readl", "ADDRESS", 1, 4, qtest_load },
    { "writel", "ADDRESS VALUE", 2, 4, qtest_store },
    { "inl", "PORT", 1, 4, qtest_in },
    { "outl", "PORT VALUE", 2, 4, qtest_out },
    { "inb", "PORT", 1, 1, qtest_in },
    { "outb", "PORT VALUE", 2, 1, qtest_out },
    { "inw", "PORT", 1, 2, qtest_in },
    { "outw", "PORT VALUE", 2, 2, qtest_out },
    { "readb", "ADDRESS", 1, 1, qtest_load },
    { "writeb", "ADDRESS VALUE", 2, 1, qtest_store },
    { "readw", "ADDRESS", 1, 2, qtest_load },
    { "writew", "ADDRESS VALUE", 2, 2, qtest_store },
    { "readq", "ADDRESS", 1, 8, qtest_load },
    { "writeq", "ADDRESS VALUE", 2, 8, qtest_store },
    { "read", "ADDRESS SIZE", 2, 0, qtest_read },
    { "write", "ADDRESS SIZE 0xDATA", 3, 0, qtest_write },
    { "b64read", "ADDRESS SIZE", 2, 0, qtest_b64read },
    { "b64write", "ADDRESS SIZE DATA", 3, 0, qtest_b64write },
    { "memset", "ADDRESS SIZE VALUE", 3, 0, qtest_memset },
    { "clock_step", "[NS]", 0, 0, qtest_clock_step },
    { "clock_set", "NS", 1, 0, qtest_clock_set },
    { "set_irq_in", "PATH NAME LINE LEVEL", 4, 0, qtest_set_irq_in },
    { "irq_intercept_in", "PATH", 1, 0, qtest_intercept_in },
    { "irq_intercept_out", "PATH", 1, 0, qtest_intercept_out },
    { "endianness", "", 0, 0, qtest_endianness },
    { "module_load", "PREFIX NAME", 2, 0, qtest_module_load },
};

static const QtestCommand *qtest_find_command(QtestWord name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(qtest_commands); i++) {
        if (qtest_word_is(name, qtest_commands[i].name)) {
            return &qtest_commands[i];
        }
    }
    return NULL;
}

/** Let the machine do what the command made it ask for.  Changes of lines that
 *  come of it are told before the command's reply. */
static void qtest_settle(QtestCommands *on, GString *reply)
{
    size_t len = reply->len;

    if (on->target.settle) {
        on->target.settle(on->target.settle_opaque);
    }
    if (reply->len != len) {
        const char *before = memrchr(reply->str, '\n', len - 1);
        size_t start = before ? (size_t)(before + 1 - reply->str) : 0;
        g_autofree char *last = g_strndup(reply->str + start, len - start);

        g_string_append(reply, last);
        g_string_erase(reply, start, len - start);
    }
}

void qtest_commands_run(QtestCommands *on, const char *line, size_t len,
                        GString *reply)
{
    QtestCall call = { .on = on, .reply = reply };
    const char *p = line, *end = line + len;
    const QtestCommand *command;
    QtestWord name;

    if (len > QTEST_LINE_MAX) {
        qtest_err(&call, "line is too long");
        return;
    }
    if (memchr(line, 0, len)) {
        qtest_err(&call, "line holds a NUL byte");
        return;
    }
    if (!qtest_next_word(&p, end, &name)) {
        qtest_fail(&call, "Empty command");
        return;
    }
    command = qtest_find_command(name);
    if (!command) {
        g_string_append(reply, "FAIL Unknown command '");
        qtest_append_shown(reply, name.p, name.len, 64);
        g_string_append(reply, "'\n");
        return;
    }
    while (call.n_args < QTEST_MAX_ARGS &&
           qtest_next_word(&p, end, &call.args[call.n_args])) {
        call.n_args++;
    }
    if (call.n_args < command->min_args) {
        qtest_fail(&call, "Usage: %s %s", command->name, command->usage);
        return;
    }
    call.size = command->size;
    on->current = reply;
    command->run(&call);
    qtest_settle(on, reply);
    on->current = NULL;
}

void qtest_commands_init(QtestCommands *on, const QtestTarget *target,
                         void (*unasked)(void *opaque, const char *text,
                                         size_t len), void *opaque)
{
    *on = (QtestCommands){
        .target = *target,
        .unasked = unasked,
        .unasked_opaque = opaque,
        .lines = g_ptr_array_new_with_free_func(g_free),
    };
}

void qtest_commands_cleanup(QtestCommands *on)
{
    qtest_commands_release_lines(on);
    g_ptr_array_unref(on->lines);
}
