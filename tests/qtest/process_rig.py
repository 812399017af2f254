# Runs of the program for the tests of its process: daemons, QMP, TAP lines
#
# SPDX-License-Identifier: GPL-2.0-or-later

import errno
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TIMEOUT_S = 30
NONE = ['-nodefaults', '-nographic', '-machine', 'none']


def connect(path):
    """A connection to a unix socket; its path is there before it listens."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(str(path))
            return client
        except (FileNotFoundError, ConnectionRefusedError):
            client.close()
            assert time.monotonic() < end, f'nobody listens on {path}'
            time.sleep(0.01)


class Qmp:
    """A QMP session on a unix socket, negotiated."""

    def __init__(self, path):
        self.socket = connect(path)
        self.file = self.socket.makefile('rwb')
        assert 'QMP' in json.loads(self.file.readline())
        self.events = []
        self.run('qmp_capabilities')

    def call(self, command, **arguments):
        """The answer, an error or not; events are kept."""
        request = {'execute': command}
        if arguments:
            request['arguments'] = {name.replace('_', '-'): value
                                    for name, value in arguments.items()}
        self.file.write(json.dumps(request).encode() + b'\n')
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if 'event' not in answer:
                return answer
            self.events.append(answer['event'])

    def run(self, command, **arguments):
        answer = self.call(command, **arguments)
        assert 'return' in answer, answer
        return answer['return']

    def fail(self, command, **arguments):
        """The text of the error that must come."""
        answer = self.call(command, **arguments)
        assert 'error' in answer, answer
        return answer['error']['desc']

    def close(self):
        self.file.close()
        self.socket.close()


def alive(pid):
    """Whether there is such a process, other than one that has ended."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return text.rpartition(')')[2].split()[0] != 'Z'


def wait_for(what, test):
    end = time.monotonic() + TIMEOUT_S
    while not test():
        assert time.monotonic() < end, f'in vain: {what}'
        time.sleep(0.01)


class Rig:
    """A private directory, which is the current one, and the program."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.temporary = tempfile.TemporaryDirectory(prefix='firmament-')
        self.dir = pathlib.Path(self.temporary.name)
        self.dir.chmod(0o755)
        self.pids = []

    def command(self, *options):
        return [self.program, *options]

    def run(self, *options, base=NONE, **more):
        """A run to its end, or to the end of the parent of a daemon."""
        return subprocess.run(self.command(*base, *options), cwd=self.dir,
                              stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=TIMEOUT_S, **more)

    def start(self, *options, base=NONE, **more):
        return subprocess.Popen(self.command(*base, *options), cwd=self.dir,
                                stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def daemon(self, *options, base=NONE, pidfile='pid', **more):
        """Start one that must come up; returns its number."""
        if '-sandbox' in options:
            # a sanitizer looks for leaks by ptrace, from another process
            more['env'] = dict(os.environ, ASAN_OPTIONS=os.environ.get(
                'ASAN_OPTIONS', '') + ':detect_leaks=0')
        run = self.run('-daemonize', '-pidfile', pidfile, *options, base=base,
                       **more)
        assert run.returncode == 0 and run.stderr == '', run
        pid = int((self.dir / pidfile).read_text())
        assert alive(pid)
        self.pids.append(pid)
        return pid

    def refuse(self, text, *options, base=NONE, **more):
        """A run that must end with one line that holds @text."""
        run = self.run(*options, base=base, **more)
        assert run.returncode == 1 and run.stdout == '', run
        assert run.stderr.count('\n') == 1 and text in run.stderr, run
        return run.stderr

    def end(self, pid, number=signal.SIGTERM):
        os.kill(pid, number)
        wait_for(f'the end of {pid}', lambda: not alive(pid))
        self.pids.remove(pid)

    def names(self):
        return sorted(os.listdir(self.dir))

    def close(self):
        for pid in self.pids:
            if alive(pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError as fault:
                    assert fault.errno == errno.ESRCH
        self.temporary.cleanup()


class Skip(Exception):
    pass


def main(tests):
    """Run the functions, each in a directory of its own; print TAP."""
    faults = 0
    print(f'1..{len(tests)}', flush=True)
    for number, test in enumerate(tests, 1):
        rig = Rig(sys.argv[1])
        try:
            test(rig)
            print(f'ok {number} {test.__name__}', flush=True)
        except Skip as why:
            print(f'ok {number} {test.__name__} # SKIP {why}', flush=True)
        except Exception:
            faults += 1
            print(f'not ok {number} {test.__name__}', flush=True)
            for line in traceback.format_exc().splitlines():
                print(f'# {line}', flush=True)
        finally:
            rig.close()
    return faults != 0
