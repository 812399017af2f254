#!/usr/bin/env python3
# Introspection is complete and true: walk query-qmp-schema and call everything
#
#   schema-walk.py PROGRAM
#
# - Every type that is referred to is there.
# - Every command whose name begins with query-, and some that need arguments,
#   is called on each machine type; what it answers has the members and types
#   that the schema says, and no others.
# - Every other command is called without arguments and with wrong ones: it
#   answers, and the machine lives on.
# - Every event that comes meanwhile is as the schema says.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import socket
import subprocess
import sys

from rawqmp import temporary_directory

TIMEOUT_S = 30

MACHINES = {
    'none': [['-machine', 'none']],
    'pc': [['-machine', 'pc', '-smp', '2,dies=2', '-name', 'Tess',
            '-device', 'vmgenid']],
    'q35': [['-machine', 'q35', '-object',
             'memory-backend-ram,id=ram,size=64M', '-machine',
             'memory-backend=ram', '-serial', 'null', '-fw_cfg',
             'name=opt/a,string=b', '-device', 'vmgenid']],
}

# What a command needs, if it needs anything, so that it succeeds
ARGUMENTS = {
    'query-command-line-options': [{}, {'option': 'machine'}],
    'qom-list-types': [{}, {'implements': 'device', 'abstract': True}],
    'qom-list': [{'path': '/'}, {'path': '/machine'},
                 {'path': '/machine/rtc'}],
    'qom-get': [{'path': '/machine', 'property': 'type'}],
    'qom-list-properties': [{'typename': 'isa-serial'}],
    'device-list-properties': [{'typename': 'isa-serial'}],
}

# Commands that may say no where nothing is wrong
MAY_FAIL = {
    ('none', 'query-hotpluggable-cpus'), ('none', 'query-acpi-tables'),
    ('none', 'query-vm-generation-id'), ('none', 'qom-list'),
}

# Those after which there is nobody to ask
LAST = {'quit'}


class Fault(Exception):
    """What a reply or an event should not have been."""


class Schema:
    def __init__(self, entries):
        self.entries = {entry['name']: entry for entry in entries}
        if len(self.entries) != len(entries):
            raise Fault('two entries have one name')

    def of(self, meta):
        return {name: entry for name, entry in self.entries.items()
                if entry['meta-type'] == meta}

    def type(self, name):
        entry = self.entries.get(name)
        if not entry or entry['meta-type'] in ('command', 'event'):
            raise Fault(f'no type {name!r}')
        return entry

    @staticmethod
    def references(entry):
        """Names of the types that an entry refers to."""
        for key in ('arg-type', 'ret-type', 'element-type'):
            if key in entry:
                yield entry[key]
        for member in entry.get('members', []):
            if isinstance(member, dict) and 'type' in member:
                yield member['type']
        for variant in entry.get('variants', []):
            yield variant['type']

    def check_references(self):
        for entry in self.entries.values():
            for name in self.references(entry):
                self.type(name)

    def check(self, name, value, where):
        """That a JSON value is of the type of that name."""
        entry = self.type(name)
        getattr(self, 'check_' + entry['meta-type'])(entry, value, where)

    def check_builtin(self, entry, value, where):
        kinds = {'string': str, 'boolean': bool, 'object': dict,
                 'array': list, 'null': type(None)}
        kind = entry['json-type']
        if kind == 'value':
            return
        if kind in ('int', 'number'):
            good = isinstance(value, int) and not isinstance(value, bool)
            good |= kind == 'number' and isinstance(value, float)
        else:
            good = isinstance(value, kinds[kind])
        if not good:
            raise Fault(f'{where}: {value!r} is no {kind}')

    def check_enum(self, entry, value, where):
        values = entry.get('values') or [m['name'] for m in entry['members']]
        if value not in values:
            raise Fault(f'{where}: {value!r} is not one of {values}')

    def check_array(self, entry, value, where):
        if not isinstance(value, list):
            raise Fault(f'{where}: {value!r} is no array')
        for index, item in enumerate(value):
            self.check(entry['element-type'], item, f'{where}[{index}]')

    def check_alternate(self, entry, value, where):
        for member in entry['members']:
            try:
                return self.check(member['type'], value, where)
            except Fault:
                pass
        raise Fault(f'{where}: {value!r} is none of {entry["name"]}')

    def members(self, entry, value, where):
        members = {member['name']: member for member in entry['members']}
        if 'tag' in entry:
            tag = value.get(entry['tag'])
            for variant in entry['variants']:
                if variant['case'] == tag:
                    members.update(self.members(self.type(variant['type']),
                                                value, where))
        return members

    def check_object(self, entry, value, where):
        if not isinstance(value, dict):
            raise Fault(f'{where}: {value!r} is no object')
        members = self.members(entry, value, where)
        for name, member in members.items():
            if name in value:
                self.check(member['type'], value[name], f'{where}.{name}')
            elif 'default' not in member:
                raise Fault(f'{where}: {name} is missing')
        for name in value:
            if name not in members:
                raise Fault(f'{where}: {name} is in no schema')


