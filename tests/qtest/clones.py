#!/usr/bin/env python3
# Machines that are started from one file have generation IDs of their own,
# and their guests are told
#
#   clones.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys

from machine_rig import SAVED_GUID, Machine
from process_rig import main

AT_ONCE = 10


def save(rig, kind):
    with Machine(rig, machine=kind) as machine:
        assert machine.guid_in_memory() == SAVED_GUID
        assert not machine.notified()
        gpa = machine.guid_gpa()
        machine.save('file:state')
        assert machine.quit() == ''
    return gpa


def look_at(clone, gpa):
    """What one clone's guest reads; it has to have been notified, once."""
    clone.restored()
    assert clone.guid_gpa() == gpa
    guid = clone.guid_in_memory()
    assert clone.guid() == guid
    assert clone.notified()
    assert not clone.notified()
    return guid


def clone_many(rig, kind, count):
    gpa = save(rig, kind)
    saved = (rig.dir / 'state').read_bytes()
    guids = []
    while len(guids) < count:
        clones = []
        try:
            # all of them are there before one is looked at
            for _ in range(min(AT_ONCE, count - len(guids))):
                clones.append(Machine(rig, machine=kind, guid='auto',
                                      incoming='file:state'))
            for clone in clones:
                clone.__enter__()
            guids += [look_at(clone, gpa) for clone in clones]
            assert [clone.quit() for clone in clones] == [''] * len(clones)
        finally:
            for clone in clones:
                clone.__exit__()
    assert len(set(guids)) == count and SAVED_GUID not in guids
    assert (rig.dir / 'state').read_bytes() == saved
    print(f'# {count} clones of one {kind}, {AT_ONCE} at a time: '
          f'{len(set(guids))} IDs, none of them the saved one')


def hundred_clones(rig):
    clone_many(rig, 'q35', 100)


def clones_of_a_pc(rig):
    clone_many(rig, 'pc', 5)


def clone_of_a_clone(rig):
    """What a clone is given is what is saved of it."""
    save(rig, 'q35')
    with Machine(rig, guid='auto', incoming='file:state') as clone:
        clone.restored()
        first = clone.guid_in_memory()
        clone.save('file:second')
        assert clone.quit() == ''
    with Machine(rig, guid='auto', restore='keep',
                 incoming='file:second') as moved:
        moved.restored()
        assert moved.guid_in_memory() == first
        assert moved.quit() == ''
    with Machine(rig, guid='auto', incoming='file:second') as clone:
        clone.restored()
        assert clone.guid_in_memory() not in (first, SAVED_GUID)
        assert clone.quit() == ''


if __name__ == '__main__':
    sys.exit(main([hundred_clones, clones_of_a_pc, clone_of_a_clone]))
