/*
 * Finding ACPI tables in guest memory, as an operating system does
 *
 * Whoever wrote that memory may be hostile.  Every address is visited at most
 * once, so nothing can go in circles, and the number of visits and of bytes is
 * limited, so nothing can go on for long.
 *
 * Spec: ACPI 6.5, 5.2.5 to 5.2.11
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/report.h"

/* ACPI 6.5, 5.2.5.1: where an RSDP can be */
#define EBDA_SEGMENT_GPA 0x40e
#define EBDA_SEARCH_LEN 1024
#define BIOS_GPA 0xe0000
#define BIOS_LEN 0x20000
#define RSDP_STEP 16
#define SEARCH_CHUNK 4096

/* ACPI 6.5, table 5.3 "RSDP Structure" */
#define RSDP_V1_LEN 20
#define RSDP_V2_LEN 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_LENGTH 20
#define RSDP_XSDT 24

/* ACPI 6.5, table 5.4 "DESCRIPTION_HEADER Fields" */
#define HEADER_LEN 36
#define HEADER_LENGTH 4

/* ACPI 6.5, table 5.9 "FADT Format" */
#define FADT_FIRMWARE_CTRL 36
#define FADT_DSDT 40
#define FADT_X_FIRMWARE_CTRL 132
#define FADT_X_DSDT 140

/* ACPI 6.5, table 5.11 "FACS" */
#define FACS_MIN_LEN 64

typedef struct AcpiWalk {
    AcpiReader *read;
    void *opaque;
    GPtrArray *found;           /* AcpiFound */
    GPtrArray *faults;          /* NULL: not wanted */
    GHashTable *visited;        /* addresses, as keys */
    size_t total;               /* bytes read into found */
    bool full;
} AcpiWalk;

static void walk_found_free(gpointer p)
{
    AcpiFound *found = p;

    g_bytes_unref(found->bytes);
    g_free(found);
}

