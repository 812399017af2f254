#!/usr/bin/env python3
# HMP sessions on a terminal and on sockets, also with clients that misbehave
#
#   hmp-terminal.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import pty
import re
import select
import socket
import subprocess
import sys
import termios
import time

from rawqmp import temporary_directory

PROMPT = b'(qemu) '
GREETING = rb"Firmament \S+ monitor - type 'help' for more information\r\n"
TIMEOUT_S = 60

# What another client waits for an answer at most, while one misbehaves
PATIENCE_S = 2

# What one that misbehaves may cost; sanitizers keep freed memory for a while
GROWTH_MIB = 48

# All that were started: whatever a test that fails leaves behind is killed
processes = []


def start(arguments, **popen):
    processes.append(subprocess.Popen(arguments, **popen))
    return processes[-1]


class Stream:
    """Something that the program's other end is: a descriptor."""

    def __init__(self, fd):
        self.fd = fd
        self.bytes = b''

    def send(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def receive(self):
        """More bytes; False at the end."""
        if not select.select([self.fd], [], [], TIMEOUT_S)[0]:
            raise AssertionError(f'nothing came after {self.bytes[-200:]}')
        try:
            data = os.read(self.fd, 65536)
        except OSError:                 # a terminal whose program has ended
            data = b''
        self.bytes += data
        return bool(data)

    def until(self, text):
        """What came up to and with text."""
        while text not in self.bytes:
            assert self.receive(), f'ended after {self.bytes[-200:]}'
        end = self.bytes.index(text) + len(text)
        got, self.bytes = self.bytes[:end], self.bytes[end:]
        return got

    def end(self):
        while self.receive():
            pass
        return self.bytes

    def command(self, text):
        """What is said up to the next prompt, the echo left out."""
        self.send(text.encode() + b'\n')
        said = self.until(PROMPT)
        return said[said.index(b'\r\n') + 2:-len(PROMPT)]


class Machine:
    """The program with a QMP socket and an HMP socket."""

    def __init__(self, program, *options, **popen):
        self.folder = temporary_directory()
        self.hmp_path = os.path.join(self.folder.name, 'hmp')
        qmp_path = os.path.join(self.folder.name, 'qmp')
        self.process = start(
            [program, '-display', 'none', '-machine', 'pc', '-nodefaults',
             '-m', '16', '-qmp', f'unix:{qmp_path},server=on,wait=off',
             '-monitor', f'unix:{self.hmp_path},server=on,wait=off',
             *options], **popen)
        self.qmp = self.connect(qmp_path).makefile('rwb', 0)
        self.qmp.readline()
        self.ask('qmp_capabilities')

    def connect(self, path):
        end = time.monotonic() + TIMEOUT_S
        while True:
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                return sock
            except OSError:
                sock.close()
                assert time.monotonic() < end, f'{path}: nobody listens'
                time.sleep(0.01)

    def client(self):
        """A new HMP client, and its stream, greeted."""
        sock = self.connect(self.hmp_path)
        stream = Stream(sock.fileno())
        greeting = stream.until(PROMPT)
        assert re.fullmatch(GREETING + re.escape(PROMPT), greeting), greeting
        return sock, stream

    def ask(self, command):
        """By QMP; the answer must come soon."""
        start = time.monotonic()
        self.qmp.write(json.dumps({'execute': command}).encode())
        while True:
            answer = json.loads(self.qmp.readline())
            if 'event' not in answer:
                break
        took = time.monotonic() - start
        assert took < PATIENCE_S, f'{command} took {took:.1f} s'
        return answer['return']

    def resident_mib(self):
        with open(f'/proc/{self.process.pid}/status') as status:
            return int(re.search(r'VmRSS:\s+(\d+)', status.read())[1]) // 1024

    def close(self):
        if self.process.poll() is None:
            self.ask('quit')
        assert self.process.wait(TIMEOUT_S) == 0
        self.folder.cleanup()


def test_terminal(program):
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = start(
        [program, '-display', 'none', '-machine', 'none', '-S',
         '-chardev', 'stdio,id=term,signal=off', '-mon', 'term'],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    term = Stream(master)
    term.until(PROMPT)
    raw = termios.tcgetattr(slave)
    assert not raw[3] & (termios.ECHO | termios.ICANON), 'it edits itself'

    # edited: deleted, moved, inserted
    term.send(b'inx\x7ffo status\x01\x06\x06\x06\x06\x05\n')
    said = term.until(PROMPT)
    assert b'VM status: paused (prelaunch)\r' in said, said
    # completed
    term.send(b'info sta\t\n')
    assert b'VM status: paused' in term.until(PROMPT)
    # from the history: cursor up, and the name of another put in its place
    for _ in range(2):
        term.send(b'p 6*7\n')
        assert b'0x2a\r' in term.until(PROMPT)
    term.send(b'\033[A\033[A\x17version\n')
    assert re.search(rb'\n\d+\.\d+\.\d+ \(firmament ', term.until(PROMPT))
    # searched
    term.send(b'\x126*7\r')
    term.until(b'0x2a\r')
    term.until(PROMPT)
    term.send(b'info history\n')
    said = term.until(PROMPT).replace(b'\r', b'')
    assert b"0: 'info status'\n1: 'info status '\n2: 'p 6*7'\n" \
        b"3: 'info version'\n4: 'p 6*7'\n5: 'info history'\n" in said, said
    term.send(b'garbage\x03')
    term.until(PROMPT)
    term.send(b'quit\n')
    assert process.wait(TIMEOUT_S) == 0
    assert termios.tcgetattr(slave) == before, 'the terminal is as it was'
    os.close(slave)
    os.close(master)


def test_comes_and_goes(program):
    machine = Machine(program)
    sock, client = machine.client()
    assert client.command('info status') == b'VM status: running\r\n'
    client.send(b'stop')                # and gone, without a line's end
    sock.close()
    for _ in range(3):
        sock, client = machine.client()
        said = client.command('info history')
        assert said == b"0: 'info history'\r\n", said
        assert client.command('info status') == b'VM status: running\r\n'
        sock.close()
    machine.close()


def test_sends_and_leaves(program):
    machine = Machine(program)
    sock = machine.connect(machine.hmp_path)
    sock.sendall(b'info status\nstop\n' + b'p 1\n' * 3000 + b'quit\n')
    sock.close()
    assert machine.process.wait(TIMEOUT_S) == 0
    machine.close()


def test_ends_with_quit(program):
    machine = Machine(program)
    sock, client = machine.client()
    client.send(b'stop\nquit\ncont\nhelp\n')
    said = client.end()
    assert said.rstrip().endswith(b'quit'), said
    assert machine.process.wait(TIMEOUT_S) == 0
    sock.close()
    machine.close()


def test_paste(program):
    """A megabyte of lines; others are not kept waiting."""
    machine = Machine(program)
    sock, client = machine.client()
    lines = (1 << 20) // 8
    paste = memoryview(b'p 1+2+3\n' * lines)
    sock.setblocking(False)
    prompts = 0
    tail = b''
    asked = time.monotonic()
    while prompts < lines:
        can_read, can_write, _ = select.select(
            [sock], [sock] if paste else [], [], TIMEOUT_S)
        assert can_read or can_write, 'nothing moves'
        if can_write:
            paste = paste[sock.send(paste[:65536]):]
        if can_read:
            data = tail + sock.recv(1 << 16)
            prompts += data.count(PROMPT)
            # what may be the start of one that is cut in two
            tail = data[-(len(PROMPT) - 1):]
            if tail.endswith(PROMPT):
                tail = b''
        if time.monotonic() - asked > 0.05:
            machine.ask('query-status')
            asked = time.monotonic()
    assert prompts == lines
    sock.close()
    machine.close()


def test_never_reads(program):
    """What it is told costs bounded memory, and nobody else's time."""
    machine = Machine(program)
    sock, client = machine.client()
    before = machine.resident_mib()
    sock.setblocking(False)
    end = time.monotonic() + 3
    stuck = 0
    while time.monotonic() < end and stuck < 10:
        try:
            sock.send(b'help\nxp/16384xb 0\n' * 1000)
            stuck = 0
        except BlockingIOError:
            stuck += 1
            time.sleep(0.05)
        machine.ask('query-status')
    assert stuck == 10, 'it took everything'
    grown = machine.resident_mib() - before
    assert grown < GROWTH_MIB, f'it grew by {grown} MiB'
    # another instance of the same person, who now reads
    sock.setblocking(True)
    sock.settimeout(TIMEOUT_S)
    assert sock.recv(65536)
    sock.close()
    sock, client = machine.client()
    assert client.command('info status') == b'VM status: running\r\n'
    sock.close()
    machine.close()


def test_endless_line(program):
    machine = Machine(program)
    sock, client = machine.client()
    before = machine.resident_mib()
    for _ in range(160):
        client.send(b'x' * 65536)
    grown = machine.resident_mib() - before
    assert grown < GROWTH_MIB, f'it grew by {grown} MiB'
    machine.ask('query-status')
    said = client.command('')
    assert said.startswith(b'Error: the line was longer than 4095 '), said
    assert client.command('p 1') == b'0x1\r\n'
    sock.close()
    machine.close()


def test_any_bytes(program):
    """Nothing that is sent does harm; what is echoed is text."""
    machine = Machine(program)
    sock, client = machine.client()
    client.send(bytes(range(256)) * 64 + b'\x07\x03')
    client.send(b'p 12345\n')
    client.until(b'0x3039\r\n')
    client.until(PROMPT)
    assert client.command('info status').startswith(b'VM status: ')
    sock.close()
    machine.close()


def test_completes_ids(program):
    machine = Machine(program, '-chardev', 'null,id=first',
                      '-device', 'isa-serial,id=second')
    sock, client = machine.client()
    assert client.command('object_add memory-backend-ram,id=third,'
                          'size=1M') == b''
    for line, said in (('chardev-remove fi\t', b''),
                       ('chardev-remove first', b"Error: Chardev 'first' not "
                        b'found\r\n'),
                       ('device_del se\t', b"Error: Bus 'isa.0' does not "
                        b'support hotplugging\r\n'),
                       ('object_del th\t', b'')):
        got = client.command(line)
        assert got == said, got
    sock.close()
    machine.close()


class Fifo:
    """A file that takes no more than a pipe does, until it is read."""

    SIZE = 8 << 20

    def __init__(self, machine):
        self.path = os.path.join(machine.folder.name, 'fifo')
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.command = f'pmemsave 0 {self.SIZE} {self.path}\n'.encode()

    def wait(self):
        """Until something is there."""
        assert select.select([self.fd], [], [], TIMEOUT_S)[0]

    def read(self):
        os.set_blocking(self.fd, True)
        left = self.SIZE
        while left:
            data = os.read(self.fd, 1 << 20)
            assert data, f'{left} bytes are missing'
            left -= len(data)
        assert not os.read(self.fd, 1)

    def close(self):
        os.close(self.fd)


def is_silent(client):
    return not select.select([client.fd], [], [], 0.3)[0]


def test_takes_its_time(program):
    """The next line waits, and nobody else."""
    machine = Machine(program)
    fifo = Fifo(machine)
    sock, client = machine.client()
    client.send(fifo.command + b'p 41+1\n' + b'p 1\n' * 2000)
    client.until(b'\r\n')
    fifo.wait()
    assert machine.ask('query-status')['status'] == 'running'
    assert client.bytes == b'' and is_silent(client), client.bytes
    fifo.read()
    said = client.until(PROMPT) + client.until(b'0x2a\r\n' + PROMPT)
    assert said.startswith(PROMPT), said
    for _ in range(2000):
        client.until(b'0x1\r\n' + PROMPT)
    fifo.close()
    sock.close()
    machine.close()


def test_fails_later(program):
    machine = Machine(program)
    fifo = Fifo(machine)
    sock, client = machine.client()
    client.send(fifo.command)
    client.until(b'\r\n')
    fifo.wait()
    fifo.close()
    said = client.until(PROMPT)
    assert re.fullmatch(rb'Error: .*Broken pipe, after .*\r\n' +
                        re.escape(PROMPT), said), said
    assert client.command('p 1') == b'0x1\r\n'
    sock.close()
    machine.close()


def test_leaves_meanwhile(program):
    """The work goes on; then the next client has its turn."""
    machine = Machine(program)
    fifo = Fifo(machine)
    sock, client = machine.client()
    client.send(fifo.command)
    client.until(b'\r\n')
    fifo.wait()
    sock.close()
    machine.ask('query-status')
    fifo.read()
    fifo.close()
    sock, client = machine.client()
    assert client.command('info status') == b'VM status: running\r\n'
    sock.close()
    machine.close()


def test_quit_meanwhile(program):
    machine = Machine(program)
    fifo = Fifo(machine)
    sock, client = machine.client()
    client.send(fifo.command + b'p 1\n')
    client.until(b'\r\n')
    fifo.wait()
    machine.close()
    said = client.end()
    assert re.fullmatch(rb'Error: .*the program ends, after .*\r\n', said), said
    fifo.close()
    sock.close()


TESTS = [test_terminal, test_completes_ids, test_comes_and_goes,
         test_sends_and_leaves, test_ends_with_quit, test_paste,
         test_never_reads,
         test_endless_line, test_any_bytes, test_takes_its_time,
         test_fails_later, test_leaves_meanwhile, test_quit_meanwhile]


def main(program):
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.removeprefix('test_').replace('_', '-')
        try:
            test(program)
            print(f'ok {number} {name}', flush=True)
        except Exception as error:      # told; the others run all the same
            failed += 1
            print(f'# {type(error).__name__}: {error}')
            print(f'not ok {number} {name}', flush=True)
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
