#!/usr/bin/env python3
"""ACPICA reads, recompiles and executes what we build

    test-acpica.py ACPI-TABLE-WRITER

Tables of several platforms are written by the given program.  iasl must
disassemble each without a complaint and recompile the DSDT without errors,
warnings or remarks, to the same bytes; acpiexec must load the set and execute
its methods, with the results that the specifications ask for.

Exits with 77 (skipped) if iasl or acpiexec is not installed.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

PLATFORMS = {
    'pc': ['pc'],
    'pc, 2 processors, serial, SLIC': ['pc', 'cpus=2', 'serial', 'slic'],
    'pc, 255 processors, no HPET': ['pc', 'cpus=255', 'no-hpet'],
    'pc, PM block not placed': ['pc', 'no-pm'],
    'pc, device on the root': ['pc', 'on-root'],
    'pc, VM generation ID': ['pc', 'vmgenid'],
    'pc, VM generation ID that has no place': ['pc', 'no-vgia'],
    'q35, VM generation ID': ['q35', 'vmgenid'],
    'q35': ['q35'],
    'q35, 2 processors, serial, SLIC': ['q35', 'cpus=2', 'serial', 'slic'],
    'q35, 255 processors, no MCFG': ['q35', 'cpus=255', 'no-mcfg'],
    'q35, MCFG above 4 GiB': ['q35', 'high-mcfg', 'serial'],
    'q35, nothing placed': ['q35', 'no-mcfg', 'no-pm', 'no-hpet'],
}

# What acpiexec says about any machine that is not the one it has in mind: its
# own start-up tests use a PM2 block, a GPE1 block and fixed GPE numbers.  On a
# busy host its threads may not be done when it counts what it still holds.
HARMLESS = re.compile(r'^(Unexpected AE_\w+ from \w+ \(aetests-\d+\)|'
                      r'ACPI Error: \d+ \(0x\w+\) Outstanding cache '
                      r'allocations \(\w+/uttrack-\d+\))$')
# Names of fields in a disassembly
NOT_FAULTS = re.compile(r'^\[[0-9A-F]+h')
# While firmware has not placed the PM block the FADT cannot say where it is
NOT_PLACED = re.compile(r'FADT field \w+ has (zero address|'
                        r'valid Length but zero Address)')
FAULT = re.compile(r'error|warning|remark|invalid|incorrect|unknown|failed|'
                   r'unexpected|AE_[A-Z]', re.IGNORECASE)

# acpiexec prints at most 16 KiB of a result, and _PRT is longer
ROUTES_ASL = r"""
DefinitionBlock ("", "SSDT", 1, "FMTEST", "ROUTES", 1)
{
    External (\_SB.PCI0._PRT, UnknownObj)
    Method (\RTES, 1, Serialized)
    {
        Name (PART, Package (32) {})
        Local0 = \_SB.PCI0._PRT
        If (SizeOf (Local0) != 128)
        {
            Return (SizeOf (Local0))
        }
        Local1 = 0
        While (Local1 < 32)
        {
            PART [Local1] = DerefOf (Local0 [Arg0 + Local1])
            Local1++
        }
        Return (PART)
    }
}
"""

OSC_UUID = '5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66'


class Failure(Exception):
    """A platform that does not pass, in one line."""


def run(*argv, cwd=None, said=''):
    """Returns: all output of a program; it must succeed."""
    done = subprocess.run(argv, cwd=cwd, text=True, check=False, input=said,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors='replace')
    if done.returncode != 0:
        raise Failure('%s: status %d\n%s' % (' '.join(argv), done.returncode,
                                             done.stdout))
    return done.stdout


def faults(text, harmless):
    """Returns: the lines of text that complain."""
    return [line for line in text.splitlines()
            if FAULT.search(line) and not harmless.search(line.strip())]


def expect(what, got, wanted):
    """A comparison that says both sides, of lists where they part."""
    if isinstance(got, list) and len(got) == len(wanted):
        for number, pair in enumerate(zip(got, wanted)):
            if pair[0] != pair[1]:
                raise Failure('%s: [%d] %r, expected %r' % (what, number,
                                                            *pair))
    elif got != wanted:
        raise Failure('%s: %r, expected %r' % (what, got, wanted))


def disassemble(directory, options):
    """Every table, and then the DSDT back to what it was."""
    harmless = NOT_FAULTS
    if 'no-pm' in options:
        harmless = re.compile(NOT_FAULTS.pattern + '|' + NOT_PLACED.pattern)
    for name in sorted(os.listdir(directory)):
        said = run('iasl', '-d', name, cwd=directory)
        if not name.startswith('dsdt'):
            with open(os.path.join(directory, name[:-4] + '.dsl'),
                      encoding='latin-1') as text:
                said += text.read()
        complaints = faults(said, harmless)
        if complaints:
            raise Failure('iasl -d %s: %s' % (name, complaints[0]))

    # execution would not notice another register
    with open(os.path.join(directory, 'dsdt.dsl'), encoding='ascii') as text:
        fields = re.sub(r'\s+', ' ', text.read())
    q35 = options[0] == 'q35'
    expect('route control', 'OperationRegion (PIRQ, PCI_Config, 0x60, 0x%02X) '
           'Field (PIRQ, ByteAcc, NoLock, Preserve) { PIRA, 8, PIRB, 8, '
           'PIRC, 8, PIRD, 8%s }' % (
               (0x0c, ', Offset (0x08), PIRE, 8, PIRF, 8, PIRG, 8, PIRH, 8')
               if q35 else (4, '')) in fields, True)

    said = run('iasl', '-oa', 'dsdt.dsl', cwd=directory)
    if '0 Errors, 0 Warnings, 0 Remarks' not in said:
        raise Failure('iasl dsdt.dsl:\n' + said)
    with open(os.path.join(directory, 'dsdt.dat'), 'rb') as ours, \
         open(os.path.join(directory, 'dsdt.aml'), 'rb') as theirs:
        expect('recompiled DSDT is the same',
               theirs.read()[36:] == ours.read()[36:], True)


class Interpreter:
    """acpiexec with the tables of one directory.

    A FADT without a PM block stays out, and acpiexec takes one of its own.
    """

    def __init__(self, directory, options):
        self.directory = directory
        self.tables = sorted(name for name in os.listdir(directory)
                             if name.endswith('.dat') and
                             (name != 'facp.dat' or 'no-pm' not in options))
        self.tables.append('routes.aml')

    def batch(self, commands):
        """Returns: what the commands print, without what loading prints."""
        said = run('acpiexec', *self.tables, cwd=self.directory,
                   said='\n'.join(commands + ['quit', '']))
        complaints = faults(said, HARMLESS)
        if complaints:
            raise Failure('acpiexec: ' + complaints[0])
        return said[said.rindex('Initializing Device'):]

    def find(self, *names):
        """Returns: for each name the paths of all objects that have it."""
        said = self.batch(['find ' + name for name in names])
        return [re.findall(r'(\\\S*\.%s)\b' % name, said) for name in names]

    def execute(self, calls):
        """Returns: for each call its result as parse_result() gives it."""
        said = self.batch(['execute ' + call for call in calls])
        parts = said.split('Evaluating ')[1:]
        expect('number of results', len(parts), len(calls))
        return [parse_result(part) for part in parts]


def parse_result(text):
    """Returns: bytes, routes, integers, or None where nothing is returned."""
    if '[Buffer]' in text:
        rows = re.findall(r'^(?:.*=)?\s+[0-9A-F]{4}: (.{47})', text,
                          re.MULTILINE)
        return bytes.fromhex(''.join(rows))
    found = re.findall(r'\[Package\] Contains 4 Elements:\s+'
                       r'\[Integer\] = (\w+)\s+\[Integer\] = (\w+)\s+'
                       r'\[(?:Integer|Object Reference)\] = (.*)\s+'
                       r'\[Integer\] = (\w+)', text)
    if len(found) > 1:
        links = [re.search(r'LNK\w', source) for _, _, source, _ in found]
        return [(int(address, 16), int(pin, 16),
                 link.group() if link else int(source, 16), int(index, 16))
                for (address, pin, source, index), link in zip(found, links)]
    if '[Integer]' in text:
        return [int(number, 16) for number
                in re.findall(r'\[Integer\] = ([0-9A-F]+)', text)]
    return None


def wanted_routes(q35, apic):
    """Returns: the same from what the chipsets' datasheets say."""
    result = []
    for slot in range(32):
        for pin in range(4):
            if not q35:
                link = 'ABCD'[(slot - 1 + pin) % 4]
            elif slot < 25:
                link = 'EFGH'[(slot + pin) % 4]
            else:
                link = 'ABCD'[pin]
            if q35 and apic:
                source, index = 0, 16 + 'ABCDEFGH'.index(link)
            else:
                source, index = 'LNK' + link, 0
            result.append((slot << 16 | 0xffff, pin, source, index))
    return result


