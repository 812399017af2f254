#!/usr/bin/env python3
# Saving and restoring as management programs that know QEMU do it
#
#   migrate-client.py PROGRAM
#
# Each command and argument here is one that libvirt 9.0 sends for "virsh save"
# and "virsh restore", in its order: a file with a header of its own, written
# and read by descriptors, directly or through a pipe and a helper.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess
import sys
import threading
import time

from machine_rig import RAM_GPA, SAVED_GUID, Machine, open_fd
from process_rig import main, wait_for

OTHER_GUID = '11112222-3333-4444-5555-666677778888'
HEADER = b'LibvirtQemudSave' + bytes(76)
NO_LIMIT = 9223372036853727232  # what libvirt says for it
MIB = 1 << 20


def tell_events(machine):
    """What is asked of each new process."""
    known = [row['capability'] for row in
             machine.qmp.command('query-migrate-capabilities')]
    assert 'events' in known, known
    machine.qmp.command('migrate-set-capabilities', capabilities=[
        {'capability': 'events', 'state': True}])


def steps(machine):
    return [event['data']['status']
            for event in machine.qmp.named('MIGRATION')]


def await_step(machine, status):
    def told():
        machine.qmp.command('query-status')
        return status in steps(machine)
    wait_for(f'the event {status}', told)


def save(machine, fd):
    """virDomainSave."""
    qmp = machine.qmp
    tell_events(machine)
    qmp.command('stop')
    assert qmp.named('STOP')
    assert qmp.command('query-migrate') == {}
    assert qmp.command('migrate-set-parameters', max_bandwidth=NO_LIMIT) == {}
    qmp.command('getfd', [fd], fdname='migrate')
    os.close(fd)
    qmp.command('migrate', detach=True, blk=False, inc=False, resume=False,
                uri='fd:migrate')
    await_step(machine, 'completed')
    assert steps(machine) == ['setup', 'active', 'completed'], steps(machine)
    info = qmp.command('query-migrate')
    assert info['status'] == 'completed', info
    assert info['ram']['remaining'] == 0, info
    assert 0 < info['ram']['transferred'] <= info['ram']['total'], info
    assert info['total-time'] >= 0 and info['downtime'] >= 0, info
    assert machine.quit() == ''


def restore(machine, fd):
    """virDomainRestore: the process has inherited the descriptor."""
    qmp = machine.qmp
    assert machine.status() == 'inmigrate'
    tell_events(machine)
    qmp.command('migrate-incoming', uri=f'fd:{fd}')
    await_step(machine, 'completed')
    assert steps(machine) == ['setup', 'active', 'completed'], steps(machine)
    assert qmp.command('query-migrate')['status'] == 'completed'
    assert machine.status() == 'paused', machine.status()
    qmp.command('cont')
    assert qmp.named('RESUME')
    assert machine.status() == 'running'


def check_restored(rig, fd, told):
    """libvirt gives the ID explicitly, which is what the guest gets."""
    with Machine(rig, '-S', incoming='defer', fds=[fd], guid=told) as machine:
        restore(machine, fd)
        assert machine.qtest.read(RAM_GPA, 4) == b'kept'
        assert machine.guid_in_memory() == told
        assert machine.notified() == (told != SAVED_GUID)
        assert machine.quit() == ''


def save_and_restore(rig):
    path = rig.dir / 'state'
    path.write_bytes(HEADER)
    with Machine(rig) as machine:
        machine.qtest.write(RAM_GPA, b'kept')
        save(machine, open_fd(path, os.O_WRONLY | os.O_APPEND))
    assert path.read_bytes().startswith(HEADER)
    for told in (SAVED_GUID, OTHER_GUID):
        fd = open_fd(path, os.O_RDONLY)
        os.lseek(fd, len(HEADER), os.SEEK_SET)
        check_restored(rig, fd, told)
        os.close(fd)


def through_a_helper(rig):
    """The file is another process's; what we have is the end of a pipe."""
    path = rig.dir / 'state'
    reader, writer = os.pipe()
    with path.open('wb') as file:
        helper = subprocess.Popen(['cat'], stdin=reader, stdout=file)
        os.close(reader)
        with Machine(rig) as machine:
            machine.qtest.write(RAM_GPA, b'kept')
            save(machine, writer)
        assert helper.wait() == 0
    with path.open('rb') as file:
        helper = subprocess.Popen(['cat'], stdin=file, stdout=subprocess.PIPE)
        check_restored(rig, helper.stdout.fileno(), SAVED_GUID)
        helper.stdout.close()
        assert helper.wait() == 0


