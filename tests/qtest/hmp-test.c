/*
 * HMP: every command, as human-monitor-command runs it
 *
 * Sessions on streams and terminals are in hmp-terminal.py.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libqtest.h"

/** What @line says; CR LF are newlines here.  Free with g_free(). */
static char *hmp(Qtest *qts, const char *line)
{
    json_object *command = json_object_new_object();
    json_object *arguments = json_object_new_object();
    json_object *reply;
    g_auto(GStrv) lines = NULL;

    json_object_object_add(command, "execute",
                           json_object_new_string("human-monitor-command"));
    json_object_object_add(arguments, "command-line",
                           json_object_new_string(line));
    json_object_object_add(command, "arguments", arguments);
    reply = qtest_qmp_return(qts, "%s", json_object_to_json_string(command));
    lines = g_strsplit(json_object_get_string(reply), "\r\n", -1);
    json_object_put(reply);
    json_object_put(command);
    return g_strjoinv("\n", lines);
}

/** @line says what matches @pattern, as g_pattern_match() takes it. */
static void expect(Qtest *qts, const char *line, const char *pattern)
{
    g_autofree char *said = hmp(qts, line);

    if (!g_pattern_match_simple(pattern, said)) {
        g_error("%s\nsaid:\n%s\nexpected:\n%s", line, said, pattern);
    }
    /* nothing that a terminal would take for more than text */
    for (const char *p = said; *p; p++) {
        g_assert_true(*p == '\n' || *p == '\t' || (uint8_t)*p >= 0x20);
    }
}

/* The table, as help tells it */

/** The names of all commands, and of all subjects of info with it in front:
 *  "info status".  char *. */
static GPtrArray *all_commands(Qtest *qts)
{
    static const char *const asked[] = { "help", "help info" };
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *said = hmp(qts, asked[i]);
        g_auto(GStrv) lines = g_strsplit(said, "\n", -1);

        for (char **line = lines; **line; line++) {
            const char *from = i ? *line + strlen("info ") : *line;
            g_autofree char *name = g_strndup(from, strcspn(from, " "));
            g_auto(GStrv) each = g_strsplit(name, "|", -1);

            g_assert_nonnull(strstr(*line, " -- "));
            for (char **p = each; *p; p++) {
                g_ptr_array_add(names, g_strconcat(i ? "info " : "", *p,
                                                   NULL));
            }
        }
    }
    g_assert_cmpuint(names->len, >, 30);
    return names;
}

static bool ends_the_program(const char *name)
{
    return strcmp(name, "quit") == 0 || strcmp(name, "q") == 0;
}

static void test_help(void)
{
    Qtest *qts = qtest_start("-machine none");
    g_autoptr(GPtrArray) names = all_commands(qts);

    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *line = g_strconcat("help ", names->pdata[i], NULL);

        expect(qts, line, "* -- *\n");
    }
    expect(qts, "? xp", "xp /fmt addr -- *\n");
    expect(qts, "help nonsense", "unknown command: 'nonsense'\n");
    expect(qts, "help info nonsense", "unknown command: 'info nonsense'\n");
    expect(qts, "help quit nonsense", "unknown command: 'quit nonsense'\n");
    qtest_quit(qts);
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t")];
}

/** Each command as it stands and with arguments that are no good: a line comes
 *  or none, and the machine lives. */
