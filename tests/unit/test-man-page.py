#!/usr/bin/env python3
# The man page has every option, and groff finds no fault with it
#
#   test-man-page.py PAGE PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import shutil
import subprocess
import sys
import unittest


class ManPage(unittest.TestCase):
    def test_options(self):
        text = subprocess.run([PROGRAM, '-help'], capture_output=True,
                              text=True, check=True).stdout
        options = re.findall(r'^-([\w-]+)', text, re.MULTILINE)
        with open(PAGE, encoding='utf-8') as file:
            page = file.read().replace('\\-', '-')
        self.assertGreater(len(options), 20)
        described = re.findall(r'^\.B \\fB-([\w-]+)\\fP', page, re.MULTILINE)
        self.assertEqual(set(options) - set(described), set())
        self.assertNotIn('@OPTIONS@', page)

    def test_groups(self):
        """The groups of -help are sections below OPTIONS."""
        text = subprocess.run([PROGRAM, '-help'], capture_output=True,
                              text=True, check=True).stdout
        groups = re.findall(r'^([A-Z].*):$', text, re.MULTILINE)
        with open(PAGE, encoding='utf-8') as file:
            sections = re.findall(r'^\.SS (.*)', file.read(), re.MULTILINE)
        self.assertGreater(len(groups), 5)
        self.assertEqual(sections, groups)

    def test_members(self):
        """What the schema says of arguments is there."""
        with open(PAGE, encoding='utf-8') as file:
            page = file.read().replace('\\-', '-')
        for text in ('dump-acpi=', 'oem_table_id=', 'asl_compiler_rev=',
                     'iobase='):
            self.assertIn(text, page)

    def test_groff(self):
        if not shutil.which('groff'):
            self.skipTest('groff is not installed')
        result = subprocess.run(
            ['groff', '-man', '-Tutf8', '-ww', '-z', PAGE],
            capture_output=True, text=True, check=False)
        # long words cannot always be adjusted
        faults = [line for line in result.stderr.split('\n')
                  if line and 'adjust line' not in line
                  and 'break line' not in line]
        self.assertEqual((result.returncode, faults), (0, []))


if __name__ == '__main__':
    PAGE, PROGRAM = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
