#!/usr/bin/env python3
# -preconfig: a client has the machine built
#
#   preconfig.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import signal
import sys

from process_rig import Qmp, connect, main

QMP = ['-qmp', 'unix:q,server=on,wait=off', '-preconfig']
Q35 = ['-nodefaults', '-display', 'none', '-machine', 'q35,memory-backend=m']


def session(rig, process):
    return Qmp(rig.dir / 'q')


def finish(qmp, process):
    qmp.run('quit')
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, '', ''), (out, err)
    qmp.close()


def status(qmp):
    return qmp.run('query-status')['status']


def test_only_some_commands(rig):
    process = rig.start(*QMP)
    qmp = session(rig, process)
    assert status(qmp) == 'preconfig'
    for name in ('stop', 'cont', 'system_reset', 'query-acpi-tables'):
        answer = qmp.call(name)
        assert answer['error'] == {
            'class': 'GenericError',
            'desc': f"The command '{name}' is permitted only after machine "
                    'initialization has completed'}, answer
    assert qmp.call('no-such-command')['error']['class'] == 'CommandNotFound'
    finish(qmp, process)


def test_every_query(rig):
    """Whatever the schema allows copes with there being no machine."""
    process = rig.start(*QMP)
    qmp = session(rig, process)
    schema = {e['name']: e for e in qmp.run('query-qmp-schema')}
    asked = 0
    for entity in list(schema.values()):
        if entity['meta-type'] != 'command' or \
           not entity['name'].startswith('query-'):
            continue
        if schema[entity['arg-type']].get('members'):
            continue
        answer = qmp.call(entity['name'])
        if 'error' in answer:
            assert 'only after machine' in answer['error']['desc'], answer
        asked += 1
    assert asked > 5
    names = [row['name'] for row in qmp.run('qom-list', path='/')]
    assert 'objects' in names and 'machine' not in names, names
    assert 'not found' in qmp.fail('qom-list', path='/machine')
    assert 'not found' in qmp.fail('qom-get', path='/machine',
                                   property='type')
    assert 'not found' in qmp.fail('qom-set', path='/machine',
                                   property='type', value='x')
    finish(qmp, process)


def test_build(rig):
    process = rig.start(*QMP)
    qmp = session(rig, process)
    qmp.run('x-exit-preconfig')
    assert qmp.events == ['RESUME'] and status(qmp) == 'running'
    assert qmp.fail('x-exit-preconfig') == \
        'The command is permitted only before machine initialization'
    assert qmp.run('qom-list', path='/machine')
    finish(qmp, process)


def test_build_paused(rig):
    process = rig.start(*QMP, '-S')
    qmp = session(rig, process)
    qmp.run('x-exit-preconfig')
    assert qmp.events == [] and status(qmp) == 'prelaunch'
    qmp.run('cont')
    finish(qmp, process)


def test_not_preconfig(rig):
    process = rig.start('-qmp', 'unix:q,server=on,wait=off')
    qmp = session(rig, process)
    assert 'only before' in qmp.fail('x-exit-preconfig')
    finish(qmp, process)


def test_try_again(rig):
    """A machine that lacks something leaves nothing behind."""
    process = rig.start(*QMP, '-chardev', 'null,id=c', '-serial',
                        'chardev:c', base=Q35)
    qmp = session(rig, process)
    before = qmp.run('qom-list', path='/')
    for _ in range(3):
        assert "no memory backend 'm'" in qmp.fail('x-exit-preconfig')
        assert status(qmp) == 'preconfig'
        assert qmp.run('qom-list', path='/') == before
    qmp.run('object-add', qom_type='memory-backend-ram', id='m',
            size=32 << 20)
    qmp.run('x-exit-preconfig')
    assert status(qmp) == 'running'
    assert 'in use' in qmp.fail('object-del', id='m')
    assert qmp.run('query-acpi-tables')
    finish(qmp, process)


def test_device_fails(rig):
    """What the devices before the bad one took is given back."""
    process = rig.start(*QMP, '-chardev', 'null,id=c',
                        '-serial', 'chardev:c', '-debugcon', 'chardev:c',
                        base=Q35)
    qmp = session(rig, process)
    qmp.run('object-add', qom_type='memory-backend-ram', id='m',
            size=32 << 20)
    for _ in range(3):
        # not the serial port: it must get the chardev each time
        assert qmp.fail('x-exit-preconfig') == \
            "-debugcon chardev:c: Device 'c' is in use"
    chardevs = {c['label']: c for c in qmp.run('query-chardev')}
    assert chardevs['c']['frontend-open'] is False
    qmp.run('object-del', id='m')
    finish(qmp, process)


