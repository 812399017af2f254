#!/usr/bin/env python3
# The QAPI generator: what it refuses, and where it says the fault is
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       '..', '..', 'scripts')
GENERATOR = os.path.join(SCRIPTS, 'qapi-gen.py')

sys.dont_write_bytecode = True
sys.path.insert(0, SCRIPTS)

from qapi.check import check                            # noqa: E402
from qapi.parser import QapiError, parse_files          # noqa: E402


def doc(name, *members, text='Text.', features=()):
    """A documentation block; each member takes two lines."""
    lines = ['##', f'# @{name}:', '#', f'# {text}', '#']
    lines += [f'# @{member}: text' for member in members]
    if features:
        lines += ['#', '# Features:']
        lines += [f'# @{feature}: text' for feature in features]
    return '\n'.join(lines + ['##']) + '\n'


def struct(name, data, *members, more=''):
    return (doc(name, *members) +
            f"{{ 'struct': '{name}', 'data': {data}{more} }}\n")


# Complete and correct; what the rows below build on.
ENUM = doc('Kind', 'one', 'two') + "{ 'enum': 'Kind', 'data': ['one','two'] }\n"
PLAIN = struct('Plain', "{ 'a': 'str' }", 'a')

# (schema, line of the fault, part of the message)
BAD = [
    # Notation
    ("[]", 1, "expected '{'"),
    ("\n\n{ 'a' 'b' }", 3, "expected ':'"),
    ("{ 'a': 'b' ", 1, "expected ',' or '}'"),
    ("{ 'a': }", 1, "expected a value"),
    ("{ 'a': 'b', }", 1, "stray ',' before '}'"),
    ("{ 'a': ['b', ] }", 1, "stray ',' before ']'"),
    ("{ 'a': ['b' 'c'] }", 1, "expected ',' or ']'"),
    ("{ a: 'b' }", 1, "expected a quoted key"),
    ("{ 'a': 'b", 1, "string has no closing quote"),
    ("{ 'a': \"b\" }", 1, "stray '\"'"),
    ("{ 'a': '\\x' }", 1, "unknown escape \\x"),
    ("{ 'a': '\u00e4' }", 1, "printable ASCII"),
    ("{ 'a': 'b',\n  'a': 'c' }", 2, "key 'a' is given twice"),
    ("{ 'a': " + '[' * 40, 1, "nested too deep"),
    ("{ 'a': wrong }", 1, "expected a value"),
    # Documentation blocks
    ("##\n# @A:\n", 1, "no closing '##'"),
    ("##\n# @A:\n#text\n##\n", 3, "must start with '# '"),
    (doc('A') + doc('B'), 1, "documentation of 'A' is not followed"),
    (doc('A'), 1, "documentation of 'A' is not followed"),
    ("{ 'struct':\n##\n# @A:\n##\n'A' }", 2, "inside an expression"),
    ("##\n# @A:\n#\n# Text.\n#\n# @x: 1\n# @x: 2\n##\n", 7,
     "'x' is documented twice"),
    # Top level
    ("{ 'nonsense': 1 }", 1, "expected one of 'enum'"),
    ("{ 'struct': 'A', 'enum': 'B' }", 1, "expected one of 'enum'"),
    ("{ 'include': 'absent.json' }", 1, "cannot read"),
    ("{ 'include': 'schema.json' }", 1, "includes itself"),
    ("{ 'include': 'a', 'b': 1 }", 1, "must stand alone"),
    ("{ 'include': 1 }", 1, "must be a file name"),
    ("{ 'pragma': { 'unknown': true } }", 1, "unknown pragma"),
    ("{ 'pragma':\n  { 'doc-required': false } }", 2, "always required"),
    ("{ 'pragma': { 'member-name-exceptions': 'A' } }", 1,
     "must be a list of names"),
    (doc('A') + "{ 'struct': 'A' }", 7, "struct 'A' lacks key 'data'"),
    (doc('A') + "{ 'struct': 'A', 'data': {},\n  'wrong': 1 }", 8,
     "struct 'A' has unknown key 'wrong'"),
    (doc('A') + "{ 'struct': 'A', 'data': {},\n  'if': 'B' }", 8,
     "'if' is not supported"),
    # Documentation and definition
    ("{ 'struct': 'A', 'data': {} }", 1, "struct 'A' is not documented"),
    (doc('B') + "{ 'struct': 'A', 'data': {} }", 1,
     "documentation is of 'B', but 'A' follows"),
    ("##\n# @A:\n##\n{ 'struct': 'A', 'data': {} }", 1, "has no text"),
    (struct('A', "{ 'a': 'str',\n  'b': 'str' }", 'a'), 9,
     "struct 'A': 'b' is not documented"),
    ("##\n# @A:\n#\n# Text.\n#\n# @a:\n##\n"
     "{ 'struct': 'A', 'data': { 'a': 'str' } }", 8,
     "struct 'A': 'a' is not documented"),
    (struct('A', "{}", 'ghost'), 6,
     "documented 'ghost' does not exist in struct 'A'"),
    (doc('A', features=['ghost']) + "{ 'struct': 'A', 'data': {} }", 8,
     "documented feature 'ghost' does not exist"),
    (struct('A', "{}", more=", 'features': ['f']"), 7,
     "feature 'f' is not documented"),
    (doc('A', features=['f']) +
     "{ 'struct': 'A', 'data': {}, 'features': ['f', 'f'] }", 10,
     "feature 'f' is given twice"),
    (struct('A', "{}", more=", 'features': 'f'"), 7, "must be a list"),
    (doc('E', 'a') + "{ 'enum': 'E', 'data': ['a',\n'b'] }", 9,
     "enum 'E': 'b' is not documented"),
    (doc('do-it') + "{ 'command': 'do-it', 'data': { 'a': 'str' } }", 7,
     "command 'do-it': 'a' is not documented"),
    (doc('IT') + "{ 'event': 'IT', 'data': { 'a': 'str' } }", 7,
     "event 'IT': 'a' is not documented"),
    # Names
    (struct('a', "{}"), 7, "'a' is not a valid type name"),
    (struct('AList', "{}"), 7, "must not end in 'List'"),
    (PLAIN + PLAIN, 16, "type 'Plain' is already defined at"),
    (struct('A', "{ 'a b': 'str' }", 'x'), 8, "not a valid member name"),
    (struct('A', "{ 'u': 'str' }", 'u'), 8, "'u' is reserved"),
    (struct('A', "{ 'has-x': 'str' }", 'has-x'), 8, "'has-x' is reserved"),
    (struct('A', "{ 'a-b': 'str',\n 'a_b': 'str' }", 'a-b', 'a_b'), 10,
     "member 'a_b' collides with 'a-b'"),
    (struct('A', "{ 'a': 'str',\n '*a': 'str' }", 'a'), 9,
     "member 'a' collides with 'a'"),
    (doc('Do') + "{ 'command': 'Do' }", 7, "not a valid command name"),
    (doc('do-it') + "{ 'command': 'do-it' }\n" +
     doc('do_it') + "{ 'command': 'do_it' }", 14, "is already defined at"),
    (doc('it') + "{ 'event': 'it' }", 7, "not a valid event name"),
    (doc('E', 'a') + "{ 'enum': 'E', 'data': ['a',\n'a'] }", 9,
     "value 'a' is given twice"),
    (doc('E', 'a-b', 'a_b') + "{ 'enum': 'E', 'data': ['a-b',\n'a_b'] }", 10,
     "C name E_A_B is already taken"),
    (doc('Foo', 'bar-baz') + "{ 'enum': 'Foo', 'data': ['bar-baz'] }\n" +
     doc('FooBar', 'baz') + "{ 'enum': 'FooBar', 'data': ['baz'] }", 16,
     "C name FOO_BAR_BAZ is already taken"),
    (doc('E') + "{ 'enum': 'E', 'data': [] }", 7, "must be a list of values"),
    (doc('E', 'a') + "{ 'enum': 'E', 'prefix': 'x y', 'data': ['a'] }", 8,
     "'prefix' must be a C name"),
    # Types
    (struct('A', "{ 'a': 'string' }", 'a'), 8, "unknown type 'string'"),
    (struct('A', "{ 'a': ['str', 'str'] }", 'a'), 8, "one type name"),
    (struct('A', "{ 'a': [['str']] }", 'a'), 8, "one type name"),
    (struct('A', "{ 'a': 1 }", 'a'), 8, "expected a type name"),
    (struct('A', "{ 'a': { 'default': 1 } }", 'a'), 8, "lacks key 'type'"),
    (struct('A', "{ 'a': { 'type': 'str', 'if': 'X' } }", 'a'), 8,
     "'if' is not supported"),
    (struct('A', "[]"), 7, "'data' must be a dictionary"),
    (ENUM + struct('A', "{}", more=", 'base': 'Kind'"), 16,
     "base 'Kind' is not a struct"),
    (struct('A', "{}", more=", 'base': 'A'"), 7, "is its own base"),
    (struct('A', "{}", more=", 'base': 'B'") +
     struct('B', "{}", more=", 'base': 'A'"), 7, "is its own base"),
    (PLAIN + struct('B', "{ 'a': 'str' }", 'a', more=", 'base': 'Plain'"), 16,
     "member 'a' collides with 'a' of its base"),
    # Defaults
    (struct('A', "{ 'a': { 'type': 'int', 'default': 1 } }", 'a'), 8,
     "has a default but is not optional"),
    (struct('A', "{ '*a': { 'type': 'uint8',\n 'default': 256 } }", 'a'), 9,
     "default must be from 0 to 255"),
    (struct('A', "{ '*a': { 'type': 'int8', 'default': -129 } }", 'a'), 8,
     "default must be from -128 to 127"),
    (struct('A', "{ '*a': { 'type': 'size', 'default': -1 } }", 'a'), 8,
     "default must be from 0 to 18446744073709551615"),
    (struct('A', "{ '*a': { 'type': 'int', 'default': '1' } }", 'a'), 8,
     "default must be an integer"),
    (struct('A', "{ '*a': { 'type': 'int', 'default': true } }", 'a'), 8,
     "default must be an integer"),
    (struct('A', "{ '*a': { 'type': 'int', 'default': 1.5 } }", 'a'), 8,
     "default must be an integer"),
    (struct('A', "{ '*a': { 'type': 'bool', 'default': 1 } }", 'a'), 8,
     "default must be true or false"),
    (struct('A', "{ '*a': { 'type': 'str', 'default': 1 } }", 'a'), 8,
     "default must be a string"),
    (struct('A', "{ '*a': { 'type': 'str', 'default': null } }", 'a'), 8,
     "default must be a string"),
    (struct('A', "{ '*a': { 'type': 'number', 'default': 'x' } }", 'a'), 8,
     "default must be a number"),
    (struct('A', "{ '*a': { 'type': 'number', 'default': 1e999 } }", 'a'), 8,
     "default must be a finite number"),
    (ENUM + struct('A', "{ '*a': { 'type': 'Kind', 'default': 'x' } }", 'a'),
     17, "default must be one of one, two"),
    (struct('A', "{ '*a': { 'type': ['str'], 'default': [] } }", 'a'), 8,
     "type '[str]' cannot have a default"),
    # Unions
    (doc('U') + "{ 'union': 'U', 'data': {} }", 7, "lacks key 'base'"),
    (PLAIN + doc('U') +
     "{ 'union': 'U', 'base': 'Plain',\n  'discriminator': 'x', 'data': {} }",
     16, "discriminator 'x' is not a member of the base"),
    (PLAIN + doc('U') +
     "{ 'union': 'U', 'base': 'Plain',\n  'discriminator': 'a', 'data': {} }",
     16, "discriminator 'a' is not of an enum type"),
    (ENUM + doc('U', 'k') + "{ 'union': 'U', 'base': { '*k': 'Kind' },\n"
     "  'discriminator': 'k', 'data': {} }", 18,
     "discriminator 'k' is optional and has no default"),
    (ENUM + PLAIN + doc('U', 'k') +
     "{ 'union': 'U', 'base': { 'k': 'Kind' }, 'discriminator': 'k',\n"
     "  'data': { 'three': 'Plain' } }", 26,
     "branch 'three' is not a value of 'Kind'"),
    (ENUM + doc('U', 'k') +
     "{ 'union': 'U', 'base': { 'k': 'Kind' }, 'discriminator': 'k',\n"
     "  'data': { 'one': 'str' } }", 18, "branch 'one' is not a struct"),
    (ENUM + PLAIN + doc('U', 'k', 'a') +
     "{ 'union': 'U', 'base': { 'k': 'Kind', 'a': 'int' },\n"
     "  'discriminator': 'k',\n  'data': { 'one': 'Plain' } }", 28,
     "member 'a' of branch 'one' is a member of the union already"),
    (ENUM + doc('U', 'k') +
     "{ 'union': 'U', 'base': { 'k': 'Kind' }, 'discriminator': 'k',\n"
     "  'data': { 'one': 'U' } }", 17, "contains itself"),
    # Alternates
    (doc('A') + "{ 'alternate': 'A', 'data': {} }", 7, "must not be empty"),
    (doc('A', 's') + "{ 'alternate': 'A', 'data': { 's': 'any' } }", 8,
     "cannot be of type 'any'"),
    (ENUM + doc('A', 's', 'e') +
     "{ 'alternate': 'A', 'data': { 's': 'str',\n 'e': 'Kind' } }", 19,
     "branch 'e' cannot be told from 's'"),
    (doc('A', 'i', 'n') +
     "{ 'alternate': 'A', 'data': { 'i': 'int',\n 'n': 'number' } }", 10,
     "branch 'n' cannot be told from 'i'"),
    (doc('A') + "{ 'alternate': 'A', 'data': { 's': 'str' } }", 7,
     "'s' is not documented"),
    # Commands and events
    (doc('do') + "{ 'command': 'do', 'data': 'str' }", 7,
     "'data' is not a struct"),
    (doc('do') + "{ 'command': 'do',\n 'returns': 'Absent' }", 8,
     "'returns': unknown type 'Absent'"),
    (doc('do') + "{ 'command': 'do', 'allow-oob': 'yes' }", 7,
     "'allow-oob' must be true or false"),
    (doc('IT') + "{ 'event': 'IT', 'returns': 'str' }", 7,
     "event 'IT' has unknown key 'returns'"),
    (struct('DoItArgs', "{}") + doc('do-it', 'a') +
     "{ 'command': 'do-it', 'data': { 'a': 'str' } }", 15,
     "type 'DoItArgs' is already defined"),
]