static void test_every_command(const void *machine)
{
    static const char *const arguments[] = {
        "", " ", " help", " ?", " -1", " -x", " -f", " -j", " -j -j -j", " \"",
        " \"a", " \"\\q\"", " 'a", " 1", " 1 2", " 1 2 3", " a b c d e f g h",
        " /machine", " /", " //", " /machine/nothing x y", "/", "/1", "/xb",
        "/0x 0", "/99999999999999999999xb 0", "/99999999xg -1", "/c -8",
        "/wwww 0xfec00000", "/i 0", "/%n%s", " %s%n%d", " ((((((((((((((((1",
        " 0xffffffffffffffff 0xffffffffffffffff 0xffffffffffffffff",
        " \xc3\xa4\xf0\x9d\x84\x9e", " \xc2\x9b" "31m", " \x1b[31m", "\t\t",
        " id=a,id=b", " null,id=a", " driver=isa-serial,id=a", " none",
        " ring text", " ring 5", " com", " \"\" \"\"", " ,,,,", " =", " x=y,help", " {", " {\"a\":", " {}",
    };
    Qtest *qts = qtest_start("-machine %s -chardev ringbuf,id=ring",
                             (const char *)machine);
    g_autoptr(GPtrArray) names = all_commands(qts);

    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        for (size_t k = 0; k < G_N_ELEMENTS(arguments); k++) {
            g_autofree char *line = g_strconcat(name, arguments[k], NULL);

            if (!ends_the_program(name) || !is_blank(arguments[k])) {
                expect(qts, line, "*");
            }
        }
    }
    expect(qts, "info version", "*.*.* (firmament *)\n");
    g_free(qtest_take_stderr(qts));
    qtest_quit(qts);
}

static void test_unknown(void)
{
    g_autofree char *large = g_strnfill(1 << 20, 'x');
    Qtest *qts = qtest_start("-machine none");

    expect(qts, "", "");
    expect(qts, "  \t ", "");
    expect(qts, "nonsense", "unknown command: 'nonsense'\n");
    expect(qts, "nonsense/x 1", "unknown command: 'nonsense'\n");
    expect(qts, "/", "unknown command: '/'\n");
    expect(qts, "info nonsense more", "unknown command: 'info nonsense'\n");
    expect(qts, "help|?", "unknown command: 'help|?'\n");
    expect(qts, "stop now", "stop|s: extraneous characters at the end of "
           "line\nTry \"help stop\" for more information\n");
    expect(qts, "\x1b[31mstop", "unknown command: '??31mstop'\n");
    expect(qts, large, "unknown command: 'xxx*xxx'\n");
    qtest_qmp_error(qts, "GenericError", "Parameter 'cpu-index' expects*",
                    "{'execute': 'human-monitor-command', 'arguments': "
                    "{'command-line': 'help', 'cpu-index': 1}}");
    qtest_quit(qts);
}

/* What commands do */

