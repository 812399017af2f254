# QAPI schema files: from expressions to a checked model
#
# What is in the model is complete and consistent, so that emit.py has no
# faults to find: names resolve, C names do not collide, everything is
# documented, defaults fit their types.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import math
import re

from .parser import Dict, List, QapiError

# Words that cannot be used as C identifiers: keywords of gnu17, macros of
# stdbool.h and errno.h, and the names of systems that GNU C defines.
C_WORDS = frozenset('''
    auto break case char const continue default do double else enum extern
    float for goto if inline int long register restrict return short signed
    sizeof static struct switch typedef union unsigned void volatile while
    _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn
    _Static_assert _Thread_local asm typeof bool true false errno unix linux
    i386
'''.split())


def c_name(name):
    """The schema's name as a C identifier."""
    name = re.sub(r'[^A-Za-z0-9_]', '_', name)
    if name in C_WORDS or name[:1].isdigit():
        return 'q_' + name
    return name


def c_upper(name):
    """FooBar or foo-bar as FOO_BAR."""
    name = re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name)
    name = re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', name)
    return re.sub(r'[^A-Za-z0-9_]', '_', name).upper()


def c_upper_value(value):
    """An enum value in capitals; no word break is read into it."""
    return re.sub(r'[^A-Za-z0-9_]', '_', value).upper()


def camel(name):
    """foo-bar or FOO_BAR as FooBar."""
    return ''.join(part[:1].upper() + part[1:].lower()
                   for part in re.split(r'[-_.]', name))


class Builtin:
    def __init__(self, name, kind, c_type, bits=None, signed=False):
        self.name = name
        self.kind = kind
        self.c_type = c_type
        self.c_tag = name
        if bits:
            self.min = -(1 << (bits - 1)) if signed else 0
            self.max = (1 << (bits - 1 if signed else bits)) - 1


BUILTINS = {t.name: t for t in (
    Builtin('str', 'str', 'char *'),
    Builtin('bool', 'bool', 'bool '),
    Builtin('int', 'int', 'int64_t ', 64, True),
    Builtin('int8', 'int', 'int8_t ', 8, True),
    Builtin('int16', 'int', 'int16_t ', 16, True),
    Builtin('int32', 'int', 'int32_t ', 32, True),
    Builtin('int64', 'int', 'int64_t ', 64, True),
    Builtin('uint8', 'int', 'uint8_t ', 8),
    Builtin('uint16', 'int', 'uint16_t ', 16),
    Builtin('uint32', 'int', 'uint32_t ', 32),
    Builtin('uint64', 'int', 'uint64_t ', 64),
    Builtin('size', 'size', 'uint64_t ', 64),
    Builtin('number', 'number', 'double '),
    Builtin('any', 'any', 'struct json_object *'),
    Builtin('null', 'null', 'bool '),
)}


class Type:
    """A type that the schema defines; kind tells which fields matter."""

    def __init__(self, name, kind, where, doc):
        self.name = name
        self.kind = kind
        self.where = where
        self.doc = doc
        self.c_tag = name
        self.features = []
        # enum
        self.values = []        # of Value
        # struct; own members only, see all_members()
        self.base = None
        self.members = []       # of Member
        self.discriminator = None
        # union: one Branch for each value; alternate: one for each choice
        self.branches = []

    @property
    def c_type(self):
        return self.name + ' '

    def all_members(self):
        return (self.base.all_members() if self.base else []) + self.members


class ListType:
    kind = 'list'

    def __init__(self, element):
        self.element = element
        self.name = f'[{element.name}]'
        self.c_tag = element.c_tag + 'List'
        self.c_type = self.c_tag + ' '


class Value:
    """A value of an enum."""

    def __init__(self, name, where, doc, features, const):
        self.name = name
        self.where = where
        self.doc = doc
        self.features = features
        self.const = const


