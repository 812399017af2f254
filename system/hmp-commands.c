/*
 * HMP: which commands there are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-impl.h"

static const HmpCommand hmp_command_rows[] = {
    { "help|?", "command:S?", "[command]",
      "tell what commands there are, or what one does",
      hmp_help, HMP_ANY_TIME },
    { "info", "subject:S?", "[subject]",
      "show something about the machine (help info: what there is)",
      hmp_info, HMP_ANY_TIME },
    { "stop|s", "", "", "pause the machine", hmp_stop, HMP_MACHINE },
    { "cont|c", "", "", "let a paused machine run", hmp_cont, HMP_MACHINE },
    { "system_reset", "", "", "reset the machine",
      hmp_system_reset, HMP_MACHINE },
    { "system_powerdown", "", "", "press the machine's power button",
      hmp_system_powerdown, HMP_MACHINE },
    { "system_wakeup", "", "", "wake the machine if it sleeps (ACPI S3)",
      hmp_system_wakeup, HMP_MACHINE },
    { "exit_preconfig", "", "", "build the machine (after -preconfig)",
      hmp_exit_preconfig, HMP_ANY_TIME },
    { "watchdog_action", "action:s",
      "reset|shutdown|poweroff|pause|debug|none|inject-nmi",
      "what becomes of the machine when its watchdog expires",
      hmp_watchdog_action, HMP_ANY_TIME },
    { "set_vm_generation_id", "guid:s", "uuid|auto",
      "give the guest another VM generation ID (auto: a random one)",
      hmp_set_vm_generation_id, HMP_MACHINE },
    { "quit|q", "", "", "end the program", hmp_quit, HMP_ANY_TIME },
    { "x", "format:f addr:i", "/fmt addr",
      "show memory by virtual address", hmp_x, HMP_MACHINE },
    { "xp", "format:f addr:i", "/fmt addr",
      "show memory by physical address: /[count][xduoc][bhwg]",
      hmp_xp, HMP_MACHINE },
    { "sum", "addr:i size:i", "addr size",
      "checksum of physical memory, as sum(1) makes it of a file",
      hmp_sum, HMP_MACHINE },
    { "pmemsave", "addr:i size:i file:s", "addr size file",
      "write physical memory to a file", hmp_pmemsave, HMP_MACHINE },
    { "memsave", "addr:i size:i file:s", "addr size file",
      "write virtual memory to a file", hmp_memsave, HMP_MACHINE },
    { "dump-guest-memory", "-p -d file:s begin:i? length:i?",
      "[-p] [-d] file [begin length]",
      "write all memory, or a part, to an ELF core file (-p: follow page "
      "tables; -d: go on meanwhile)", hmp_dump_guest_memory, HMP_MACHINE },
    { "migrate", "-d uri:s", "[-d] file:path|fd:name|unix:path",
      "stop the machine and save it (-d: go on meanwhile)",
      hmp_migrate, HMP_MACHINE },
    { "migrate_cancel", "", "", "give up saving the machine, or restoring it",
      hmp_migrate_cancel, HMP_ANY_TIME },
    { "migrate_incoming", "uri:s", "file:path|fd:name|unix:path",
      "restore the machine (after -incoming defer)",
      hmp_migrate_incoming, HMP_MACHINE },
    { "migrate_set_capability", "capability:s state:s", "capability on|off",
      "say how to save and restore (info migrate_capabilities: what there is)",
      hmp_migrate_set_capability, HMP_ANY_TIME },
    { "migrate_set_parameter", "parameter:s value:s",
      "max-bandwidth bytes[K|M|G]",
      "how many bytes a second to save at most (default unit: MiB; 0: no "
      "limit)",
      hmp_migrate_set_parameter, HMP_ANY_TIME },
    { "i", "format:f addr:i", "/fmt addr", "read an I/O port",
      hmp_i, HMP_MACHINE },
    { "o", "format:f addr:i val:i", "/fmt addr value", "write an I/O port",
      hmp_o, HMP_MACHINE },
    { "log", "items:s", "item[,item...]",
      "log these, and nothing else (log help: what there is)",
      hmp_log, HMP_ANY_TIME },
    { "logfile", "file:s", "file", "where the log goes",
      hmp_logfile, HMP_ANY_TIME },
    { "getfd", "name:s", "name",
      "take a descriptor that was passed (SCM_RIGHTS), by this name",
      hmp_getfd, HMP_ANY_TIME },
    { "closefd", "name:s", "name", "close a descriptor that was passed",
      hmp_closefd, HMP_ANY_TIME },
    { "print|p", "format:f value:i", "/fmt expr",
      "show the value of an expression", hmp_print_value, HMP_ANY_TIME },
    { "object_add", "object:S", "[qom-type=]type,id=str[,prop=value...]",
      "create an object (object_add help: what there is)",
      hmp_object_add, HMP_ANY_TIME },
    { "object_del", "id:s", "id", "delete an object",
      hmp_object_del, HMP_ANY_TIME },
    { "device_add", "device:S", "[driver=]driver[,id=str][,prop=value...]",
      "add a device (device_add help: what there is)",
      hmp_device_add, HMP_MACHINE },
    { "device_del", "id:s", "id", "remove a device",
      hmp_device_del, HMP_MACHINE },
    { "chardev-add", "chardev:S", "[backend=]kind,id=str[,prop=value...]",
      "create a character device (chardev-add help: what there is)",
      hmp_chardev_add, HMP_MACHINE },
    { "chardev-remove", "id:s", "id", "delete a character device",
      hmp_chardev_remove, HMP_MACHINE },
    { "ringbuf_read", "device:s size:i", "device size",
      "take out of a ring buffer, and show, what is in it",
      hmp_ringbuf_read, HMP_MACHINE },
    { "ringbuf_write", "device:s data:s", "device data",
      "add text to a ring buffer", hmp_ringbuf_write, HMP_MACHINE },
    { "qom-list", "path:s?", "[path]", "show an object's properties",
      hmp_qom_list, HMP_ANY_TIME },
    { "qom-get", "path:s property:s", "path property",
      "show a property's value", hmp_qom_get, HMP_ANY_TIME },
    { "qom-set", "-j path:s property:s value:S", "[-j] path property value",
      "set a property (-j: the value is JSON)", hmp_qom_set, HMP_ANY_TIME },
};

static const HmpCommand hmp_info_rows[] = {
    { "acpi-tables", "", "", "the ACPI tables in guest memory",
      hmp_info_acpi_tables, HMP_MACHINE },
    { "chardev", "", "", "the character devices",
      hmp_info_chardev, HMP_ANY_TIME },
    { "cpus", "", "", "the processors", hmp_info_cpus, HMP_MACHINE },
    { "dump", "", "", "how far the last dump of memory is",
      hmp_info_dump, HMP_MACHINE },
    { "fdset", "", "", "the sets of descriptors",
      hmp_info_fdset, HMP_ANY_TIME },
    { "history", "", "", "the lines that were entered here",
      hmp_info_history, HMP_ANY_TIME },
    { "irq", "", "", "the interrupt inputs of devices, and which are high",
      hmp_info_irq, HMP_MACHINE },
    { "kvm", "", "", "whether KVM runs the machine",
      hmp_info_kvm, HMP_ANY_TIME },
    { "memdev", "", "", "the memory backends",
      hmp_info_memdev, HMP_ANY_TIME },
    { "memory_size_summary", "", "", "how much memory there is",
      hmp_info_memory_size_summary, HMP_MACHINE },
    { "migrate", "", "", "how saving or restoring the machine stands",
      hmp_info_migrate, HMP_ANY_TIME },
    { "migrate_capabilities", "", "", "ways of saving and restoring",
      hmp_info_migrate_capabilities, HMP_ANY_TIME },
    { "migrate_parameters", "", "", "figures by which the machine is saved",
      hmp_info_migrate_parameters, HMP_ANY_TIME },
    { "mtree", "-f", "[-f]",
      "address spaces and the regions in them (-f: as they are seen)",
      hmp_info_mtree, HMP_MACHINE },
    { "name", "", "", "the machine's name", hmp_info_name, HMP_ANY_TIME },
    { "pci", "", "", "the PCI functions", hmp_info_pci, HMP_MACHINE },
    { "qom-tree", "path:s?", "[path]", "the tree of objects",
      hmp_info_qom_tree, HMP_ANY_TIME },
    { "qtree", "", "", "the devices by bus, with their properties",
      hmp_info_qtree, HMP_MACHINE },
    { "registers", "", "", "the processors' registers",
      hmp_info_registers, HMP_MACHINE },
    { "roms", "", "", "the ROM that the guest sees",
      hmp_info_roms, HMP_MACHINE },
    { "status", "", "", "whether the machine runs",
      hmp_info_status, HMP_ANY_TIME },
    { "uuid", "", "", "the machine's UUID", hmp_info_uuid, HMP_ANY_TIME },
    { "version", "", "", "the program's version",
      hmp_info_version, HMP_ANY_TIME },
    { "vm-generation-id", "", "", "the VM generation ID",
      hmp_info_vm_generation_id, HMP_MACHINE },
};

const HmpTable hmp_commands = {
    hmp_command_rows, G_N_ELEMENTS(hmp_command_rows), "",
};
const HmpTable hmp_infos = {
    hmp_info_rows, G_N_ELEMENTS(hmp_info_rows), "info ",
};

/** Whether @name, of @len bytes, is among the alternatives of @names. */
static bool hmp_is_named(const char *names, const char *name, size_t len)
{
    for (;;) {
        size_t this = strcspn(names, "|");

        if (this == len && strncmp(names, name, len) == 0) {
            return true;
        }
        if (!names[this]) {
            return false;
        }
        names += this + 1;
    }
}

const HmpCommand *hmp_find(const HmpTable *table, const char *name, size_t len)
{
    for (size_t i = 0; len && i < table->n; i++) {
        if (hmp_is_named(table->rows[i].name, name, len)) {
            return &table->rows[i];
        }
    }
    return NULL;
}

bool hmp_is_available(const System *system, const HmpCommand *command)
{
    return system->machine || command->when == HMP_ANY_TIME;
}
