#!/usr/bin/env python3
# Streams that are no saved machine, or another one's, disks and peers that
# give up: the file that was there stays, and no machine is half restored
#
#   migrate-hostile.py PROGRAM [SEED]
#
# The stream's format: docs/specs/migration-stream.rst.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import random
import resource
import socket
import statistics
import struct
import sys
import time

from machine_rig import RAM_GPA, SAVED_GUID, Machine, mentions_place
from process_rig import main, wait_for

PREAMBLE_LEN = 24
# What one waits for is never answered while a peer stalls; this is for what
# merely takes long, whatever else the host has to do.
ANSWER_S = 1
BIG_LEN = 12 << 20              # more than pipes and sockets hold


# Streams and their parts

def save(rig, name='good', **machine):
    """A file of a machine that the tests know; returns its bytes."""
    with Machine(rig, **machine) as saver:
        saver.qtest.fill(RAM_GPA, 0x3000, 0x5a)
        saver.save(f'file:{name}')
        assert saver.quit() == ''
    return (rig.dir / name).read_bytes()


def sections(stream):
    """[(kind, name, begin, content, end)], as the format's tables say."""
    found = []
    at = PREAMBLE_LEN
    while at < len(stream):
        magic, kind, _, number, name_len, _, length = struct.unpack_from(
            '<4sHHIHHQ', stream, at)
        assert magic == b'SECT' and number == len(found), (at, magic)
        content = at + 32 + name_len
        end = content + length + 8
        name = stream[at + 24:at + 24 + name_len].decode()
        found.append((kind, name, at, content, end))
        at = end
    assert at == len(stream) and found[-1][0] == 4
    return found


def piece(stream, section):
    return stream[section[2]:section[4]]


XXH3_SECRET = bytes.fromhex(
    '7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e')


def xxh3_of_16(data):
    """XXH3-64 of 16 bytes, seed 0."""
    mask = (1 << 64) - 1
    secret = struct.unpack('<4Q', XXH3_SECRET)
    low, high = struct.unpack('<2Q', data)
    low ^= secret[0] ^ secret[1]
    high ^= secret[2] ^ secret[3]
    swapped = int.from_bytes(low.to_bytes(8, 'little'), 'big')
    product = low * high
    mix = (16 + swapped + high + (product ^ product >> 64)) & mask
    mix ^= mix >> 37
    mix = mix * 0x165667919e3779f9 & mask
    return mix ^ mix >> 32


def preamble(version, flags, stream):
    head = stream[:8] + struct.pack('<II', version, flags)
    return head + struct.pack('<Q', xxh3_of_16(head)) + stream[PREAMBLE_LEN:]


# Machines that must refuse them

class Refuser:
    """One machine that is offered stream after stream, and stays alive."""

    def __init__(self, rig, **machine):
        self.rig = rig
        self.machine = Machine(rig, incoming='defer', **machine)

    def __enter__(self):
        self.machine.__enter__()
        return self

    def __exit__(self, *_):
        self.machine.__exit__()

    def refuse(self, stream, what):
        (self.rig.dir / 'bad').write_bytes(stream)
        qmp = self.machine.qmp
        qmp.command('migrate-incoming', uri='file:bad', exit_on_error=False)
        said = self.machine.await_end('failed')['error-desc']
        assert mentions_place(said) or not stream, f'{what}: {said}'
        assert self.machine.status() == 'inmigrate', what
        assert qmp.ask('cont').get('error') or \
            self.machine.status() == 'inmigrate', what
        return said

    def accept_good(self):
        """After all that, the machine is whole and restores."""
        qmp = self.machine.qmp
        qmp.command('migrate-incoming', uri='file:good')
        self.machine.restored()
        assert self.machine.status() == 'running'
        assert self.machine.qtest.read(RAM_GPA, 0x3000) == b'\x5a' * 0x3000
        assert self.machine.guid_in_memory() != SAVED_GUID
        assert self.machine.notified()
        assert self.machine.quit() == '', 'it was told twice'


def refuse_and_end(rig, stream, what, *options, **machine):
    """The same at the start: one line, and the end."""
    (rig.dir / 'bad').write_bytes(stream)
    with_qmp = Machine(rig, *options, incoming='file:bad', **machine)
    try:
        said = with_qmp.failed()
    finally:
        with_qmp.__exit__()
    assert mentions_place(said) or not stream, f'{what}: {said}'
    assert 'file:bad' in said, f'{what}: {said}'
    return said


def chance():
    seed = sys.argv[2] if len(sys.argv) > 2 else str(random.getrandbits(32))
    print(f'# seed {seed}')
    return random.Random(seed)


def cuts(stream, dice):
    """Offsets around everything that the format knows, and some others."""
    at = {0, 1, 7, 8, 12, 16, 23, len(stream) - 1}
    for _, _, begin, content, end in sections(stream):
        at |= {begin, begin + 1, begin + 24, content - 1, content,
               content + 1, end - 8, end - 1}
    at |= {dice.randrange(len(stream)) for _ in range(40)}
    return sorted(at - {len(stream)})


