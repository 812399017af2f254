#!/usr/bin/env python3
# List what is in a saved machine: sections, where they are, their members
#
#   show-saved.py FILE
#
# The format: docs/specs/migration-stream.rst.  Checksums are not looked at:
# the program does that when it restores.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import struct
import sys

MAGIC = b'\x89FVM\r\n\x1a\n'
KINDS = {1: 'machine', 2: 'memory', 3: 'device', 4: 'end'}
BOOL, TIMER, PART, BLOB = 0x10, 0x20, 0x30, 0x40
PAGE = 4096
SHOWN = 8


class Source:
    """Bytes that are taken from the front; too few end it all."""

    def __init__(self, data, offset=0):
        self.data = data
        self.at = 0
        self.offset = offset

    def take(self, length):
        piece = self.data[self.at:self.at + length]
        if len(piece) < length:
            sys.exit(f'cut off at offset {self.offset + self.at + len(piece)}')
        self.at += length
        return piece

    def number(self, width, signed=False):
        return int.from_bytes(self.take(width), 'little', signed=signed)

    def left(self):
        return len(self.data) - self.at


def show_list(values):
    more = ' ...' if len(values) > SHOWN else ''
    return ' '.join(values[:SHOWN]) + more


def show_blob(data):
    text = data.decode('ascii', 'replace').rstrip('\n')
    if text and text.replace('\n', '').isprintable():
        return repr(text)
    return f'{len(data)} bytes ' + show_list([f'{b:02x}' for b in data])


def show_members(source):
    while source.left():
        offset = source.offset + source.at
        name = source.take(source.number(1)).decode('utf-8', 'replace')
        code, count = source.number(1), source.number(4)
        if code == BLOB:
            value = show_blob(source.take(count))
        elif code == PART:
            value = f'{count} of version {source.number(2)}'
        elif code == TIMER:
            value = show_list([
                str(source.number(8, signed=True)) for _ in range(count)])
        elif code in (1, 2, 4, 8, BOOL):
            width = 1 if code == BOOL else code
            value = show_list([
                hex(source.number(width)) for _ in range(count)])
        else:
            sys.exit(f'offset {offset}: values of kind {code:#x}')
        print(f'    {offset:10}  {name} = {value}')


def show_content(kind, source):
    if kind == 2:
        offset, pages = source.number(8), source.number(4)
        bitmap = source.take((pages + 7) // 8)
        there = sum(bin(byte).count('1') for byte in bitmap)
        print(f'    {there} of {pages} pages from {offset:#x} on, '
              f'{source.left() // PAGE} of them here')
    elif kind == 4:
        print(f'    {source.number(4)} sections before, '
              f'{source.number(8)} bytes')
    else:
        if kind == 3:
            print('    ' + source.take(source.number(1)).decode())
        show_members(source)


def main(path):
    with open(path, 'rb') as file:
        stream = Source(file.read())
    if stream.take(8) != MAGIC:
        sys.exit(f'{path}: not a saved machine')
    version, flags = stream.number(4), stream.number(4)
    print(f'version {version}, flags {flags:#x}')
    stream.take(8)
    kind = 0
    while kind != 4:
        start = stream.at
        magic, kind, version, number, name_len, _, length = struct.unpack(
            '<4sHHIHHQ', stream.take(24))
        if magic != b'SECT':
            sys.exit(f'offset {start}: no section begins here')
        name = stream.take(name_len).decode('utf-8', 'replace')
        stream.take(8)
        print(f'{start:10}  {number:4} {KINDS.get(kind, kind)} {name!r}, '
              f'version {version}, {length} bytes')
        content = stream.at
        show_content(kind, Source(stream.take(length), content))
        stream.take(8)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit('show-saved.py FILE')
    main(sys.argv[1])
