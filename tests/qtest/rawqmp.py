# A program under test and QMP over raw sockets, for scripts beside this file
#
# Unlike libqtest this can pass descriptors, send what is no QMP, and leave in
# the middle of anything.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TIMEOUT_S = 60

# A socket's name has 107 bytes at most; what is below a test's directory has
# less than half of them.
TEMPORARY_LEN_MAX = 40


def temporary_directory(prefix='firmament-'):
    """A private one, below which sockets can be named: in $TMPDIR unless that
    is too long."""
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) > TEMPORARY_LEN_MAX:
        place = '/tmp'
    return tempfile.TemporaryDirectory(prefix=prefix, dir=place)


def connect(path):
    """A socket's name is there before somebody listens to it."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        # Blocking, so that it waits for its turn in a full backlog
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
            client.settimeout(TIMEOUT_S)
            return client
        except (ConnectionRefusedError, FileNotFoundError):
            client.close()
            assert time.monotonic() < end, f'{path}: nobody listens'
            time.sleep(0.01)


class Client:
    """A connection to a QMP socket."""

    def __init__(self, path, negotiate=True):
        self.socket = connect(path)
        self.buffer = b''
        self.events = []        # names, as they came
        if negotiate:
            assert 'QMP' in self.read()
            self.command('qmp_capabilities')

    def send(self, data, fds=()):
        if fds:
            socket.send_fds(self.socket, [data], fds)
        else:
            self.socket.sendall(data)

    def read(self):
        """The next message; None: the program has hung up."""
        while b'\n' not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        return json.loads(line)

    def answer(self):
        """The next message that is no event; those are kept."""
        message = self.read()
        while message and 'event' in message:
            self.events.append(message['event'])
            message = self.read()
        return message

    def ask(self, name, fds=(), **arguments):
        """The whole answer; underscores in arguments' names are dashes."""
        command = {'execute': name}
        if arguments:
            command['arguments'] = {key.replace('_', '-'): value
                                    for key, value in arguments.items()}
        self.send(json.dumps(command).encode() + b'\n', fds)
        return self.answer()

    def command(self, name, fds=(), **arguments):
        answer = self.ask(name, fds, **arguments)
        assert 'return' in answer, f'{name}: {answer}'
        return answer['return']

    def refused(self, expected, name, fds=(), **arguments):
        answer = self.ask(name, fds, **arguments)
        assert 'error' in answer, f'{name}: {answer}'
        described = answer['error']['desc']
        assert described == expected, f'{name}: {described!r}'
        return answer['error']['class']

    def close(self):
        self.socket.close()


class Program:
    """A running program with a QMP server on a unix socket."""

    def __init__(self, program, *arguments, fds=(), monitors=1):
        self.directory = temporary_directory('rawqmp-')
        self.path = pathlib.Path(self.directory.name)
        command = [program, '-M', 'none', '-nodefaults', '-display', 'none']
        for number in range(monitors):
            command += ['-qmp', f'unix:{self.path}/qmp{number},server=on,'
                                'wait=off']
        command += [text.replace('@', str(self.path)) for text in arguments]
        # A build with an address sanitizer would keep what was freed.
        sanitizer = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1'
        self.process = subprocess.Popen(command, pass_fds=fds, text=True,
                                        stderr=subprocess.PIPE,
                                        env={**os.environ,
                                             'ASAN_OPTIONS': sanitizer})
        end = time.monotonic() + TIMEOUT_S
        while not (self.path / f'qmp{monitors - 1}').exists():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end, 'the program does not listen'
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.directory.cleanup()

    def client(self, number=0, negotiate=True):
        return Client(self.path / f'qmp{number}', negotiate)

    def fds(self):
        try:
            return len(os.listdir(f'/proc/{self.process.pid}/fd'))
        except FileNotFoundError as fault:
            assert not os.path.exists('/proc/self')
            raise Skip('there is no /proc') from fault

    def memory_kib(self, what='VmRSS'):
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        line = next(line for line in status.splitlines()
                    if line.startswith(what + ':'))
        return int(line.split()[1])

    def is_thread_sanitized(self):
        maps = pathlib.Path(f'/proc/{self.process.pid}/maps').read_text()
        return 'libtsan' in maps

    def quit(self, client):
        """End it in order; returns what it wrote on standard error."""
        client.command('quit')
        said = self.process.stderr.read()
        assert self.process.wait(TIMEOUT_S) == 0, self.process.returncode
        return said


class Skip(Exception):
    """Why a test cannot be done here."""


def wait_for(condition, what):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def main(tests, call=lambda test: test(*sys.argv[1:])):
    """Run all functions of the list as TAP; @call says how each is called."""
    failed = 0
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        try:
            call(test)
            print(f'ok {number} {test.__name__}', flush=True)
        except Skip as why:
            print(f'ok {number} {test.__name__} # SKIP {why}', flush=True)
        except Exception:       # whatever it is, the next test goes on
            failed += 1
            print(f'not ok {number} {test.__name__}')
            for line in traceback.format_exc().splitlines():
                print(f'# {line}', flush=True)
    return 1 if failed else 0
