#!/usr/bin/env python3
# Show the ACPI tables that a guest of this command line would see
#
#   show-acpi.py [--dump DIR] PROGRAM [ARGUMENTS...]
#
# Starts the program with a QMP monitor on standard input and output, asks
# query-acpi-tables, and prints a line a table.  The tables whose OEM identity
# is the licence table's (SLIC, else MSDM) are marked.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import sys
import time

from child_monitor import Monitor

COLUMNS = '{:<9} {:>7}  {:<10} {:>3}  {:<8} {:<10} {:<9} {:<9} {}'


def text(field):
    """A text field as it is, NULs shown."""
    return ''.join(c if ' ' <= c <= '~' else '·' for c in field)


def main(argv):
    directory = None
    if argv[:1] == ['--dump']:
        directory, argv = argv[1], argv[2:]
    monitor = Monitor(argv)
    tables = monitor.ask('query-acpi-tables')
    elapsed = time.monotonic() - monitor.started
    if directory:
        monitor.ask('dump-acpi-tables', directory=directory)
    monitor.close()

    licence = next((t for s in ('SLIC', 'MSDM') for t in tables
                    if t['signature'] == s), None)

    def identity(table):
        return table.get('oem-id'), table.get('oem-table-id')

    print('What the guest sees:\n')
    print(COLUMNS.format('table', 'length', 'address', 'rev', 'OEM ID',
                         'OEM table', 'origin', 'checksum', '').rstrip())
    for t in tables:
        mark = ''
        if t is licence:
            mark = '<- gives its OEM identity'
        elif licence and identity(t) == identity(licence):
            mark = f"<- matches the {licence['signature']}"
        print(COLUMNS.format(
            text(t['signature']), t['length'], hex(t['address']),
            t.get('revision', '-'), text(t.get('oem-id', '-')),
            text(t.get('oem-table-id', '-')), t['origin'],
            'ok' if t['checksum-ok'] else 'WRONG', mark).rstrip())
    print(f'\nfrom start to this answer: {elapsed * 1000:.1f} ms '
          '(this script included)')
    if directory:
        print(f'tables written to {os.path.relpath(directory)}/: '
              f"{' '.join(sorted(os.listdir(directory)))}")


if __name__ == '__main__':
    main(sys.argv[1:])
