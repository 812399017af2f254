#!/usr/bin/env python3
# Saving and restoring, and the process around the machine: daemons, sandboxes,
# other roots, limits, memory that others have, too
#
#   migrate-process.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import fcntl
import os
import resource
import select
import signal
import subprocess
import sys

import process_rig
from machine_rig import Events, Machine, RAM_GPA
from process_rig import Skip, alive, wait_for

PC = ['-nodefaults', '-display', 'none', '-machine', 'q35,firmware=builtin',
      '-m', '16M']
QMP = ['-qmp', 'unix:daemon.qmp,server=on,wait=off']
NOBODY = 65534


def save(rig, name='state', pattern=0x5a):
    with Machine(rig, guid=None) as machine:
        machine.qtest.fill(RAM_GPA, 4096, pattern)
        machine.save(f'file:{name}')
        assert machine.quit() == ''


def status(client):
    return client.command('query-status')['status']


def saved(client, uri, wanted='completed'):
    """Save; returns how it ended."""
    def over():
        return client.command('query-migrate').get('status') in (
            'completed', 'failed')
    client.command('migrate', uri=uri)
    wait_for('the end of the saving', over)
    info = client.command('query-migrate')
    assert info['status'] == wanted, info
    return info


# Daemons

def a_daemon_is_restored(rig):
    """When the process that was started has ended, the machine is there."""
    save(rig)
    for options, wanted in ([], 'running'), (['-S'], 'paused'):
        pid = rig.daemon('-incoming', 'file:state', *QMP, *options, base=PC)
        client = Events(rig.dir / 'daemon.qmp')
        assert status(client) == wanted
        client.close()
        rig.end(pid)


def a_daemon_that_is_not(rig):
    """It is as if it had been in the foreground."""
    (rig.dir / 'bad').write_bytes(b'this is no machine' * 100)
    said = [rig.refuse('-incoming file:bad: preamble at offset 0: ',
                       '-incoming', 'file:bad', *QMP, *options, base=PC)
            for options in ([], ['-daemonize', '-pidfile', 'pid'])]
    assert said[0].partition('-incoming')[2] == said[1].partition(
        '-incoming')[2], said
    assert rig.names() == ['bad']


def a_daemon_that_waits(rig):
    """For somebody else nobody waits; the log has what came of it."""
    pid = rig.daemon('-incoming', 'unix:here', '-D', 'log', *QMP, base=PC)
    client = Events(rig.dir / 'daemon.qmp')
    assert status(client) == 'inmigrate'
    with Machine(rig, guid=None) as machine:
        machine.save('unix:here')
        wait_for('the machine', lambda: status(client) == 'running')
        assert machine.quit() == ''
    client.close()
    rig.end(pid)
    assert (rig.dir / 'log').read_text() == ''

    pid = rig.daemon('-incoming', 'unix:here', '-D', 'log', *QMP, base=PC)
    peer = process_rig.connect(rig.dir / 'here')
    peer.sendall(b'GET / HTTP/1.0\r\n\r\n')
    peer.close()
    wait_for('its end', lambda: not alive(pid))
    rig.pids.remove(pid)
    text = (rig.dir / 'log').read_text()
    assert text.count('\n') == 1 and '-incoming unix:here: ' in text, text
    assert rig.names() == ['log']


def a_daemon_that_is_made_later(rig):
    """The file's name is kept, though the directory is another then."""
    save(rig)
    pid = rig.daemon('-preconfig', '-incoming', 'file:state', *QMP, base=PC)
    client = Events(rig.dir / 'daemon.qmp')
    client.command('x-exit-preconfig')
    wait_for('the machine', lambda: status(client) == 'running')
    client.close()
    rig.end(pid)


# Options

def options_that_cannot_be(rig):
    rig.refuse('-incoming fd:0: standard input is read by -monitor stdio '
               'already', '-incoming', 'fd:0', '-monitor', 'stdio',
               base=PC)
    rig.refuse('-incoming : unknown migration protocol: ', '-incoming', '')
    rig.refuse('-incoming file:: ', '-incoming', 'file:')


def the_last_one_counts(rig):
    save(rig)
    with Machine(rig, '-incoming', 'file:state', guid=None,
                 incoming='file:/no/such') as machine:
        machine.restored()
        assert machine.quit() == ''


# Less than others may

def no_leak_check():
    """A sanitizer looks for leaks by ptrace and /proc, which are not there."""
    return dict(os.environ, ASAN_OPTIONS=os.environ.get(
        'ASAN_OPTIONS', '') + ':detect_leaks=0')


def sandboxed(rig):
    save(rig)
    sandbox = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,' \
              'resourcecontrol=deny'
    with Machine(rig, '-sandbox', sandbox, guid=None, incoming='file:state',
                 env=no_leak_check()) as machine:
        machine.restored()
        for _ in range(2):
            machine.save('file:state')
        assert machine.quit() == ''
    with Machine(rig, guid=None, incoming='file:state') as machine:
        machine.restored()
        assert machine.qtest.read(RAM_GPA, 4096) == b'\x5a' * 4096
        assert machine.quit() == ''