class Member:
    def __init__(self, name, where):
        self.name = name
        self.where = where
        self.c_name = c_name(name)
        self.has_name = re.sub(r'[^A-Za-z0-9_]', '_', name)
        self.type = None
        self.optional = False
        self.default = None     # key=value text
        self.doc = ''
        self.features = []

    @property
    def is_pointer(self):
        return self.type.kind in ('str', 'any', 'struct')

    @property
    def has_flag(self):
        return self.optional and (self.default is not None or
                                  not self.is_pointer)


class Branch:
    def __init__(self, name, where, type_, const=None):
        self.name = name
        self.where = where
        self.c_name = c_name(name)
        self.type = type_       # None: a union's arm without members
        self.const = const      # alternate: its QapiAlternateKind


class Command:
    """Also stands for events, which have no ret and no flags."""

    def __init__(self, name, where, doc):
        self.name = name
        self.where = where
        self.doc = doc
        self.args = None
        self.ret = None
        self.allow_oob = False
        self.allow_preconfig = False
        self.features = []


class Model:
    def __init__(self):
        self.types = {}         # schema-defined, by name, in schema order
        self.lists = {}         # used, by name
        self.commands = {}
        self.events = {}


TYPE_NAME = re.compile(r'[A-Z][A-Za-z0-9]*$')
COMMAND_NAME = re.compile(r'[a-z][a-z0-9_-]*$')
EVENT_NAME = re.compile(r'[A-Z][A-Z0-9_]*$')
MEMBER_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_-]*$')
VALUE_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*$')

META = {
    # kind: (required keys, optional keys)
    'enum': ({'data'}, {'prefix', 'features'}),
    'struct': ({'data'}, {'base', 'features'}),
    'union': ({'base', 'discriminator', 'data'}, {'features'}),
    'alternate': ({'data'}, {'features'}),
    'command': (set(), {'data', 'returns', 'boxed', 'allow-oob',
                        'allow-preconfig', 'features'}),
    'event': (set(), {'data', 'boxed', 'features'}),
}


