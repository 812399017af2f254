#!/usr/bin/env python3
# Show a machine's generation ID as its guest finds it, and what becomes of it
# when the machine is saved and two others are restored from the file
#
#   show-generation.py PROGRAM DIRECTORY
#
# The guest's way: the table SSDT with the OEM table ID VMGENID says where the
# page is, and event 5 of GPE0 that it changed.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import pathlib
import struct
import sys
import time
import uuid

from child_monitor import Monitor

MACHINE = ['-M', 'q35', '-nodefaults', '-display', 'none']
GPE0_PORT = 0x620
GUID_BIT = 1 << 5
VGIA_OFFSET = 42                # in the table
GUID_OFFSET = 0x28              # in the page
LINE = '{:<28} {}'


class Guest:
    def __init__(self, program, directory, *options):
        self.directory = pathlib.Path(directory)
        self.monitor = Monitor([program, *MACHINE, '-device',
                                'vmgenid,guid=auto', *options])

    def memory(self, gpa, size):
        path = self.directory / 'memory'
        self.monitor.ask('pmemsave', val=gpa, size=size, filename=str(path))
        data = path.read_bytes()
        path.unlink()
        return data

    def find(self):
        """What \\_SB.VGEN.ADDR evaluates to."""
        table = next(t for t in self.monitor.ask('query-acpi-tables')
                     if t.get('oem-table-id', '').startswith('VMGENID'))
        body = self.memory(table['address'], table['length'])
        page = struct.unpack_from('<I', body, VGIA_OFFSET)[0]
        return page + GUID_OFFSET

    def guid(self):
        return uuid.UUID(bytes_le=self.memory(self.find(), 16))

    def is_notified(self):
        said = self.monitor.ask('human-monitor-command', **{
            'command-line': f'i /w {GPE0_PORT:#x}'})
        return bool(int(said.split('=')[-1], 0) & GUID_BIT)

    def await_status(self, command, key, busy):
        while self.monitor.ask(command)[key] in busy:
            time.sleep(0.001)
        return self.monitor.ask(command)[key]


def show(guest):
    address, guid = guest.find(), guest.guid()
    data = guest.memory(address, 16).hex(' ')
    print(LINE.format('  the guest finds it at', f'{address:#x}'))
    print(LINE.format('  and reads', data))
    print(LINE.format('  which is', guid))
    print(LINE.format('  notice (GPE0 status bit 5)',
                      'set' if guest.is_notified() else 'clear'))
    return guid


def save(guest, path):
    started = time.monotonic()
    guest.monitor.ask('migrate', uri=f'file:{path}')
    status = guest.await_status('query-migrate', 'status',
                                ('setup', 'active'))
    if status != 'completed':
        sys.exit(f'saving: {status}')
    return (time.monotonic() - started) * 1000


def main(program, directory):
    path = pathlib.Path(directory, 'machine.saved')
    first = Guest(program, directory)
    print('A machine with a generation ID:')
    seen = [show(first)]
    elapsed = save(first, path)
    first.monitor.close()
    print(f'\nIt is saved: {os.path.relpath(path)}, '
          f'{path.stat().st_size / 1024:.0f} KiB of 128 MiB, on the disk '
          f'after {elapsed:.1f} ms')
    for which in ('A machine', 'Another one'):
        guest = Guest(program, directory, '-incoming', f'file:{path}')
        guest.await_status('query-status', 'status', ('inmigrate',))
        elapsed = (time.monotonic() - guest.monitor.started) * 1000
        print(f'\n{which} is restored from it, {elapsed:.1f} ms after its '
              'start:')
        seen.append(show(guest))
        guest.monitor.close()
    if len(set(seen)) != len(seen):
        sys.exit('two machines have one generation ID')


if __name__ == '__main__':
    main(*sys.argv[1:])
