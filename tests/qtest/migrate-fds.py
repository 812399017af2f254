#!/usr/bin/env python3
# Saving a machine to descriptors that were passed, and restoring it from them;
# peers that mean no good
#
#   migrate-fds.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import pathlib
import resource
import socket
import stat
import subprocess
import sys
import tempfile

import rawqmp
from rawqmp import Program, Skip, wait_for


def state(client):
    return client.command('query-status')['status']


def status(client):
    return client.command('query-migrate').get('status')


def give(client, fd, name='m'):
    client.command('getfd', fds=[fd], fdname=name)


def is_over(client):
    return status(client) in ('completed', 'failed', 'cancelled')


def save(client, uri):
    client.command('migrate', uri=uri)
    wait_for(lambda: is_over(client), 'saving does not end')
    return client.command('query-migrate')


def restored(client):
    wait_for(lambda: state(client) != 'inmigrate', 'restoring does not end')
    assert state(client) == 'running', state(client)
    assert status(client) == 'completed'


def saved_bytes(program):
    with Program(program) as source:
        client = source.client()
        path = source.path / 'saved'
        info = save(client, f'file:{path}')
        assert info['status'] == 'completed', info
        return path.read_bytes()


def regular_file(program):
    """It is written, and read, from where it stands."""
    with tempfile.TemporaryFile() as file:
        file.write(b'header')
        file.flush()
        with Program(program) as source:
            client = source.client()
            give(client, file.fileno())
            before = source.fds()
            assert save(client, 'fd:m')['status'] == 'completed'
            assert source.fds() == before - 1
            client.refused("File descriptor named 'm' has not been found",
                           'migrate', uri='fd:m')
            assert source.quit(client) == ''
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.write(b'tail')
        file.flush()
        file.seek(0)
        assert file.read(6) == b'header'
        with Program(program, '-incoming', 'defer') as target:
            client = target.client()
            os.lseek(file.fileno(), 6, os.SEEK_SET)
            give(client, file.fileno())
            client.command('migrate-incoming', uri='fd:m')
            restored(client)
            # what is behind belongs to somebody else
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == size
            assert target.quit(client) == ''


def pipe(program):
    reader, writer = os.pipe()
    with Program(program, '-incoming', f'fd:{reader}', fds=[reader]) as target:
        os.close(reader)
        receiver = target.client()
        assert state(receiver) == 'inmigrate'
        assert status(receiver) == 'setup'
        with Program(program) as source:
            client = source.client()
            give(client, writer)
            os.close(writer)
            assert save(client, 'fd:m')['status'] == 'completed'
            restored(receiver)
            # the reader sees the end: ours is closed
            assert source.quit(client) == ''
        assert target.quit(receiver) == ''


def standard_input(program):
    data = saved_bytes(program)
    with rawqmp.temporary_directory() as directory:
        path = pathlib.Path(directory) / 'qmp'
        process = subprocess.Popen(
            [program, '-M', 'none', '-nodefaults', '-display', 'none',
             '-qmp', f'unix:{path},server=on,wait=off', '-incoming', 'fd:0'],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        client = rawqmp.Client(path)
        process.stdin.write(data[:100])
        process.stdin.flush()
        wait_for(lambda: status(client) == 'active', 'nothing has come')
        assert state(client) == 'inmigrate'
        process.stdin.write(data[100:])
        process.stdin.close()
        restored(client)
        # its number is still taken
        assert not os.path.exists(f'/proc/{process.pid}') or \
            os.path.exists(f'/proc/{process.pid}/fd/0')
        client.command('quit')
        assert process.wait(rawqmp.TIMEOUT_S) == 0
        assert process.stderr.read() == b''
        process.stderr.close()


def slow_sender(program):
    """A byte at a time, and the monitor answers all the while."""
    data = saved_bytes(program)
    with Program(program, '-incoming', 'unix:@/m') as target:
        client = target.client()
        sender = rawqmp.connect(target.path / 'm')
        wait_for(lambda: not (target.path / 'm').exists(), 'the socket stays')
        for byte in data[:-1]:
            sender.send(bytes([byte]))
            assert state(client) == 'inmigrate'
        sender.send(data[-1:])
        restored(client)
        sender.close()
        assert target.quit(client) == ''


def ends(program, send, said):
    """Whatever @send does, the program ends, with status 1, and says why."""
    with Program(program, '-incoming', 'unix:@/m') as target:
        client = target.client()
        sender = rawqmp.connect(target.path / 'm')
        send(sender)
        sender.close()
        text = target.process.stderr.read()
        assert target.process.wait(rawqmp.TIMEOUT_S) == 1
        assert text.count('\n') == 1, text
        assert '-incoming unix:' in text and said in text, text
        assert not (target.path / 'm').exists()
        client.close()


def hostile_senders(program):
    data = saved_bytes(program)
    ends(program, lambda peer: None, 'empty')
    ends(program, lambda peer: peer.send(data[:50]), 'offset')
    ends(program, lambda peer: peer.send(data[:-1]), 'offset')
    ends(program, lambda peer: peer.send(b'\0' * 4096), '')
    ends(program, lambda peer: peer.send(data[8:]), '')


def exit_on_error(program):
    """By default the program ends; clients are told."""
    with Program(program, '-incoming', 'defer') as target:
        client = target.client()
        path = target.path / 'bad'
        path.write_bytes(b'no machine')
        client.command('migrate-set-capabilities', capabilities=[
            {'capability': 'events', 'state': True}])
        client.command('migrate-incoming', uri=f'file:{path}')
        while client.read():
            pass
        text = target.process.stderr.read()
        assert target.process.wait(rawqmp.TIMEOUT_S) == 1
        assert f'migrate-incoming file:{path}: ' in text, text
        assert text.count('\n') == 1, text


def bytes_behind(program):
    """From a socket nothing is read that does not belong to the machine."""
    data = saved_bytes(program)
    with Program(program, '-incoming', 'unix:@/m') as target:
        client = target.client()
        sender = rawqmp.connect(target.path / 'm')
        sender.send(data + b'more')
        restored(client)
        sender.close()
        assert target.quit(client) == ''


def second_sender(program):
    """One connection is taken, and no more."""
    data = saved_bytes(program)
    with Program(program, '-incoming', 'unix:@/m') as target:
        client = target.client()
        path = target.path / 'm'
        first = rawqmp.connect(path)
        first.send(data[:10])
        wait_for(lambda: status(client) == 'active', 'nothing has come')
        with socket.socket(socket.AF_UNIX) as second:
            try:
                second.connect(str(path))
                raise AssertionError('somebody listens')
            except (ConnectionRefusedError, FileNotFoundError):
                pass
        first.send(data[10:])
        restored(client)
        assert target.quit(client) == ''


def named_pipe(program):
    """A pipe that is opened before anybody writes is not at its end."""
    data = saved_bytes(program)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'pipe')
        os.mkfifo(path)
        with Program(program, '-incoming', f'file:{path}') as target:
            client = target.client()
            assert state(client) == 'inmigrate'
            with open(path, 'wb') as file:
                file.write(data)
            restored(client)
            assert target.quit(client) == ''
        with Program(program) as source:
            client = source.client()
            client.refused(f"Could not open '{path}': it is a pipe that "
                           'nobody reads from', 'migrate', uri=f'file:{path}')
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            assert save(client, f'file:{path}')['status'] == 'completed'
            assert os.read(reader, 8) == data[:8]
            os.close(reader)
            assert stat.S_ISFIFO(os.stat(path).st_mode)


