#!/usr/bin/env python3
# Generate the QMP reference from a QAPI schema: see docs/devel/qapi.rst
#
#   qapi-doc.py [--depfile FILE] -o FILE.rst schema.json
#
# SPDX-License-Identifier: GPL-2.0-or-later

import argparse
import sys

# Nothing is left behind in the source tree.
sys.dont_write_bytecode = True

from qapi.check import check                            # noqa: E402
from qapi.parser import QapiError, parse_files          # noqa: E402
from qapi.reference import Reference                    # noqa: E402


def main():
    parser = argparse.ArgumentParser(
        description='Generate a reference from a QAPI schema.')
    parser.add_argument('-o', '--output', required=True, metavar='FILE')
    parser.add_argument('--depfile', help='where to list what was read')
    parser.add_argument('schema')
    args = parser.parse_args()

    try:
        expressions, files, documents = parse_files(args.schema)
        reference = Reference(check(expressions), documents, 'QMP reference')
    except QapiError as err:
        print(err, file=sys.stderr)
        return 1
    with open(args.output, 'w', encoding='utf-8') as file:
        file.write(reference.text())
    if args.depfile:
        with open(args.depfile, 'w', encoding='utf-8') as file:
            file.write(f'{args.output}: {" ".join(files)}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
