/*
 * Memory backends as a machine's RAM: what the guest writes is where it
 * belongs; query-memdev; -mem-path and -mem-prealloc; secrets by QMP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libqtest.h"

#define MIB (1024 * 1024)
#define ADD "{'execute': 'object-add', 'arguments': "
#define DEL "{'execute': 'object-del', 'arguments': "
#define GET "{'execute': 'qom-get', 'arguments': "

static uint64_t file_word(const char *path, off_t at)
{
    uint64_t word;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(pread(fd, &word, sizeof(word), at), ==, sizeof(word));
    close(fd);
    return word;
}

static uint64_t file_len(const char *path)
{
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_size;
}

/** The only memory backend there is, as query-memdev tells it. */
static json_object *only_memdev(Qtest *qts)
{
    json_object *all = qtest_qmp_return(qts, "{'execute': 'query-memdev'}");
    json_object *one;

    g_assert_cmpuint(json_object_array_length(all), ==, 1);
    one = json_object_get(json_object_array_get_idx(all, 0));
    json_object_put(all);
    return one;
}

static void assert_string(Qtest *qts, const char *path, const char *property,
                          const char *expected)
{
    json_object *value = qtest_qmp_return(qts, GET "{'path': '%s', "
                                          "'property': '%s'}}", path,
                                          property);

    g_assert_cmpstr(json_object_get_string(value), ==, expected);
    json_object_put(value);
}

/** Near its beginning and at its end. */
static void test_ram(gconstpointer backend)
{
    Qtest *qts = qtest_start("-nodefaults -object %s,id=m,size=64M "
                             "-machine q35,memory-backend=m",
                             (const char *)backend);
    json_object *memdev = only_memdev(qts);

    qtest_writeq(qts, 0x1000, 0x1122334455667788);
    qtest_writeq(qts, 64 * MIB - 8, 0x99aabbccddeeff00);
    g_assert_cmphex(qtest_readq(qts, 0x1000), ==, 0x1122334455667788);
    g_assert_cmphex(qtest_readq(qts, 64 * MIB - 8), ==, 0x99aabbccddeeff00);
    g_assert_cmphex(qtest_readl(qts, 64 * MIB), ==, 0xffffffff);
    g_assert_cmpstr(qtest_json_string(memdev, "id"), ==, "m");
    g_assert_cmpint(qtest_json_int(memdev, "size"), ==, 64 * MIB);
    json_object_put(memdev);
    assert_string(qts, "/machine", "memory-backend", "/objects/m");
    qtest_qmp_error(qts, "GenericError", "*'m' is in use*",
                    DEL "{'id': 'm'}}");
    qtest_quit(qts);
}

static void test_file(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("ram");
    Qtest *qts = qtest_start("-nodefaults -machine %s,memory-backend=m "
                             "-object memory-backend-file,id=m,size=32M,"
                             "share=on,mem-path=%s", (const char *)machine,
                             path);
    Qtest *other;

    g_assert_cmpuint(file_len(path), ==, 32 * MIB);
    qtest_writeq(qts, 0x2000, 0x0102030405060708);
    qtest_writeq(qts, 0x1fffff8, 0x1112131415161718);
    g_assert_cmphex(file_word(path, 0x2000), ==, 0x0102030405060708);
    g_assert_cmphex(file_word(path, 0x1fffff8), ==, 0x1112131415161718);

    /* a second machine in the same RAM */
    other = qtest_start("-nodefaults -machine %s,memory-backend=m "
                        "-object memory-backend-file,id=m,size=32M,share=on,"
                        "mem-path=%s", (const char *)machine, path);
    g_assert_cmphex(qtest_readq(other, 0x2000), ==, 0x0102030405060708);
    qtest_writeq(other, 0x3000, 0xfeedface);
    g_assert_cmphex(qtest_readq(qts, 0x3000), ==, 0xfeedface);
    qtest_writeq(qts, 0x3000, 0xcafe);
    g_assert_cmphex(qtest_readq(other, 0x3000), ==, 0xcafe);
    qtest_quit(other);
    g_assert_cmphex(qtest_readq(qts, 0x3000), ==, 0xcafe);
    qtest_quit(qts);

    /* and one that only looks */
    qts = qtest_start("-nodefaults -machine %s,memory-backend=m "
                      "-object memory-backend-file,id=m,size=32M,mem-path=%s",
                      (const char *)machine, path);
    g_assert_cmphex(qtest_readq(qts, 0x3000), ==, 0xcafe);
    qtest_writeq(qts, 0x3000, 0x5555);
    g_assert_cmphex(qtest_readq(qts, 0x3000), ==, 0x5555);
    g_assert_cmphex(file_word(path, 0x3000), ==, 0xcafe);
    qtest_quit(qts);
    g_assert_cmphex(file_word(path, 0x3000), ==, 0xcafe);
    g_assert_cmpuint(file_len(path), ==, 32 * MIB);
}

