# QAPI schema files: from the model to C
#
# The C layout is the one that include/qapi/type.h describes.
#
# SPDX-License-Identifier: GPL-2.0-or-later

from .check import c_name

HEAD = '''\
/*
 * {title}
 *
 * Generated from the schema by scripts/qapi-gen.py; changes are lost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
'''

KINDS = {'struct': 'STRUCT', 'enum': 'ENUM', 'alternate': 'ALTERNATE',
         'list': 'LIST'}


def quote(text):
    """@text as a C string literal; the parser let ASCII strings and UTF-8
    documentation through."""
    out = ''
    for char in text:
        if char in '\\"':
            out += '\\' + char
        elif char == '?':
            out += '\\?'
        elif ' ' <= char <= '~':
            out += char
        else:
            out += ''.join(f'\\{byte:03o}' for byte in char.encode())
    return f'"{out}"'


def storage(type_):
    """The C type of a member, ready for its name to follow."""
    return type_.c_type + '*' if type_.kind == 'struct' else type_.c_type


def tables_of(features, name):
    """A feature list's table, and the initializer that refers to it."""
    if not features:
        return '', ''
    items = ''.join(f'{quote(f)}, ' for f in features)
    return (f'static const char *const {name}[] = {{ {items}NULL }};\n',
            f'.features = {name}, ')


