# QAPI schema files: from the model to a reference for readers, in
# reStructuredText
#
# Every documentation block of the schema becomes an entry, in the schema's
# order, under the headings that the schema has.  Types are links.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re

from .parser import Doc

HEAD = '''\
{rule}
{title}
{rule}

.. Generated from the schema by scripts/qapi-doc.py; changes are lost.

'''

#: Level of a schema heading, by its number of '='
UNDERLINES = {1: '=', 2: '-'}
ENTRY_UNDERLINE = '.'


class Section:
    """A part of a block: its kind ('body', 'member', 'feature' or a tag such
    as 'Returns'), the name of what it describes, and its lines."""

    def __init__(self, kind, name=None):
        self.kind = kind
        self.name = name
        self.lines = []

    def text(self):
        """The lines without the indent of those that go on."""
        first, rest = self.lines[:1], self.lines[1:]
        indents = [len(line) - len(line.lstrip())
                   for line in rest if line.strip()]
        cut = min(indents, default=0)
        text = '\n'.join(first + [line[cut:] for line in rest])
        return re.sub(r'(?<![\w`])@([A-Za-z0-9](?:[\w.-]*\w)?)', r'``\1``',
                      text).strip()


def sections_of(doc):
    """@doc's block, cut into Sections."""
    found = [Section('body')]
    kind = 'member'
    for line in doc.lines[1:]:
        named = Doc.NAMED.match(line)
        tag = Doc.TAGS.match(line)
        if named:
            found.append(Section(kind, named.group(1)))
            found[-1].lines.append(named.group(2) or '')
        elif line == 'Features:':
            kind = 'feature'
        elif tag:
            found.append(Section(tag.group(1)))
            found[-1].lines.append(line[tag.end():])
        else:
            found[-1].lines.append(line)
    return found


def indent(text, prefix='   '):
    return '\n'.join(prefix + line if line else line
                     for line in text.split('\n'))


class Reference:
    def __init__(self, model, documents, title):
        self.model = model
        self.documents = documents
        self.title = title

    def text(self):
        rule = '=' * len(self.title)
        out = [HEAD.format(rule=rule, title=self.title),
               '.. contents::\n   :depth: 2\n\n']
        for doc in self.documents:
            if doc.symbol:
                out.append(self.entry(doc))
            else:
                out.append(self.free_text(doc))
        return ''.join(out)

    @staticmethod
    def free_text(doc):
        out = ''
        for line in doc.lines:
            match = re.match(r'(=+) (.*)', line)
            if match:
                underline = UNDERLINES[min(len(match.group(1)), 2)]
                out += f'{match.group(2)}\n'
                out += underline * len(match.group(2)) + '\n'
            else:
                out += line + '\n'
        return out + '\n'

    # Entries

    def entry(self, doc):
        model = self.model
        name = doc.symbol
        if name in model.commands:
            command = model.commands[name]
            kind, lines, type_ = 'command', self.notes(command), command.args
        elif name in model.events:
            kind, lines, type_ = 'event', [], model.events[name].args
        else:
            type_ = model.types[name]
            kind, lines = self.kind_of(type_), []
        heading = f'{name} ({kind})'
        sections = sections_of(doc)
        out = f'.. _{kind}-{name}:\n\n{heading}\n'
        out += ENTRY_UNDERLINE * len(heading) + '\n\n'
        out += sections[0].text() + '\n\n'
        out += self.details(kind, type_, sections)
        for section in sections[1:]:
            if section.kind == 'feature':
                out += f'Feature ``{section.name}``\n'
                out += indent(section.text()) + '\n\n'
            elif section.kind not in ('member', 'Since'):
                out += self.heading(section.kind, name) + '\n'
                out += indent(section.text()) + '\n\n'
                lines = lines if section.kind != 'Returns' else lines[1:]
        return out + ''.join(line + '\n\n' for line in lines)

    @staticmethod
    def kind_of(type_):
        if type_.kind == 'struct' and type_.discriminator:
            return 'union'
        return type_.kind

    def heading(self, tag, name):
        command = self.model.commands.get(name)
        if tag == 'Returns' and command and command.ret:
            return f'Returns {self.link(command.ret)}'
        return tag

    def notes(self, command):
        lines = []
        if command.ret:
            lines.append(f'Returns {self.link(command.ret)}.')
        if command.allow_oob:
            lines.append('It may be sent out of band (``exec-oob``).')
        if command.allow_preconfig:
            lines.append('It works before the machine is built '
                         '(``-preconfig``).')
        return lines

    def details(self, kind, type_, sections):
        texts = {section.name: section.text() for section in sections
                 if section.kind == 'member'}
        if not type_:
            return ''
        if kind == 'enum':
            return self.fields('Values', ((f'``{value.name}``',
                                           texts[value.name])
                                          for value in type_.values))
        if kind == 'alternate':
            return self.fields('Choices', ((f'{self.link(branch.type)}',
                                            texts.get(branch.name, ''))
                                           for branch in type_.branches))
        title = 'Arguments' if kind == 'command' else 'Members'
        if kind in ('command', 'event') and type_.name in self.documented():
            return f'{title}: those of {self.link(type_)}\n\n'
        out = self.fields(title, ((self.member_head(member),
                                   texts[member.name])
                                  for member in type_.members))
        if type_.base and type_.base.name in self.documented():
            out += f'And the members of {self.link(type_.base)}.\n\n'
        elif type_.base:
            out = self.fields(title, ((self.member_head(member), member.doc)
                                      for member in type_.base.members)) + out
        for branch in type_.branches:
            if branch.type:
                out += (f'With ``{type_.discriminator.name}`` '
                        f'``{branch.name}`` also the members of '
                        f'{self.link(branch.type)}.\n\n')
        return out

    def documented(self):
        return {doc.symbol for doc in self.documents}

    @staticmethod
    def fields(title, rows):
        rows = list(rows)
        out = f'**{title}**\n\n' if rows else ''
        for head, text in rows:
            out += f'{head}\n{indent(text)}\n\n'
        return out

    def member_head(self, member):
        head = f'``{member.name}``: {self.link(member.type)}'
        if member.default is not None:
            return f'{head}, default ``{member.default}``'
        return f'{head}, optional' if member.optional else head

    def link(self, type_):
        if type_.kind == 'list':
            return f'list of {self.link(type_.element)}'
        if type_.name not in self.model.types:
            return type_.name
        kind = self.kind_of(type_)
        return f'`{type_.name} <{kind}-{type_.name}_>`__'
