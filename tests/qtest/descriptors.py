#!/usr/bin/env python3
# Descriptors that are passed, and character devices that come and go
#
#   descriptors.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from rawqmp import Program, connect, main, temporary_directory, wait_for

NO_FD = 'No file descriptor supplied via SCM_RIGHTS'


def temporary(content=b''):
    """A descriptor of a file that has no name."""
    file = tempfile.TemporaryFile()
    file.write(content)
    file.flush()
    fd = os.dup(file.fileno())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def content(fd):
    return os.pread(fd, 65536, 0)


def named(program):
    with Program(program) as run:
        qmp = run.client()
        fd = os.open('/dev/null', os.O_RDWR)
        before = run.fds()
        qmp.refused(NO_FD, 'getfd', fdname='a')
        qmp.refused("Parameter 'fdname' expects a name not starting with a "
                    'digit', 'getfd', [fd], fdname='1a')
        assert run.fds() == before
        qmp.command('getfd', [fd], fdname='a')
        qmp.command('getfd', [fd], fdname='a')
        assert run.fds() == before + 1
        qmp.command('closefd', fdname='a')
        assert run.fds() == before
        qmp.refused("File descriptor named 'a' not found", 'closefd',
                    fdname='a')
        # A client that goes leaves what it has named.
        qmp.command('getfd', [fd], fdname='stays')
        qmp.close()
        qmp = run.client()
        qmp.command('closefd', fdname='stays')
        wait_for(lambda: run.fds() == before, 'descriptors are left')
        assert run.quit(qmp) == ''


def waiting(program):
    """When descriptors are passed ahead of the command, or for none."""
    with Program(program) as run:
        qmp = run.client()
        fd = os.open('/dev/null', os.O_RDWR)
        other = temporary(b'other')
        before = run.fds()
        # ahead of the command, in bytes of their own
        qmp.send(b' ', [fd])
        qmp.command('getfd', fdname='a')
        # with a command that does not use them: the next one may, others not
        qmp.command('query-status', [fd, fd, fd])
        assert run.fds() == before + 4
        qmp.command('getfd', fdname='b')
        # after the answer
        wait_for(lambda: run.fds() == before + 2, 'descriptors are kept')
        qmp.refused(NO_FD, 'getfd', fdname='c')
        # what came with a command counts, not what was left before
        qmp.command('query-status', [fd])
        got = qmp.command('add-fd', [other])
        assert os.path.samestat(
            os.stat(f'/proc/{run.process.pid}/fd/{got["fd"]}'),
            os.fstat(other))
        # several with one message, for several commands
        qmp.send(b'{"execute": "getfd", "arguments": {"fdname": "x"}}'
                 b'{"execute": "getfd", "arguments": {"fdname": "y"}}\n',
                 [fd, fd])
        assert qmp.answer() == qmp.answer() == {'return': {}}
        wait_for(lambda: run.fds() == before + 5, 'descriptors are lost')
        # all but those with a name or in a set that was opened go with it
        qmp.send(b'{"execute"', [fd] * 10)
        wait_for(lambda: run.fds() == before + 15, 'descriptors are lost')
        qmp.close()
        wait_for(lambda: run.fds() == before + 3, 'descriptors are left')