def test_signal(rig):
    process = rig.start(*QMP)
    qmp = session(rig, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    process.communicate()
    assert rig.names() == []
    qmp.close()


def test_qtest_comes_later(rig):
    process = rig.start(*QMP, '-qtest', 'unix:t,server=on,wait=off',
                        '-qtest-log', 'none', base=Q35)
    qmp = session(rig, process)
    qmp.run('object-add', qom_type='memory-backend-ram', id='m',
            size=32 << 20)
    qmp.run('x-exit-preconfig')
    test = connect(rig.dir / 't')
    test.sendall(b'endianness\n')
    assert test.recv(100) == b'OK little\n'
    finish(qmp, process)
    test.close()


class Hmp:
    """An HMP session on a unix socket."""

    PROMPT = b'(qemu) '

    def __init__(self, path):
        self.socket = connect(path)
        self.until_prompt()

    def until_prompt(self):
        said = b''
        while not said.endswith(self.PROMPT):
            data = self.socket.recv(65536)
            assert data, said
            said += data
        return said[:-len(self.PROMPT)]

    def run(self, line):
        """What it says, the echo left out."""
        self.socket.sendall(line.encode() + b'\n')
        said = self.until_prompt().decode().replace('\r\n', '\n')
        return said[said.index('\n') + 1:]

    def names(self):
        """All commands, those of info with it before."""
        rows = self.run('help') + self.run('help info')
        names = []
        for row in rows.splitlines():
            head = row.split(' -- ')[0].split(' ')
            before = 'info ' if head[0] == 'info' and head[1][:1].isalpha() \
                else ''
            names += [before + name
                      for name in head[1 if before else 0].split('|')]
        return names


HMP = ['-monitor', 'unix:h,server=on,wait=off']
ENDING = {'q', 'quit', 'exit_preconfig'}


def every_hmp_command(rig):
    process = rig.start(*HMP, '-machine', 'q35')
    hmp = Hmp(rig.dir / 'h')
    names = hmp.names()
    hmp.socket.sendall(b'quit\n')
    assert process.wait(30) == 0
    process.communicate()
    assert len(names) > 40 and 'stop' in names and 'info pci' in names, names
    return names


def test_every_hmp_command(rig):
    """Each is carried out, or says that there is no machine."""
    names = every_hmp_command(rig)
    process = rig.start(*QMP, *HMP)
    qmp = session(rig, process)
    hmp = Hmp(rig.dir / 'h')
    available = hmp.names()
    assert set(available) <= set(names)
    assert 'stop' not in available and 'info status' in available
    arguments = ['', ' help', ' 1', ' 1 2', ' 1 2 3', ' /', ' /machine',
                 ' /machine type', ' /machine type x', ' a b', ' null,id=n',
                 ' isa-serial', ' none', ' memory-backend-ram,id=m,size=1M',
                 '/xb 0', ' /objects/m size', ' m']
    for name in names:
        no_machine = f"Error: The command '{name}' is permitted only after " \
            'machine initialization has completed\n'
        for argument in arguments:
            if name in ENDING and not argument or \
               name.startswith('info ') and argument[:1] == '/':
                continue
            said = hmp.run(name + argument)
            assert (said == no_machine) == (name not in available), said
        assert ' -- ' in hmp.run(f'help {name}')
    for start in ('sto', 'info pc'):    # is not completed either
        hmp.socket.sendall(start.encode() + b'\t')
        assert hmp.run('') == f"unknown command: '{start}'\n"
    assert status(qmp) == 'preconfig'
    assert hmp.run('exit_preconfig') == ''
    assert status(qmp) == 'running' and qmp.events == ['RESUME']
    assert sorted(hmp.names()) == sorted(names)
    assert hmp.run('stop') == ''
    assert status(qmp) == 'paused'
    finish(qmp, process)


def test_by_hmp_alone(rig):
    process = rig.start(*HMP, '-preconfig', base=Q35)
    hmp = Hmp(rig.dir / 'h')
    assert hmp.run('info status') == 'VM status: paused (preconfig)\n'
    assert "no memory backend 'm'" in hmp.run('exit_preconfig')
    assert hmp.run('object_add memory-backend-ram,id=m,size=32M') == ''
    assert hmp.run('exit_preconfig') == ''
    assert hmp.run('info status') == 'VM status: running\n'
    assert 'only before' in hmp.run('exit_preconfig')
    hmp.socket.sendall(b'quit\n')
    assert process.wait(30) == 0
    process.communicate()


def test_needs_monitor(rig):
    rig.refuse('-preconfig: needs a monitor', '-preconfig')
    rig.refuse('-preconfig: needs a monitor', '-preconfig', '-qmp', 'none')
    rig.refuse('dump-acpi', *QMP, base=['-machine', 'q35,dump-acpi=d'])


def test_daemon(rig):
    pid = rig.daemon(*QMP)
    qmp = Qmp(rig.dir / 'q')
    assert status(qmp) == 'preconfig'
    qmp.run('x-exit-preconfig')
    assert status(qmp) == 'running'
    rig.end(pid)
    assert rig.names() == []
    qmp.close()


if __name__ == '__main__':
    sys.exit(main([test_only_some_commands, test_every_query, test_build,
                   test_build_paused, test_not_preconfig, test_try_again,
                   test_device_fails, test_signal, test_qtest_comes_later,
                   test_every_hmp_command, test_by_hmp_alone,
                   test_needs_monitor, test_daemon]))
