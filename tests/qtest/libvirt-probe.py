#!/usr/bin/env python3
# libvirt asks the program what it can do, and is content
#
#   libvirt-probe.py PROGRAM
#
# libvirt's QEMU driver runs inside virsh (qemu:///embed), with everything that
# it keeps in a temporary directory, so no daemon is needed and nothing of the
# host is touched.  It starts the program with -machine none -daemonize, asks
# some thirty QMP commands, and keeps what it learned in a file, which is read
# here.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from rawqmp import temporary_directory

TIMEOUT_S = 120

# Names that libvirt has for what it must have found
FLAGS = {'disable-s3', 'disable-s4', 'ich9-disable-s3', 'ich9-disable-s4',
         'isa-serial', 'machine-hpet', 'query-cpu-definitions',
         'query-hotpluggable-cpus', 'set-action', 'smp-dies'}
MACHINES = {'pc', 'q35'}


def virsh(root, *arguments):
    return subprocess.run(
        ['virsh', '-c', f'qemu:///embed?root={root}', *arguments],
        capture_output=True, text=True, timeout=TIMEOUT_S,
        env={**os.environ, 'LC_ALL': 'C'})


def why_not(program, root):
    """Why libvirt cannot be asked here; None if it can."""
    if not shutil.which('virsh'):
        return 'virsh is not installed'
    run = virsh(root, 'uri')
    if run.returncode:
        return 'libvirt has no QEMU driver here: ' + \
            (run.stderr.strip().splitlines() or ['it does not say why'])[-1]
    run = subprocess.run([program, '-help'], capture_output=True, text=True,
                         timeout=TIMEOUT_S)
    for option in ('-daemonize', '-pidfile'):
        if not any(line.startswith(option) for line in run.stdout.split('\n')):
            return f'this version of the program has no {option}'
    run = subprocess.run([program, '-object', 'help'], capture_output=True,
                         text=True, timeout=TIMEOUT_S)
    # without it libvirt does not refuse: it crashes
    if 'memory-backend-file' not in run.stdout:
        return 'this version of the program has no memory-backend-file'
    return None


def check(program, root):
    """Lines about what is wrong."""
    run = virsh(root, 'domcapabilities', '--emulatorbin', program)
    # without an accelerator there is no domain type to have capabilities, and
    # that is the only thing that libvirt may say against the program
    if run.returncode and 'does not support virt type' not in run.stderr:
        yield f'virsh domcapabilities: status {run.returncode}'
        yield from run.stderr.splitlines()
    files = list(pathlib.Path(root).glob('cache/qemu/capabilities/*.xml'))
    caches = [xml.etree.ElementTree.parse(file).getroot() for file in files]
    caches = [cache for cache in caches
              if cache.findtext('emulator') == program]
    if len(caches) != 1:
        yield 'libvirt kept nothing about the program'
        return
    cache = caches[0]
    if int(cache.findtext('version')) < 4002000:
        yield f'libvirt took it for version {cache.findtext("version")}'
    if not cache.findtext('package').startswith('firmament '):
        yield f'libvirt took it for {cache.findtext("package")}'
    if cache.findtext('arch') != 'x86_64':
        yield f'libvirt took it for {cache.findtext("arch")}'
    missing = FLAGS - {flag.get('name') for flag in cache.findall('flag')}
    if missing:
        yield f'libvirt did not find {sorted(missing)}'
    machines = {machine.get('name'): machine
                for machine in cache.findall('machine')}
    if set(machines) != MACHINES:
        yield f'libvirt found the machines {sorted(machines)}'
    for machine in machines.values():
        if not machine.get('defaultRAMid') or not machine.get('defaultCPU'):
            yield f'{machine.attrib} lacks something'
    if not cache.findall('cpu'):
        yield 'libvirt found no CPU models'


def main(program):
    print('1..1')
    with temporary_directory('firmament-libvirt-') as root:
        reason = why_not(program, root)
        if reason:
            print(f'ok 1 probe # SKIP {reason}')
            return 0
        faults = list(check(program, root))
    for fault in faults:
        print(f'# {fault}')
    print(f'{"not " if faults else ""}ok 1 probe')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
