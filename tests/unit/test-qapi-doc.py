#!/usr/bin/env python3
# The QMP reference: scripts/qapi-doc.py
#
# What the schema says is in it, and docutils, where it is installed, finds no
# fault with it.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GENERATOR = os.path.join(ROOT, 'scripts', 'qapi-doc.py')
SCHEMA = os.path.join(ROOT, 'qapi', 'schema.json')
TEST_SCHEMA = os.path.join(HERE, 'test-schema.json')

SMALL = """
##
# = Part
##

##
# @Kind:
#
# Sorts of things.
#
# @one: the first, see @two
#
# @two: the second
#
#     a paragraph of its own
##
{ 'enum': 'Kind', 'data': [ 'one', 'two' ] }

##
# @do-it:
#
# Do it.
#
# @kind: which
#
# @times: how often
#
# Returns: what was done
#
# Errors:
#     - If it cannot be done, GenericError
##
{ 'command': 'do-it',
  'data': { 'kind': 'Kind', '*times': { 'type': 'int', 'default': 3 } },
  'returns': [ 'Kind' ], 'allow-oob': true }
"""

EXPECTED = """Part
====

.. _enum-Kind:

Kind (enum)
...........

Sorts of things.

**Values**

``one``
   the first, see ``two``

``two``
   the second

   a paragraph of its own

.. _command-do-it:

do-it (command)
...............

Do it.

**Arguments**

``kind``: `Kind <enum-Kind_>`__
   which

``times``: int, default ``3``
   how often

Returns list of `Kind <enum-Kind_>`__
   what was done

Errors
   - If it cannot be done, GenericError

It may be sent out of band (``exec-oob``).

"""


class Reference(unittest.TestCase):
    def generate(self, schema):
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, 'reference.rst')
            result = subprocess.run(
                [sys.executable, GENERATOR, '-o', path, schema],
                capture_output=True, text=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ''))
            with open(path, encoding='utf-8') as file:
                return file.read()

    def test_small(self):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            file.write(SMALL)
            file.flush()
            text = self.generate(file.name)
        self.assertEqual(text[text.index('Part\n'):], EXPECTED)

    def test_everything_is_there(self):
        for schema in (SCHEMA, TEST_SCHEMA):
            text = self.generate(schema)
            targets = re.findall(r'^\.\. _(.*):$', text, re.MULTILINE)
            self.assertEqual(len(targets), len(set(targets)))
            for target in re.findall(r'<([a-z]+-[^>]*)_>`__', text):
                self.assertIn(target, targets)

    def test_docutils(self):
        try:
            import docutils.core
        except ImportError:
            self.skipTest('docutils is not installed (python3-docutils)')
        for schema in (SCHEMA, TEST_SCHEMA):
            docutils.core.publish_string(
                self.generate(schema), writer_name='html4css1',
                settings_overrides={'halt_level': 2, 'report_level': 2,
                                    'input_encoding': 'unicode'})

    def test_fault_is_told_in_one_line(self):
        result = subprocess.run(
            [sys.executable, GENERATOR, '-o', os.devnull, '/absent.json'],
            capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count('\n'), 1)
        self.assertIn('absent.json', result.stderr)


if __name__ == '__main__':
    unittest.main()
