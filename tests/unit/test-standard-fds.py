#!/usr/bin/env python3
# A program started without standard descriptors must not put its messages
# into a client's connection that got one of their numbers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop(1)


class StandardDescriptors(unittest.TestCase):
    def test_closed(self):
        # not in $TMPDIR, which may be too long for a socket's name
        with tempfile.TemporaryDirectory(dir='/tmp') as directory:
            path = os.path.join(directory, 'qmp')
            command = ('exec "$0" -nodefaults -S '
                       '-qmp "unix:$1,server=on,wait=off" <&- >&- 2>&-')
            with subprocess.Popen(['sh', '-c', command, PROGRAM,
                                   path]) as process:
                try:
                    self.check(process, path)
                finally:
                    process.terminate()
            self.assertEqual(process.returncode, 0)

    def check(self, process, path):
        end = time.monotonic() + 30
        while not os.path.exists(path) and time.monotonic() < end:
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            self.assertIn(b'QMP', client.recv(4096))
            for fd in range(3):
                self.assertEqual(os.readlink(f'/proc/{process.pid}/fd/{fd}'),
                                 '/dev/null')


unittest.main()