static void test_life(void)
{
    Qtest *qts = qtest_start("-S -name duck -uuid "
                             "12345678-9abc-def0-1234-56789abcdef0");

    expect(qts, "info status", "VM status: paused (prelaunch)\n");
    expect(qts, "c", "");
    expect(qts, "info status", "VM status: running\n");
    expect(qts, "stop", "");
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    expect(qts, "info status", "VM status: paused\n");
    expect(qts, "cont", "");
    json_object_put(qtest_qmp_event_wait(qts, "RESUME"));
    expect(qts, "system_powerdown", "");
    json_object_put(qtest_qmp_event_wait(qts, "POWERDOWN"));
    expect(qts, "watchdog_action pause", "");
    expect(qts, "watchdog_action nonsense", "Error: Parameter 'action' does "
           "not accept value 'nonsense'\n");
    expect(qts, "exit_preconfig", "Error: The command is permitted only "
           "before machine initialization\n");
    expect(qts, "system_reset", "");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    expect(qts, "info name", "duck\n");
    expect(qts, "info uuid", "12345678-9abc-def0-1234-56789abcdef0\n");
    expect(qts, "info chardev", "*: filename=*\n");
    expect(qts, "info registers", "No processor *\n");
    expect(qts, "info history", "");
    expect(qts, "q", "");
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

static void test_memory(void)
{
    static const uint8_t bytes[] = {
        'a', '\n', 0x00, 0x80, 0xff, 0x7f, '\'', '\\', 1, 2, 3, 4, 5, 6, 7, 8,
    };
    Qtest *qts = qtest_start("-m 16");

    qtest_memwrite(qts, 0x1000, bytes, sizeof(bytes));
    expect(qts, "xp/10xb 0x1000",
           "0000000000001000: 0x61 0x0a 0x00 0x80 0xff 0x7f 0x27 0x5c\n"
           "0000000000001008: 0x01 0x02\n");
    expect(qts, "xp /2xh 0x1000", "0000000000001000: 0x0a61 0x8000\n");
    expect(qts, "xp 0x1000", "0000000000001000: 0x80000a61\n");
    expect(qts, "xp/2xg 0x1000", "0000000000001000: 0x5c277fff80000a61 "
           "0x0807060504030201\n");
    expect(qts, "xp/3dh 0x1000",
           "0000000000001000:   2657 -32768  32767\n");
    expect(qts, "xp/4ub 0x1003", "0000000000001003: 128 255 127  39\n");
    expect(qts, "xp/1ob 0x1003", "0000000000001003: 0200\n");
    expect(qts, "xp/8c 0x1000", "0000000000001000: 'a' '\\n' '\\x00' '\\x80' "
           "'\\xff' '\\x7f' '\\'' '\\\\'\n");
    expect(qts, "xp/1xb 0xffe + 2", "0000000000001000: 0x61\n");
    expect(qts, "xp/0xb 0x1000", "");
    expect(qts, "xp/1i 0x1000", "Error: format: there is no disassembler*\n");
    expect(qts, "x/1xb 0x1000", "Error: no processor *\n");
    /* the end of RAM; device registers; the end of it all */
    expect(qts, "xp/3xw 0xfffff8", "0000000000fffff8: 0x00000000 0x00000000\n"
           "0000000001000000: Cannot access memory\n");
    expect(qts, "xp/1xw 0xfec00000", "00000000fec00000: Cannot access memory: "
           "registers of 'ioapic'\n");
    expect(qts, "xp/2xg -8", "fffffffffffffff8: Cannot access memory\n");
    expect(qts, "xp/4294967296xb 0", "*: 0x?? *\n(* of 4294967296 shown: *\n");
    qtest_quit(qts);
}

static void test_memory_files(void)
{
    static const uint8_t bytes[] = { 1, 2, 3, 0xff };
    g_autofree char *path = qtest_temp_file("memory", "", 0);
    g_autofree char *save = g_strdup_printf("pmemsave 0x1000 4 \"%s\"", path);
    g_autofree char *dump = g_strconcat("dump-guest-memory ", path, NULL);
    g_autofree char *detached = g_strconcat("dump-guest-memory -d ", path,
                                            " 0x1000 4", NULL);
    g_autofree char *half = g_strconcat(dump, " 1", NULL);
    g_autofree char *paging = g_strconcat("dump-guest-memory -p -d ", path,
                                          NULL);
    g_autofree char *contents = NULL;
    gsize len;
    Qtest *qts = qtest_start("-m 16");

    qtest_memwrite(qts, 0x1000, bytes, sizeof(bytes));
    expect(qts, "info dump", "Status: none\n");
    expect(qts, save, "");
    g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
    g_assert_cmpmem(contents, len, bytes, sizeof(bytes));
    expect(qts, dump, "");
    expect(qts, "info dump", "Status: completed\n");
    g_free(contents);
    g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
    g_assert_cmpmem(contents, 4, "\x7f" "ELF", 4);
    g_assert_cmpuint(len, >, 15 << 20);
    expect(qts, detached, "");
    json_object_put(qtest_qmp_event_wait(qts, "DUMP_COMPLETED"));
    json_object_put(qtest_qmp_event_wait(qts, "DUMP_COMPLETED"));
    g_free(contents);
    g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
    g_assert_cmpmem(contents + len - 4, 4, bytes, sizeof(bytes));

    expect(qts, half, "Error: Parameter 'length' is missing\n");
    expect(qts, paging, "Error: Parameter 'paging' *\n");
    expect(qts, "dump-guest-memory -z x", "dump-guest-memory: unsupported "
           "option -z\nTry *");
    expect(qts, "dump-guest-memory /nothing/x", "Error: Could not open "
           "'/nothing/x': No such file or directory\n");
    expect(qts, "pmemsave 0 1 /nothing/x", "Error: Could not open *\n");
    expect(qts, "pmemsave 0 -1 x", "Error: Invalid addr *\n");
    expect(qts, "pmemsave 0 1", "pmemsave: file expected\nTry *\n");
    expect(qts, "memsave 0 1 x", "Error: *CPU 0 does not run*\n");
    /* fails while it is under way */
    expect(qts, "pmemsave 0 0x100000 /dev/full",
           "Error: *No space left on device, after *\n");
    expect(qts, "info status", "VM status: running\n");
    qtest_quit(qts);
}

static void test_machine(void)
{
    Qtest *qts = qtest_start("-m 16 -smp 2 -object memory-backend-ram,id=m,"
                             "size=1M,share=on");

    expect(qts, "info cpus", "? CPU #0: thread_id=*\n"
           "  CPU #1: thread_id=*\n");
    expect(qts, "info kvm", "kvm support: not compiled\n");
    expect(qts, "info memory_size_summary", "base memory: 16777216\n"
           "plugged memory: 0\n");
    expect(qts, "info memdev", "memory backend: m\n  size:  1048576\n*"
           "  share: true\n*  policy: default\n  host nodes:\n*"
           "memory backend: pc.ram\n*");
    qtest_quit(qts);

    qts = qtest_start("-machine none");
    expect(qts, "info cpus", "");
    expect(qts, "info memory_size_summary", "base memory: *");
    qtest_quit(qts);
}

/** sum(1)'s checksum of "abc": worked out by hand. */
static void test_sum(void)
{
    Qtest *qts = qtest_start("-m 64");

    qtest_memwrite(qts, 0x1000, "abc", 3);
    expect(qts, "sum 0x1000 3", "16556\n");
    expect(qts, "sum 0x1000 0", "00000\n");
    expect(qts, "sum 0x100000 0x1000000", "?????\n");
    expect(qts, "sum 0 0x1000001", "Error: size: at most 16777216 *\n");
    expect(qts, "sum 0x3ffffff 2", "Error: Cannot access memory between *\n");
    expect(qts, "sum -1 1", "Error: Cannot access memory between *\n");
    qtest_quit(qts);
}

static void test_ports(void)
{
    Qtest *qts = qtest_start("-m 16");

    expect(qts, "o/b 0x70 0xf", "");
    expect(qts, "o/b 0x71 0x5a", "");
    expect(qts, "i/b 0x71", "portb?0x0071? = 0x5a\n");
    g_assert_cmphex(qtest_inb(qts, 0x71), ==, 0x5a);
    expect(qts, "o/w 0xcf8 0x80000000", "");
    expect(qts, "i/w 0xcfc", "portl?0x0cfc? = 0x12378086\n");
    expect(qts, "i/h 0xcfe", "portw?0x0cfe? = 0x1237\n");
    expect(qts, "o 0x71 -1", "");
    expect(qts, "o 0x71 0x100", "Error: value: 0x100 does not fit 1 byte\n");
    expect(qts, "i/h 0xffff", "Error: addr: ports end at 0xffff\n");
    expect(qts, "i 0x10000", "Error: addr: ports end at 0xffff\n");
    expect(qts, "i -1", "Error: addr: ports end at 0xffff\n");
    expect(qts, "i/g 0", "Error: format: *\n");
    expect(qts, "i/2b 0", "Error: format: *\n");
    qtest_quit(qts);
}

static void test_print(void)
{
    Qtest *qts = qtest_start("-machine none");

    expect(qts, "p 1 + 2 * 3", "0x7\n");
    expect(qts, "print/d -1", "-1\n");
    expect(qts, "p/u -1", "18446744073709551615\n");
    expect(qts, "p/o 8", "010\n");
    expect(qts, "p/c 'a'+1", "'b'\n");
    expect(qts, "p 1/0", "print|p: value: division by zero\nTry *\n");
    expect(qts, "p/b 1", "Error: format: *\n");
    qtest_quit(qts);
}

static void test_objects(void)
{
    Qtest *qts = qtest_start("-machine none -chardev null,id=z");

    expect(qts, "object_add help", "*memory-backend-ram *\n");
    expect(qts, "object_add memory-backend-ram,help",
           "memory-backend-ram options:\n*  size=*\n");
    expect(qts, "object_add memory-backend-ram,id=m,size=1M", "");
    expect(qts, "object_add memory-backend-ram,id=m,size=1M", "Error: *\n");
    expect(qts, "object_add memory-backend-ram,id=m", "Error: Parameter "
           "'size' is missing\n");
    expect(qts, "object_add nonsense,id=m", "Error: Parameter 'qom-type' *\n");
    expect(qts, "object_add nonsense,help", "Error: 'nonsense' is no *\n");
    expect(qts, "qom-list", "/\n");
    expect(qts, "qom-list /objects", "type (string)\n"
           "m (child<memory-backend-ram>)\n");
    expect(qts, "qom-get /objects/m size", "1048576\n");
    expect(qts, "qom-get /objects/m type", "\"memory-backend-ram\"\n");
    expect(qts, "qom-get \"/objects/m\" nonsense", "Error: Property *\n");
    expect(qts, "qom-set /objects/m size 2M", "Error: *\n");
    expect(qts, "qom-set /objects/m prealloc 7", "Error: *\n");
    expect(qts, "qom-set -j /objects/m size {", "Error: JSON parse error*\n");
    expect(qts, "qom-set /nothing size 1", "Error: Device *not found\n");
    expect(qts, "object_del m", "");
    expect(qts, "object_del m", "Error: object 'm' not found\n");
    expect(qts, "info qom-tree /chardevs", "/chardevs (container)\n"
           "*  /z (chardev-null)\n*");
    expect(qts, "info qom-tree /nothing", "Error: Path '/nothing' *\n");
    qtest_quit(qts);
}

static void test_chardevs(void)
{
    Qtest *qts = qtest_start("-chardev null,id=z -serial chardev:z");

    expect(qts, "chardev-add help", "*ringbuf *\n");
    expect(qts, "chardev-add backend=file,help", "file options:\n*  path=*");
    expect(qts, "chardev-add nonsense,help", "Error: 'nonsense' is no *\n");
    expect(qts, "chardev-add nonsense,id=x", "Error: Parameter 'backend' *\n");
    expect(qts, "chardev-add null", "Error: Parameter 'id' is missing\n");
    expect(qts, "chardev-add file,id=f,path=/nothing/x", "Error: Failed to "
           "add chardev 'f': *\n");
    expect(qts, "chardev-add null,id=n", "");
    expect(qts, "chardev-add null,id=n", "Error: Chardev with id 'n' already "
           "exists\n");
    expect(qts, "info chardev", "*n: filename=null (not used)\n*");
    expect(qts, "chardev-add pty,id=p",
           "char device redirected to /dev/pts/* (label p)\n");
    expect(qts, "chardev-remove p", "");
    expect(qts, "chardev-remove n", "");
    expect(qts, "chardev-remove n", "Error: Chardev 'n' not found\n");
    expect(qts, "chardev-remove z", "Error: Chardev 'z' is busy\n");
    qtest_quit(qts);
}

static void test_ringbuf(void)
{
    Qtest *qts = qtest_start("-machine none -chardev ringbuf,id=r,size=16 "
                             "-chardev null,id=z");

    expect(qts, "ringbuf_write r hello", "");
    expect(qts, "ringbuf_read r 4", "hell\n");
    expect(qts, "ringbuf_write r \" a\\n\\\\\\r\"", "");
    expect(qts, "ringbuf_read r 100", "o a\n\\\\\\015\n");
    expect(qts, "ringbuf_read r 100", "\n");
    json_object_put(qtest_qmp_return(
        qts, "{'execute': 'ringbuf-write', 'arguments': {'device': 'r', "
        "'data': 'AMKAwzE=', 'format': 'base64'}}"));
    /* NUL; a C1 control character; a byte that is no text */
    expect(qts, "ringbuf_read r 100", "\\000??\xef\xbf\xbd" "1\n");
    expect(qts, "ringbuf_read r 0", "Error: size must be greater than "
           "zero\n");
    expect(qts, "ringbuf_read r -1", "Error: size must be greater *\n");
    expect(qts, "ringbuf_read r 0x100001", "Error: size: at most *\n");
    expect(qts, "ringbuf_read z 1", "Error: z is not a ringbuf device\n");
    expect(qts, "ringbuf_write z x", "Error: z is not a ringbuf device\n");
    expect(qts, "ringbuf_write n x", "Error: Device 'n' not found\n");
    qtest_quit(qts);
}

static void test_log(void)
{
    g_autofree char *path = qtest_temp_path("log");
    g_autofree char *pipe = qtest_temp_path("pipe");
    g_autofree char *to_file = g_strconcat("logfile ", path, NULL);
    g_autofree char *to_pipe = g_strconcat("logfile ", pipe, NULL);
    g_autofree char *text = NULL;
    Qtest *qts = qtest_start("-machine pc");

    expect(qts, "log help", "guest_errors *\nnone *\n");
    expect(qts, to_file, "");
    expect(qts, "system_reset", "");
    expect(qts, "log reset,chardev", "");
    expect(qts, "system_reset", "");
    expect(qts, "log nonsense", "Error: 'nonsense' is no log item *\n");
    expect(qts, "logfile /nothing/x", "Error: cannot open /nothing/x: *\n");
    /* which nobody reads */
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    expect(qts, to_pipe, "Error: cannot open *: nobody reads from it\n");
    expect(qts, "log none", "");
    expect(qts, "system_reset", "");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "reset: reset: host-qmp-system-reset\n");
    qtest_quit(qts);
}