class Machine:
    """The program, with a QMP session."""

    def __init__(self, program, options):
        self.directory = temporary_directory()
        path = os.path.join(self.directory.name, 'qmp')
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(TIMEOUT_S)
        self.process = subprocess.Popen(
            [program, '-nodefaults', '-display', 'none', '-S', '-action',
             'shutdown=pause', '-qmp', f'unix:{path}'] + options,
            stdin=subprocess.DEVNULL, cwd=self.directory.name)
        self.socket, _ = listener.accept()
        listener.close()
        self.socket.settimeout(TIMEOUT_S)
        self.lines = self.socket.makefile('r', encoding='utf-8')
        self.events = []
        self.greeting = json.loads(self.lines.readline())
        self.call('qmp_capabilities')

    def call(self, command, arguments=None):
        """The whole reply."""
        request = {'execute': command}
        if arguments is not None:
            request['arguments'] = arguments
        self.socket.sendall(json.dumps(request).encode())
        while True:
            line = self.lines.readline()
            if not line:
                raise Fault(f'{command}: the machine is gone (status '
                            f'{self.process.wait(TIMEOUT_S)})')
            reply = json.loads(line)
            if 'event' not in reply:
                return reply
            self.events.append(reply)

    def end(self):
        self.call('quit')
        if self.process.wait(TIMEOUT_S):
            raise Fault(f'status {self.process.returncode} at the end')

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.lines.close()
        self.socket.close()
        self.directory.cleanup()


def read_schema(machine):
    schema = Schema(machine.call('query-qmp-schema')['return'])
    # the schema is also an answer of its own type
    schema.check(schema.entries['query-qmp-schema']['ret-type'],
                 list(schema.entries.values()), 'query-qmp-schema')
    return schema


def check_error(reply, command):
    error = reply.get('error')
    if not isinstance(error, dict) or set(error) != {'class', 'desc'} or \
            not all(isinstance(text, str) and text
                    for text in error.values()):
        raise Fault(f'{command}: {reply} is no error')


def check_events(machine, schema):
    for event in machine.events:
        entry = schema.entries.get(event['event'])
        if not entry or entry['meta-type'] != 'event':
            raise Fault(f'{event["event"]}: an event of no schema')
        schema.check(entry['arg-type'], event.get('data', {}),
                     event['event'])


def walk_types(program):
    with Machine(program, ['-machine', 'none']) as machine:
        schema = read_schema(machine)
        schema.check_references()
        listed = {command['name']
                  for command in machine.call('query-commands')['return']}
        if listed != set(schema.of('command')):
            raise Fault('query-commands and query-qmp-schema differ: '
                        f'{listed ^ set(schema.of("command"))}')
        machine.end()


def check_checks(program):
    """That a wrong answer would be found."""
    with Machine(program, ['-machine', 'none']) as machine:
        schema = read_schema(machine)
        ret_type = schema.entries['query-status']['ret-type']
        good = machine.call('query-status')['return']
        schema.check(ret_type, good, 'good')
        wrong = [{**good, 'more': 1}, {**good, 'running': 'no'},
                 {**good, 'status': 'no-such-state'}, [good], None]
        wrong += [{key: value for key, value in good.items() if key != name}
                  for name in good]
        for value in wrong:
            try:
                schema.check(ret_type, value, 'wrong')
            except Fault:
                continue
            raise Fault(f'{value} was taken')
        machine.end()


def walk_queries(program, kind, options):
    with Machine(program, options) as machine:
        schema = read_schema(machine)
        for name, entry in schema.of('command').items():
            if not name.startswith('query-') and name not in ARGUMENTS:
                continue
            for arguments in ARGUMENTS.get(name, [None]):
                reply = machine.call(name, arguments)
                if 'return' in reply:
                    schema.check(entry['ret-type'], reply['return'], name)
                elif (kind, name) in MAY_FAIL:
                    check_error(reply, name)
                else:
                    raise Fault(f'{name} {arguments}: {reply}')
        check_events(machine, schema)
        machine.end()


def wrong_arguments(schema, entry):
    """Arguments that a command's type does not have, or not so."""
    arg_type = schema.type(entry['arg-type'])
    yield {'no-such-member': 1}
    for junk in (None, True, -1, 1 << 63, 1.5, 'junk', [], {}, [[]]):
        yield {member['name']: junk
               for member in arg_type.get('members', [])} or {'x': junk}


def walk_commands(program, options):
    with Machine(program, options) as machine:
        schema = read_schema(machine)
        for name, entry in schema.of('command').items():
            wrong = [machine.call(name, arguments)
                     for arguments in wrong_arguments(schema, entry)]
            replies = wrong + ([] if name in LAST else [machine.call(name)])
            for reply in replies:
                if 'return' in reply:
                    schema.check(entry['ret-type'], reply['return'], name)
                else:
                    check_error(reply, name)
            if 'error' not in wrong[0]:
                raise Fault(f'{name}: took an argument of no schema')
        check_events(machine, schema)
        machine.end()


def main(program):
    tests = [('types', lambda: walk_types(program)),
             ('checks', lambda: check_checks(program))]
    for kind, variants in MACHINES.items():
        for options in variants:
            tests.append((f'queries on {kind}',
                          lambda k=kind, o=options:
                          walk_queries(program, k, o)))
            tests.append((f'commands on {kind}',
                          lambda o=options: walk_commands(program, o)))
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f'ok {number} {name}', flush=True)
        except (Fault, OSError, ValueError) as fault:
            failed += 1
            print(f'# {fault}')
            print(f'not ok {number} {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