static void walk_fault(AcpiWalk *walk, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

static void walk_fault(AcpiWalk *walk, const char *fmt, ...)
{
    va_list ap;

    if (walk->faults) {
        va_start(ap, fmt);
        g_ptr_array_add(walk->faults, g_strdup_vprintf(fmt, ap));
        va_end(ap);
    }
}

/** Signatures come from the guest: only ASCII goes into messages. */
static const char *walk_printable(const char signature[4], char text[5])
{
    for (unsigned i = 0; i < 4; i++) {
        text[i] = g_ascii_isgraph(signature[i]) ? signature[i] : '.';
    }
    text[4] = '\0';
    return text;
}

/* The RSDP */

/** An RSDP that was found. */
typedef struct AcpiWalkRoot {
    uint64_t gpa;
    uint32_t rsdt;
    uint64_t xsdt;              /* 0: none */
} AcpiWalkRoot;

static bool walk_read_rsdp(AcpiWalk *walk, uint64_t gpa, AcpiWalkRoot *root)
{
    uint8_t rsdp[RSDP_V2_LEN];

    if (!walk->read(walk->opaque, gpa, rsdp, RSDP_V1_LEN) ||
        memcmp(rsdp, "RSD PTR ", 8) || bytes_sum(rsdp, RSDP_V1_LEN)) {
        return false;
    }
    *root = (AcpiWalkRoot) { .gpa = gpa, .rsdt = ld32_le(rsdp + RSDP_RSDT) };
    if (rsdp[RSDP_REVISION] < 2) {
        return true;
    }
    /* the part with the XSDT has a checksum of its own */
    if (!walk->read(walk->opaque, gpa, rsdp, RSDP_V2_LEN) ||
        ld32_le(rsdp + RSDP_LENGTH) < RSDP_V2_LEN ||
        bytes_sum(rsdp, RSDP_V2_LEN)) {
        return false;
    }
    root->xsdt = ld64_le(rsdp + RSDP_XSDT);
    return true;
}

/** Try every 16-byte boundary of [gpa, gpa + len), which holds @bytes. */
static bool walk_search_chunk(AcpiWalk *walk, uint64_t gpa,
                              const uint8_t *bytes, size_t len,
                              AcpiWalkRoot *root)
{
    for (size_t at = 0; at < len; at += RSDP_STEP) {
        if (!memcmp(bytes + at, "RSD PTR ", 8) &&
            walk_read_rsdp(walk, gpa + at, root)) {
            return true;
        }
    }
    return false;
}

static bool walk_search(AcpiWalk *walk, uint64_t gpa, uint64_t len,
                        AcpiWalkRoot *root)
{
    uint8_t bytes[SEARCH_CHUNK];
    uint64_t n;

    for (; len; gpa += n, len -= n) {
        n = MIN(len, SEARCH_CHUNK - (gpa & (SEARCH_CHUNK - 1)));
        if (walk->read(walk->opaque, gpa, bytes, n)) {
            if (walk_search_chunk(walk, gpa, bytes, n, root)) {
                return true;
            }
            continue;
        }
        /* part of it is no memory: try the boundaries one by one */
        for (uint64_t at = 0; at < n; at += RSDP_STEP) {
            if (walk_read_rsdp(walk, gpa + at, root)) {
                return true;
            }
        }
    }
    return false;
}

static bool walk_find_rsdp(AcpiWalk *walk, AcpiWalkRoot *root)
{
    uint8_t segment[2];

    return (walk->read(walk->opaque, EBDA_SEGMENT_GPA, segment,
                       sizeof(segment)) && ld16_le(segment) &&
            walk_search(walk, (uint64_t)ld16_le(segment) << 4,
                        EBDA_SEARCH_LEN, root)) ||
           walk_search(walk, BIOS_GPA, BIOS_LEN, root);
}

/* The tables */

/** Whether @gpa may be read: not 0, not visited, not beyond the limits. */
static bool walk_may_visit(AcpiWalk *walk, uint64_t gpa)
{
    uint64_t *key;

    if (!gpa || walk->full || g_hash_table_contains(walk->visited, &gpa)) {
        return false;
    }
    if (g_hash_table_size(walk->visited) >= ACPI_WALK_MAX_TABLES) {
        walk->full = true;
        walk_fault(walk, "more than %d tables: the rest is left out",
                   ACPI_WALK_MAX_TABLES);
        return false;
    }
    key = g_new(uint64_t, 1);
    *key = gpa;
    g_hash_table_add(walk->visited, key);
    return true;
}

static bool walk_check(AcpiWalk *walk, uint64_t gpa, const uint8_t *head,
                       const char *expected)
{
    uint32_t len = ld32_le(head + HEADER_LENGTH);
    bool facs = !memcmp(head, "FACS", 4);
    char text[5];

    walk_printable((const char *)head, text);
    if (expected && memcmp(head, expected, 4)) {
        walk_fault(walk, "%s at 0x%" G_GINT64_MODIFIER "x: the signature is "
                   "'%s'", expected, gpa, text);
        return false;
    }
    if (len < (facs ? FACS_MIN_LEN : HEADER_LEN) || len > ACPI_WALK_MAX_LEN ||
        gpa > UINT64_MAX - len) {
        walk_fault(walk, "%s at 0x%" G_GINT64_MODIFIER "x: a length of %u "
                   "bytes is impossible", text, gpa, len);
        return false;
    }
    if (len > ACPI_WALK_MAX_TOTAL - walk->total) {
        walk_fault(walk, "%s at 0x%" G_GINT64_MODIFIER "x: left out, the "
                   "tables before it are too long", text, gpa);
        return false;
    }
    return true;
}

/**
 * Read the table at @gpa and add it to what was found.
 * @expected: the signature that it must have; NULL: any
 *
 * Returns: NULL if it was visited before or there is something wrong.
 */
static const AcpiFound *walk_visit(AcpiWalk *walk, uint64_t gpa,
                                   const char *expected)
{
    uint8_t head[8];            /* signature and length, of any table */
    g_autofree uint8_t *bytes = NULL;
    AcpiFound *found;
    uint32_t len;

    if (!walk_may_visit(walk, gpa)) {
        return NULL;
    }
    if (gpa > UINT64_MAX - sizeof(head) ||
        !walk->read(walk->opaque, gpa, head, sizeof(head))) {
        walk_fault(walk, "%s at 0x%" G_GINT64_MODIFIER "x: there is no memory",
                   expected ? expected : "table", gpa);
        return NULL;
    }
    if (!walk_check(walk, gpa, head, expected)) {
        return NULL;
    }
    len = ld32_le(head + HEADER_LENGTH);
    bytes = g_malloc(len);
    if (!walk->read(walk->opaque, gpa, bytes, len)) {
        char text[5];

        walk_fault(walk, "%s at 0x%" G_GINT64_MODIFIER "x: not all of its %u "
                   "bytes are in memory",
                   walk_printable((const char *)head, text), gpa, len);
        return NULL;
    }
    /* the guest may have changed it between the two reads */
    if (memcmp(bytes, head, sizeof(head))) {
        walk_fault(walk, "table at 0x%" G_GINT64_MODIFIER "x: changed while "
                   "it was read", gpa);
        return NULL;
    }

    found = g_new0(AcpiFound, 1);
    memcpy(found->signature, bytes, sizeof(found->signature));
    found->gpa = gpa;
    found->len = len;
    found->has_header = memcmp(bytes, "FACS", 4) != 0;
    found->checksum_ok = !found->has_header || bytes_sum(bytes, len) == 0;
    found->bytes = g_bytes_new_take(g_steal_pointer(&bytes), len);
    walk->total += len;
    g_ptr_array_add(walk->found, found);
    return found;
}

/** A FADT's pointer: the 64-bit field if it has one that is set. */
static uint64_t walk_fadt_pointer(const uint8_t *fadt, uint32_t len,
                                  uint32_t field, uint32_t x_field)
{
    if (len >= x_field + 8 && ld64_le(fadt + x_field)) {
        return ld64_le(fadt + x_field);
    }
    return len >= field + 4 ? ld32_le(fadt + field) : 0;
}

/** Visit what an RSDT (@width 4) or an XSDT (8) lists. */
static void walk_list(AcpiWalk *walk, const AcpiFound *list, unsigned width)
{
    const uint8_t *bytes = g_bytes_get_data(list->bytes, NULL);

    for (uint32_t at = HEADER_LEN; list->len - at >= width && !walk->full;
         at += width) {
        const AcpiFound *table = walk_visit(walk, ldn_le(bytes + at, width),
                                            NULL);
        const uint8_t *fadt;

        if (!table || memcmp(table->signature, "FACP", 4)) {
            continue;
        }
        fadt = g_bytes_get_data(table->bytes, NULL);
        walk_visit(walk, walk_fadt_pointer(fadt, table->len,
                                           FADT_FIRMWARE_CTRL,
                                           FADT_X_FIRMWARE_CTRL), "FACS");
        walk_visit(walk, walk_fadt_pointer(fadt, table->len, FADT_DSDT,
                                           FADT_X_DSDT), "DSDT");
    }
}

GPtrArray *acpi_walk(AcpiReader *read, void *opaque, uint64_t *rsdp_gpa,
                     GPtrArray *faults, GError **error)
{
    g_autoptr(GHashTable) visited =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    AcpiWalk walk = {
        .read = read, .opaque = opaque, .faults = faults, .visited = visited,
    };
    const AcpiFound *rsdt, *xsdt;
    AcpiWalkRoot root;

    if (!walk_find_rsdp(&walk, &root)) {
        fm_error_set(error, "no RSDP in guest memory");
        return NULL;
    }
    if (rsdp_gpa) {
        *rsdp_gpa = root.gpa;
    }
    walk.found = g_ptr_array_new_with_free_func(walk_found_free);
    rsdt = walk_visit(&walk, root.rsdt, "RSDT");
    xsdt = walk_visit(&walk, root.xsdt, "XSDT");
    if (rsdt) {
        walk_list(&walk, rsdt, 4);
    }
    if (xsdt) {
        walk_list(&walk, xsdt, 8);
    }
    return walk.found;
}

/* Where it is from */

/** Put over @bytes, a table at @offset in @blob, what firmware completes. */
static void walk_complete(uint8_t *bytes, uint32_t offset, uint32_t len,
                          const AcpiBlob *blob, const uint8_t *found)
{
    const GArray *fix_ups = blob->set->fix_ups;

    for (unsigned i = 0; i < fix_ups->len; i++) {
        const AcpiFixUp *f = &g_array_index(fix_ups, AcpiFixUp, i);
        uint32_t width = f->kind == ACPI_FIX_UP_CHECKSUM ? 1 : f->width;

        if (f->blob == blob && f->kind != ACPI_FIX_UP_WRITE_BACK &&
            f->offset >= offset && f->offset - offset < len &&
            width <= len - (f->offset - offset)) {
            memcpy(bytes + (f->offset - offset), found + (f->offset - offset),
                   width);
        }
    }
}

static bool walk_is_record(const AcpiFound *found, const AcpiBlob *blob,
                           const AcpiTableRecord *record)
{
    const uint8_t *theirs = g_bytes_get_data(found->bytes, NULL);
    g_autofree uint8_t *ours = NULL;

    if (memcmp(found->signature, record->signature, 4) ||
        found->len != record->len) {
        return false;
    }
    if (!found->has_header) {
        return true;
    }
    ours = g_memdup2(blob->bytes->data + record->offset, record->len);
    walk_complete(ours, record->offset, record->len, blob, theirs);
    return !memcmp(ours, theirs, record->len);
}

bool acpi_walk_origin(const AcpiFound *found, const AcpiBlobSet *set,
                      AcpiOrigin *origin)
{
    for (unsigned b = 0; set && b < set->blobs->len; b++) {
        const AcpiBlob *blob = g_ptr_array_index(set->blobs, b);

        for (unsigned t = 0; t < blob->tables->len; t++) {
            const AcpiTableRecord *record = &g_array_index(blob->tables,
                                                           AcpiTableRecord, t);

            if (walk_is_record(found, blob, record)) {
                *origin = record->origin;
                return true;
            }
        }
    }
    return false;
}

/* To files */

static bool walk_write_file(const char *path, GBytes *content, GError **error)
{
    gsize len;
    const uint8_t *bytes = g_bytes_get_data(content, &len);
    /* not to wait for somebody at the other end of a FIFO */
    int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0666);
    int saved_errno = 0;

    if (fd < 0) {
        return fm_error_set(error, "can't write file %s: %s", path,
                            g_strerror(-fd));
    }
    while (len && !saved_errno) {
        ssize_t n = write(fd, bytes, len);

        if (n > 0) {
            bytes += n;
            len -= n;
        } else if (n == 0 || errno != EINTR) {
            saved_errno = n ? errno : EIO;
        }
    }
    /* a file system may tell only now that the disk is full */
    if (close(fd) < 0 && !saved_errno) {
        saved_errno = errno;
    }
    if (saved_errno) {
        return fm_error_set(error, "can't write file %s: %s", path,
                            g_strerror(saved_errno));
    }
    return true;
}

