#!/usr/bin/env python3
# Completion in bash, asked as bash asks
#
#   completion-test.py COMPLETION PROGRAM
#
# Skipped (77) where there is no bash.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import shutil
import subprocess
import sys
import unittest

# What has been typed, and what must be offered; bash's word begins after the
# last '=' or ':'
OFFERED = [
    ('-mach', {'-machine'}),
    ('-machine ', {'pc', 'q35', 'none'}),
    ('-machine q', {'q35'}),
    ('-M q35,firm', {'q35,firmware='}),
    ('-machine q35,firmware=', {'auto', 'builtin', 'image'}),
    ('-machine q35,firmware=b', {'builtin'}),
    ('-device isa-d', {'isa-debugcon'}),
    ('-device isa-debugcon,io', {'isa-debugcon,iobase='}),
    ('-S -chardev socket,id=a,ser', {'a,server='}),
    ('-chardev socket,id=a,server=o', {'on', 'off'}),
    ('-acpitable sig=SLIC,fi', {'SLIC,file='}),
    ('-acpitable file=COPY', {'COPYING'}),
    ('-bios COPY', {'COPYING'}),
    ('--mach', {'--machine'}),
    ('--machine q', {'q35'}),
    ('-qmp st', {'stdio'}),
    ('-serial p', {'pipe:', 'pty'}),
    ('-qmp unix:COPY', {'COPYING'}),
    ('-device vmg', {'vmgenid'}),
    ('-device vmgenid,restore=', {'auto', 'renew', 'keep'}),
    ('-incoming ', {'defer', 'file:', 'fd:', 'unix:'}),
    ('-incoming d', {'defer'}),
    ('-incoming file:COPY', {'COPYING'}),
    ('-runas n', set()),
    ('-sandbox x', set()),
    ('-machine nosuch,', set()),
    ("-device ';touch", set()),
]

SCRIPT = r'''
. "$1"
COMP_LINE="firmament-system-x86_64 $3"
COMP_POINT=${#COMP_LINE}
COMPREPLY=()
_firmament "$2"
for word in "${COMPREPLY[@]}"; do printf '%s\n' "$word"; done
'''


class Completion(unittest.TestCase):
    def offered(self, typed):
        result = subprocess.run(
            ['bash', '-c', SCRIPT, 'bash', COMPLETION, PROGRAM, typed],
            capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        return set(result.stdout.split('\n')) - {''}

    def test_offered(self):
        for typed, wanted in OFFERED:
            with self.subTest(typed):
                self.assertEqual(self.offered(typed), wanted)

    def test_every_option(self):
        text = subprocess.run([PROGRAM, '-help'], capture_output=True,
                              text=True, check=True).stdout
        options = {line.split()[0] for line in text.split('\n')
                   if line.startswith('-')}
        for typed in ('', '-', '-S ', '-nosuchoption '):
            self.assertEqual(self.offered(typed), options)


if __name__ == '__main__':
    COMPLETION, PROGRAM = map(os.path.abspath, sys.argv[1:3])
    ROOT = os.path.dirname(os.path.dirname(os.path.dirname(COMPLETION)))
    if not shutil.which('bash'):
        print('SKIP: bash is not installed')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
