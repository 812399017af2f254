# Machines with a VM generation ID, driven by QMP and qtest at once, for the
# tests that save and restore them
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import socket
import struct
import subprocess
import uuid

import rawqmp
from process_rig import wait_for

SAVED_GUID = '324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87'
GUID_BIT = 1 << 5               # of GPE0_STS

# Scratch memory below 1 MiB that no firmware uses
DMA_GPA = 0x1000
DATA_GPA = 0x2000

# Built-in firmware puts PM there; the pc has GPE0 elsewhere.
PMBASE = 0x600
GPE0_PORT = {'pc': 0xafe0, 'q35': PMBASE + 0x20}
GPE0_ENABLE = {'pc': 2, 'q35': 8}

RAM_GPA = 0x100000              # where patterns go


def is_slow(program):
    """Whether it was built with a sanitizer, or is traced."""
    with open(program, 'rb') as file:
        data = file.read()
    return bool(os.environ.get('QTEST_WRAPPER')) or \
        b'__asan_init' in data or b'__tsan_init' in data


class Qtest:
    """The protocol of docs/devel/qtest.rst."""

    def __init__(self, path):
        self.socket = rawqmp.connect(path)
        self.buffer = b''

    def line(self):
        while b'\n' not in self.buffer:
            data = self.socket.recv(1 << 20)
            assert data, 'the machine has hung up'
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        return line.decode()

    def command(self, text):
        self.socket.sendall(text.encode() + b'\n')
        line = self.line()
        while line.startswith('IRQ '):
            line = self.line()
        assert line.startswith('OK'), f'{text}: {line}'
        return line[3:]

    def read(self, gpa, size):
        return bytes.fromhex(self.command(f'read {gpa:#x} {size:#x}')[2:])

    def write(self, gpa, data):
        self.command(f'write {gpa:#x} {len(data):#x} 0x{data.hex()}')

    def fill(self, gpa, size, value):
        self.command(f'memset {gpa:#x} {size:#x} {value:#x}')

    def inw(self, port):
        return int(self.command(f'inw {port:#x}'), 0)

    def outw(self, port, value):
        self.command(f'outw {port:#x} {value:#x}')

    def outb(self, port, value):
        self.command(f'outb {port:#x} {value:#x}')

    def fw_cfg(self, control, size):
        """fw_cfg's next bytes by DMA."""
        kept = self.read(DMA_GPA, 16), self.read(DATA_GPA, size)
        self.write(DMA_GPA, struct.pack('>IIQ', control | 2, size, DATA_GPA))
        self.command(f'outl 0x518 {socket.htonl(DMA_GPA):#x}')
        assert self.read(DMA_GPA, 4) == bytes(4), 'the DMA failed'
        data = self.read(DATA_GPA, size)
        self.write(DMA_GPA, kept[0])
        self.write(DATA_GPA, kept[1])
        return data

    def fw_cfg_file(self, name):
        count = struct.unpack('>I', self.fw_cfg(0x19 << 16 | 8, 4))[0]
        entries = self.fw_cfg(0, 64 * count)
        for at in range(0, len(entries), 64):
            size, key, _, text = struct.unpack_from('>IHH56s', entries, at)
            if text.rstrip(b'\0').decode() == name:
                return self.fw_cfg(key << 16 | 8, size)
        raise AssertionError(f'no {name} in fw_cfg')


class Events(rawqmp.Client):
    """A QMP client that keeps whole events."""

    def __init__(self, path):
        self.seen = []
        super().__init__(path)

    def answer(self):
        message = self.read()
        while message and 'event' in message:
            self.seen.append(message)
            message = self.read()
        return message

    def named(self, name):
        return [event for event in self.seen if event['event'] == name]

    def forget(self):
        self.seen = []