def hexadecimal(raw):
    """Returns: a buffer as an argument for acpiexec."""
    return '(' + ' '.join('%02X' % byte for byte in raw) + ')'


def dwords(*numbers):
    """Returns: the numbers as bytes."""
    return b''.join(number.to_bytes(4, 'little') for number in numbers)


def irq(*numbers):
    """Returns: a resource template of one extended interrupt descriptor."""
    return bytes([0x89, 2 + 4 * len(numbers), 0, 9, len(numbers)]) + \
        dwords(*numbers) + b'\x79\x00'


def link_checks(q35):
    """Returns: [(call, result)]: each link is set, read, and disabled."""
    checks = []
    links = ['\\_SB.LNK' + x for x in ('ABCDEFGH' if q35 else 'ABCD')]
    for link in links:
        checks += [
            (link + '._PRS', irq(5, 10, 11)),
            (link + '._SRS ' + hexadecimal(irq(11)), None),
            (link + '._CRS', irq(11)),
            (link + '._STA', [0x0b]),
            (link + '._DIS', None),
            (link + '._STA', [0x09]),
            (link + '._CRS', irq(0)),
        ]
    # no link's register is another's
    for number, link in enumerate(links):
        checks.append((link + '._SRS ' + hexadecimal(irq(4 + number)), None))
    for number, link in enumerate(links):
        checks.append((link + '._CRS', irq(4 + number)))
    return checks