class Generator(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def run_on(self, text, *options):
        self.write('schema.json', text)
        return subprocess.run(
            [sys.executable, GENERATOR, '-o', self.path('out'), *options,
             self.path('schema.json')],
            capture_output=True, text=True, check=False)

    def test_good(self):
        result = self.run_on(ENUM + PLAIN)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertEqual(sorted(os.listdir(self.path('out'))),
                         ['qapi-commands.c', 'qapi-types.c', 'qapi-types.h'])
        self.assertIn('KIND_ONE,', self.read('out/qapi-types.h'))

    def test_bad(self):
        path = self.path('schema.json')
        for text, line, message in BAD:
            with self.subTest(message, schema=text):
                self.write('schema.json', text)
                with self.assertRaises(QapiError) as caught:
                    check(parse_files(path)[0])
                fault = str(caught.exception)
                self.assertTrue(fault.startswith(f'{path}:{line}: '), fault)
                self.assertIn(message, fault)

    def test_bad_is_told_in_one_line(self):
        result = self.run_on("\n{ 'wrong' }")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, '')
        self.assertEqual(result.stderr,
                         f"{self.path('schema.json')}:2: expected ':'\n")
        self.assertFalse(os.path.exists(self.path('out')))

    def test_fault_in_included_file(self):
        self.write('inner.json', "\n{ 'wrong' }")
        result = self.run_on("{ 'include': 'inner.json' }")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f'{self.path("inner.json")}:2: ', result.stderr)

    def test_include_twice_and_order(self):
        self.write('inner.json', ENUM)
        result = self.run_on("{ 'include': 'inner.json' }\n" + PLAIN +
                             "{ 'include': 'inner.json' }\n")
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        header = self.read('out/qapi-types.h')
        self.assertEqual(header.count('typedef enum Kind'), 1)

    def test_absent_schema(self):
        result = subprocess.run(
            [sys.executable, GENERATOR, '-o', self.path('out'),
             self.path('absent.json')],
            capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn('absent.json', result.stderr)

    def test_prefix_and_dependencies(self):
        self.write('inner.json', ENUM)
        result = self.run_on("{ 'include': 'inner.json' }\n" + PLAIN,
                             '--prefix', 'my-', '--depfile', self.path('d'))
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        target, names = self.read('d').split(': ')
        self.assertEqual(target, self.path('out/my-qapi-types.h'))
        names = names.split()
        self.assertIn(self.path('schema.json'), names)
        self.assertIn(self.path('inner.json'), names)
        self.assertIn(os.path.realpath(GENERATOR),
                      [os.path.realpath(name) for name in names])
        self.assertIn('#include "my-qapi-types.h"',
                      self.read('out/my-qapi-types.c'))

    def test_unchanged_output_is_not_touched(self):
        self.run_on(PLAIN)
        header = self.path('out/qapi-types.h')
        os.utime(header, (1, 1))
        # A comment changes nothing; a member does.
        self.run_on('# comment\n' + PLAIN)
        self.assertEqual(os.stat(header).st_mtime, 1)
        self.run_on(PLAIN + struct('More', "{}"))
        self.assertNotEqual(os.stat(header).st_mtime, 1)

    def test_names(self):
        result = self.run_on(
            doc('MachineFirmware', 'built-in', '2nd') +
            "{ 'enum': 'MachineFirmware', 'data': ['built-in', '2nd'] }\n" +
            doc('ACPISlotKind', 'a') +
            "{ 'enum': 'ACPISlotKind', 'data': ['a'] }\n" +
            doc('Own', 'a') +
            "{ 'enum': 'Own', 'prefix': 'MINE', 'data': ['a'] }\n" +
            struct('S', "{ 'oem-id': 'str', '*2d': 'int', '*default': 'int',"
                   " 'unix': 'bool' }", 'oem-id', '2d', 'default', 'unix') +
            doc('query-it', 'x') +
            "{ 'command': 'query-it', 'data': { 'x': 'int' },"
            " 'returns': ['S'] }\n" +
            doc('IT_IS', 'y') + "{ 'event': 'IT_IS', 'data': { 'y': 'any' } }")
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        header = ' '.join(self.read('out/qapi-types.h').split())
        for text in ('MACHINE_FIRMWARE_BUILT_IN, MACHINE_FIRMWARE_2ND, }',
                     '#define MACHINE_FIRMWARE__MAX 2', 'ACPI_SLOT_KIND_A,',
                     'MINE_A,', 'char *oem_id;', 'bool has_2d; int64_t q_2d;',
                     'bool has_default; int64_t q_default;', 'bool q_unix;',
                     'bool qmp_query_it(QmpContext *ctx, '
                     'const QueryItArgs *args, SList *ret, GError **error);',
                     'extern const QapiEvent qapi_event_IT_IS;',
                     'struct ItIsEvent { struct json_object *y; };'):
            self.assertIn(text, header)


if __name__ == '__main__':
    unittest.main()