static void test_devices(void)
{
    Qtest *qts = qtest_start("-machine q35 -chardev null,id=z "
                             "-device isa-serial,id=com,chardev=z,index=1");

    expect(qts, "info qtree", "bus: *  dev: isa-serial, id \"com\", path "
           "/machine/peripheral/com\n*    index = 1\n*");
    expect(qts, "info qom-tree", "/machine (q35-machine)\n*  /peripheral "
           "(container)\n    /com (isa-serial)\n*");
    expect(qts, "info pci", "*Host bridge: PCI device 8086:29c0\n"
           "*ISA bridge: PCI device 8086:2918\n*");
    expect(qts, "info irq", "*/machine/ioapic*inputs, high:*\n");
    expect(qts, "info mtree", "address-space: memory\n*prio*alias*pc.ram*"
           "address-space: io\n*serial*memory-region: pc.ram\n*");
    expect(qts, "info mtree -f", "FlatView*memory\n*(ram): pc.ram\n*FlatView*"
           "io\n*serial*");
    expect(qts, "device_add help", "*isa-serial *\n");
    expect(qts, "device_add driver=isa-serial,help",
           "isa-serial options:\n*  chardev=*");
    expect(qts, "device_add isa-serial,id=x", "Error: Bus 'isa.0' does not "
           "support hotplugging\n");
    expect(qts, "device_add nonsense", "Error: Parameter 'driver' *\n");
    expect(qts, "device_del com", "Error: Bus *\n");
    expect(qts, "device_del nonsense", "Error: Device 'nonsense' not found\n");
    expect(qts, "info mtree -x", "mtree: unsupported option -x\nTry \"help "
           "info mtree\" for more information\n");
    qtest_quit(qts);

    qts = qtest_start("-machine none");
    expect(qts, "info pci", "This machine has no PCI bus\n");
    expect(qts, "info mtree -f", "FlatView*  nothing\n*");
    expect(qts, "info qtree", "");
    qtest_quit(qts);
}