/** "SSDT" to "ssdt"; nothing that could be part of a path stays. */
static void walk_file_stem(const char signature[4], char stem[5])
{
    for (unsigned i = 0; i < 4; i++) {
        stem[i] = g_ascii_isalnum(signature[i]) ? g_ascii_tolower(signature[i])
                                                : '_';
    }
    stem[4] = '\0';
}

/** Tables of an earlier dump would be taken for this machine's. */
static void walk_warn_of_others(const char *directory, GHashTable *written)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    g_autoptr(GString) others = g_string_new(NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".dat") &&
            !g_hash_table_contains(written, name)) {
            g_string_append_printf(others, " %s", name);
        }
    }
    if (others->len) {
        report_warning("%s holds tables that this machine does not have:%s",
                       directory, others->str);
    }
}

bool acpi_walk_dump(const GPtrArray *tables, const char *directory,
                    GError **error)
{
    g_autoptr(GHashTable) written =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct stat st;

    if (mkdir(directory, 0777) < 0) {
        int saved_errno = errno;

        if (saved_errno != EEXIST || stat(directory, &st) < 0) {
            return fm_error_set(error, "can't make directory %s: %s",
                                directory, g_strerror(saved_errno));
        }
        if (!S_ISDIR(st.st_mode)) {
            return fm_error_set(error, "%s is not a directory", directory);
        }
    }
    for (unsigned i = 0; i < tables->len; i++) {
        const AcpiFound *table = g_ptr_array_index(tables, i);
        char stem[5];
        unsigned n;

        walk_file_stem(table->signature, stem);
        n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, stem));
        g_hash_table_insert(seen, g_strdup(stem), GUINT_TO_POINTER(n + 1));

        g_autofree char *number = n ? g_strdup_printf("%u", n) : g_strdup("");
        g_autofree char *name = g_strdup_printf("%s%s.dat", stem, number);
        g_autofree char *path = g_strdup_printf("%s/%s", directory, name);

        if (!walk_write_file(path, table->bytes, error)) {
            return false;
        }
        g_hash_table_add(written, g_steal_pointer(&name));
    }
    walk_warn_of_others(directory, written);
    return true;
}
