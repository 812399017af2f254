# Another emulator, whose firmware runs our script
#
# There is no processor here yet, so another emulator lends one.  Firmware is to
# find our files in the place of that machine's own, and its devices behind
# them.  No option replaces these files, but they go along when a machine is
# moved: so a machine that has not run yet is saved, its files are exchanged in
# the stream, and the machine that loads the stream runs.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import re
import socket
import struct
import subprocess
import time
import uuid
import zlib

EMULATOR = 'qemu-system-x86_64'
RAM_MIB = 128
PATIENCE_S = 90         # firmware runs in software

LOADER = 'etc/table-loader'
TABLES = 'etc/acpi/tables'
RSDP = 'etc/acpi/rsdp'
GUID = 'etc/vmgenid_guid'
ADDR = 'etc/vmgenid_addr'
FILES = [LOADER, TABLES, RSDP, GUID, ADDR]
READ_LEN = 12288        # of a file; the tables' is zeros from here on

PAGE_LEN = 4096
# What a page of a RAM block begins with in the stream: its offset, and in the
# lowest bits what follows
STREAM_FILL, STREAM_PAGE, STREAM_CONTINUE = 2, 8, 32

# Before the script (docs/specs/fw-loader.rst): (devfn, register, value)
CHIPSET = {
    'pc': [(0x0b, 0x40, 0x601), (0x0b, 0x80, 1)],
    'q35': [(0xf8, 0x40, 0x601), (0xf8, 0x44, 0x80), (0, 0x64, 0),
            (0, 0x60, 0xb0000001)],
}

# Asks INT 15h for its map of memory, puts that at 0x8000, then at 0x7ffc how
# many entries of 20 bytes it has, and 'MA'
BOOT_SECTOR = bytes.fromhex(
    'fa 31c0 8ed8 8ec0 8ed0 bc007c fb'      # segments 0, stack below us
    'bf0080 6631db 31f6'                    # di = 0x8000, ebx = si = 0
    '66b820e80000 66ba50414d53'             # loop: eax = E820, edx = 'SMAP'
    '66b914000000 cd15 7209'                # ecx = 20, int 15h, or done
    '46 83c714 6685db 75e1'                 # the next, while ebx is not 0
    '8936fc7f c706fe7f4d41'                 # done: si, 'MA'
    'f4 ebfd').ljust(510, b'\0') + b'\x55\xaa'
DISK_LEN = 1 << 20      # as little as an AHCI disk can have
MAP_COUNT, MAP_ENTRIES = 0x7ffc, 0x8000
USABLE = 1              # AddressRangeMemory (ACPI 6.5, 15)

SYSTEM_TABLE = b'IBI SYST'
ACPI_1_TABLE = uuid.UUID('eb9d2d30-2d88-11d3-9a16-0090273fc14d').bytes_le
# Memory types (UEFI 2.10, 7.2): loader's, boot services', conventional
UEFI_USABLE = (1, 2, 3, 4, 7)
UEFI_KINDS = {9: 'ACPI reclaim', 10: 'ACPI NVS'}


class Fault(Exception):
    """What is wrong, in a line."""


def read_directory(raw, read):
    """{name: (key, length)} of fw_cfg; raw: its first 4 bytes."""
    found = {}
    for _ in range(struct.unpack('>I', raw)[0]):
        length, key, _, name = struct.unpack('>IHH56s', read(64))
        found[name.rstrip(b'\0').decode()] = (key, length)
    return found


def our_files(program, machine, options, directory):
    """Our fw_cfg files, as firmware would read them: {name: bytes}."""
    listener = socket.socket(socket.AF_UNIX)
    path = directory / 'qtest'
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(20)
    child = subprocess.Popen(
        [program, '-nodefaults', '-M', machine + ',firmware=builtin', '-m',
         str(RAM_MIB), *options, '-qtest', f'unix:{path}', '-qtest-log',
         'none'])
    try:
        stream = listener.accept()[0].makefile('rwb', buffering=0)

        def ask(line):
            stream.write(line.encode() + b'\n')
            return stream.readline().split()[1:]

        def read(length):
            return bytes(int(ask('inb 0x511')[0], 16) for _ in range(length))

        def read_file(key, length):
            ask(f'outw 0x510 {key}')
            return read(min(length, READ_LEN)).ljust(length, b'\0')

        ask('outw 0x510 0x19')
        return {name: read_file(*where)
                for name, where in read_directory(read(4), read).items()
                if name in FILES}
    finally:
        child.kill()
        child.wait()
        path.unlink()