def truncated(rig):
    stream = save(rig)
    dice = chance()
    offsets = cuts(stream, dice)
    with Refuser(rig, guid='auto') as refuser:
        for cut in offsets:
            refuser.refuse(stream[:cut], f'cut at {cut}')
        refuser.accept_good()
    for cut in dice.sample(offsets, 12) + [0, len(stream) - 1]:
        refuse_and_end(rig, stream[:cut], f'cut at {cut}')
    print(f'# {len(offsets)} of {len(stream)} offsets')


def flipped(stream, bit):
    changed = bytearray(stream)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bit_flips(rig):
    stream = save(rig)
    dice = chance()
    first = sections(stream)[0]
    bits = list(range(0, first[3] * 8, 5))
    bits += [dice.randrange(len(stream) * 8) for _ in range(150)]
    for _, _, begin, content, end in sections(stream):
        bits += [dice.randrange(begin * 8, content * 8),
                 dice.randrange(content * 8, end * 8)]
    with Refuser(rig, guid='auto') as refuser:
        for bit in bits:
            refuser.refuse(flipped(stream, bit), f'bit {bit}')
        refuser.accept_good()
    for bit in dice.sample(bits, 12):
        refuse_and_end(rig, flipped(stream, bit), f'bit {bit}')
    print(f'# {len(bits)} bits')


def reordered(rig):
    stream = save(rig)
    other = save(rig, 'other', guid='11112222-3333-4444-5555-666677778888')
    parts = sections(stream)
    others = {(kind, name): piece(other, section) for section in
              sections(other) for kind, name in [section[:2]]}
    with Refuser(rig, guid='auto') as refuser:
        for number, section in enumerate(parts[:-1]):
            before, after = stream[:section[2]], stream[section[4]:]
            this, following = piece(stream, section), parts[number + 1]
            name = section[1]
            refuser.refuse(before + after, f'without {name}')
            refuser.refuse(before + this + this + after, f'twice {name}')
            refuser.refuse(before + piece(stream, following) + this +
                           stream[following[4]:], f'{name} too late')
            strange = others[section[:2]]
            if strange != this:
                refuser.refuse(before + strange + after,
                               f"{name} of another machine")
        refuser.refuse(stream[:PREAMBLE_LEN] + piece(stream, parts[-1]),
                       'only an end')
        refuser.refuse(stream[:parts[-1][2]], 'without an end')
        refuser.refuse(stream[:parts[2][2]] + other[sections(other)[2][2]:],
                       'two halves')
        refuser.accept_good()


def newer(rig):
    stream = save(rig)
    assert preamble(1, 0, stream) == stream, 'the checksum is not XXH3'
    with Refuser(rig, guid='auto') as refuser:
        for version, flags in ((2, 0), (0, 0), (0xffffffff, 0), (1, 1)):
            said = refuser.refuse(preamble(version, flags, stream),
                                  f'version {version}, flags {flags}')
            assert 'version' in said or flags, said
        refuser.refuse(b'QEVM' + stream[4:], 'the magic of another program')
        refuser.refuse(os.urandom(1 << 16), 'noise')
        refuser.refuse(bytes(1 << 16), 'zeros')
        refuser.accept_good()


def other_machines(rig):
    """What was saved is right; this machine is not the one."""
    good = save(rig)
    for what, options, machine in (
            ('machine type', [], {'machine': 'pc'}),
            ('less memory', [], {'memory': '8M'}),
            ('more memory', [], {'memory': '32M'}),
            ('processors', ['-smp', '2'], {}),
            ('no generation ID', [], {'guid': None}),
            ('no event timer', [], {'machine': 'q35,hpet=off'}),
            ('a serial port', ['-serial', 'null'], {})):
        said = refuse_and_end(rig, good, what, *options, **machine)
        print(f'# {what}: {said.rstrip()}')
    less = save(rig, guid=None)
    refuse_and_end(rig, less, 'a generation ID that was not saved')


def no_such_place(rig):
    """What cannot be opened is told at once, and the machine runs on."""
    with Machine(rig) as machine:
        for uri in ('file:no/such/place', 'file:', 'unix:nobody', 'unix:',
                    'fd:nothing', 'tcp:1:1', 'exec:true', ''):
            answer = machine.qmp.ask('migrate', uri=uri)
            if 'return' in answer:
                machine.await_end('failed')
            assert machine.status() == 'running', uri
        for uri in ('file:good', 'defer'):
            assert 'error' in machine.qmp.ask('migrate-incoming', uri=uri)
        assert machine.guid_in_memory() == SAVED_GUID
        machine.quit()
    for uri in ('file:no/such/file', 'unix:no/such/place', 'fd:99', 'tcp:1:1',
                'nonsense', 'file:.'):
        late = Machine(rig, incoming=uri)
        try:
            said = late.failed()
            assert uri in said, said
        finally:
            late.__exit__()


# Saving that cannot succeed

