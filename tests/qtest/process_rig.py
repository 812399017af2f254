# Runs of the program for the tests of its process: daemons, files, ends
#
# SPDX-License-Identifier: GPL-2.0-or-later

import errno
import os
import pathlib
import signal
import subprocess
import sys

import rawqmp
from rawqmp import Skip, connect                        # noqa: F401

TIMEOUT_S = 30
NONE = ['-nodefaults', '-nographic', '-machine', 'none']


class Qmp(rawqmp.Client):
    """A QMP session, under the names that are short beside a Rig."""

    call = rawqmp.Client.ask
    run = rawqmp.Client.command

    def fail(self, command, **arguments):
        """The text of the error that must come."""
        answer = self.ask(command, **arguments)
        assert 'error' in answer, answer
        return answer['error']['desc']


def alive(pid):
    """Whether there is such a process, other than one that has ended."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return text.rpartition(')')[2].split()[0] != 'Z'


def wait_for(what, test):
    rawqmp.wait_for(test, f'in vain: {what}')


class Rig:
    """A private directory, which is the current one, and the program."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.temporary = rawqmp.temporary_directory()
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


def call_in_rig(test):
    rig = Rig(sys.argv[1])
    try:
        test(rig)
    finally:
        rig.close()


def main(tests):
    """Run the functions, each in a directory of its own; print TAP."""
    return rawqmp.main(tests, call_in_rig)
