#!/usr/bin/env python3
# Make the man page: a frame, the program's own list of options, and what the
# schema says of their arguments
#
#   make-man.py --schema schema.json --program PROGRAM -o OUTPUT FRAME
#
# OUTPUT is troff, or reStructuredText if its name ends with .rst.  The line
# @OPTIONS@ of FRAME is replaced.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import argparse
import re
import subprocess
import sys

# Nothing is left behind in the source tree.
sys.dont_write_bytecode = True

from qapi.check import check                            # noqa: E402
from qapi.options import option_types                   # noqa: E402
from qapi.parser import QapiError, parse_files          # noqa: E402

OPTION = re.compile(r'^-([A-Za-z0-9][\w-]*)(?: (.*))?$')


GROUP = re.compile(r'^([A-Z][^:]*):$')


def options_of(program):
    """(name, argument or None, help) of each option, as -help has them; a group
    of them is (None, None, title)."""
    text = subprocess.run([program, '-help'], capture_output=True, text=True,
                          check=True).stdout
    found = []
    for line in text.split('\n'):
        match = OPTION.match(line)
        group = GROUP.match(line)
        if match:
            found.append([match.group(1), match.group(2), ''])
        elif group:
            found.append([None, None, group.group(1)])
        elif found and line.startswith(' '):
            found[-1][2] = f'{found[-1][2]} {line.strip()}'.strip()
    return found


def literal(text):
    return '**' + re.sub(r'([\\*`|])', r'\\\1', text) + '**'


def indent(text, depth):
    return '\n'.join('    ' * depth + line for line in text.split('\n'))


def type_name(type_):
    if type_.kind == 'enum':
        return ' | '.join(literal(value.name) for value in type_.values)
    if type_.kind == 'list':
        return f'list of {type_name(type_.element)}'
    return {'bool': '**on** | **off**', 'str': 'text'}.get(type_.name,
                                                          type_.name)


def member_text(member, depth, is_tag):
    head = literal(member.name + '=') + '\\ '
    if member.type.kind == 'enum' and len(member.type.values) > 8:
        head += 'name'
    else:
        head += type_name(member.type)
    if member.default is not None:
        head += f' (default: {literal(member.default)})'
    elif not member.optional:
        head += ' (required)'
    out = indent(head, depth) + '\n' + indent(member.doc, depth + 1)
    out += '\n\n'
    if member.type.kind == 'enum' and not is_tag:
        for value in member.type.values:
            out += indent(literal(value.name), depth + 1) + '\n'
            out += indent(value.doc, depth + 2) + '\n\n'
    return out


def type_text(type_, depth):
    """The members of @type_; of a union those of each arm, too."""
    out = ''
    for member in type_.all_members():
        if member.type.kind in ('struct', 'list', 'any'):
            out += indent(literal(member.name), depth) + '\n'
            out += indent(member.doc, depth + 1) + '\n\n'
        else:
            out += member_text(member, depth,
                               member is type_.discriminator)
    if type_.discriminator:
        docs = {value.name: value.doc
                for value in type_.discriminator.type.values}
        for branch in type_.branches:
            out += indent(f'With {literal(branch.name)}, '
                          f'{docs[branch.name]}:', depth) + '\n\n'
            if branch.type:
                out += type_text(branch.type, depth + 1)
            else:
                out += indent('nothing more', depth + 1) + '\n\n'
    return out


def options_text(options, types):
    out = ''
    shown = set()
    for name, argument, text in options:
        if not name:
            out += f'{text}\n{"-" * len(text)}\n\n'
            continue
        head = literal('-' + name)
        if argument:
            head += ' ' + re.sub(r'([\\*`|_])', r'\\\1', argument)
        out += f'{head}\n{indent(text[:1].upper() + text[1:] + ".", 1)}\n\n'
        type_ = types.get(name)
        if type_ and type_.kind == 'struct' and type_.name not in shown:
            shown.add(type_.name)
            out += type_text(type_, 1)
    return out


def main():
    parser = argparse.ArgumentParser(description='Make the man page.')
    parser.add_argument('--schema', required=True)
    parser.add_argument('--program', required=True)
    parser.add_argument('--version', default='')
    parser.add_argument('-o', '--output', required=True)
    parser.add_argument('frame')
    args = parser.parse_args()

    try:
        model = check(parse_files(args.schema)[0])
    except QapiError as err:
        print(err, file=sys.stderr)
        return 1
    with open(args.frame, encoding='utf-8') as file:
        frame = file.read()
    page = frame.replace('@OPTIONS@\n', options_text(
        options_of(args.program), option_types(model)))
    page = page.replace(':Manual section: 1\n', ':Manual section: 1\n'
                        f':Version: {args.version}\n')
    if not args.output.endswith('.rst'):
        import docutils.core
        page = docutils.core.publish_string(
            page, writer_name='manpage', source_path=args.frame,
            settings_overrides={'report_level': 2, 'halt_level': 2,
                                'input_encoding': 'unicode',
                                'output_encoding': 'unicode'})
    with open(args.output, 'w', encoding='utf-8') as file:
        file.write(page)
    return 0


if __name__ == '__main__':
    sys.exit(main())