def sets(program):
    with Program(program) as run:
        qmp = run.client()
        readable = os.open('/dev/null', os.O_RDONLY)
        both = os.open('/dev/null', os.O_RDWR)
        qmp.refused(NO_FD, 'add-fd')
        qmp.refused("Parameter 'fdset-id' expects a non-negative value",
                    'add-fd', [both], fdset_id=-1)
        first = qmp.command('add-fd', [readable])
        assert first['fdset-id'] == 0
        second = qmp.command('add-fd', [readable], fdset_id=7, opaque='text')
        assert qmp.command('query-fdsets') == [
            {'fdset-id': 0, 'fds': [{'fd': first['fd']}]},
            {'fdset-id': 7, 'fds': [{'fd': second['fd'], 'opaque': 'text'}]}]

        def add(path):
            return {'id': 'f', 'backend': {'type': 'file',
                                           'data': {'out': path}}}
        for path, why in (('/dev/fdset/1', 'No such file or directory'),
                          ('/dev/fdset/7', 'Permission denied'),
                          ('/dev/fdset/x', 'Invalid argument')):
            qmp.refused(f"Failed to add chardev 'f': path={path}: cannot open "
                        f'it: {why}', 'chardev-add', **add(path))
        qmp.command('add-fd', [both], fdset_id=7)
        qmp.command('chardev-add', **add('/dev/fdset/7'))
        qmp.refused("File descriptor named 'fdset-id:7, fd:999' not found",
                    'remove-fd', fdset_id=7, fd=999)
        qmp.command('remove-fd', fdset_id=7, fd=second['fd'])
        # The last client goes, and with it the set that nobody has opened.
        qmp.close()
        qmp = run.client()
        assert [row['fdset-id'] for row in qmp.command('query-fdsets')] == [7]
        qmp.command('remove-fd', fdset_id=7)
        qmp.refused("File descriptor named 'fdset-id:7' not found",
                    'remove-fd', fdset_id=7)
        assert qmp.command('query-fdsets') == []
        assert run.quit(qmp) == ''


def one_of_two_clients(program):
    """A set stays while there is any client."""
    with Program(program, monitors=2) as run:
        first, second = run.client(0), run.client(1)
        first.command('add-fd', [0])
        first.close()
        first = run.client(0)
        assert len(second.command('query-fdsets')) == 1
        first.close()
        second.close()
        first = run.client(0)
        assert first.command('query-fdsets') == []


def option(program):
    table = b'OEM1' + (37).to_bytes(4, 'little') + bytes(28) + b'x'
    fd, log = temporary(table), temporary()
    with Program(program, '-chardev', 'file,id=f,path=/dev/fdset/2,'
                 'logfile=/dev/fdset/2,logappend=on', '-add-fd',
                 f'fd={log},set=2,opaque=the log', '-add-fd',
                 f'fd={log},set=3', fds=[log]) as run:
        qmp = run.client()
        rows = qmp.command('query-fdsets')
        assert [row['fdset-id'] for row in rows] == [2, 3]
        assert rows[0]['fds'][0]['opaque'] == 'the log'
        directory = f'/proc/{run.process.pid}/fd'
        same = [name for name in os.listdir(directory)
                if os.path.samestat(os.stat(f'{directory}/{name}'),
                                    os.fstat(log))]
        # one in each set, and two that were opened; the given one is closed
        assert len(same) == 4 and str(log) not in same, same
        qmp.close()
        qmp = run.client()
        assert qmp.command('query-fdsets') == rows
        assert run.quit(qmp) == ''
    with Program(program, '-pidfile', '/dev/fdset/4', '-add-fd',
                 f'fd={log},set=4', fds=[log]) as run:
        qmp = run.client()
        assert os.pread(log, 99, 0) == f'{run.process.pid}\n'.encode()
        assert run.quit(qmp) == ''
    assert os.fstat(log).st_size == 0
    # The set may be named before it is given, and read while options are.
    run = subprocess.run(
        [program, '-M', 'q35,firmware=builtin,dump-acpi=/nowhere/x',
         '-nodefaults', '-display', 'none', '-acpitable',
         'file=/dev/fdset/9', '-add-fd', f'fd={fd},set=9'], pass_fds=[fd],
        capture_output=True, text=True, timeout=60, check=False)
    assert '/nowhere/x' in run.stderr and 'fdset' not in run.stderr, run.stderr
    for text, why in (
            ('set=1', 'fd option is required and must be non-negative'),
            ('fd=2,set=1', 'fd cannot be a standard I/O stream'),
            ('fd=999,set=1', 'fd is not valid or already in use'),
            (f'fd={fd}', 'set option is required and must be non-negative'),
            (f'fd={fd},set=1,x=1',
             "Invalid parameter 'x' (-add-fd help lists them)")):
        run = subprocess.run([program, '-add-fd', text], pass_fds=[fd],
                             capture_output=True, text=True, timeout=60,
                             check=False)
        assert run.returncode == 1
        assert run.stderr == f'-add-fd {text}: {why}\n', run.stderr


