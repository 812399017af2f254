#!/usr/bin/env python3
# QMP clients that mean no good cost bounded memory and descriptors, and nobody
# else's time: while they are at it, another client gets its answers
#
#   hostile-clients.py PROGRAM [MIB]
#
# MIB is how much is sent without a newline: 80 if it is not given, or less.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import socket
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
        # the connection, 16 that wait, 16 that have just come, one with a name
        assert most <= scene.fds + 34, most
        client.command('closefd', fdname='one')
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
                   second_instance]))