def closed_pipe(program):
    reader, writer = os.pipe()
    with Program(program) as source:
        client = source.client()
        give(client, writer)
        os.close(writer)
        os.close(reader)
        info = save(client, 'fd:m')
        assert info['status'] == 'failed', info
        assert info['error-desc'] == "Could not write 'm': Broken pipe", info
        assert state(client) == 'running'


def not_writable(program):
    with Program(program) as source, open('/dev/null', 'rb') as file:
        client = source.client()
        give(client, file.fileno())
        client.refused("Could not write 'm': it is not open for writing",
                       'migrate', uri='fd:m')
        assert status(client) is None
        assert state(client) == 'running'


def full_disk(program):
    with Program(program) as source:
        client = source.client()
        info = save(client, 'file:/dev/full')
        assert info['status'] == 'failed', info
        assert info['error-desc'].endswith('No space left on device'), info
        assert state(client) == 'running'


def limited_file(program):
    """No room for the new one: the old one stays, and nothing beside it."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / 'saved'
        path.write_bytes(b'old')
        with Program(program) as source:
            client = source.client()
            # not before: a thread sanitizer makes files as it starts
            resource.prlimit(source.process.pid, resource.RLIMIT_FSIZE, (0, 0))
            info = save(client, f'file:{path}')
            assert info['status'] == 'failed', info
            assert info['error-desc'].endswith('File too large'), info
            assert state(client) == 'running'
            assert source.quit(client) == ''
        assert path.read_bytes() == b'old'
        assert os.listdir(directory) == ['saved']


def descriptor_set(program):
    data = saved_bytes(program)
    with Program(program) as source, tempfile.TemporaryFile() as file:
        client = source.client()
        client.command('add-fd', fds=[file.fileno()], fdset_id=3)
        assert save(client, 'file:/dev/fdset/3')['status'] == 'completed'
        file.seek(0)
        assert file.read(8) == data[:8]


def sandboxed(program, *options):
    try:
        return Program(program, '-sandbox', *options)
    except AssertionError as fault:
        if 'libseccomp' in str(fault):
            raise Skip(str(fault).strip()) from fault
        raise


def sandbox(program):
    with tempfile.TemporaryDirectory() as directory:
        with sandboxed(program, 'on,obsolete=deny,elevateprivileges=deny,'
                       'spawn=deny,resourcecontrol=deny') as source:
            client = source.client()
            path = os.path.join(directory, 'saved')
            for _ in range(2):
                assert save(client, f'file:{path}')['status'] == 'completed'
                client.command('cont')
        with sandboxed(program, 'on,spawn=deny', '-incoming',
                       f'file:{path}') as target:
            restored(target.client())


def abandoned_command(program):
    """Whoever asked has gone: it is saved all the same."""
    with Program(program, monitors=2) as source:
        path = source.path / 'saved'
        client = source.client()
        client.send(b'{"execute": "migrate", "arguments": {"uri": "file:' +
                    str(path).encode() + b'"}}\n')
        client.close()
        other = source.client(1)
        wait_for(lambda: status(other) == 'completed', 'it is not saved')
        assert path.exists()


if __name__ == '__main__':
    sys.exit(rawqmp.main([
        regular_file, pipe, standard_input, slow_sender, hostile_senders,
        exit_on_error, bytes_behind, second_sender, named_pipe, closed_pipe,
        not_writable, full_disk, limited_file, descriptor_set, sandbox,
        abandoned_command,
    ]))