class Machine:
    """A machine of the other emulator's, which does not run yet."""

    def __init__(self, machine, options, *more):
        self.machine = machine
        self.child = subprocess.Popen(
            [EMULATOR, '-S', '-M', machine, '-m', str(RAM_MIB), '-accel',
             'tcg', '-nodefaults', '-display', 'none', '-qmp', 'stdio',
             *options, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.child.stdout.readline()
        self.ask('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()

    def ask(self, command, **arguments):
        """The value of a QMP command."""
        self.child.stdin.write(json.dumps({'execute': command,
                                           'arguments': arguments}) + '\n')
        self.child.stdin.flush()
        for line in self.child.stdout:
            answer = json.loads(line)
            if 'error' in answer:
                raise Fault(f'{EMULATOR}: {command}: '
                            f'{answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']
        raise Fault(f'{EMULATOR} has ended')

    def port(self, line):
        return self.ask('human-monitor-command', **{'command-line': line})

    def place_registers(self):
        """Firmware's part before the script."""
        for devfn, register, value in CHIPSET[self.machine]:
            self.port(f'o /w 0xcf8 {0x80000000 | devfn << 8 | register}')
            self.port(f'o /w 0xcfc {value}')

    def read(self, length):
        return bytes(int(self.port('i /b 0x511').split('=')[1], 16)
                     for _ in range(length))

    def read_file(self, name):
        """A fw_cfg file, READ_LEN bytes at most."""
        self.port('o /h 0x510 0x19')
        files = read_directory(self.read(4), self.read)
        if name not in files:
            raise Fault(f'{EMULATOR} has no {name}')
        key, length = files[name]
        self.port(f'o /h 0x510 {key}')
        return self.read(min(length, READ_LEN))

    def wait_for(self, what, test):
        end = time.monotonic() + PATIENCE_S
        while not test():
            if time.monotonic() > end:
                raise Fault(f'in vain: {what}')
            time.sleep(0.1)

    def save(self, path):
        self.ask('migrate', uri=f'exec:cat > "{path}"')
        self.wait_for('the stream', lambda: self.ask(
            'query-migrate').get('status') == 'completed')

    def load(self, path):
        self.ask('migrate-incoming', uri=f'exec:cat "{path}"')
        self.wait_for('the stream', lambda: self.ask(
            'query-migrate').get('status') == 'completed')

    def memory(self, path, gpa=0, length=RAM_MIB << 20):
        self.ask('pmemsave', val=gpa, size=length, filename=str(path))
        return path.read_bytes()


def exchange(stream, name, content):
    """The stream with another content of a fw_cfg file."""
    block = b'/rom@' + name.encode()
    begin = stream.find(struct.pack('>QB', STREAM_PAGE, len(block)) + block)
    if begin < 0:
        raise Fault(f'no {name} in the stream')
    end = begin + 9 + len(block)
    pages = [bytes(stream[end:end + PAGE_LEN])]
    end += PAGE_LEN
    while end + 8 < len(stream):
        head, = struct.unpack_from('>Q', stream, end)
        if head == len(pages) * PAGE_LEN | STREAM_CONTINUE | STREAM_PAGE:
            pages.append(bytes(stream[end + 8:end + 8 + PAGE_LEN]))
            end += 8 + PAGE_LEN
        elif head == len(pages) * PAGE_LEN | STREAM_CONTINUE | STREAM_FILL:
            pages.append(stream[end + 8:end + 9] * PAGE_LEN)
            end += 9
        else:
            break
    if len(content) > len(pages) * PAGE_LEN:
        raise Fault(f'{name} has {len(content)} bytes, the stream '
                    f'{len(pages)} pages for it')
    content = content.ljust(len(pages) * PAGE_LEN, b'\0')
    new = struct.pack('>QB', STREAM_PAGE, len(block)) + block + \
        content[:PAGE_LEN]
    for at in range(PAGE_LEN, len(content), PAGE_LEN):
        new += struct.pack('>Q', at | STREAM_CONTINUE | STREAM_PAGE) + \
            content[at:at + PAGE_LEN]
    return stream[:begin] + new + stream[end:]


class Booted:
    """Memory after firmware: bytes; [(first, last, usable, kind)]; where the
    RSDP is; what firmware has written to ADDR, None: there is none."""

    def __init__(self, memory, ranges, rsdp, addr):
        self.memory, self.ranges = memory, ranges
        self.rsdp, self.addr = rsdp, addr

    def kind(self, gpa, length=1):
        """What the map says of all these bytes; a Fault if they are usable, or
        not all of one kind."""
        for first, last, usable, kind in self.ranges:
            if first <= gpa and gpa + length - 1 <= last:
                if usable:
                    raise Fault(f'0x{gpa:x}: the map has {kind}')
                return kind
        raise Fault(f'0x{gpa:x}: {length} bytes are not in one range of the '
                    'map')


def run_seabios(machine, directory):
    def done():
        memory = machine.memory(directory / 'count', MAP_COUNT, 4)
        return memory[2:] == b'MA'

    machine.ask('cont')
    machine.wait_for('the boot sector', done)
    machine.ask('stop')
    memory = machine.memory(directory / 'memory')
    count, = struct.unpack_from('<H', memory, MAP_COUNT)
    ranges = []
    for i in range(count):
        first, length, kind = struct.unpack_from('<QQI', memory,
                                                 MAP_ENTRIES + 20 * i)
        ranges.append((first, first + length - 1, kind == USABLE,
                       f'type {kind}'))
    for rsdp in range(0xe0000, 0x100000, 16):
        if memory[rsdp:rsdp + 8] == b'RSD PTR ' and \
                sum(memory[rsdp:rsdp + 20]) & 0xff == 0:
            return memory, ranges, rsdp
    raise Fault('no RSDP')


def uefi_rsdp(memory):
    """Where the system table (UEFI 2.10, 4.3) says that the RSDP is."""
    at = memory.find(SYSTEM_TABLE)
    while at >= 0:
        head = memory[at:at + 120]
        crc, = struct.unpack_from('<I', head, 16)
        if zlib.crc32(head[:16] + bytes(4) + head[20:]) == crc:
            count, tables = struct.unpack_from('<QQ', head, 104)
            for i in range(min(count, 100)):
                if memory[tables + 24 * i:][:16] == ACPI_1_TABLE:
                    return struct.unpack_from('<Q', memory,
                                              tables + 24 * i + 16)[0]
        at = memory.find(SYSTEM_TABLE, at + 1)
    raise Fault('no RSDP in a system table')


def uefi_map(memory):
    """The map of memory, as edk2's DxeCore keeps it: a ring of records, each
    a signature, links, whether it is of pages, type, first and last byte."""
    rings, seen = [[]], set()
    for found in re.finditer(rb'mmap\0\0\0\0', memory):
        ring, at = [], found.start()
        while at not in seen and at % 8 == 0:
            seen.add(at)
            if memory[at:at + 8] == b'mmap\0\0\0\0':
                kind, first, last = struct.unpack_from('<IQQ', memory,
                                                       at + 28)
                ring.append((first, last, kind in UEFI_USABLE,
                             UEFI_KINDS.get(kind, f'type {kind}')))
            forward, = struct.unpack_from('<Q', memory, at + 8)
            if not 8 <= forward < len(memory) - 48:
                break
            at = forward - 8
        rings.append(ring)
    # what is not in use is in another ring
    return max(rings, key=len)


def run_ovmf(machine, directory):
    """It shows no end: after its last change, memory stays as it is."""
    machine.ask('cont')
    found = None

    def settled():
        nonlocal found
        time.sleep(1)
        memory = machine.memory(directory / 'memory')
        last, found = found, None
        try:
            found = uefi_map(memory), uefi_rsdp(memory)
        except (Fault, struct.error):
            return False
        return found == last

    machine.wait_for('tables', settled)
    machine.ask('stop')
    memory = machine.memory(directory / 'memory')
    return memory, uefi_map(memory), uefi_rsdp(memory)


def boot(machine, firmware, image, files, directory):
    """What unmodified firmware makes of our files."""
    options = []
    if GUID in files:
        guid = files[GUID][0x28:0x38]
        text = '%08x-%04x-%04x-' % struct.unpack('<IHH', guid[:8]) + \
            guid[8:10].hex() + '-' + guid[10:].hex()
        options += ['-device', 'vmgenid,guid=' + text]
    if firmware == 'SeaBIOS':
        sector = directory / 'boot'
        sector.write_bytes(BOOT_SECTOR.ljust(DISK_LEN, b'\0'))
        options += ['-bios', image, '-drive',
                    f'file={sector},format=raw,if=ide']
    else:
        options += ['-drive', f'if=pflash,format=raw,readonly=on,file={image}']

    path = directory / 'stream'
    with Machine(machine, options) as source:
        source.read_file(LOADER)        # makes that machine's own
        if GUID in files and source.read_file(GUID) != files[GUID]:
            raise Fault(f'{GUID} is not what {EMULATOR} has')
        source.save(path)
    stream = path.read_bytes()
    for name in (LOADER, TABLES, RSDP):
        stream = exchange(stream, name, files[name])
    path.write_bytes(stream)
    with Machine(machine, options, '-incoming', 'defer') as there:
        there.load(path)
        run = run_seabios if firmware == 'SeaBIOS' else run_ovmf
        found = run(there, directory)
        addr = struct.unpack('<Q', there.read_file(ADDR))[0] \
            if ADDR in files else None
        return Booted(*found, addr)
