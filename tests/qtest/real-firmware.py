#!/usr/bin/env python3
# Readers that are not ours: SeaBIOS and OVMF run our loader script, ACPICA
# executes what they placed, and another emulator's script says the same
#
#   real-firmware.py PROGRAM TABLE
#
# firmware_rig.py has how the firmware comes to our files.  In its memory every
# table must be there, with a good checksum, in memory that the firmware's map
# keeps from the operating system, and with the SLIC's identity in RSDT and
# FADT.  So must the page of the VM generation ID, its address in VGIA and in
# the file to which firmware writes it.
#
# Skips, saying what is missing, without the emulator, firmware or ACPICA.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import firmware_rig
from firmware_rig import ADDR, EMULATOR, GUID, LOADER, RSDP, TABLES, Fault
from rawqmp import temporary_directory

IMAGES = {'SeaBIOS': '/usr/share/seabios/bios-256k.bin',
          'OVMF': '/usr/share/OVMF/OVMF_CODE_4M.fd'}
GUID_TEXT = '324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87'
GUID_BYTES = bytes.fromhex('af6e4e32d1d1f64bbf41b9bb6c91fb87')
GUID_AT = 0x28
PAGE_LEN = 4096
VMGENID = ['-device', 'vmgenid,guid=' + GUID_TEXT]


def expect(what, got, wanted):
    if got != wanted:
        raise Fault(f'{what}: {got}, expected {wanted}')


# What firmware has placed

def table_at(memory, gpa):
    if gpa + 8 > len(memory):
        raise Fault(f'a table is to be at 0x{gpa:x}')
    length, = struct.unpack_from('<I', memory, gpa + 4)
    if gpa + length > len(memory):
        raise Fault(f'a table at 0x{gpa:x} has {length} bytes')
    return memory[gpa:gpa + length]


def walk(booted):
    """[(address, table)], from the RSDP on, as an operating system does."""
    memory = booted.memory
    booted.kind(booted.rsdp, 20)
    expect('RSDP', (memory[booted.rsdp:booted.rsdp + 8],
                    sum(memory[booted.rsdp:booted.rsdp + 20]) & 0xff),
           (b'RSD PTR ', 0))
    root, = struct.unpack_from('<I', memory, booted.rsdp + 16)
    found = [(root, table_at(memory, root))]
    for gpa, in struct.iter_unpack('<I', found[0][1][36:]):
        table = table_at(memory, gpa)
        found.append((gpa, table))
        if table[:4] == b'FACP':
            dsdt, = struct.unpack_from('<I', table, 40)
            found.append((dsdt, table_at(memory, dsdt)))
    return found


def judge_tables(booted, machine, slic, has_vmgenid):
    """The tables; a Fault: they are not right."""
    found = walk(booted)
    wanted = ['APIC', 'DSDT', 'FACP', 'HPET', 'RSDT', 'SLIC', 'WAET']
    wanted += ['MCFG'] if machine == 'q35' else []
    wanted += ['SSDT'] if has_vmgenid else []
    expect('tables', sorted(table[:4].decode('latin-1')
                            for _, table in found), sorted(wanted))
    for gpa, table in found:
        name = table[:4].decode()
        booted.kind(gpa, len(table))
        expect(f'sum of {name}', sum(table) & 0xff, 0)
        expect(f'{name} has the identity of the SLIC',
               table[10:24] == slic[10:24], name in ('RSDT', 'FACP', 'SLIC'))
    return [table for _, table in found]


def judge_vmgenid(booted, tables, firmware):
    """The page, where SSDT and firmware say that it is."""
    ssdt, = (table for table in tables if table[:4] == b'SSDT')
    expect('SSDT', (len(ssdt), ssdt[16:24], ssdt[37:41]),
           (202, b'VMGENID\0', b'VGIA'))
    vgia, = struct.unpack_from('<I', ssdt, 42)
    expect('VGIA is a page', (vgia != 0, vgia % PAGE_LEN), (True, 0))
    expect(ADDR, booted.addr, vgia + GUID_AT)
    # OVMF frees what it has taken for tables
    expect('kind of memory', booted.kind(vgia, PAGE_LEN),
           'type 2' if firmware == 'SeaBIOS' else 'ACPI NVS')
    expect('page', booted.memory[vgia:vgia + PAGE_LEN],
           bytes(GUID_AT) + GUID_BYTES + bytes(PAGE_LEN - GUID_AT - 16))
    return vgia


