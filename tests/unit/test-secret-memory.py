#!/usr/bin/env python3
# Secrets in the memory of the process: one copy while there is the object,
# none afterwards
#
#   test-secret-memory.py PROGRAM
#
# Ends with 77, skipped, where a process may not read its child's memory.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import base64
import json
import os
import re
import subprocess
import sys
import tempfile

# Larger mappings are a sanitizer's shadow.
LARGEST = 1 << 26


class Machine:
    """The program, with QMP on its standard input and output."""

    def __init__(self, program, objects):
        args = [program, '-machine', 'none', '-nodefaults', '-qmp', 'stdio']
        for options in objects:
            args += ['-object', json.dumps(options)]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.execute('qmp_capabilities')

    def execute(self, command, **arguments):
        self.process.stdin.write(json.dumps(
            {'execute': command, 'arguments': arguments}) + '\n')
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert 'return' in reply, reply

    def count(self, needle):
        """How often the bytes are in the process's memory."""
        pid = self.process.pid
        found = 0
        with open(f'/proc/{pid}/maps', encoding='utf-8') as maps, \
                open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
            for line in maps:
                match = re.match(r'([0-9a-f]+)-([0-9a-f]+) r', line)
                if not match:
                    continue
                first, end = (int(text, 16) for text in match.groups())
                if end - first > LARGEST:
                    continue
                try:
                    memory.seek(first)
                    found += memory.read(end - first).count(needle)
                except (OSError, ValueError, OverflowError):
                    pass        # the kernel's own pages
        return found

    def end(self):
        self.process.kill()
        self.process.communicate()


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, 'wb') as file:
        file.write(content)
    return path


def main(program):
    secret = os.urandom(40)
    with tempfile.TemporaryDirectory() as folder:
        raw = write(folder, 'raw', secret)
        text = write(folder, 'base64', base64.b64encode(secret))
        cases = {
            'raw': {'file': raw},
            'base64': {'file': text, 'format': 'base64'},
        }
        for name, options in cases.items():
            machine = Machine(program, [
                {'qom-type': 'secret', 'id': 'secret', **options}])
            try:
                there = machine.count(secret)
                machine.execute('object-del', id='secret')
                after = machine.count(secret)
            except PermissionError as error:
                print(f'skipped: {error}')
                return 77
            finally:
                machine.end()
            print(f'{name}: {there} copies, {after} after its end')
            if (there, after) != (1, 0):
                return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