static void test_mem_path(void)
{
    g_autofree char *path = qtest_temp_path("memory");
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32 -mem-path %s",
                             path);
    json_object *memdev = only_memdev(qts);

    g_assert_cmpstr(qtest_json_string(memdev, "id"), ==, "pc.ram");
    g_assert_false(qtest_json_bool(memdev, "share"));
    g_assert_false(qtest_json_bool(memdev, "prealloc"));
    json_object_put(memdev);
    assert_string(qts, "/objects/pc.ram", "type", "memory-backend-file");
    assert_string(qts, "/objects/pc.ram", "mem-path", path);
    assert_string(qts, "/machine", "memory-backend", "/objects/pc.ram");
    qtest_writeq(qts, 0x2000, 1);
    g_assert_cmphex(file_word(path, 0x2000), ==, 0);
    qtest_quit(qts);
    g_assert_cmpuint(file_len(path), ==, 32 * MIB);

    qts = qtest_start("-nodefaults -machine q35 -m 16 -mem-prealloc "
                      "-mem-path %s", qtest_temp_dir());
    memdev = only_memdev(qts);
    g_assert_true(qtest_json_bool(memdev, "prealloc"));
    json_object_put(memdev);
    qtest_writeq(qts, 0x2000, 1);
    qtest_quit(qts);

    qtest_expect_failure("-mem-path *: *33554432 bytes, property 'size' asks "
                         "for 67108864", "-machine pc -m 64 -mem-path %s",
                         path);
    qtest_expect_failure("-mem-path /nowhere/x: can't open*: No such file*",
                         "-machine pc -m 64 -mem-path /nowhere/x");
    qtest_expect_failure("-mem-path *: a path is needed", "-mem-path ''");
    qtest_expect_failure("-mem-path *memory-backend=*", "-mem-path /tmp "
                         "-machine q35,memory-backend=m -object "
                         "memory-backend-ram,id=m,size=16M");
}

static void test_mem_prealloc(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35,memory-backend=b "
                             "-mem-prealloc "
                             "-object memory-backend-ram,id=a,size=1M "
                             "-object memory-backend-memfd,id=b,size=16M");
    json_object *all = qtest_qmp_return(qts, "{'execute': 'query-memdev'}");
    json_object *a = json_object_array_get_idx(all, 0);
    json_object *b = json_object_array_get_idx(all, 1);

    g_assert_cmpuint(json_object_array_length(all), ==, 2);
    g_assert_cmpstr(qtest_json_string(a, "id"), ==, "a");
    g_assert_false(qtest_json_bool(a, "prealloc"));
    g_assert_false(qtest_json_bool(a, "share"));
    g_assert_true(qtest_json_bool(b, "prealloc"));
    g_assert_true(qtest_json_bool(b, "share"));
    json_object_put(all);
    qtest_quit(qts);

    /* an object that says otherwise has its way */
    qts = qtest_start("-nodefaults -machine q35,memory-backend=b "
                      "-mem-prealloc -object memory-backend-ram,id=b,"
                      "size=16M,prealloc=off");
    a = only_memdev(qts);
    g_assert_false(qtest_json_bool(a, "prealloc"));
    json_object_put(a);
    qtest_quit(qts);
}