static void test_roms(void)
{
    g_autofree char *image = g_malloc0(65536);
    g_autofree char *path = qtest_temp_file("rom", image, 65536);
    Qtest *qts = qtest_start("-bios %s", path);

    expect(qts, "info roms", "addr=* size=0x010000 mem=rom name=*\n");
    qtest_quit(qts);
}

static void test_acpi_tables(void)
{
    Qtest *qts = qtest_start("-machine pc,firmware=builtin");

    expect(qts, "info acpi-tables",
           "sig  address *\nRSDT *\nFACP * ok  generated\nFACS * ok  *\n"
           "DSDT *\n*");
    /* broken by the guest */
    {
        g_autofree char *said = hmp(qts, "info acpi-tables");
        const char *dsdt = strstr(said, "\nDSDT ");
        uint64_t gpa = g_ascii_strtoull(dsdt + 6, NULL, 16);

        qtest_writeb(qts, gpa + 9, qtest_readb(qts, gpa + 9) + 1);
    }
    expect(qts, "info acpi-tables", "*\nDSDT * BAD unknown\n*");
    qtest_quit(qts);

    qts = qtest_start("-machine none");
    expect(qts, "info acpi-tables", "Error: *\n");
    qtest_quit(qts);
}

/* query-pci */

/** The function @slot.@function of bus 0. */
static json_object *pci_function(json_object *buses, int slot, int function)
{
    json_object *bus = json_object_array_get_idx(buses, 0);
    json_object *devices = qtest_json_get(bus, "devices");

    g_assert_cmpuint(json_object_array_length(buses), ==, 1);
    g_assert_cmpint(qtest_json_int(bus, "bus"), ==, 0);
    for (size_t i = 0; i < json_object_array_length(devices); i++) {
        json_object *dev = json_object_array_get_idx(devices, i);

        if (qtest_json_int(dev, "slot") == slot &&
            qtest_json_int(dev, "function") == function) {
            return dev;
        }
    }
    g_error("no function %d.%d", slot, function);
}

