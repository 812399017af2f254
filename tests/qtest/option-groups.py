#!/usr/bin/env python3
# query-command-line-options and the schema's documentation know the same
#
#   option-groups.py SCHEMA PROGRAM
#
# An option whose argument has a type is in three places: the schema's
# documentation, from which the man page finds it, the table of option groups,
# and the table of options.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pathlib
import subprocess
import sys
import unittest

# Nothing is left behind in the source tree.
sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))

from qapi.check import check                            # noqa: E402
from qapi.options import option_types                   # noqa: E402
from qapi.parser import parse_files                     # noqa: E402
from rawqmp import Program                              # noqa: E402

def member_names(type_):
    """Of a union, those of its arms, too."""
    names = {member.name for member in type_.all_members()}
    for branch in type_.branches if type_.discriminator else []:
        if branch.type:
            names |= member_names(branch.type)
    return names


def groups_of(program):
    """Names of parameters by group."""
    with Program(program) as run:
        groups = run.client().command('query-command-line-options')
    return {group['option']: {parameter['name'] for parameter
                              in group['parameters']} for group in groups}


class OptionGroups(unittest.TestCase):
    def setUp(self):
        model = check(parse_files(SCHEMA)[0])
        self.types = {name: member_names(type_) for name, type_
                      in option_types(model).items() if type_.kind != 'enum'}
        self.groups = groups_of(PROGRAM)

    def test_every_type_has_a_group(self):
        self.assertGreater(len(self.types), 20)
        for name, members in self.types.items():
            with self.subTest(option=name):
                self.assertIn(members, self.groups.values())

    def test_every_group_is_documented(self):
        for name, members in self.groups.items():
            with self.subTest(group=name):
                self.assertIn(members, self.types.values())

    def test_every_type_has_an_option(self):
        text = subprocess.run([PROGRAM, '-help'], capture_output=True,
                              text=True, check=True).stdout
        for name in self.types:
            self.assertIn(f'\n-{name} ', text)


if __name__ == '__main__':
    SCHEMA, PROGRAM = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
