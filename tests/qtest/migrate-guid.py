#!/usr/bin/env python3
# What a restored machine's generation ID is, and whether its guest is told
#
#   migrate-guid.py PROGRAM
#
# The table that this goes through is in docs/system/vm-generation-id.rst.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import socket
import sys
import threading

from machine_rig import PMBASE, RAM_GPA, SAVED_GUID, Machine, open_fd
from process_rig import main, wait_for

OTHER_GUID = '11112222-3333-4444-5555-666677778888'
NEW = None                      # a random one

SLEEP_S3 = 1 << 10 | 1 << 13    # SLP_TYP 1, SLP_EN


def save(rig, *options, kind='q35', before=None):
    with Machine(rig, *options, machine=kind) as machine:
        if before:
            before(machine)
        machine.save('file:state')
        assert machine.quit() == ''


def restore_by_file(rig, **machine):
    return Machine(rig, incoming='file:state', **machine)


def restore_by_fd(rig, **machine):
    fd = open_fd(rig.dir / 'state', os.O_RDONLY)
    started = Machine(rig, incoming=f'fd:{fd}', fds=[fd], **machine)
    os.close(fd)
    return started


def restore_by_unix(rig, **machine):
    path = rig.dir / f'door{len(rig.names())}'
    started = Machine(rig, incoming=f'unix:{path}', **machine)

    def send():
        with socket.socket(socket.AF_UNIX) as sender:
            def try_once():
                try:
                    sender.connect(str(path))
                    return True
                except (FileNotFoundError, ConnectionRefusedError):
                    return False

            wait_for('it listens', try_once)
            sender.sendall((rig.dir / 'state').read_bytes())

    threading.Thread(target=send, daemon=True).start()
    return started


WAYS = {'file': restore_by_file, 'fd': restore_by_fd, 'unix': restore_by_unix}


def wanted_guid(guid, restore, way):
    if guid != 'auto':
        return guid
    renews = restore == 'renew' or (restore in (None, 'auto') and
                                    way == 'file')
    return NEW if renews else SAVED_GUID


def check(machine, wanted):
    """What the guest reads, what QMP says, and whether the guest was told:
    exactly if the bytes in its memory have changed."""
    machine.restored()
    there = machine.guid_in_memory()
    assert machine.guid() == there
    assert there == wanted or (wanted is NEW and
                               there not in (SAVED_GUID, OTHER_GUID)), there
    assert machine.notified() == (there != SAVED_GUID)
    changes = [event['data']['guid'] for event in
               machine.qmp.named('VM_GENERATION_ID_CHANGE')]
    assert all(guid == there for guid in changes), changes
    return there


def check_said(said, guid, restore, way):
    """A file by descriptor may be a snapshot: who has not said is told."""
    if way == 'fd' and guid == 'auto' and restore in (None, 'auto'):
        assert said.count('\n') == 1, said
        assert said.startswith('warning: -incoming fd:'), said
        assert 'restore=renew' in said and 'restore=keep' in said, said
    else:
        assert said == '', said


def check_reset(machine, there):
    """A reset is no restoring: placed again, the same, nobody is told."""
    machine.qmp.command('system_reset')
    assert machine.guid_in_memory() == there
    assert machine.guid() == there
    assert not machine.notified()


def policies(rig, kind):
    save(rig, kind=kind)
    count = 0
    for way, restore_by in WAYS.items():
        for guid in ('auto', SAVED_GUID, OTHER_GUID):
            for restore in (None, 'auto', 'renew', 'keep'):
                with restore_by(rig, machine=kind, guid=guid,
                                restore=restore) as machine:
                    where = (way, guid, restore)
                    try:
                        there = check(machine, wanted_guid(guid, restore, way))
                        check_reset(machine, there)
                        check_said(machine.quit(), guid, restore, way)
                    except AssertionError as fault:
                        raise AssertionError(where) from fault
                count += 1
    print(f'# {count} ways to restore a {kind}')


def policies_q35(rig):
    policies(rig, 'q35')


def policies_pc(rig):
    policies(rig, 'pc')


def moved_from_process_to_process(rig):
    with Machine(rig, incoming='unix:door', guid='auto') as target, \
            Machine(rig) as source:
        source.qtest.write(RAM_GPA, b'moved')
        wait_for('it listens', (rig.dir / 'door').exists)
        source.save('unix:door')
        target.restored()
        assert target.status() == 'running'
        assert target.guid_in_memory() == SAVED_GUID
        assert not target.notified()
        assert target.qtest.read(RAM_GPA, 5) == b'moved'
        # the source can still be had back
        source.qmp.command('cont')
        assert source.status() == 'running'
        assert source.quit() == '' and target.quit() == ''