def qtest_log(program):
    fd = temporary()
    with Program(program, '-qtest', 'unix:@/qtest,server=on,wait=off',
                 '-qtest-log', '/dev/fdset/1', '-add-fd', f'fd={fd},set=1',
                 fds=[fd]) as run:
        qtest = connect(run.path / 'qtest')
        qtest.sendall(b'endianness\n')
        assert qtest.recv(100) == b'OK little\n'
        assert b'endianness' in content(fd)


def monitor_on_passed_socket(program):
    """What management programs do: listen first, then start the program."""
    with temporary_directory() as directory:
        path = pathlib.Path(directory) / 'qmp'
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1)
        early = socket.socket(socket.AF_UNIX)
        early.connect(str(path))
        with Program(program, '-chardev',
                     f'socket,id=m,fd={listener.fileno()},server=on,wait=off',
                     '-mon', 'm,mode=control', fds=[listener.fileno()]) as run:
            assert early.recv(65536).startswith(b'{"QMP"')
            qmp = run.client()
            files = {row['label']: row['filename']
                     for row in qmp.command('query-chardev')}
            assert files['m'] == f'unix:{path},server=on', files
            run.quit(qmp)
        assert path.exists()


def add_and_remove(program):
    with Program(program) as run:
        qmp = run.client()

        def add(name, kind, **data):
            return {'id': name, 'backend': {'type': kind, 'data': data}}

        unix = {'type': 'unix', 'data': {'path': str(run.path / 's')}}
        qmp.command('chardev-add', **add('n', 'null'))
        qmp.refused("Chardev with id 'n' already exists", 'chardev-add',
                    **add('n', 'null'))
        qmp.refused("Failed to add chardev '1': Parameter 'id' expects an "
                    'identifier', 'chardev-add', **add('1', 'null'))
        qmp.command('chardev-add', **add('s', 'socket', addr=unix))
        qmp.refused(f"Failed to add chardev 't': path={run.path}/s: another "
                    'process is listening there: Address already in use',
                    'chardev-add', **add('t', 'socket', addr=unix))
        qmp.refused("Parameter 'backend.data.x' is unexpected",
                    'chardev-add', **add('t', 'null', x=1))
        pty = qmp.command('chardev-add', **add('p', 'pty'))['pty']
        qmp.command('chardev-add', **add('f', 'file', out=str(run.path / 'f'),
                                         logfile=str(run.path / 'log')))
        mine, theirs = socket.socketpair()
        qmp.command('getfd', [theirs.fileno()], fdname='pair')
        qmp.command('chardev-add', **add(
            'c', 'socket', server=False,
            addr={'type': 'fd', 'data': {'str': 'pair'}}))
        files = {row['label']: row['filename']
                 for row in qmp.command('query-chardev')}
        assert files == {'compat_monitor0': f'unix:{run.path}/qmp0,server=on',
                         'n': 'null', 'p': f'pty:{pty}', 'f': 'file',
                         's': f'disconnected:unix:{run.path}/s,server=on',
                         'c': 'unix:'}, files
        kinds = [row['name'] for row in qmp.command('query-chardev-backends')]
        assert {'socket', 'file', 'pipe', 'pty', 'ringbuf'} < set(kinds)
        qmp.refused("Chardev 'compat_monitor0' is busy", 'chardev-remove',
                    id='compat_monitor0')
        qmp.refused("Chardev 'x' not found", 'chardev-remove', id='x')
        for name in ('n', 'p', 'f', 's', 'c'):
            qmp.command('chardev-remove', id=name)
        assert not (run.path / 's').exists()
        theirs.close()
        assert mine.recv(1) == b''
        assert len(qmp.command('query-chardev')) == 1
        assert run.quit(qmp) == ''


def in_use_by_a_device(program):
    with Program(program, '-M', 'q35', '-chardev', 'null,id=c', '-device',
                 'isa-debugcon,chardev=c') as run:
        qmp = run.client()
        qmp.refused("Chardev 'c' is busy", 'chardev-remove', id='c')
        run.quit(qmp)


