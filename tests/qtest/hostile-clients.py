#!/usr/bin/env python3
# QMP clients that mean no good cost bounded memory and descriptors, and nobody
# else's time: while they are at it, another client gets its answers
#
#   hostile-clients.py PROGRAM [MIB]
#
# MIB is how much is sent without a newline: 80 if it is not given, or less.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

from rawqmp import Program, main, wait_for

# The longest that another client waits for an answer.  It is milliseconds;
# the rest is for test machines that are busy with something else.
ANSWER_S = 3

# What a client may cost: a message of up to 16 MiB, held in memory that
# grows by doubling, and its answers.
COST_KIB = 64 * 1024


class Bystander(threading.Thread):
    """Asks for something all the time, and notes the longest wait."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.stopped = False
        self.longest = 0
        self.answers = 0

    def run(self):
        while not self.stopped:
            start = time.monotonic()
            self.client.command('query-status')
            self.longest = max(self.longest, time.monotonic() - start)
            self.answers += 1
            time.sleep(0.002)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.join()


class Scene:
    """A program with a client that behaves; what is seen at the end of it is
    what the hostile one, which the body is, has cost."""

    def __init__(self, program):
        self.program = Program(program, monitors=2)
        self.bystander = Bystander(self.program.client(1))

    def __enter__(self):
        self.fds = self.program.fds()
        self.sanitized = self.program.is_thread_sanitized()
        self.memory_kib = self.program.memory_kib()
        self.bystander.__enter__()
        return self

    def __exit__(self, kind, *_):
        self.bystander.__exit__()
        try:
            if not kind:
                self.check()
        finally:
            self.program.__exit__()

    def check(self):
        grown = self.program.memory_kib('VmHWM') - self.memory_kib
        print(f'# {self.bystander.answers} answers, the slowest after '
              f'{self.bystander.longest * 1000:.1f} ms; {grown} KiB more '
              'memory at most')
        assert self.bystander.answers > 0, 'nobody was answered'
        assert self.bystander.longest < ANSWER_S
        # the thread sanitizer has notes on each byte that is in use
        assert grown < COST_KIB * (4 if self.sanitized else 1)
        wait_for(lambda: self.program.fds() == self.fds,
                 'descriptors are left')
        assert self.program.quit(self.bystander.client) == ''


def no_newline(program, mib='80'):
    with Scene(program) as scene:
        for start in (b'', b'{"execute": "', b'[', b'{"a": [{}, '):
            client = scene.program.client()
            client.send(start)
            piece = (b'[], ' * 4 if start.endswith(b' ') else b'a') * 65536
            # the four share it, but each says too much
            size = max(int(mib) // 4, 20) << 20
            for _ in range(size // len(piece)):
                client.send(piece)
            message = client.answer()
            assert 'error' in message, message
            client.close()


def brackets(program, *_):
    with Scene(program) as scene:
        for bracket in (b'[', b'{', b'{"a":', b']', b'[]'):
            client = scene.program.client()
            data = bracket * 100000

            def send(client=client, data=data):
                client.send(data + b'\n\xff{"execute": "query-name"}\n')

            sender = threading.Thread(target=send)
            sender.start()
            message = client.answer()
            assert 'error' in message, message
            while 'return' not in message:
                message = client.answer()
            sender.join()
            client.close()


def never_reads(program, *_):
    with Scene(program) as scene:
        client = scene.program.client()
        client.socket.settimeout(1)
        sent = 0
        try:
            while sent < 256 << 20:
                sent += client.socket.send(
                    b'{"execute": "query-qmp-schema"}\n' * 500)
        except TimeoutError:
            pass
        assert sent < 16 << 20, 'all of it was taken'
        client.close()


def vanishes(program, *_):
    with Scene(program) as scene:
        command = b'{"execute": "query-status", "arguments": {}}\n'
        for cut in range(len(command) * 3):
            client = scene.program.client(negotiate=False)
            client.send(b'{"execute": "qmp_capabilities"}' +
                        command[:cut % len(command)])
            if cut % 2:
                client.socket.shutdown(socket.SHUT_WR)
            client.close()


def descriptors(program, *_):
    with Scene(program) as scene:
        client = scene.program.client()
        most = 0
        for number in range(40):
            # with bytes that are no command, a part of one, one that wants
            # none, and one that wants one
            data = (b' ', b'{"execute":', b' "query-status"}\n',
                    b'{"execute": "getfd", "arguments": '
                    b'{"fdname": "one"}}\n')[number % 4]
            client.send(data, [0] * 250)
            if data.endswith(b'\n'):
                assert client.answer()
            most = max(most, scene.program.fds())
        # the connection, 16 that wait, one with a name, and the 253 that one
        # message can bring until those that are too many are closed
        assert most <= scene.fds + 1 + 16 + 1 + 253, most
        client.command('closefd', fdname='one')
        client.close()


def lingering():
    """A socket that cannot send its data, and whose close() waits for that;
    and what keeps it so."""
    server = socket.create_server(('127.0.0.1', 0))
    client = socket.create_connection(server.getsockname())
    kept = server.accept()[0]
    client.setblocking(False)
    try:
        while True:
            client.send(bytes(65536))
    except BlockingIOError:
        pass
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack('ii', 1, 2 * ANSWER_S))
    server.close()
    return client, kept


def slow_to_close(program, *_):
    with Scene(program) as scene:
        client = scene.program.client()
        for how in ('taken', 'in a set', 'left', 'too many'):
            slow, kept = lingering()
            if how == 'taken':
                client.command('getfd', [slow.fileno()], fdname='slow')
                slow.close()
                client.command('closefd', fdname='slow')
            elif how == 'in a set':
                made = client.command('add-fd', [slow.fileno()])
                slow.close()
                client.command('remove-fd', fdset_id=made['fdset-id'])
            else:
                others = [0] * 20 if how == 'too many' else []
                client.command('query-name', others + [slow.fileno()])
                slow.close()
                for _ in range(2):
                    client.command('query-name')
            kept.close()
        client.close()


def no_room_left(program, *_):
    """One client cannot have every descriptor of the process."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        with Program(program, monitors=2) as running:
            greedy = running.client()
            last = None
            for number in range(300):
                last = greedy.ask('getfd', [0], fdname=f'n{number}')
            assert last['error']['desc'] == (
                'The process may have 256 file descriptors; the last 64 are '
                'not given away'), last
            refused = greedy.ask('chardev-add', id='c', backend={
                'type': 'null', 'data': {}})
            assert 'error' in refused, refused
            assert running.quit(running.client(1)) == ''
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def tiny_texts(program, *_):
    """A read of 16 KiB holds as many texts, each with an answer."""
    with Scene(program) as scene:
        client = scene.program.client()

        def read():
            while client.socket.recv(1 << 20):
                pass

        reader = threading.Thread(target=read)
        reader.start()
        for text in (b'\x01', b'a '):
            client.send(text * 200000)
        client.socket.shutdown(socket.SHUT_WR)
        reader.join()
        client.close()