def judge_methods(tables, vgia, directory):
    """ACPICA executes the SSDT that firmware has placed."""
    names = []
    for table in tables:
        if table[:4] != b'RSDT':
            names.append(table[:4].decode().lower() + '.dat')
            (directory / names[-1]).write_bytes(table)
    done = subprocess.run(
        ['acpiexec', *names], cwd=directory, text=True, errors='replace',
        input='execute \\_SB.VGEN._STA\nexecute \\_SB.VGEN.ADDR\n'
              'execute \\_GPE._E05\nquit\n',
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout[done.stdout.rindex('Initializing Device'):]
    expect('_STA and ADDR', [int(number, 16) for number in re.findall(
        r'\[Integer\] = ([0-9A-F]+)', said)], [0x0f, vgia + GUID_AT, 0])
    expect('_E05', re.findall(r'Device Notify on \[(\w+)\].* Value (\w+)',
                              said), [('VGEN', '0x80')])


# The same script

def parse_tables(raw):
    """[(offset, length, signature)]; they follow each other."""
    found = []
    at = 0
    while raw[at:at + 4].strip(b'\0'):
        length, = struct.unpack_from('<I', raw, at + 4)
        found.append((at, length, raw[at:at + 4].decode()))
        at += length
    return found


def parse_script(files):
    """The entries, with places in words that do not depend on how long the
    tables are."""
    tables = parse_tables(files[TABLES])

    def place(name, offset):
        if name != TABLES:
            return offset
        for at, length, signature in tables:
            if at <= offset < at + length:
                return signature, offset - at
        return 'beyond', offset

    def text(raw):
        return raw.split(b'\0')[0].decode('latin-1')

    entries = []
    for raw, in struct.iter_unpack('128s', files[LOADER]):
        command, name = struct.unpack_from('<I56s', raw)
        name = text(name)
        source = text(raw[60:116])
        at, = struct.unpack_from('<I', raw, 116)
        if command == 1:
            entries.append(('ALLOCATE', name,
                            *struct.unpack_from('<IB', raw, 60)))
        elif command == 2:
            width = raw[120]
            target = int.from_bytes(files[name][at:at + width], 'little')
            entries.append(('ADD_POINTER', name, place(name, at), width,
                            source, place(source, target)))
        elif command == 3:
            at, start, length = struct.unpack_from('<III', raw, 60)
            whole = (start, length) in [table[:2] for table in tables]
            entries.append(('ADD_CHECKSUM', name, place(name, at),
                            place(name, start),
                            'whole' if name == TABLES and whole else length))
        elif command == 4:
            entries.append(('WRITE_POINTER', name, source,
                            *struct.unpack_from('<IIB', raw, 116)))
        elif command:
            raise Fault(f'command {command} in a script')
    return entries


def judge_script(ours, machine):
    """Our script beside that emulator's, entry by entry."""
    with firmware_rig.Machine(machine, VMGENID) as there:
        there.place_registers()
        theirs = {name: there.read_file(name) for name in ours}
    # ours has the sums of tables without pointers already (fw-loader.rst, R5)
    unneeded = [('ADD_CHECKSUM', TABLES, (name, 9), (name, 0), 'whole')
                for name in ('APIC', 'DSDT', 'HPET', 'MCFG', 'WAET')
                if machine == 'q35' or name != 'MCFG']
    mine = parse_script(ours)
    if machine == 'pc':
        # ours has a FADT of revision 3 on pc, too (fw-loader.rst)
        mine.remove(('ADD_POINTER', TABLES, ('FACP', 140), 8, TABLES,
                     ('DSDT', 0)))
    others = [entry for entry in parse_script(theirs)
              if entry not in unneeded]
    # and goes by command (R2); allocations keep their order
    order = ['ALLOCATE', 'WRITE_POINTER', 'ADD_POINTER', 'ADD_CHECKSUM']
    others.sort(key=lambda entry: order.index(entry[0]))
    expect('number of entries', len(mine), len(others))
    for number, (entry, other) in enumerate(zip(mine, others)):
        expect(f'entry {number}', entry, other)
    ssdts = [files[TABLES][at:at + length]
             for files in (ours, theirs)
             for at, length, name in parse_tables(files[TABLES])
             if name == 'SSDT']
    # but for checksum and identity
    expect('SSDT', *[(ssdt[:9] + ssdt[36:]).hex() for ssdt in ssdts])
    expect(GUID, ours[GUID], theirs[GUID])
    expect(f'length of {ADDR}', len(ours[ADDR]), len(theirs[ADDR]))


# The cases

class Report:
    """TAP."""

    def __init__(self):
        self.number = self.failed = 0

    def run(self, name, missing, test):
        """Returns what the test returns; None: it was skipped or failed."""
        self.number += 1
        if missing:
            print(f'ok {self.number} {name} # SKIP '
                  f'{" and ".join(missing)} not installed', flush=True)
            return None
        try:
            result = test()
            print(f'ok {self.number} {name}', flush=True)
            return result
        except Fault as fault:
            self.failed += 1
            print(f'not ok {self.number} {name}: {fault}', flush=True)
            return None


def lacking(*needed):
    return [what for what in needed
            if not (os.path.exists(what) or shutil.which(what))]


def run_firmware(report, program, case, table):
    machine, firmware, vmgenid = case
    name = f'{machine} {firmware}{" vmgenid" if vmgenid else ""}'
    image = IMAGES[firmware]
    slic = pathlib.Path(table).read_bytes()
    with temporary_directory() as directory:
        directory = pathlib.Path(directory)

        def test():
            files = firmware_rig.our_files(
                program, machine, ['-serial', 'null', '-acpitable',
                                   'file=' + table] + vmgenid, directory)
            booted = firmware_rig.boot(machine, firmware, image, files,
                                       directory)
            tables = judge_tables(booted, machine, slic, bool(vmgenid))
            return tables, (judge_vmgenid(booted, tables, firmware)
                            if vmgenid else None)

        found = report.run(name, lacking(EMULATOR, image), test)
        if vmgenid:
            missing = lacking('acpiexec')
            if not found and not missing:
                missing = ['tables, for firmware has']
            report.run(name + ' acpiexec', missing,
                       lambda: judge_methods(*found, directory))


def main(program, table):
    cases = [('pc', 'SeaBIOS', []), ('q35', 'OVMF', [])]
    cases += [(machine, firmware, VMGENID) for machine in ('pc', 'q35')
              for firmware in IMAGES]
    report = Report()
    for machine in ('pc', 'q35'):
        with temporary_directory() as directory:
            report.run(f'{machine} script', lacking(EMULATOR),
                       lambda: judge_script(firmware_rig.our_files(
                           program, machine, VMGENID,
                           pathlib.Path(directory)), machine))
    for case in cases:
        run_firmware(report, program, case, table)
    print(f'1..{report.number}')
    return 1 if report.failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