def ring_buffer(program):
    with Program(program, '-chardev', 'ringbuf,id=r,size=16', '-chardev',
                 'null,id=n') as run:
        qmp = run.client()
        qmp.command('ringbuf-write', device='r', data='hello')
        qmp.command('ringbuf-write', device='r', data='AP8=', format='base64')
        assert qmp.command('ringbuf-read', device='r', size=5) == 'hello'
        assert qmp.command('ringbuf-read', device='r', size=9) == '\0\ufffd'
        qmp.command('ringbuf-write', device='r', data='0123456789' * 2)
        assert qmp.command('ringbuf-read', device='r', size=100,
                           format='base64') == 'NDU2Nzg5MDEyMzQ1Njc4OQ=='
        for expected, arguments in (
                ("Device 'x' not found", {'device': 'x', 'size': 1}),
                ('n is not a ringbuf device', {'device': 'n', 'size': 1}),
                ('size must be greater than zero', {'device': 'r',
                                                    'size': 0})):
            qmp.refused(expected, 'ringbuf-read', **arguments)
        for data in ('%%%%', 'AAA', 'A===', '=AAA'):
            qmp.refused('Base64 data contains invalid characters',
                        'ringbuf-write', device='r', data=data,
                        format='base64')
        assert run.quit(qmp) == ''


class People:
    """A connection to a monitor for people."""

    PROMPT = b'(qemu) '

    def __init__(self, run):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(run.path / 'hmp'))
        self.socket.settimeout(60)
        self.until_prompt()

    def until_prompt(self):
        said = b''
        while not said.endswith(self.PROMPT):
            data = self.socket.recv(65536)
            assert data, said
            said += data
        return said[:-len(self.PROMPT)].decode().replace('\r\n', '\n')

    def command(self, line, fds=()):
        socket.send_fds(self.socket, [line.encode() + b'\n'], fds)
        return self.until_prompt().partition('\n')[2]


def passed_by_people(program):
    """By HMP, and by the HMP command of a QMP client."""
    with Program(program, '-monitor',
                 'unix:@/hmp,server=on,wait=off') as run:
        qmp = run.client()
        hmp = People(run)
        fd = os.open('/dev/null', os.O_RDWR)
        before = run.fds()
        none = f'Error: {NO_FD}\n'
        assert hmp.command('getfd a') == none
        assert hmp.command('getfd a', [fd]) == ''
        assert hmp.command('getfd 1', [fd]).startswith('Error: Parameter ')
        assert run.fds() == before + 1
        # it is QMP's, too
        qmp.command('closefd', fdname='a')
        assert run.fds() == before
        assert hmp.command('closefd a') == \
            "Error: File descriptor named 'a' not found\n"
        # ahead of the command; and not taken
        assert hmp.command('', [fd]) == ''
        assert hmp.command('getfd a') == ''
        assert hmp.command('info status', [fd, fd, fd]).startswith('VM ')
        assert run.fds() == before + 4
        assert hmp.command('info status').startswith('VM ')
        assert run.fds() == before + 1
        assert hmp.command('getfd b') == none
        assert hmp.command('closefd a') == ''
        # more than anybody needs, and then nobody is there
        for _ in range(50):
            socket.send_fds(hmp.socket, [b'x'], [fd] * 250)
        wait_for(lambda: run.fds() == before + 16, 'descriptors are lost')
        hmp.socket.close()
        wait_for(lambda: run.fds() == before - 1, 'descriptors are left')

        call = 'human-monitor-command'
        assert qmp.command(call, [fd], command_line='getfd q') == ''
        assert qmp.command(call, command_line='getfd q') == \
            none.replace('\n', '\r\n')
        assert qmp.command(call, command_line='closefd q') == ''
        added = qmp.command('add-fd', [fd], fdset_id=3, opaque='text')['fd']
        qmp.command('add-fd', [fd], fdset_id=3)
        assert qmp.command(call, command_line='info fdset').startswith(
            f'/dev/fdset/3: fd {added} text\r\n/dev/fdset/3: fd ')
        assert run.quit(qmp) == ''