@contextlib.contextmanager
def other_root(rig):
    """A directory that nobody may write to, as anybody's root."""
    if os.geteuid() != 0:
        raise Skip('only the superuser can change the root')
    root = rig.dir / 'root'
    root.mkdir()
    os.chown(root, NOBODY, NOBODY)
    yield root


def as_another(rig):
    """The file is opened by whom we were, written by whom we are; without
    /proc, and with one that is not ours."""
    save(rig)
    with other_root(rig) as root:
        for options, name in (
                (['-run-with', f'chroot={root},user={NOBODY}:{NOBODY}'],
                 '/new'),
                (['-run-with', f'user={NOBODY}:{NOBODY}'],
                 f'{root}/new')):
            with Machine(rig, *options, guid=None, incoming='file:state',
                         env=no_leak_check()) as machine:
                machine.restored()
                for _ in range(2):
                    machine.save(f'file:{name}')
                assert machine.quit() == ''
            assert os.listdir(root) == ['new']
            assert (root / 'new').stat().st_uid == NOBODY
            with Machine(rig, guid=None,
                         incoming=f'file:{root}/new') as machine:
                machine.restored()
                assert machine.quit() == ''
            (root / 'new').unlink()


def few_descriptors(rig):
    """It fails, the old file stays, and nothing is lost; then it works."""
    save(rig)
    before = (rig.dir / 'state').read_bytes()
    with Machine(rig, guid=None) as machine:
        pid = machine.process.pid
        # an answer: the connection has been accepted
        machine.qtest.fill(RAM_GPA, 4096, 0x77)
        used = max(map(int, os.listdir(f'/proc/{pid}/fd'))) + 1
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        faults = set()
        for free in range(6):
            resource.prlimit(pid, resource.RLIMIT_NOFILE,
                             (used + free, limits[1]))
            answer = machine.qmp.ask('migrate', uri='file:state')
            if 'error' in answer:
                faults.add(answer['error']['desc'])
                assert machine.status() == 'running'
                continue
            wait_for('the end of the saving', lambda: machine.info()['status']
                     in ('completed', 'failed'))
            if machine.info()['status'] == 'completed':
                break
            faults.add(machine.info()['error-desc'])
            assert machine.status() == 'running'
            assert (rig.dir / 'state').read_bytes() == before
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert machine.info()['status'] == 'completed'
        assert faults, 'there was always room'
        for fault in faults:
            assert "'state'" in fault and 'Too many open files' in fault, fault
        assert machine.quit() == ''


def full_disk(rig):
    save(rig)
    before = (rig.dir / 'state').read_bytes()
    with Machine(rig, guid=None) as machine:
        machine.qtest.fill(RAM_GPA, 2 << 20, 0x77)
        resource.prlimit(machine.process.pid, resource.RLIMIT_FSIZE,
                         (1 << 20, resource.RLIM_INFINITY))
        machine.qmp.forget()
        info = saved(machine.qmp, 'file:state', 'failed')
        assert info['error-desc'] == "Could not write 'state': File too large"
        assert machine.status() == 'running'
        assert [event['event'] for event in machine.qmp.seen] == [
            'STOP', 'RESUME'], machine.qmp.seen
        assert (rig.dir / 'state').read_bytes() == before
        assert machine.quit() == ''
    assert rig.names() == ['state']


def ended_by_signal(rig):
    """While somebody does not read; and while nobody sends."""
    reader, writer = os.pipe()
    with Machine(rig, guid=None) as machine:
        machine.qtest.fill(RAM_GPA, 2 << 20, 0x77)
        machine.save_fd(writer)
        assert machine.status() == 'finish-migrate'
        machine.process.send_signal(signal.SIGTERM)
        assert machine.process.wait(process_rig.TIMEOUT_S) == 0
        assert machine.process.stderr.read() == ''
    os.close(reader)
    with Machine(rig, guid=None, incoming='unix:here') as machine:
        assert 'here' in rig.names()
        machine.process.send_signal(signal.SIGTERM)
        assert machine.process.wait(process_rig.TIMEOUT_S) == 0
        assert machine.process.stderr.read() == ''
    assert rig.names() == []


def waits_for_nobody(fd):
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK)