def parameters(rig):
    with Machine(rig) as machine:
        qmp = machine.qmp
        names = qmp.command('query-qmp-schema')
        argument = next(row['arg-type'] for row in names
                        if row['name'] == 'migrate-set-parameters')
        members = next(row['members'] for row in names
                       if row['name'] == argument)
        assert [row['name'] for row in members] == ['max-bandwidth'], members
        assert qmp.command('query-migrate-parameters') == {'max-bandwidth': 0}
        for value in (MIB, NO_LIMIT, (1 << 64) - 1):
            qmp.command('migrate-set-parameters', max_bandwidth=value)
            qmp.command('migrate-set-parameters')
            assert qmp.command('query-migrate-parameters') == {
                'max-bandwidth': value}
        for value in (-1, 1 << 64):
            answer = qmp.ask('migrate-set-parameters', max_bandwidth=value)
            assert 'error' in answer, answer
        qmp.refused("Parameter 'multifd-channels' is unexpected",
                    'migrate-set-parameters', multifd_channels=2)

        def hmp(line):
            return qmp.command('human-monitor-command', command_line=line)

        for text, value in (('3', 3 * MIB), ('10k', 10240), ('0', 0)):
            assert hmp(f'migrate_set_parameter max-bandwidth {text}') == ''
            said = hmp('info migrate_parameters')
            assert said.startswith(f'max-bandwidth: {value} bytes/s'), said
        assert "expects a size" in hmp('migrate_set_parameter max-bandwidth x')
        assert "invalid" in hmp('migrate_set_parameter downtime-limit 3')


def fill(machine, size):
    """Memory that cannot be left out."""
    machine.qtest.fill(RAM_GPA, size, 0xa5)


def limited(rig):
    """What is written in a while is what may be, and nearly all of that."""
    rate = 4 * MIB
    with Machine(rig) as machine:
        fill(machine, 2 * MIB)
        machine.qmp.command('migrate-set-parameters', max_bandwidth=rate)
        before = time.monotonic()
        machine.save('file:state')
        taken = time.monotonic() - before
        size = (rig.dir / 'state').stat().st_size
        assert size > 2 * MIB
        # nothing was there to go in the first moment
        assert taken >= size / rate, (size, taken)
        assert machine.quit() == ''


def lifted(rig):
    """A limit can be changed on the way, and saving cancelled under one."""
    rate = 4000
    with Machine(rig) as machine:
        qmp = machine.qmp
        fill(machine, MIB)
        qmp.command('migrate-set-parameters', max_bandwidth=rate)
        before = time.monotonic()
        qmp.command('migrate', uri='file:state')
        wait_for('something is written',
                 lambda: machine.info()['ram']['transferred'] > 0)
        time.sleep(0.2)
        info = machine.info()
        taken = time.monotonic() - before
        assert info['status'] == 'active', info
        assert info['ram']['transferred'] <= rate * taken, info
        qmp.command('migrate_cancel')
        machine.await_end('cancelled')
        assert machine.status() == 'running'
        assert not (rig.dir / 'state').exists()

        qmp.command('migrate-set-parameters', max_bandwidth=1)
        qmp.command('migrate', uri='file:state')
        assert machine.info()['status'] == 'active'
        qmp.command('migrate-set-parameters', max_bandwidth=0)
        machine.saved()
        assert (rig.dir / 'state').stat().st_size > MIB


def slow_reader_and_limit(rig):
    """Neither wait keeps the other from ending."""
    reader, writer = os.pipe()
    got = []

    def read():
        while data := os.read(reader, 1 << 16):
            got.append(len(data))
            time.sleep(0.002)

    thread = threading.Thread(target=read)
    thread.start()
    with Machine(rig) as machine:
        fill(machine, MIB)
        machine.qmp.command('migrate-set-parameters', max_bandwidth=8 * MIB)
        machine.save_fd(writer)
        machine.saved()
        assert machine.quit() == ''
    thread.join()
    os.close(reader)
    assert sum(got) > MIB


if __name__ == '__main__':
    sys.exit(main([save_and_restore, through_a_helper, parameters, limited,
                   lifted, slow_reader_and_limit]))