static void test_memdev(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine none");
    json_object *all = qtest_qmp_return(qts, "{'execute': 'query-memdev'}");
    json_object *m;

    g_assert_cmpuint(json_object_array_length(all), ==, 0);
    json_object_put(all);
    qtest_qmp_ok(qts, ADD "{'qom-type': 'memory-backend-ram', 'id': 'm', "
                 "'size': 8192, 'share': true, 'dump': false, 'merge': false, "
                 "'prealloc': true, 'reserve': false, "
                 "'x-use-canonical-path-for-ramblock-id': false}}");
    m = only_memdev(qts);
    g_assert_cmpstr(qtest_json_string(m, "id"), ==, "m");
    g_assert_cmpint(qtest_json_int(m, "size"), ==, 8192);
    g_assert_true(qtest_json_bool(m, "share"));
    g_assert_true(qtest_json_bool(m, "prealloc"));
    g_assert_false(qtest_json_bool(m, "dump"));
    g_assert_false(qtest_json_bool(m, "merge"));
    g_assert_false(qtest_json_bool(m, "reserve"));
    g_assert_cmpstr(qtest_json_string(m, "policy"), ==, "default");
    g_assert_cmpuint(json_object_array_length(qtest_json_get(m, "host-nodes")),
                     ==, 0);
    json_object_put(m);
    qtest_qmp_ok(qts, DEL "{'id': 'm'}}");
    qtest_quit(qts);
}

static void test_default_ram(gconstpointer machine)
{
    bool none = strcmp(machine, "none") == 0;
    const char *id = none ? "ram" : "pc.ram";
    Qtest *qts = qtest_start("-nodefaults -machine %s -m 48",
                             (const char *)machine);
    json_object *m = only_memdev(qts);
    json_object *machines = qtest_qmp_return(qts, "{'execute': "
                                             "'query-machines'}");

    g_assert_cmpstr(qtest_json_string(m, "id"), ==, id);
    g_assert_cmpint(qtest_json_int(m, "size"), ==, 48 * MIB);
    json_object_put(m);
    for (size_t i = 0; i < json_object_array_length(machines); i++) {
        json_object *info = json_object_array_get_idx(machines, i);

        if (strcmp(qtest_json_string(info, "name"), machine) == 0) {
            g_assert_cmpstr(qtest_json_string(info, "default-ram-id"), ==,
                            id);
        }
    }
    json_object_put(machines);
    qtest_writeq(qts, 48 * MIB - 8, 7);
    g_assert_cmphex(qtest_readq(qts, 48 * MIB - 8), ==, 7);
    qtest_qmp_error(qts, "GenericError", "*in use*", DEL "{'id': '%s'}}", id);
    qtest_quit(qts);

    /* the name belongs to the machine, or to who says that it is its RAM */
    qtest_expect_failure("-object id=*: this ID is kept for *",
                         "-machine %s -m 48 -object memory-backend-ram,id=%s,"
                         "size=48M", (const char *)machine, id);
    qts = qtest_start("-nodefaults -machine %s,memory-backend=%s "
                      "-object memory-backend-ram,id=%s,size=16M",
                      (const char *)machine, id, id);
    qtest_writeq(qts, 16 * MIB - 8, 7);
    g_assert_cmphex(qtest_readq(qts, 16 * MIB - 8), ==, 7);
    g_assert_cmphex(qtest_readq(qts, 16 * MIB), !=, 7);
    qtest_quit(qts);
}

