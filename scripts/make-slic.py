#!/usr/bin/env python3
# Write a 374-byte SLIC table that holds no licence: a right header, the two
# structures' types and lengths, a pattern where key and marker would be
#
#   make-slic.py OEM_ID OEM_TABLE_ID > slic.bin
#
# SPDX-License-Identifier: GPL-2.0-or-later

import struct
import sys

LENGTH = 374
PUBLIC_KEY = 0      # structure types
MARKER = 1


def pattern(length):
    return bytes((i * 37 + 11) & 0xff for i in range(length))


def slic(oem_id, oem_table_id):
    key = struct.pack('<II', PUBLIC_KEY, 156) + pattern(148)
    marker = struct.pack('<II', MARKER, 182) + pattern(174)
    header = struct.pack('<4sIBB6s8sI4sI', b'SLIC', LENGTH, 1, 0, oem_id,
                         oem_table_id, 1, b'ACME', 1)
    table = bytearray(header + key + marker)
    table[9] = -sum(table) & 0xff
    return bytes(table)


if __name__ == '__main__':
    if len(sys.argv) != 3 or len(sys.argv[1]) > 6 or len(sys.argv[2]) > 8:
        sys.exit('usage: make-slic.py OEM_ID OEM_TABLE_ID > slic.bin '
                 '(up to 6 and 8 characters)')
    sys.stdout.buffer.write(slic(sys.argv[1].encode(), sys.argv[2].encode()))
