#!/usr/bin/env python3
# Generate C from a QAPI schema: see docs/devel/qapi.rst
#
# Writes qapi-types.h, qapi-types.c and qapi-commands.c.  A file whose content
# stays the same is not touched, so that nothing is rebuilt for it.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import argparse
import os
import sys

# Nothing is left behind in the source tree.
sys.dont_write_bytecode = True

from qapi.check import check                            # noqa: E402
from qapi.emit import Emitter                           # noqa: E402
from qapi.parser import QapiError, parse_files          # noqa: E402


def write_if_changed(path, text):
    try:
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    except (OSError, UnicodeDecodeError):
        pass
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def own_files():
    """The generator's own modules: a change to them changes the output."""
    here = os.path.dirname(os.path.abspath(__file__))
    parts = os.path.join(here, 'qapi')
    return [os.path.abspath(__file__)] + sorted(
        os.path.join(parts, name) for name in os.listdir(parts)
        if name.endswith('.py'))


def escape(path):
    """A file name as make and ninja read it in a dependency file."""
    return path.replace('\\', '\\\\').replace(' ', '\\ ').replace('#', '\\#')


def main():
    parser = argparse.ArgumentParser(
        description='Generate C from a QAPI schema.')
    parser.add_argument('-o', '--output-dir', default='.', metavar='OUTDIR')
    parser.add_argument('--prefix', default='',
                        help='put before the names of the files')
    parser.add_argument('--depfile', help='where to list what was read')
    parser.add_argument('schema')
    args = parser.parse_args()

    try:
        expressions, files, _ = parse_files(args.schema)
        emitter = Emitter(check(expressions), args.prefix)
    except QapiError as err:
        print(err, file=sys.stderr)
        return 1
    outputs = {'qapi-types.h': emitter.header(),
               'qapi-types.c': emitter.types(),
               'qapi-commands.c': emitter.commands()}
    try:
        os.makedirs(args.output_dir, exist_ok=True)
        paths = []
        for name, text in outputs.items():
            path = os.path.join(args.output_dir, args.prefix + name)
            write_if_changed(path, text)
            paths.append(path)
        if args.depfile:
            depends = ' '.join(escape(path) for path in files + own_files())
            write_if_changed(args.depfile, f'{escape(paths[0])}: {depends}\n')
    except OSError as err:
        print(f'{err.filename}: {err.strerror}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