def flags_of_others(rig):
    """Who shares an open file shares its flags: they are given back, and
    nobody can have us wait by them."""
    reader, writer = os.pipe()
    with Machine(rig, guid=None) as machine:
        machine.qtest.fill(RAM_GPA, 2 << 20, 0x77)
        machine.qmp.command('getfd', [writer], fdname='m')
        machine.qmp.command('migrate', uri='fd:m')
        assert waits_for_nobody(writer)
        os.set_blocking(writer, True)
        while machine.info()['status'] == 'active':
            # it may have sent all, and end just now
            if select.select([reader], [], [], 0.05)[0]:
                os.read(reader, 65536)
        assert machine.info()['status'] == 'completed', machine.info()
        assert not waits_for_nobody(writer)
        assert machine.quit() == ''
    with Machine(rig, guid=None, incoming='defer') as machine:
        machine.qmp.command('getfd', [reader], fdname='m')
        machine.qmp.command('migrate-incoming', uri='fd:m',
                            exit_on_error=False)
        for size in 100, 200:
            os.set_blocking(reader, True)
            os.write(writer, bytes(size))
            assert machine.status() == 'inmigrate'
        machine.await_end('failed')
        assert not waits_for_nobody(reader)
        assert machine.quit() == ''
    os.close(reader)
    os.close(writer)


# Places

def a_block_device(rig):
    """What is completed is on the disk, not only on its way there."""
    backing = rig.dir / 'backing'
    backing.write_bytes(bytes(8 << 20))
    made = subprocess.run(['losetup', '-f', '--show', str(backing)], text=True,
                          capture_output=True) if os.geteuid() == 0 else None
    if made is None or made.returncode:
        raise Skip('there is no loop device')
    device = made.stdout.strip()
    try:
        # the last one to close it would bring it there, too
        with open(device, 'rb'), Machine(rig, guid=None) as machine:
            machine.save(f'file:{device}')
            size = machine.info()['ram']['transferred']
            with open(device, 'rb') as file:
                assert backing.read_bytes()[:size] == file.read(size)
            assert machine.quit() == ''
        with Machine(rig, guid=None, incoming=f'file:{device}') as machine:
            machine.restored()
            assert machine.quit() == ''
    finally:
        subprocess.run(['losetup', '-d', device], check=True)


def memory_of_all_kinds(rig):
    """What the memory is made of is the host's affair."""
    save(rig)
    for backend in ('memory-backend-ram,prealloc=on', 'memory-backend-memfd',
                    'memory-backend-file,mem-path=ram,share=on',
                    'memory-backend-file,mem-path=ram,share=on,prealloc=on',
                    'memory-backend-file,mem-path=ram,share=off'):
        # what an earlier machine has left in the file is gone
        (rig.dir / 'ram').write_bytes(b'\xff' * (16 << 20))
        with Machine(rig, '-object', f'{backend},id=pc.ram,size=16M',
                     machine='q35,memory-backend=pc.ram', guid=None,
                     incoming='file:state') as machine:
            machine.restored()
            assert machine.qtest.read(RAM_GPA, 4096) == b'\x5a' * 4096
            assert machine.qtest.read(8 << 20, 4096) == bytes(4096)
            machine.save('file:again')
            assert machine.quit() == ''
        with Machine(rig, guid=None, incoming='file:again') as machine:
            machine.restored()
            assert machine.qtest.read(RAM_GPA, 4096) == b'\x5a' * 4096
            assert machine.qtest.read(8 << 20, 4096) == bytes(4096)
            assert machine.quit() == ''


def memory_of_another(rig):
    """Whoever is restored needs the file for itself: it would destroy what
    another machine has there, and has not sent yet."""
    backend = ['-object', 'memory-backend-file,id=pc.ram,mem-path=ram,size=16M,'
               'share=on']
    machine = 'q35,memory-backend=pc.ram'
    with Machine(rig, *backend, machine=machine, guid=None) as owner:
        owner.qtest.fill(RAM_GPA, 4096, 0x5a)
        rig.refuse("memory-backend: the file of 'pc.ram', with share=on, is "
                   'the memory of another machine', *backend, '-incoming',
                   'file:state', base=['-nodefaults', '-display', 'none',
                                       '-machine', machine])
        # nobody else may write there
        private = [text.replace('share=on', 'share=off') for text in backend]
        with Machine(rig, *private, machine=machine, guid=None) as other:
            assert other.quit() == ''
        assert owner.qtest.read(RAM_GPA, 4096) == b'\x5a' * 4096
        owner.save('file:state')
        assert owner.quit() == ''
    with Machine(rig, *backend, machine=machine, guid=None,
                 incoming='file:state') as heir:
        heir.restored()
        assert heir.qtest.read(RAM_GPA, 4096) == b'\x5a' * 4096
        assert heir.quit() == ''


if __name__ == '__main__':
    sys.exit(process_rig.main([
        a_daemon_is_restored, a_daemon_that_is_not, a_daemon_that_waits,
        a_daemon_that_is_made_later, options_that_cannot_be,
        the_last_one_counts, sandboxed, as_another, few_descriptors,
        full_disk, ended_by_signal, flags_of_others, a_block_device,
        memory_of_all_kinds, memory_of_another,
    ]))