def moved_by_descriptor(rig):
    """What is no file is a move, and nobody is warned."""
    save(rig)
    reader, writer = os.pipe()
    with Machine(rig, incoming=f'fd:{reader}', fds=[reader],
                 guid='auto') as machine:
        os.close(reader)
        os.write(writer, (rig.dir / 'state').read_bytes())
        os.close(writer)
        check(machine, SAVED_GUID)
        assert machine.quit() == ''


def template(rig):
    """What the saving process was told to do counts for nothing."""
    for kept in ('keep', 'renew'):
        with Machine(rig, restore=kept) as machine:
            machine.save('file:state')
            assert machine.quit() == ''
        with Machine(rig, incoming='file:state', guid='auto') as machine:
            check(machine, NEW)
        with Machine(rig, incoming='file:state', guid='auto',
                     restore='keep') as machine:
            check(machine, SAVED_GUID)


def changed_before(rig):
    """What set-vm-generation-id gave is what is saved."""
    save(rig, before=lambda machine: machine.qmp.command(
        'set-vm-generation-id', guid=OTHER_GUID))
    with Machine(rig, incoming='file:state', guid='auto',
                 restore='keep') as machine:
        machine.restored()
        assert machine.guid_in_memory() == OTHER_GUID
        # the bit that was pending when it was saved still is, once
        assert machine.notified()
        assert machine.quit() == ''


def paused(rig):
    save(rig, before=lambda machine: machine.qmp.command('stop'))
    with restore_by_file(rig, guid='auto') as machine:
        check(machine, NEW)
        assert machine.status() == 'paused', machine.status()
        machine.qmp.command('cont')
        assert machine.status() == 'running'
        assert machine.quit() == ''


def waits(rig):
    """-S on the restoring side: restored, told, and does not run."""
    save(rig)
    with Machine(rig, '-S', incoming='file:state', guid='auto') as machine:
        check(machine, NEW)
        assert machine.status() in ('paused', 'prelaunch'), machine.status()
        machine.qmp.command('cont')
        assert machine.status() == 'running'
        assert machine.quit() == ''


def sleep(machine):
    machine.qtest.outw(PMBASE + 4, SLEEP_S3)
    assert machine.status() == 'suspended', machine.status()


def sleeping(rig):
    """A guest that slept when it was cloned finds the notice on waking."""
    for kind in ('q35', 'pc'):
        save(rig, kind=kind, before=sleep)
        with restore_by_file(rig, machine=kind, guid='auto') as machine:
            machine.restored()
            assert machine.status() == 'suspended', machine.status()
            guid = machine.guid()
            assert guid != SAVED_GUID
            machine.qmp.command('system_wakeup')
            wait_for('it is awake', lambda: machine.status() == 'running')
            assert machine.guid_in_memory() == guid
            assert machine.notified(), kind
            check_reset(machine, guid)
            assert machine.quit() == ''


def slic(rig, name, oem):
    body = bytes(range(64))
    table = bytearray(b'SLIC' + (36 + len(body)).to_bytes(4, 'little') +
                      b'\1\0' + oem + bytes(20 - len(oem)) + bytes(6))
    table = table[:36] + body
    table[9] = -sum(table) & 0xff
    (rig.dir / name).write_bytes(table)
    return oem


def other_tables(rig):
    """The saved tables serve until the next reset, and that is told."""
    first, second = slic(rig, 'one', b'FIRSTX'), slic(rig, 'two', b'SECOND')
    save(rig, '-acpitable', 'file=one')
    with Machine(rig, '-acpitable', 'file=two', incoming='file:state',
                 guid='auto') as machine:
        check(machine, NEW)
        tables = machine.qtest.fw_cfg_file('etc/acpi/tables')
        assert first in tables and second not in tables
        machine.qmp.command('system_reset')
        tables = machine.qtest.fw_cfg_file('etc/acpi/tables')
        assert second in tables and first not in tables
        said = machine.quit()
    assert said.count('\n') == 1 and 'reset' in said, said
    with Machine(rig, '-acpitable', 'file=one', incoming='file:state',
                 guid='auto') as machine:
        check(machine, NEW)
        assert machine.quit() == ''


if __name__ == '__main__':
    sys.exit(main([policies_q35, policies_pc, moved_from_process_to_process,
                   moved_by_descriptor, template, changed_before, paused, waits,
                   sleeping, other_tables]))
