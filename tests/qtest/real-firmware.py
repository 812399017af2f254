#!/usr/bin/env python3
# Real firmware runs our loader script: SeaBIOS and OVMF place our tables
#
#   real-firmware.py PROGRAM TABLE
#
# There is no processor here yet, so another emulator lends one: our fw_cfg
# files, read over qtest from a machine whose chipset has been programmed, are
# handed to a machine of its own that has no ACPI tables (acpi=off).  Its memory
# is searched until the firmware has placed them; every table must be there, with
# good checksums and the SLIC's identity in RSDT and FADT.
#
# OVMF needs the PM timer, which that machine's `pc` lacks with acpi=off: it runs
# on `q35` only.  Skips, saying what is missing, without the emulator or the
# firmware.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

EMULATOR = 'qemu-system-x86_64'
SEABIOS = '/usr/share/seabios/bios-256k.bin'
OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd'
FILES = ['etc/acpi/tables', 'etc/acpi/rsdp', 'etc/table-loader']
RAM_MIB = 128
PATIENCE = 90       # seconds, with the firmware in software


def our_files(program, machine, table, directory):
    """Our fw_cfg files, as firmware would read them: {name: path}."""
    listener = socket.socket(socket.AF_UNIX)
    path = os.path.join(directory, 'qtest')
    listener.bind(path)
    listener.listen(1)
    listener.settimeout(20)
    child = subprocess.Popen(
        [program, '-nodefaults', '-M', machine + ',firmware=builtin', '-m',
         str(RAM_MIB), '-serial', 'null', '-acpitable', 'file=' + table,
         '-qtest', 'unix:' + path, '-qtest-log', 'none'])
    try:
        stream = listener.accept()[0].makefile('rwb', buffering=0)

        def ask(line):
            stream.write(line.encode() + b'\n')
            return stream.readline().split()[1:]

        def read(length):
            return bytes(int(ask('inb 0x511')[0], 16) for _ in range(length))

        ask('outw 0x510 0x19')
        entries = [struct.unpack('>IHH56s', read(64)) for _ in
                   range(struct.unpack('>I', read(4))[0])]
        found = {}
        for length, key, _, raw in entries:
            name = raw.rstrip(b'\0').decode()
            if name in FILES:
                ask(f'outw 0x510 {key}')
                found[name] = os.path.join(directory, name.replace('/', '_'))
                with open(found[name], 'wb') as file:
                    # the tables' file is zeros from here on
                    file.write(read(min(length, 16384)))
        return found
    finally:
        child.kill()
        child.wait()
        os.unlink(path)


def walk(memory):
    """{signature: (identity, checksum is good)} of the first RSDT that a valid
    RSDP points to; None: there is none."""
    at = memory.find(b'RSD PTR ')
    while at >= 0:
        rsdt = struct.unpack_from('<I', memory, at + 16)[0]
        if at % 16 == 0 and sum(memory[at:at + 20]) & 0xff == 0 and \
                memory[rsdt:rsdt + 4] == b'RSDT':
            length = min(struct.unpack_from('<I', memory, rsdt + 4)[0], 4096)
            places = [rsdt] + [
                struct.unpack_from('<I', memory, rsdt + offset)[0]
                for offset in range(36, length, 4)]
            tables = {}
            for place in places:
                if place + 36 > len(memory):
                    continue
                size = struct.unpack_from('<I', memory, place + 4)[0]
                table = memory[place:place + size]
                tables[table[:4].decode('latin-1')] = (table[10:24],
                                              sum(table) & 0xff == 0)
            return tables
        at = memory.find(b'RSD PTR ', at + 1)
    return None


def judge(tables, machine, slic):
    if not tables:
        return 'no tables'
    wanted = {'RSDT', 'FACP', 'APIC', 'HPET', 'WAET', 'SLIC'}
    if machine == 'q35':
        wanted.add('MCFG')
    if set(tables) != wanted:
        return f'tables are {sorted(tables)}'
    for name, (identity, good) in tables.items():
        if not good:
            return f'checksum of {name}'
        if (identity == slic[10:24]) != (name in ('RSDT', 'FACP', 'SLIC')):
            return f'identity of {name}: {identity}'
    return None


def boot(machine, files, firmware, directory, slic):
    """Why the firmware's tables are wrong; None: they are right.

    Memory is caught at any moment, so what is found half made is looked at
    again until the time is over.
    """
    command = [EMULATOR, '-M', machine + ',acpi=off', '-m', str(RAM_MIB),
               '-accel', 'tcg', '-nodefaults', '-display', 'none', '-qmp',
               'stdio'] + firmware
    for name, path in files.items():
        command += ['-fw_cfg', f'name={name},file={path}']
    child = subprocess.Popen(command, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    dump = os.path.join(directory, 'memory')

    def ask(name, **arguments):
        child.stdin.write(json.dumps({'execute': name,
                                      'arguments': arguments}) + '\n')
        child.stdin.flush()
        for line in child.stdout:
            if line.startswith(('{"return"', '{"error"')):
                return

    try:
        child.stdout.readline()
        ask('qmp_capabilities')
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            time.sleep(1)
            ask('pmemsave', val=0, size=RAM_MIB << 20, filename=dump)
            try:
                with open(dump, 'rb') as file:
                    fault = judge(walk(file.read()), machine, slic)
            except struct.error:
                fault = 'a table reaches beyond memory'
            if not fault:
                return None
        return fault
    finally:
        child.kill()
        child.wait()


def main(program, table):
    with open(table, 'rb') as file:
        slic = file.read()
    cases = [('pc', 'SeaBIOS', SEABIOS, ['-bios', SEABIOS]),
             ('q35', 'SeaBIOS', SEABIOS, ['-bios', SEABIOS]),
             ('q35', 'OVMF', OVMF,
              ['-drive', f'if=pflash,format=raw,readonly=on,file={OVMF}'])]
    failed = 0
    print(f'1..{len(cases)}')
    for number, (machine, name, image, options) in enumerate(cases, 1):
        missing = [what for what, there in
                   ((EMULATOR, shutil.which(EMULATOR)),
                    (image, os.path.exists(image))) if not there]
        if missing:
            print(f'ok {number} {machine} {name} # SKIP '
                  f'{" and ".join(missing)} not installed')
            continue
        with tempfile.TemporaryDirectory() as directory:
            files = our_files(program, machine, table, directory)
            fault = boot(machine, files, options, directory, slic)
        failed += bool(fault)
        print(f'{"not ok" if fault else "ok"} {number} {machine} {name}'
              f'{": " + fault if fault else ""}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
