#!/usr/bin/env python3
# A saver that is killed at any moment leaves the file that was there, or the
# new one, and either of them restores
#
#   migrate-kill.py PROGRAM [ROUNDS [SEED]]
#
# Each round a machine with memory of its own replaces the file and is killed
# by SIGKILL at a random moment.  The bytes of the old file are known; what is
# not that has to restore whole, with the memory of the machine that was
# killed, and is the old file of the rounds that follow.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import os
import random
import re
import statistics
import sys
import time

from machine_rig import RAM_GPA, SAVED_GUID, Machine, is_slow
from process_rig import main

MEMORY = '16M'
PATTERN_LEN = 12 << 20
SLOW_ROUNDS = 20                # under a sanitizer or a tracer
# How the moments follow the host's pace: later after an old file, sooner after
# a new one, so that there are three old ones to a new one
LATER, SOONER = 1.04, 0.89

# docs/system/migration.rst, "The file that is there already"
TEMPORARY = re.compile(r'\.state\.[0-9a-f]{16}')


def rounds(program):
    if len(sys.argv) > 2:
        return int(sys.argv[2])
    if not is_slow(program):
        return 200
    print(f'# a slow build: {SLOW_ROUNDS} rounds, not 200')
    return SLOW_ROUNDS


def is_one_sided(count, tally):
    """Whether the moments were all before saving was over, or all after it;
    nobody has looked if there are few of them."""
    return count >= SLOW_ROUNDS and not (tally.old and tally.new)


def pattern(number):
    """A byte that is not zero, and says who wrote it."""
    return number % 255 + 1


@contextlib.contextmanager
def saver(rig, number):
    with Machine(rig, memory=MEMORY) as machine:
        machine.qtest.fill(RAM_GPA, PATTERN_LEN, pattern(number))
        machine.qtest.write(RAM_GPA, number.to_bytes(4, 'little'))
        yield machine


def restored_number(rig):
    """Restore the file, all of it; returns who saved it."""
    with Machine(rig, memory=MEMORY, guid='auto', restore='keep',
                 incoming='file:state') as machine:
        machine.restored()
        assert machine.guid_in_memory() == SAVED_GUID
        machine.qmp.command('pmemsave', val=RAM_GPA, size=PATTERN_LEN,
                            filename='memory')
        data = (rig.dir / 'memory').read_bytes()
        (rig.dir / 'memory').unlink()
        number = int.from_bytes(data[:4], 'little')
        assert data[4:].count(pattern(number)) == PATTERN_LEN - 4
        assert machine.quit() == ''
    return number


def time_to_save(rig):
    """How long it takes to replace the file, usually."""
    times = []
    for _ in range(6):
        with saver(rig, 0) as machine:
            start = time.monotonic()
            machine.save('file:state')
            times.append(time.monotonic() - start)
            assert machine.quit() == ''
    return statistics.median(times[1:])


class Tally:
    def __init__(self):
        self.old = self.new = self.restored = self.left = 0


def sweep(rig, tally):
    """Names that a kill has left are such as are documented; remove them."""
    for name in os.listdir(rig.dir):
        if name != 'state' and not name.startswith(('.qmp', '.qtest')):
            assert TEMPORARY.fullmatch(name), name
            tally.left += 1
            (rig.dir / name).unlink()


def kill_once(rig, number, delay, old, tally):
    """Returns what the file holds afterwards: number, bytes."""
    with saver(rig, number) as machine:
        machine.qmp.send(b'{"execute": "migrate", "arguments": '
                         b'{"uri": "file:state"}}\n')
        time.sleep(delay)
        machine.process.kill()
        machine.process.wait()
    sweep(rig, tally)
    now = (rig.dir / 'state').read_bytes()
    if now == old[1]:
        tally.old += 1
        if tally.old % 20 == 1:
            assert restored_number(rig) == old[0]
            tally.restored += 1
        return old
    assert restored_number(rig) == number
    tally.new += 1
    tally.restored += 1
    return number, now


def killed_at_any_moment(rig):
    count = rounds(rig.program)
    seed = sys.argv[3] if len(sys.argv) > 3 else str(random.getrandbits(32))
    chance = random.Random(seed)
    span = time_to_save(rig)
    tally = Tally()
    print(f'# seed {seed}: {count} kills in the {span * 1000:.0f} ms that '
          'saving takes, and a little after')
    assert restored_number(rig) == 0
    sweep(rig, tally)
    assert tally.left == 0, 'saving leaves something behind'
    held = 0, (rig.dir / 'state').read_bytes()
    number = 0
    while number < count or (number < 10 * count and
                             is_one_sided(count, tally)):
        number += 1
        before = tally.old
        held = kill_once(rig, number, chance.uniform(0, 1.2 * span), held,
                         tally)
        span *= LATER if tally.old > before else SOONER
    assert restored_number(rig) == held[0]
    print(f'# the old file {tally.old} times, the new one {tally.new} times; '
          f'restored {tally.restored} times; names left beside it: '
          f'{tally.left}')
    assert tally.old + tally.new == number
    assert not is_one_sided(count, tally), 'kills at one moment prove little'


if __name__ == '__main__':
    sys.exit(main([killed_at_any_moment]))