static void test_errors(void)
{
    g_autofree char *path = qtest_temp_file("small", "x", 1);
    g_autofree char *whole = qtest_temp_path("whole");
    g_autofree char *content = g_malloc0(16 * MIB);

    g_assert_true(g_file_set_contents(whole, content, 16 * MIB, NULL));
    qtest_expect_failure("-object memory-backend-file,*: file * has 1 bytes, "
                         "property 'size' asks for 16777216",
                         "-machine none -object memory-backend-file,id=m,"
                         "size=16M,mem-path=%s", path);
    qtest_expect_failure("-machine q35,*: memory-backend: 'm' is read-only "
                         "and cannot be a machine's RAM",
                         "-machine q35,memory-backend=m "
                         "-object memory-backend-file,id=m,size=16M,"
                         "readonly=on,mem-path=%s", whole);
    qtest_expect_failure("-machine q35,*: *'s'*", "-machine q35,"
                         "memory-backend=s -object secret,id=s,data=x");
    qtest_expect_failure("*'qom-type' does not accept value 'secret_keyring' "
                         "(known: *secret*)", "-machine none "
                         "-object secret_keyring,id=s,serial=1");
    g_assert_cmpuint(file_len(whole), ==, 16 * MIB);
}

/** What a management daemon does: a master key in a file, the rest by QMP. */
static void test_secret(void)
{
    g_autofree char *key = qtest_temp_file("key",
                                           "0123456789abcdef0123456789ABCDEF",
                                           32);
    Qtest *qts = qtest_start_qmp("-nodefaults -machine none -object "
                                 "'{\"qom-type\": \"secret\", \"id\": "
                                 "\"masterKey0\", \"format\": \"raw\", "
                                 "\"file\": \"%s\"}' "
                                 "-object secret,id=plain,data=open,,sesame",
                                 key);

    qtest_qmp_ok(qts, ADD "{'qom-type': 'secret', 'id': 'disk', 'keyid': "
                 "'masterKey0', 'format': 'base64', "
                 "'iv': 'AAECAwQFBgcICQoLDA0ODw==', "
                 "'data': 'v4nlKH4MghHoQcC5e7xjAw=='}}");
    assert_string(qts, "/objects/disk", "keyid", "/objects/masterKey0");
    assert_string(qts, "/objects/disk", "format", "base64");
    qtest_qmp_error(qts, "GenericError", "Property 'secret.data' is not "
                    "readable", GET "{'path': '/objects/plain', 'property': "
                    "'data'}}");
    qtest_qmp_error(qts, "GenericError", "*padding*", ADD
                    "{'qom-type': 'secret', 'id': 'bad', 'keyid': "
                    "'masterKey0', 'format': 'base64', "
                    "'iv': 'AAECAwQFBgcICQoLDA0ODw==', "
                    "'data': 'AAAAAAAAAAAAAAAAAAAAAA=='}}");
    qtest_qmp_error(qts, "GenericError", "*'masterKey0' is in use*",
                    DEL "{'id': 'masterKey0'}}");
    qtest_qmp_ok(qts, DEL "{'id': 'disk'}}");
    qtest_qmp_ok(qts, DEL "{'id': 'masterKey0'}}");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/memory-backend/ram", "memory-backend-ram",
                         test_ram);
    g_test_add_data_func("/memory-backend/shared-ram",
                         "memory-backend-ram,share=on", test_ram);
    g_test_add_data_func("/memory-backend/memfd", "memory-backend-memfd",
                         test_ram);
    g_test_add_data_func("/memory-backend/file-in-directory",
                         "memory-backend-file,mem-path=/tmp", test_ram);
    g_test_add_data_func("/memory-backend/pc/file", "pc", test_file);
    g_test_add_data_func("/memory-backend/q35/file", "q35", test_file);
    g_test_add_data_func("/memory-backend/none/file", "none", test_file);
    g_test_add_func("/memory-backend/mem-path", test_mem_path);
    g_test_add_func("/memory-backend/mem-prealloc", test_mem_prealloc);
    g_test_add_func("/memory-backend/memdev", test_memdev);
    g_test_add_data_func("/memory-backend/pc/default", "pc",
                         test_default_ram);
    g_test_add_data_func("/memory-backend/q35/default", "q35",
                         test_default_ram);
    g_test_add_data_func("/memory-backend/none/default", "none",
                         test_default_ram);
    g_test_add_func("/memory-backend/errors", test_errors);
    g_test_add_func("/secret/by-qmp", test_secret);
    return g_test_run();
}