def runs_on(machine):
    """It has given up, and nothing of the machine is lost."""
    assert machine.await_end('failed')['error-desc']
    assert machine.status() == 'running'
    machine.qtest.write(RAM_GPA, b'on')
    assert machine.guid_in_memory() == SAVED_GUID
    assert not machine.notified()


def fill(machine):
    machine.qtest.fill(RAM_GPA, BIG_LEN, 0xa5)


def names(rig):
    return [name for name in rig.names() if not name.startswith(
        ('.qmp', '.qtest'))]


def disk_full(rig):
    old = save(rig)

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))

    with Machine(rig, preexec_fn=small) as machine:
        fill(machine)
        for _ in range(3):
            machine.qmp.command('migrate', uri='file:good')
            runs_on(machine)
            assert (rig.dir / 'good').read_bytes() == old
            assert names(rig) == ['good'], rig.names()
        machine.qmp.command('migrate', uri='file:/dev/full')
        runs_on(machine)
        # and it can still be saved, where there is room
        machine.qtest.fill(RAM_GPA, BIG_LEN, 0)
        machine.save('file:good')
        assert (rig.dir / 'good').read_bytes() != old


def closed_pipe(rig):
    with Machine(rig) as machine:
        fill(machine)
        for taken in (0, 1, 100000):
            reader, writer = os.pipe()
            if not taken:
                os.close(reader)
            machine.save_fd(writer)
            if taken:
                left = taken
                while left > 0:
                    left -= len(os.read(reader, min(left, 65536)))
                os.close(reader)
            runs_on(machine)
        machine.save('file:good')


def check_answers(machine, count):
    times = []
    for _ in range(count):
        start = time.monotonic()
        machine.qmp.command('query-migrate')
        times.append(time.monotonic() - start)
        time.sleep(0.005)
    median = statistics.median(times)
    print(f'# {count} answers: {median * 1000:.1f} ms, at most '
          f'{max(times) * 1000:.1f} ms')
    assert median < ANSWER_S, f'answers took {median} s'


def stalling_reader(rig):
    with Machine(rig) as machine:
        fill(machine)
        for ends in (os.pipe(), [end.detach() for end in
                                 socket.socketpair()]):
            reader, writer = ends
            machine.save_fd(writer)
            check_answers(machine, 40)
            assert machine.info()['status'] == 'active'
            machine.qmp.command('migrate_cancel')
            machine.await_end('cancelled')
            wait_for('it runs on', lambda: machine.status() == 'running')
            os.close(reader)
        assert machine.guid_in_memory() == SAVED_GUID
        machine.qmp.command('migrate_cancel')
        machine.save('file:good')


def stalling_writer(rig):
    """Nor does a stream that comes byte by byte, or not at all."""
    stream = save(rig)
    reader, writer = os.pipe()
    with Machine(rig, guid='auto', incoming=f'fd:{reader}',
                 fds=[reader]) as machine:
        os.close(reader)
        for at in range(200):
            os.write(writer, stream[at:at + 1])
        check_answers(machine, 20)
        assert machine.status() == 'inmigrate'
        for at in range(200, len(stream), 4096):
            os.write(writer, stream[at:at + 4096])
        os.close(writer)
        machine.restored()
        assert machine.guid_in_memory() == SAVED_GUID
        assert machine.quit() == ''


def listener(rig, name):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(rig.dir / name))
    server.listen()
    return server


def vanishing_receivers(rig):
    with Machine(rig) as machine:
        fill(machine)
        for taken in (0, 1, 1 << 20):
            with listener(rig, f'peer{taken}') as server:
                machine.qmp.command('migrate', uri=f'unix:peer{taken}')
                peer = server.accept()[0]
                while taken > 0:
                    taken -= len(peer.recv(min(taken, 65536)))
                peer.close()
            runs_on(machine)


def connect(rig, name):
    client = socket.socket(socket.AF_UNIX)

    def try_once():
        try:
            client.connect(str(rig.dir / name))
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    wait_for(f'{name} listens', try_once)
    return client


def vanishing_senders(rig):
    stream = save(rig)
    with Refuser(rig, guid='auto') as refuser:
        machine = refuser.machine
        for sent in (0, 1, 24, len(stream) // 2, len(stream) - 1):
            machine.qmp.command('migrate-incoming', uri='unix:door',
                                exit_on_error=False)
            with connect(rig, 'door') as sender:
                sender.sendall(stream[:sent])
            said = machine.await_end('failed')['error-desc']
            assert mentions_place(said) or sent == 0, said
            assert machine.status() == 'inmigrate'
        refuser.accept_good()
    machine = Machine(rig, incoming='unix:door')
    try:
        with connect(rig, 'door') as sender:
            sender.sendall(stream[:1000])
        assert 'offset' in machine.failed()
    finally:
        machine.__exit__()
    assert names(rig) == ['good'], rig.names()


TESTS = [truncated, bit_flips, reordered, newer, other_machines,
         no_such_place, disk_full, closed_pipe, stalling_reader,
         stalling_writer, vanishing_receivers, vanishing_senders]

if __name__ == '__main__':
    sys.exit(main(TESTS))