def osc_checks():
    """Returns: [(call, result)]: what is granted, each way to be refused."""
    def call(uuid, revision, *words):
        return '\\_SB.PCI0._OSC (%s) %d %d %s' % (
            uuid, revision, len(words), hexadecimal(dwords(*words)))

    return [
        (call(OSC_UUID, 1, 1, 0x1f, 0x1f), dwords(0x11, 0x1f, 0x1d)),
        (call(OSC_UUID, 1, 0, 0x1f, 0x1d), dwords(0, 0x1f, 0x1d)),
        (call(OSC_UUID, 1, 0, 0x1f, 0), dwords(0, 0x1f, 0)),
        (call(OSC_UUID, 2, 0, 0x1f, 0x1d), dwords(8, 0x1f, 0x1d)),
        (call(OSC_UUID, 1, 0, 0x1f), dwords(2, 0x1f)),
        (call('00' + OSC_UUID[2:], 1, 0, 0x1f, 0x1d),
         dwords(4, 0x1f, 0x1d)),
    ]


def route_checks(q35):
    """Returns: [(call, result)]: _PRT in both modes, 32 entries at a time."""
    checks = []
    for apic in (0, 1):
        wanted = wanted_routes(q35, apic)
        if q35:
            checks.append(('\\_PIC %d' % apic, None))
        for first in range(0, 128, 32):
            checks.append(('\\RTES %d' % first, wanted[first:first + 32]))
    return checks


def wanted_windows(options):
    """Returns: PCI0's windows for memory, around what is not PCI's."""
    wanted = [(0xa0000, 0xbffff), (0x08000000, 0xfebfffff)]
    if options[0] == 'q35':
        wanted.append((0x100000000, 0x8ffffffff))
        if 'high-mcfg' in options:
            wanted[2:] = [(0x100000000, 0x7ffffffff),
                          (0x810000000, 0x8ffffffff)]
        elif 'no-mcfg' not in options:
            wanted[1:2] = [(0x08000000, 0xafffffff), (0xc0000000, 0xfebfffff)]
    if 'on-root' in options:
        wanted[1:2] = [(0x08000000, 0xfdffffff), (0xfe002000, 0xfebfffff)]
    return wanted


def windows(raw):
    """Returns: [(type, first, last)] of the address descriptors in raw."""
    result = []
    while raw[0] != 0x79:
        if raw[0] & 0x80:
            length = 3 + int.from_bytes(raw[1:3], 'little')
        else:
            length = 1 + (raw[0] & 7)
        width = {0x88: 2, 0x87: 4, 0x8a: 8}.get(raw[0])
        if width:
            _, first, last, offset, size = [
                int.from_bytes(raw[6 + i * width:6 + (i + 1) * width],
                               'little') for i in range(5)]
            expect('window', (offset, size), (0, last - first + 1))
            result.append((raw[3], first, last))
        raw = raw[length:]
    return result