static void test_query_pci(void)
{
    Qtest *qts = qtest_start("-machine pc");
    json_object *buses = qtest_qmp_return(qts, "{'execute': 'query-pci'}");
    json_object *dev = pci_function(buses, 1, 3);
    json_object *id = qtest_json_get(dev, "id");

    g_assert_cmpint(qtest_json_int(dev, "bus"), ==, 0);
    g_assert_cmphex(qtest_json_int(id, "vendor"), ==, 0x8086);
    g_assert_cmphex(qtest_json_int(id, "device"), ==, 0x7113);
    g_assert_cmphex(qtest_json_int(id, "subsystem-vendor"), ==, 0x1af4);
    g_assert_cmphex(qtest_json_int(id, "subsystem"), ==, 0x1100);
    g_assert_cmphex(qtest_json_int(qtest_json_get(dev, "class_info"), "class"),
                    ==, 0x680);
    g_assert_cmpint(qtest_json_int(dev, "irq_pin"), ==, 1);
    g_assert_cmpstr(qtest_json_string(dev, "qdev_id"), ==, "");
    dev = pci_function(buses, 0, 0);
    g_assert_cmpint(qtest_json_int(dev, "irq_pin"), ==, 0);
    g_assert_false(qtest_json_has(dev, "irq"));
    g_assert_cmpuint(json_object_array_length(qtest_json_get(dev, "regions")),
                     ==, 0);
    json_object_put(buses);

    /* Interrupt Line is what was written to it */
    qtest_outl(qts, 0xcf8, 0x80000b3c);
    qtest_outb(qts, 0xcfc, 9);
    buses = qtest_qmp_return(qts, "{'execute': 'query-pci'}");
    g_assert_cmpint(qtest_json_int(pci_function(buses, 1, 3), "irq"), ==, 9);
    json_object_put(buses);
    qtest_quit(qts);

    qts = qtest_start("-machine none");
    buses = qtest_qmp_return(qts, "{'execute': 'query-pci'}");
    g_assert_cmpuint(json_object_array_length(buses), ==, 0);
    json_object_put(buses);
    qtest_quit(qts);
}

