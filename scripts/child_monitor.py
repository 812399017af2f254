# A program and its QMP monitor, for the scripts that show what it does
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import subprocess
import sys
import time


class Monitor:
    """A QMP client on a child's pipes."""

    def __init__(self, command):
        self.started = time.monotonic()
        self.child = subprocess.Popen(
            command + ['-qmp', 'stdio'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.child.stdout.readline()
        self.ask('qmp_capabilities')

    def ask(self, name, **arguments):
        message = {'execute': name}
        if arguments:
            message['arguments'] = arguments
        try:
            self.child.stdin.write(json.dumps(message) + '\n')
            self.child.stdin.flush()
        except BrokenPipeError:
            sys.exit(self.child.wait() or 1)
        for line in self.child.stdout:
            answer = json.loads(line)
            if 'error' in answer:
                sys.exit(f"{name}: {answer['error']['desc']}")
            if 'return' in answer:
                return answer['return']
        sys.exit(self.child.wait() or 1)

    def close(self):
        self.ask('quit')
        self.child.wait()