class Machine:
    """A machine in the directory of @rig; with @guid None it has no ID."""

    numbers = iter(range(1 << 30))

    def __init__(self, rig, *options, machine='q35', memory='16M',
                 guid=SAVED_GUID, restore=None, incoming=None, fds=(),
                 firmware='builtin', **more):
        self.number = next(Machine.numbers)
        self.rig = rig
        self.kind = machine.partition(',')[0]
        self.qmp_path = rig.dir / f'.qmp{self.number}'
        self.qtest_path = rig.dir / f'.qtest{self.number}'
        command = [rig.program, '-M', f'{machine},firmware={firmware}',
                   '-m', memory, '-nodefaults', '-display', 'none',
                   '-qmp', f'unix:{self.qmp_path},server=on,wait=off',
                   '-qtest', f'unix:{self.qtest_path},server=on,wait=off',
                   '-qtest-log', 'none']
        if guid:
            command += ['-device', f'vmgenid,guid={guid}' +
                        (f',restore={restore}' if restore else '')]
        if incoming:
            command += ['-incoming', incoming]
        self.process = subprocess.Popen(
            command + list(options), cwd=rig.dir, text=True, pass_fds=fds,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)
        self.qmp = self.qtest = None

    def __enter__(self):
        try:
            self.qmp = Events(self.qmp_path)
            self.qtest = Qtest(self.qtest_path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        for client in (self.qmp, self.qtest):
            if client:
                client.socket.close()
        for path in (self.qmp_path, self.qtest_path):
            path.unlink(missing_ok=True)

    # What it does

    def status(self):
        return self.qmp.command('query-status')['status']

    def save(self, uri):
        """Save; the machine is stopped then."""
        self.qmp.forget()
        self.qmp.command('migrate', uri=uri)
        self.saved()

    def saved(self):
        self.await_end('completed')
        assert self.status() == 'postmigrate', self.status()

    def save_fd(self, fd):
        self.qmp.command('getfd', [fd], fdname='stream')
        os.close(fd)
        self.qmp.forget()
        self.qmp.command('migrate', uri='fd:stream')

    def restored(self):
        """Wait for the end of a restoring."""
        def over():
            return self.qmp.command('query-status')['status'] != 'inmigrate'
        wait_for('the end of the restoring', over)

    def await_end(self, wanted):
        """Until saving or restoring is over."""
        def over():
            return self.info()['status'] in ('completed', 'failed',
                                             'cancelled')
        wait_for('the end of the saving', over)
        info = self.info()
        assert info['status'] == wanted, info
        return info

    def info(self):
        info = self.qmp.command('query-migrate')
        return {'status': 'none', **info}

    def failed(self):
        """It has ended by itself, with one line; returns that."""
        assert self.process.wait(rawqmp.TIMEOUT_S) == 1, \
            self.process.returncode
        said = self.process.stderr.read()
        assert said.count('\n') == 1, said
        return said

    def quit(self):
        """End in order; returns what it wrote on standard error."""
        self.qmp.command('quit')
        said = self.process.stderr.read()
        assert self.process.wait(rawqmp.TIMEOUT_S) == 0, \
            (self.process.returncode, said)
        return said

    # What the guest sees

    def guid_gpa(self):
        address = self.qtest.fw_cfg_file('etc/vmgenid_addr')
        return struct.unpack('<Q', address)[0]

    def guid_in_memory(self):
        gpa = self.guid_gpa()
        assert gpa, 'it has not been placed'
        return str(uuid.UUID(bytes_le=self.qtest.read(gpa, 16)))

    def guid(self):
        return self.qmp.command('query-vm-generation-id')['guid']

    def notified(self):
        """Whether GPE0_STS has the bit; it is cleared."""
        port = GPE0_PORT[self.kind]
        status = self.qtest.inw(port)
        self.qtest.outw(port, status)
        assert self.qtest.inw(port) == 0
        return bool(status & GUID_BIT)


def open_fd(path, flags):
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def mentions_place(text):
    """Whether a refusal names where in the stream its reason is."""
    return re.search(r"\boffset [0-9]+", text)