/* Options */

static void test_options(void)
{
    QtestRun run = qtest_run("info status\nquit\n",
                             "-machine none -S -display none -monitor stdio");

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.err, ==, "");
    g_assert_true(g_pattern_match_simple(
        "Firmament * monitor - type 'help' for more information\r\n(qemu) "
        "info status\r\nVM status: paused (prelaunch)\r\n(qemu) quit\r\n",
        run.out));
    qtest_run_clear(&run);

    run = qtest_run("quit\n", "-machine none -chardev stdio,id=s -mon s");
    g_assert_cmpint(run.status, ==, 0);
    g_assert_nonnull(strstr(run.out, "(qemu) quit"));
    qtest_run_clear(&run);

    run = qtest_run("{'execute': 'qmp_capabilities'}{'execute': 'quit'}",
                    "-machine none -monitor none -qmp-pretty stdio");
    g_assert_cmpint(run.status, ==, 0);
    g_assert_nonnull(strstr(run.out, "{\r\n") ? run.out
                                              : strstr(run.out, "{\n    "));
    qtest_run_clear(&run);

    qtest_expect_failure("*-monitor vc: there is no display*",
                         "-machine none -monitor vc");
    qtest_expect_failure("*-monitor stdio: *already in use*",
                         "-machine none -qmp stdio -monitor stdio");
    qtest_expect_failure("*-mon *pretty: only mode=control has it",
                         "-machine none -chardev null,id=a "
                         "-mon a,pretty=on");
    qtest_expect_failure("*-mon *Device 'a' is in use",
                         "-machine none -chardev null,id=a -mon a -mon a");
    qtest_expect_failure("*-monitor chardev:b: chardev 'b' not found",
                         "-machine none -monitor chardev:b");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* for commands that write the files that any argument names */
    g_assert_cmpint(chdir(qtest_temp_dir()), ==, 0);
    g_test_add_func("/hmp/help", test_help);
    g_test_add_data_func("/hmp/every-command/none", "none",
                         test_every_command);
    g_test_add_data_func("/hmp/every-command/pc", "pc", test_every_command);
    g_test_add_data_func("/hmp/every-command/q35", "q35", test_every_command);
    g_test_add_func("/hmp/unknown", test_unknown);
    g_test_add_func("/hmp/life", test_life);
    g_test_add_func("/hmp/memory", test_memory);
    g_test_add_func("/hmp/memory-files", test_memory_files);
    g_test_add_func("/hmp/machine", test_machine);
    g_test_add_func("/hmp/sum", test_sum);
    g_test_add_func("/hmp/ports", test_ports);
    g_test_add_func("/hmp/print", test_print);
    g_test_add_func("/hmp/objects", test_objects);
    g_test_add_func("/hmp/chardevs", test_chardevs);
    g_test_add_func("/hmp/ringbuf", test_ringbuf);
    g_test_add_func("/hmp/log", test_log);
    g_test_add_func("/hmp/devices", test_devices);
    g_test_add_func("/hmp/roms", test_roms);
    g_test_add_func("/hmp/acpi-tables", test_acpi_tables);
    g_test_add_func("/hmp/query-pci", test_query_pci);
    g_test_add_func("/hmp/options", test_options);
    return g_test_run();
}