def add_client(program):
    with Program(program, '-chardev',
                 'socket,id=s,path=@/s,server=on,wait=off', '-mon',
                 's,mode=control', '-chardev', 'null,id=n') as run:
        qmp = run.client()
        before = run.fds()
        mine, theirs = socket.socketpair()
        qmp.refused("File descriptor named 'x' has not been found",
                    'add_client', protocol='s', fdname='x')
        for protocol, expected, kind in (
                ('vnc', 'VNC is not in use', 'DeviceNotActive'),
                ('spice', 'SPICE is not in use', 'DeviceNotActive'),
                ('@dbus-display', 'D-Bus display is not in use',
                 'DeviceNotActive'),
                ('x', "protocol 'x' is invalid", 'GenericError'),
                ('n', "failed to add client: chardev 'n' is no socket",
                 'GenericError')):
            qmp.command('getfd', [theirs.fileno()], fdname='x')
            assert qmp.refused(expected, 'add_client', protocol=protocol,
                               fdname='x') == kind
            assert run.fds() == before
        qmp.command('getfd', [theirs.fileno()], fdname='x')
        qmp.command('add_client', protocol='s', fdname='x', skipauth=True)
        assert mine.recv(65536).startswith(b'{"QMP"')
        qmp.command('getfd', [theirs.fileno()], fdname='x')
        qmp.refused("failed to add client: chardev 's' has a client",
                    'add_client', protocol='s', fdname='x')
        assert run.quit(qmp) == ''


def read_all(fd):
    data = b''
    while chunk := os.read(fd, 65536):
        data += chunk
    os.close(fd)
    return data


def dump(program):
    """Guest memory to a descriptor that was passed: a pipe, a file."""
    with Program(program, '-M', 'q35,firmware=builtin', '-m', '16') as run:
        qmp = run.client()
        before = run.fds()

        def arguments(name):
            return {'paging': False, 'protocol': f'fd:{name}'}

        ours, theirs = os.pipe()
        qmp.command('getfd', [theirs], fdname='pipe')
        os.close(theirs)
        qmp.send(json.dumps({'execute': 'dump-guest-memory',
                             'arguments': arguments('pipe')}).encode())
        piped = read_all(ours)
        assert 'return' in qmp.answer()
        assert run.fds() == before
        # a name is good for one use
        qmp.refused("File descriptor named 'pipe' has not been found",
                    'dump-guest-memory', **arguments('pipe'))

        # What a file has before its descriptor's position stays.
        file = temporary(b'kept')
        os.lseek(file, 4, os.SEEK_SET)
        qmp.command('getfd', [file], fdname='file')
        qmp.command('dump-guest-memory', **arguments('file'))
        assert run.fds() == before
        dumped = os.pread(file, len(piped) + 5, 0)
        assert dumped == b'kept' + piped
        assert piped.startswith(b'\x7fELF') and b'RSD PTR ' in piped
        assert len(piped) > 15 << 20

        with open('/dev/null', 'rb') as null:
            qmp.command('getfd', [null.fileno()], fdname='mine')
        qmp.refused("Could not write 'mine': it is not open for writing",
                    'dump-guest-memory', **arguments('mine'))
        ours, theirs = os.pipe()
        qmp.command('getfd', [theirs], fdname='gone')
        os.close(theirs)
        os.close(ours)
        answer = qmp.ask('dump-guest-memory', **arguments('gone'))
        assert re.fullmatch("Could not write 'gone': Broken pipe, after 0 of "
                            r'\d+ bytes of guest memory',
                            answer['error']['desc']), answer
        assert qmp.command('query-status')['status'] == 'running'
        assert run.fds() == before
        assert run.quit(qmp) == ''


if __name__ == '__main__':
    sys.exit(main([named, waiting, sets, one_of_two_clients, option, qtest_log,
                   monitor_on_passed_socket, add_and_remove,
                   in_use_by_a_device, ring_buffer, passed_by_people, add_client,
                   dump]))
