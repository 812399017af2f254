#!/usr/bin/env python3
# The machines' ACPI tables, byte for byte as in tests/data/acpi
#
#   golden-tables.py PROGRAM DATA-DIRECTORY [CONFIGURATION]
#   golden-tables.py --renew PROGRAM DATA-DIRECTORY
#
# A change of a table is to be meant.  To renew what is there after one:
#
#   tests/qtest/golden-tables.py --renew build/firmament-system-x86_64 \
#       tests/data/acpi
#
# and commit that by itself, with the difference of the disassemblies (the
# failing test prints it, where iasl is installed) in the message.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# name, arguments; @ stands for the data directory
CONFIGURATIONS = {
    'pc': ['-M', 'pc', '-nodefaults', '-smp', '2'],
    'pc-slic': ['-M', 'pc', '-nodefaults', '-smp', '2',
                '-acpitable', 'file=@/input/slic.bin'],
    'pc-vmgenid': ['-M', 'pc', '-nodefaults', '-device', 'vmgenid'],
    'pc-serial': ['-M', 'pc,hpet=off', '-nodefaults', '-serial', 'null',
                  '-debugcon', 'null', '-m', '5G'],
    'q35': ['-M', 'q35', '-nodefaults', '-smp', '2'],
    'q35-slic': ['-M', 'q35', '-nodefaults', '-smp', '2',
                 '-acpitable', 'file=@/input/slic.bin'],
    'q35-vmgenid': ['-M', 'q35', '-nodefaults', '-device', 'vmgenid',
                    '-acpitable', 'file=@/input/slic.bin'],
    'q35-msdm': ['-M', 'q35,oem-source=msdm', '-nodefaults',
                 '-acpitable', 'file=@/input/msdm.bin'],
    'q35-serial': ['-M', 'q35,hpet=off,x-oem-id=ACME', '-nodefaults',
                   '-serial', 'null', '-serial', 'null',
                   '-debugcon', 'null', '-m', '5G', '-smp', '255'],
}


def dump(program, data, name, directory):
    """What the program emits: {file name: bytes}."""
    command = [program] + [argument.replace('@', str(data))
                           for argument in CONFIGURATIONS[name]]
    command[2] += f',dump-acpi={directory}'
    run = subprocess.run(command, stderr=subprocess.PIPE, text=True,
                         timeout=60)
    if run.returncode or run.stderr:
        raise RuntimeError(f'{" ".join(command)}: status {run.returncode}: '
                           f'{run.stderr.strip()}')
    return {path.name: path.read_bytes()
            for path in sorted(pathlib.Path(directory).iterdir())}


def disassemble(table, name):
    """Lines of the disassembly; without the tool, of a dump."""
    if shutil.which('iasl'):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, name)
            path.write_bytes(table)
            subprocess.run(['iasl', '-d', name], cwd=directory,
                           capture_output=True, timeout=60)
            listing = path.with_suffix('.dsl')
            if listing.exists():
                return listing.read_text(errors='replace').splitlines()
    return [f'{at:04x}: {table[at:at + 16].hex(" ")}'
            for at in range(0, len(table), 16)]


def compare(name, golden, emitted):
    faults = 0
    for file in sorted(set(golden) | set(emitted)):
        if golden.get(file) == emitted.get(file):
            continue
        faults += 1
        if file not in emitted:
            print(f'# {name}/{file} is no longer emitted')
        elif file not in golden:
            print(f'# {name}/{file} is new')
        else:
            print(f'# {name}/{file} differs')
            for line in difflib.unified_diff(
                    disassemble(golden[file], file),
                    disassemble(emitted[file], file), 'golden', 'emitted',
                    lineterm='', n=2):
                print('# ' + line)
    return faults


def renew(program, data):
    for name in CONFIGURATIONS:
        directory = data / name
        shutil.rmtree(directory, ignore_errors=True)
        dump(program, data, name, directory)
    return 0


def main(arguments):
    if arguments[0] == '--renew':
        return renew(os.path.abspath(arguments[1]), pathlib.Path(arguments[2]))
    program, data = arguments[0], pathlib.Path(arguments[1])
    names = arguments[2:] or list(CONFIGURATIONS)
    print(f'1..{len(names)}')
    failed = 0
    for number, name in enumerate(names, 1):
        with tempfile.TemporaryDirectory() as directory:
            emitted = dump(program, data, name, directory)
        golden = {path.name: path.read_bytes()
                  for path in sorted((data / name).iterdir())}
        bad = not emitted or compare(name, golden, emitted)
        failed += bool(bad)
        print(f'{"not " if bad else ""}ok {number} {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