class Emitter:
    def __init__(self, model, prefix):
        self.model = model
        self.prefix = prefix

    # qapi-types.h

    def header(self):
        guard = c_name(self.prefix.upper()) + 'QAPI_TYPES_H'
        out = [HEAD.format(title='QAPI: types, events and command handlers'),
               f'#ifndef {guard}\n#define {guard}\n\n'
               '#include "qapi/command.h"\n\n']
        types = self.model.types.values()
        for type_ in types:
            if type_.kind == 'enum':
                out.append(self.enum_def(type_))
            else:
                out.append(f'typedef struct {type_.name} {type_.name};\n\n')
        for list_ in self.model.lists.values():
            if list_.c_tag != 'strList':
                out.append(self.list_def(list_))
        for type_ in types:
            if type_.kind == 'alternate':
                out.append(self.alternate_def(type_))
        done = set()
        for type_ in types:
            if type_.kind == 'struct':
                self.struct_def(type_, done, out)
        names = [t.c_tag for t in types]
        names += [t.c_tag for t in self.model.lists.values()
                  if t.c_tag != 'strList']
        out += [f'extern const QapiType qapi_type_{name};\n'
                for name in names]
        out.append('\n')
        out += [f'extern const QapiEvent qapi_event_{c_name(name)};\n'
                for name in self.model.events]
        out.append('\n')
        for command in self.model.commands.values():
            out.append(self.prototype(command))
        out.append('\n#endif\n')
        return ''.join(out)

    @staticmethod
    def enum_def(type_):
        values = ''.join(f'    {value.const},\n' for value in type_.values)
        return (f'typedef enum {type_.name} {{\n{values}}} {type_.name};\n\n'
                f'#define {type_.prefix}__MAX {len(type_.values)}\n\n')

    @staticmethod
    def list_def(list_):
        return (f'typedef struct {list_.c_tag} {{\n'
                '    size_t len;\n'
                f'    {list_.element.c_type}*items;\n'
                f'}} {list_.c_tag};\n\n')

    @staticmethod
    def alternate_def(type_):
        kinds = ''.join(f'    {branch.const},\n'
                        for branch in type_.branches)
        arms = ''.join(f'        {storage(branch.type)}{branch.c_name};\n'
                       for branch in type_.branches)
        return (f'enum {{\n{kinds}}};\n\n'
                f'struct {type_.name} {{\n'
                '    QapiAlternateKind type;\n'
                f'    union {{\n{arms}    }} u;\n'
                '};\n\n')

    def struct_def(self, type_, done, out):
        """Define a struct after those that it holds by value."""
        if type_.name in done:
            return
        done.add(type_.name)
        arms = [branch for branch in type_.branches if branch.type]
        for arm in arms:
            self.struct_def(arm.type, done, out)
        out.append(f'struct {type_.name} {{\n')
        members = type_.all_members()
        for member in members:
            if member.has_flag:
                out.append(f'    bool has_{member.has_name};\n')
            out.append(f'    {storage(member.type)}{member.c_name};\n')
        if arms:
            fields = ''.join(f'        {arm.type.c_type}{arm.c_name};\n'
                             for arm in arms)
            out.append(f'    union {{\n{fields}    }} u;\n')
        if not members and not arms:
            # A struct must have a size: absent is told by a NULL pointer.
            out.append('    char q_empty;\n')
        out.append('};\n\n')

    def prototype(self, command):
        params = ['QmpContext *ctx']
        if command.args:
            params.append(f'const {command.args.name} *args')
        if command.ret:
            params.append(f'{command.ret.c_type}*ret')
        params.append('GError **error')
        text = f'bool qmp_{c_name(command.name)}(' + params[0]
        line = len(text)
        indent = text.index('(') + 1
        for param in params[1:]:
            if line + len(param) + 3 > 80:
                text += ',\n' + ' ' * indent + param
                line = indent + len(param)
            else:
                text += ', ' + param
                line += len(param) + 2
        return text + ');\n'

    # qapi-types.c

    def types(self):
        out = [HEAD.format(title='QAPI: metadata of types and events'),
               f'#include "{self.prefix}qapi-types.h"\n\n']
        for type_ in self.model.types.values():
            out.append(getattr(self, type_.kind + '_tables')(type_))
        for list_ in self.model.lists.values():
            if list_.c_tag != 'strList':
                out.append(
                    f'const QapiType qapi_type_{list_.c_tag} = {{\n'
                    f'    .name = {quote(list_.name)},\n'
                    '    .kind = QAPI_KIND_LIST,\n'
                    f'    .size = sizeof({list_.c_tag}),\n'
                    '    .doc = "",\n'
                    f'    .element = &qapi_type_{list_.element.c_tag},\n'
                    '};\n\n')
        events = self.model.events.values()
        for event in events:
            name = c_name(event.name)
            table, features = tables_of(event.features,
                                        f'features_of_event_{name}')
            data = (f'    .data = &qapi_type_{event.args.name},\n'
                    if event.args else '')
            out.append(f'{table}const QapiEvent qapi_event_{name} = {{\n'
                       f'    .name = {quote(event.name)},\n'
                       f'    .doc = {quote(event.doc)},\n'
                       f'{data}{self.line(features)}}};\n\n')
        out.append(self.pointers(
            'QapiType', 'types', 'type',
            [t.c_tag for t in self.model.types.values()] +
            [t.c_tag for t in self.model.lists.values()]))
        out.append('\n')
        out.append(self.pointers('QapiEvent', 'events', 'event',
                                 [c_name(e.name) for e in events]))
        return ''.join(out)

    @staticmethod
    def line(initializer):
        return f'    {initializer.rstrip()}\n' if initializer else ''

    @staticmethod
    def pointers(c_type, table, item, names):
        # ISO C has no empty array; the count says that NULL is no entry.
        items = ''.join(f'    &qapi_{item}_{name},\n' for name in names)
        return (f'const {c_type} *const qapi_{table}[] = {{\n'
                f'{items or "    NULL,"  + chr(10)}}};\n'
                f'const size_t qapi_n_{table} = {len(names)};\n')

    def type_table(self, type_, fields, tables=''):
        table, features = tables_of(type_.features,
                                    f'features_of_{type_.name}')
        return (f'{tables}{table}const QapiType qapi_type_{type_.name} = {{\n'
                f'    .name = {quote(type_.name)},\n'
                f'    .kind = QAPI_KIND_{KINDS[type_.kind]},\n'
                f'    .size = sizeof({type_.name}),\n'
                f'    .doc = {quote(type_.doc)},\n'
                f'{fields}{self.line(features)}}};\n\n')

    def enum_tables(self, type_):
        name = type_.name
        values = ''.join(f'    {quote(v.name)},\n' for v in type_.values)
        docs = ''.join(f'    {quote(v.doc)},\n' for v in type_.values)
        tables = (f'static const char *const values_of_{name}[] = {{\n'
                  f'{values}}};\n'
                  f'static const char *const docs_of_{name}[] = {{\n'
                  f'{docs}}};\n')
        fields = (f'    .values = values_of_{name},\n'
                  f'    .value_docs = docs_of_{name},\n'
                  f'    .n_values = {len(type_.values)},\n')
        if any(v.features for v in type_.values):
            rows = ''
            for v in type_.values:
                row = f'features_of_{name}_{c_name(v.name)}'
                table, _ = tables_of(v.features, row)
                tables += table
                rows += f'    {row if v.features else "NULL"},\n'
            tables += ('static const char *const *const '
                       f'value_features_of_{name}[] = {{\n{rows}}};\n')
            fields += f'    .value_features = value_features_of_{name},\n'
        return self.type_table(type_, fields, tables)

    def branches(self, type_, prefix):
        rows = ''
        for branch in type_.branches:
            rows += f'    {{ .name = {quote(branch.name)}'
            if branch.type:
                rows += (f', .type = &qapi_type_{branch.type.c_tag},\n'
                         f'      .offset = offsetof({type_.name}, '
                         f'u.{branch.c_name})')
            rows += ' },\n'
        return (f'static const QapiBranch {prefix}_{type_.name}[] = {{\n'
                f'{rows}}};\n',
                f'    .branches = {prefix}_{type_.name},\n'
                f'    .n_branches = {len(type_.branches)},\n')

    def struct_tables(self, type_):
        name = type_.name
        members = type_.all_members()
        tables = fields = rows = ''
        for member in members:
            table, features = tables_of(
                member.features, f'features_of_{name}_{member.c_name}')
            tables += table
            rows += (f'    {{ .name = {quote(member.name)}, '
                     f'.type = &qapi_type_{member.type.c_tag},\n')
            if member.default is not None:
                rows += f'      .default_text = {quote(member.default)},\n'
            rows += f'      .doc = {quote(member.doc)},\n'
            rows += f'      .offset = offsetof({name}, {member.c_name}),\n'
            if member.has_flag:
                rows += ('      .has_offset = '
                         f'offsetof({name}, has_{member.has_name}),\n')
            else:
                rows += '      .has_offset = -1,\n'
            if features:
                rows += f'      {features.rstrip()}\n'
            if member.name == getattr(type_.discriminator, 'name', None):
                rows += '      .is_discriminator = true,\n'
            rows += f'      .optional = {str(member.optional).lower()} }},\n'
        if rows:
            tables += (f'static const QapiMember members_of_{name}[] = {{\n'
                       f'{rows}}};\n')
            fields += (f'    .members = members_of_{name},\n'
                       f'    .n_members = {len(members)},\n')
        if type_.discriminator:
            index = [m.name for m in members].index(type_.discriminator.name)
            table, branch_fields = self.branches(type_, 'branches_of')
            tables += table
            fields += (f'    .discriminator = &members_of_{name}[{index}],\n'
                       f'{branch_fields}')
        return self.type_table(type_, fields, tables)

    def alternate_tables(self, type_):
        table, fields = self.branches(type_, 'choices_of')
        return self.type_table(type_, fields, table)

    # qapi-commands.c

    def commands(self):
        out = [HEAD.format(title='QAPI: the command table'),
               f'#include "{self.prefix}qapi-types.h"\n\n']
        commands = sorted(self.model.commands.values(),
                          key=lambda command: command.name)
        rows = ''
        for command in commands:
            name = c_name(command.name)
            args = 'args, ' if command.args else ''
            ret = 'ret, ' if command.ret else ''
            out.append(f'static bool call_{name}(QmpContext *ctx, '
                       'const void *args, void *ret,\n'
                       f'{" " * len(f"static bool call_{name}(")}'
                       'GError **error)\n{\n'
                       f'    return qmp_{name}(ctx, {args}{ret}error);\n'
                       '}\n\n')
            table, features = tables_of(command.features,
                                        f'features_of_{name}')
            if table:
                out.append(table + '\n')
            rows += (f'    {{ .name = {quote(command.name)},\n'
                     f'      .doc = {quote(command.doc)},\n')
            if command.args:
                rows += f'      .args = &qapi_type_{command.args.c_tag},\n'
            if command.ret:
                rows += f'      .ret = &qapi_type_{command.ret.c_tag},\n'
            if features:
                rows += f'      {features.rstrip()}\n'
            for flag in ('allow_oob', 'allow_preconfig'):
                if getattr(command, flag):
                    rows += f'      .{flag} = true,\n'
            rows += f'      .call = call_{name} }},\n'
        rows = rows or '    { .name = NULL },\n'
        out.append(f'const QapiCommand qapi_commands[] = {{\n{rows}}};\n'
                   f'const size_t qapi_n_commands = {len(commands)};\n')
        return ''.join(out)