class Checker:
    def __init__(self, expressions):
        self.model = Model()
        self.constants = {}
        # What needs all names known; unions look at their bases' members.
        self.pending_bases = []
        self.pending = []
        self.pending_unions = []
        for expression, doc in expressions:
            self.define(expression, doc)
        for resolve in (self.pending_bases + self.pending +
                        self.pending_unions):
            resolve()
        for type_ in self.model.types.values():
            if type_.kind == 'struct':
                self.check_base_loop(type_)
        for type_ in self.model.types.values():
            if type_.kind == 'struct':
                self.check_struct(type_)
        for type_ in self.model.types.values():
            if type_.discriminator:
                self.check_union_members(type_)

    # Keys and names

    def define(self, expression, doc):
        where = expression.where
        kinds = [kind for kind in META if kind in expression]
        if 'if' in expression:
            raise QapiError(expression.key_where['if'],
                            "'if' is not supported: a schema has one form")
        if len(kinds) != 1:
            raise QapiError(where, 'expected one of ' + ', '.join(
                f"'{key}'" for key in (*META, 'include', 'pragma')))
        kind = kinds[0]
        name = expression[kind]
        required, optional = META[kind]
        self.check_keys(expression, required | {kind}, optional,
                        f"{kind} '{name}'")
        if not isinstance(name, str):
            raise QapiError(where, f"'{kind}' must be a name")
        if not doc or not doc.symbol:
            raise QapiError(where, f"{kind} '{name}' is not documented")
        if doc.symbol != name:
            raise QapiError(doc.where, f"documentation is of '{doc.symbol}', "
                            f"but '{name}' follows")
        if not doc.text and not doc.members:
            raise QapiError(doc.where,
                            f"documentation of '{name}' has no text")
        doc.used = set()
        doc.features_used = set()
        getattr(self, 'define_' + kind)(name, expression, doc)
        for place, used, what in ((doc.members, doc.used, ''),
                                  (doc.features, doc.features_used,
                                   'feature ')):
            for documented in place:
                if documented not in used:
                    raise QapiError(doc.member_where[documented],
                                    f"documented {what}'{documented}' does "
                                    f"not exist in {kind} '{name}'")

    @staticmethod
    def check_keys(node, required, optional, what):
        for key in node:
            if key == 'if':
                raise QapiError(node.key_where[key],
                                "'if' is not supported: a schema has one form")
            if key not in required and key not in optional:
                raise QapiError(node.key_where[key],
                                f"{what} has unknown key '{key}'")
        for key in sorted(required):
            if key not in node:
                raise QapiError(node.where, f"{what} lacks key '{key}'")

    @staticmethod
    def check_name(pattern, name, where, what):
        if not isinstance(name, str) or not pattern.match(name):
            raise QapiError(where, f"'{name}' is not a valid {what} name")

    def new_type(self, name, kind, where, doc):
        self.check_name(TYPE_NAME, name, where, 'type')
        if name in self.model.types:
            raise QapiError(where, f"type '{name}' is already defined at "
                            f"{self.model.types[name].where}")
        if name.endswith('List'):
            raise QapiError(where, f"type name '{name}' must not end in "
                            "'List'")
        type_ = self.model.types[name] = Type(name, kind, where, doc)
        return type_

    def features(self, node, doc, what):
        result = []
        if 'features' not in node:
            return result
        where = node.key_where['features']
        if not isinstance(node['features'], List):
            raise QapiError(where, f"{what}: 'features' must be a list")
        for item, item_where in zip(node['features'],
                                    node['features'].item_where):
            name = item
            if isinstance(item, Dict):
                self.check_keys(item, {'name'}, set(), f'{what}: feature')
                name = item['name']
            self.check_name(VALUE_NAME, name, item_where, 'feature')
            if name in result:
                raise QapiError(item_where, f"feature '{name}' is given twice")
            if not doc.features.get(name):
                raise QapiError(item_where, f"{what}: feature '{name}' is "
                                "not documented")
            doc.features_used.add(name)
            result.append(name)
        return result

    @staticmethod
    def member_doc(name, where, doc, what):
        text = doc.members.get(name)
        if not text:
            raise QapiError(where, f"{what}: '{name}' is not documented")
        doc.used.add(name)
        return text

    def type_of(self, node, where, what):
        """The type that @node names; called when all types are known."""
        if isinstance(node, List):
            if len(node) != 1 or not isinstance(node[0], str):
                raise QapiError(where, f'{what}: a list type is one type name '
                                'in brackets')
            element = self.type_of(node[0], where, what)
            new = ListType(element)
            return self.model.lists.setdefault(new.name, new)
        if not isinstance(node, str):
            raise QapiError(where, f'{what}: expected a type name')
        type_ = BUILTINS.get(node) or self.model.types.get(node)
        if not type_:
            raise QapiError(where, f"{what}: unknown type '{node}'")
        return type_

    # Definitions

    def add_constant(self, const, where):
        if const in self.constants:
            raise QapiError(where, f'C name {const} is already taken by '
                            f'{self.constants[const]}')
        self.constants[const] = where

    def define_enum(self, name, node, doc):
        what = f"enum '{name}'"
        type_ = self.new_type(name, 'enum', node.where, doc.text)
        type_.features = self.features(node, doc, what)
        prefix = node.get('prefix', c_upper(name))
        if not isinstance(prefix, str) or not re.match(r'[A-Z]\w*$', prefix):
            raise QapiError(node.key_where['prefix'],
                            f"{what}: 'prefix' must be a C name")
        type_.prefix = prefix
        data = node['data']
        if not isinstance(data, List) or not data:
            raise QapiError(node.key_where['data'],
                            f"{what}: 'data' must be a list of values")
        for item, where in zip(data, data.item_where):
            features = []
            value = item
            if isinstance(item, Dict):
                self.check_keys(item, {'name'}, {'features'},
                                f'{what}: value')
                value = item['name']
                features = self.features(item, doc, f'{what}: value')
            self.check_name(VALUE_NAME, value, where, 'value')
            if any(value == other.name for other in type_.values):
                raise QapiError(where, f"{what}: value '{value}' is given "
                                "twice")
            text = self.member_doc(value, where, doc, what)
            const = f'{prefix}_{c_upper_value(value)}'
            self.add_constant(const, where)
            type_.values.append(Value(value, where, text, features, const))
        self.add_constant(prefix + '__MAX', node.where)

    def make_members(self, type_, data, doc, what):
        """Fill type_.members from the dictionary @data."""
        taken = {}
        for key, value in data.items():
            where = data.key_where[key]
            optional = key.startswith('*')
            name = key[1:] if optional else key
            self.check_name(MEMBER_NAME, name, where, 'member')
            member = Member(name, where)
            if member.c_name == 'u' or member.c_name.startswith('has_'):
                raise QapiError(where, f"{what}: member name '{name}' is "
                                "reserved")
            if member.c_name in taken:
                raise QapiError(where, f"{what}: member '{name}' collides "
                                f"with '{taken[member.c_name]}'")
            taken[member.c_name] = name
            member.optional = optional
            member.doc = self.member_doc(name, where, doc, what)
            member_what = f"{what}: member '{name}'"
            spec = value
            default = None
            if isinstance(value, Dict):
                self.check_keys(value, {'type'}, {'features', 'default'},
                                member_what)
                spec = value['type']
                member.features = self.features(value, doc, member_what)
                if 'default' in value:
                    default = (value['default'], value.key_where['default'])
                    if not optional:
                        raise QapiError(default[1], f"{member_what} has a "
                                        "default but is not optional")
            self.pending.append(lambda member=member, spec=spec, what=
                                member_what, default=default:
                                self.resolve_member(member, spec, default,
                                                    what))
            type_.members.append(member)

    def resolve_member(self, member, spec, default, what):
        member.type = self.type_of(spec, member.where, what)
        if default:
            member.default = self.default_text(member.type, *default, what)

    @staticmethod
    def default_text(type_, value, where, what):
        """The JSON literal @value as key=value text for @type_."""
        def bad(expected):
            return QapiError(where, f'{what}: default must be {expected}')

        kind = type_.kind
        if kind == 'bool':
            if not isinstance(value, bool):
                raise bad('true or false')
            return 'on' if value else 'off'
        if kind in ('int', 'size'):
            if not isinstance(value, int) or isinstance(value, bool):
                raise bad('an integer')
            if not type_.min <= value <= type_.max:
                raise bad(f'from {type_.min} to {type_.max}')
            return str(value)
        if kind == 'number':
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise bad('a number')
            if not math.isfinite(value):
                raise bad('a finite number')
            return repr(value)
        if kind == 'str':
            if not isinstance(value, str):
                raise bad('a string')
            return value
        if kind == 'enum':
            names = [v.name for v in type_.values]
            if value not in names:
                raise bad('one of ' + ', '.join(names))
            return value
        raise QapiError(where, f"{what}: type '{type_.name}' cannot have a "
                        'default')

    def define_struct(self, name, node, doc):
        what = f"struct '{name}'"
        type_ = self.new_type(name, 'struct', node.where, doc.text)
        type_.features = self.features(node, doc, what)
        self.need_dict(node, 'data', what)
        self.make_members(type_, node['data'], doc, what)
        if 'base' in node:
            self.pending_bases.append(
                lambda: self.resolve_base(type_, node, what))

    def resolve_base(self, type_, node, what):
        where = node.key_where['base']
        base = self.type_of(node['base'], where, f'{what}: base')
        if base.kind != 'struct' or base.discriminator or base.branches:
            raise QapiError(where, f"{what}: base '{base.name}' is not a "
                            'struct')
        type_.base = base

    @staticmethod
    def need_dict(node, key, what):
        if not isinstance(node[key], Dict):
            raise QapiError(node.key_where[key],
                            f"{what}: '{key}' must be a dictionary")

    def define_union(self, name, node, doc):
        what = f"union '{name}'"
        type_ = self.new_type(name, 'struct', node.where, doc.text)
        type_.features = self.features(node, doc, what)
        # Known to be a union before its discriminator is resolved.
        type_.branches = [None]
        if isinstance(node['base'], Dict):
            self.make_members(type_, node['base'], doc, what)
        else:
            self.pending_bases.append(
                lambda: self.resolve_base(type_, node, what))
        self.need_dict(node, 'data', what)
        self.pending_unions.append(lambda: self.resolve_union(type_, node,
                                                              what))

    def resolve_union(self, type_, node, what):
        where = node.key_where['discriminator']
        name = node['discriminator']
        found = [m for m in self.members_of(type_) if m.name == name]
        if not found:
            raise QapiError(where, f"{what}: discriminator '{name}' is not a "
                            'member of the base')
        member = found[0]
        if member.type.kind != 'enum':
            raise QapiError(where, f"{what}: discriminator '{name}' is not of "
                            'an enum type')
        if member.optional and member.default is None:
            raise QapiError(where, f"{what}: discriminator '{name}' is "
                            'optional and has no default')
        type_.discriminator = member
        data = node['data']
        values = [value.name for value in member.type.values]
        for key in data:
            if key not in values:
                raise QapiError(data.key_where[key], f"{what}: branch '{key}' "
                                f"is not a value of '{member.type.name}'")
        type_.branches = []
        taken = {}
        for value in values:
            arm = None
            if value in data:
                where = data.key_where[value]
                spec = data[value]
                if isinstance(spec, Dict):
                    self.check_keys(spec, {'type'}, set(),
                                    f"{what}: branch '{value}'")
                    spec = spec['type']
                arm = self.type_of(spec, where, f"{what}: branch '{value}'")
                if arm.kind != 'struct':
                    raise QapiError(where, f"{what}: branch '{value}' is not "
                                    'a struct')
                if c_name(value) in taken:
                    raise QapiError(where, f"{what}: branch '{value}' "
                                    f"collides with '{taken[c_name(value)]}'")
                taken[c_name(value)] = value
            type_.branches.append(Branch(value, where, arm))

    def members_of(self, type_):
        """All members, where a base loop has not been ruled out yet."""
        result = list(type_.members)
        seen = {type_.name}
        while type_.base and type_.base.name not in seen:
            type_ = type_.base
            seen.add(type_.name)
            result = type_.members + result
        return result

    JSON_OF_KIND = {'str': 'string', 'enum': 'string', 'bool': 'boolean',
                    'int': 'number', 'size': 'number', 'number': 'number',
                    'null': 'null', 'struct': 'object', 'list': 'array'}

    def define_alternate(self, name, node, doc):
        what = f"alternate '{name}'"
        type_ = self.new_type(name, 'alternate', node.where, doc.text)
        type_.features = self.features(node, doc, what)
        self.need_dict(node, 'data', what)
        data = node['data']
        if not data:
            raise QapiError(node.key_where['data'],
                            f"{what}: 'data' must not be empty")
        for key in data:
            where = data.key_where[key]
            self.check_name(MEMBER_NAME, key, where, 'branch')
            self.member_doc(key, where, doc, what)
            self.add_constant(f'{c_upper(name)}_KIND_{c_upper_value(key)}',
                              where)
        self.pending.append(lambda: self.resolve_alternate(type_, data, what))

    def resolve_alternate(self, type_, data, what):
        json_types = {}
        names = {}
        for key, spec in data.items():
            where = data.key_where[key]
            branch_what = f"{what}: branch '{key}'"
            if isinstance(spec, Dict):
                self.check_keys(spec, {'type'}, set(), branch_what)
                spec = spec['type']
            choice = self.type_of(spec, where, branch_what)
            json_type = self.JSON_OF_KIND.get(choice.kind)
            if not json_type:
                raise QapiError(where, f"{branch_what} cannot be of type "
                                f"'{choice.name}'")
            if json_type in json_types:
                raise QapiError(where, f'{branch_what} cannot be told from '
                                f"'{json_types[json_type]}'")
            if c_name(key) in names:
                raise QapiError(where, f'{branch_what} collides with '
                                f"'{names[c_name(key)]}'")
            json_types[json_type] = key
            names[c_name(key)] = key
            type_.branches.append(Branch(
                key, where, choice,
                f'{c_upper(type_.name)}_KIND_{c_upper_value(key)}'))

    def flag(self, node, key, what):
        value = node.get(key, False)
        if not isinstance(value, bool):
            raise QapiError(node.key_where[key],
                            f"{what}: '{key}' must be true or false")
        return value

    def define_args(self, entry, type_name, node, doc, what):
        entry.features = self.features(node, doc, what)
        self.flag(node, 'boxed', what)
        if 'data' not in node:
            return
        data = node['data']
        if isinstance(data, Dict):
            if data:
                entry.args = self.new_type(type_name, 'struct', node.where,
                                           doc.text)
                self.make_members(entry.args, data, doc, what)
            return
        where = node.key_where['data']

        def resolve():
            args = self.type_of(data, where, f"{what}: 'data'")
            if args.kind != 'struct':
                raise QapiError(where, f"{what}: 'data' is not a struct")
            entry.args = args
        self.pending.append(resolve)

    def new_entry(self, table, pattern, name, node, doc, kind):
        self.check_name(pattern, name, node.where, kind)
        for other in table.values():
            if c_name(other.name) == c_name(name):
                raise QapiError(node.where, f"{kind} '{name}' is already "
                                f'defined at {other.where}')
        entry = table[name] = Command(name, node.where, doc.text)
        return entry

    def define_command(self, name, node, doc):
        what = f"command '{name}'"
        entry = self.new_entry(self.model.commands, COMMAND_NAME, name, node,
                               doc, 'command')
        self.define_args(entry, camel(name) + 'Args', node, doc, what)
        entry.allow_oob = self.flag(node, 'allow-oob', what)
        entry.allow_preconfig = self.flag(node, 'allow-preconfig', what)
        if 'returns' in node:
            def resolve():
                entry.ret = self.type_of(node['returns'],
                                         node.key_where['returns'],
                                         f"{what}: 'returns'")
            self.pending.append(resolve)

    def define_event(self, name, node, doc):
        entry = self.new_entry(self.model.events, EVENT_NAME, name, node, doc,
                               'event')
        self.define_args(entry, camel(name) + 'Event', node, doc,
                         f"event '{name}'")

    # What can be checked only when all is resolved

    @staticmethod
    def check_base_loop(type_):
        seen = set()
        step = type_
        while step:
            if step.name in seen:
                raise QapiError(type_.where, f"struct '{type_.name}' is its "
                                'own base')
            seen.add(step.name)
            step = step.base

    @staticmethod
    def check_struct(type_):
        taken = {}
        for member in type_.all_members():
            if member.c_name in taken:
                raise QapiError(member.where if member in type_.members
                                else type_.where,
                                f"'{type_.name}': member '{member.name}' "
                                f"collides with '{taken[member.c_name]}' of "
                                'its base')
            taken[member.c_name] = member.name

    def check_union_members(self, type_):
        """No arm, and no arm of an arm, names a member a second time."""
        def visit(step, outer, path):
            if step in path:
                raise QapiError(type_.where, f"union '{type_.name}' contains "
                                'itself')
            names = {m.name for m in step.all_members()}
            clash = sorted(names & outer)
            if clash:
                raise QapiError(where, f"union '{type_.name}': member "
                                f"'{clash[0]}' of branch '{branch.name}' "
                                "is a member of the union already")
            for arm in step.branches:
                if arm.type:
                    visit(arm.type, outer | names, path + [step])

        for branch in type_.branches:
            where = branch.where
            if branch.type:
                visit(branch.type, {m.name for m in type_.all_members()},
                      [type_])


def check(expressions):
    """Returns the Model of @expressions."""
    return Checker(expressions).model