def check_windows(raw, options):
    """PCI0._CRS: buses, ports, memory."""
    found = windows(raw)
    expect('bus numbers', [w[1:] for w in found if w[0] == 2], [(0, 0xff)])
    ports = [(0, 0xcf7), (0xd00, 0xffff)]
    if 'on-root' in options:
        ports[0:1] = [(0, 0x50f), (0x51c, 0xcf7)]
    expect('ports', [w[1:] for w in found if w[0] == 1], ports)
    expect('memory', [w[1:] for w in found if w[0] == 0],
           wanted_windows(options))


def vmgenid_checks(directory, placed):
    """Returns: [(call, result)]: what the SSDT says of what is in VGIA."""
    with open(os.path.join(directory, 'ssdt.dat'), 'rb') as table:
        ssdt = table.read()
    expect('SSDT', (len(ssdt), ssdt[16:24], ssdt[37:41]),
           (202, b'VMGENID\0', b'VGIA'))
    vgia = int.from_bytes(ssdt[42:46], 'little')
    expect('VGIA is a page, or nothing', (vgia != 0, vgia % 4096), (placed, 0))
    return [
        ('\\VGIA', [vgia]),
        ('\\_SB.VGEN._STA', [0x0f if vgia else 0]),
        ('\\_SB.VGEN.ADDR', [vgia + 0x28, 0]),
        ('\\_GPE._E05', None),
    ]


def execute(directory, options):
    """Load the set, execute what a system executes, and compare."""
    q35 = options[0] == 'q35'
    with open(os.path.join(directory, 'routes.asl'), 'w',
              encoding='ascii') as asl:
        asl.write(ROUTES_ASL)
    run('iasl', 'routes.asl', cwd=directory)
    acpi = Interpreter(directory, options)

    statuses, resources, uids = acpi.find('_STA', '_CRS', '_UID')
    expect('processors', len([u for u in uids if '.CPUS.C' in u]),
           int(next((o[5:] for o in options if o.startswith('cpus=')), 1)))

    checks = [('\\_S3', [1, 1, 0, 0]), ('\\_S4', [2, 2, 0, 0]),
              ('\\_S5', [0, 0, 0, 0])]
    checks += route_checks(q35) + link_checks(q35)
    checks += osc_checks() if q35 else []
    if 'vmgenid' in options or 'no-vgia' in options:
        checks += vmgenid_checks(directory, 'vmgenid' in options)
        statuses.remove('\\_SB.VGEN._STA')
        said = acpi.batch(['execute \\_GPE._E05'])
        expect('notification', re.findall(
            r'Device Notify on \[(\w+)\].* Value (\w+)', said),
            [('VGEN', '0x80')])
    known = len(checks)
    checks += [(path, None) for path in statuses + resources]

    results = acpi.execute([call for call, _ in checks])
    for (call, wanted), result in zip(checks[:known], results):
        expect(call, result, wanted)
    for (call, _), result in zip(checks[known:], results[known:]):
        if call.endswith('_STA'):
            expect(call, result in ([0x09], [0x0b], [0x0f]), True)
        else:
            expect(call, result[-2:], b'\x79\x00')
            if call.endswith('PCI0._CRS'):
                check_windows(result, options)


def main():
    """Every platform; the first failure of each is told."""
    missing = [tool for tool in ('iasl', 'acpiexec') if not shutil.which(tool)]
    if missing:
        print('SKIP: not installed: %s (Debian: acpica-tools)'
              % ', '.join(missing))
        return 77
    writer = os.path.abspath(sys.argv[1])
    status = 0
    print('1..%d' % len(PLATFORMS))
    for number, (name, options) in enumerate(PLATFORMS.items(), 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                run(writer, options[0], directory, *options[1:])
                disassemble(directory, options)
                execute(directory, options)
                print('ok %d %s' % (number, name))
            except Failure as failure:
                print('not ok %d %s' % (number, name))
                print('\n'.join('# ' + line
                                for line in str(failure).splitlines()))
                status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