def long_echoes(program, *_):
    """What an answer repeats is written with six bytes for one."""
    with Scene(program) as scene:
        client = scene.program.client()
        text = b'\x7f' * (8 << 20)
        for before, after in (
                (b'{"execute": "query-status", "id": "', b'"}'),
                (b'{"execute": "query-status", "id": [{"a": "', b'"}]}'),
                (b'{"execute": "', b'"}'),
                (b'{"execute": "qom-list", "arguments": {"path": "', b'"}}')):
            client.send(before + text + after)
            answer = client.answer()
            assert 'id' not in answer, 'it was repeated'
            assert len(answer['error']['desc']) < 5000
        client.send(b'{"execute": "query-status", "id": "' + b'a' * 65000 +
                    b'"}')
        assert len(client.answer()['id']) == 65000
        client.close()


def waits_for_nobody(program, *_):
    with Scene(program) as scene:
        client = scene.program.client()
        ends = os.pipe()
        made = client.command('add-fd', [ends[0]])
        start = time.monotonic()
        for _ in range(10):
            client.ask('object-add', qom_type='secret', id='s',
                       file=f"/dev/fdset/{made['fdset-id']}")
        assert time.monotonic() - start < ANSWER_S
        client.command('remove-fd', fdset_id=made['fdset-id'])
        for end in ends:
            os.close(end)
        client.close()


def second_instance(program, *_):
    with Program(program) as first:
        second = subprocess.run(
            [program, '-M', 'none', '-qmp',
             f'unix:{first.path}/qmp0,server=on,wait=off'],
            capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert second.stderr == (
            f'-qmp unix:{first.path}/qmp0,server=on,wait=off: '
            f'path={first.path}/qmp0: another process is listening there: '
            'Address already in use\n'), second.stderr
        assert first.quit(first.client()) == ''


if __name__ == '__main__':
    sys.exit(main([no_newline, brackets, never_reads, vanishes, descriptors,
                   slow_to_close, no_room_left, tiny_texts, long_echoes,
                   waits_for_nobody, second_instance]))
