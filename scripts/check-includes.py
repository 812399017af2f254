#!/usr/bin/env python3
# Fail on an #include that the table of rooms does not allow
#
# The table is that of docs/devel/architecture.rst: who may include whom.  A
# file in a room may always include its own room's headers.
#
#   check-includes.py SOURCE-DIRECTORY
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pathlib
import re
import sys

BASE = ['util', 'qapi']
CORE = BASE + ['qom', 'system/memory', 'hw/core']
DEVICE = CORE + ['hw/acpi']

ROOMS = {
    'util': [],
    'qapi': ['util'],
    'qom': BASE,
    'chardev': BASE + ['qom'],
    'backends': BASE + ['qom'],
    'crypto': BASE + ['qom'],
    'system/memory': BASE,
    'hw/core': BASE + ['qom', 'system/memory', 'backends'],
    'hw/acpi': CORE,
    'hw/nvram': DEVICE,
    'hw/firmware': DEVICE + ['hw/nvram'],
    'hw/pci': DEVICE,
    'hw/intc': DEVICE,
    'hw/timer': DEVICE,
    'hw/isa': DEVICE + ['hw/pci'],
    'hw/rtc': DEVICE + ['hw/isa'],
    'hw/char': DEVICE + ['hw/isa', 'chardev'],
    'target': CORE,
    'hw/i386': DEVICE + ['target', 'hw/nvram', 'hw/firmware', 'hw/pci',
                         'hw/intc', 'hw/timer', 'hw/isa', 'hw/rtc'],
    'migration': CORE,
    'accel': CORE + ['chardev'],
    'monitor': BASE + ['qom', 'chardev'],
    'system': None,             # everything
}


def room_of(path):
    """The room that a path below include/ or the root belongs to."""
    parts = path.with_suffix('').parts
    if parts[0] == 'system' and parts[1:] in (('memory',), ('memory-scan',)):
        return 'system/memory'
    if parts[0] == 'hw':
        return '/'.join(parts[:2])
    return parts[0]


def included(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def main(root):
    root = pathlib.Path(root)
    files = faults = 0
    folders = {room.split('/')[0] for room in ROOMS} | {'include'}
    sources = (path for folder in folders
               for path in (root / folder).rglob('*.[ch]'))
    for path in sorted(sources):
        name = path.relative_to(root)
        inner = pathlib.Path(*name.parts[1:]) if name.parts[0] == 'include' \
            else name
        room = room_of(inner)
        files += 1
        if room not in ROOMS:
            print(f'{name}: room {room} is not in the table')
            faults += 1
            continue
        allowed = ROOMS[room]
        for number, header in included(path):
            if not (root / 'include' / header).exists():
                # generated, or private to the folder
                continue
            other = room_of(pathlib.Path(header))
            if other != room and allowed is not None and other not in allowed:
                print(f'{name}:{number}: {room} may not include {header}')
                faults += 1
    print(f'{files} files, {faults} faults')
    return 1 if faults or not files else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
