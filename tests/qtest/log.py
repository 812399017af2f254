#!/usr/bin/env python3
# -d, -D: what the log tells, and where; -L: where firmware is looked for
#
#   log.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import sys

from process_rig import Qmp, connect, main, wait_for

QMP = ['-qmp', 'unix:q,server=on,wait=off']
Q35 = ['-nodefaults', '-display', 'none', '-machine', 'q35']
QTEST = ['-qtest', 'unix:t,server=on,wait=off', '-qtest-log', 'none']


def drive(rig, *lines):
    """Have a running machine do these; returns the answers."""
    test = connect(rig.dir / 't')
    file = test.makefile('rwb')
    answers = []
    for line in lines:
        file.write(line.encode() + b'\n')
        file.flush()
        answers.append(file.readline().decode().strip())
    file.close()
    test.close()
    return answers


def logged(rig, items, *lines, base=Q35, more=()):
    """The log of a machine that does these."""
    process = rig.start('-d', items, '-D', 'log', *QMP, *QTEST, *more,
                        base=base)
    drive(rig, *lines)
    qmp = Qmp(rig.dir / 'q')
    qmp.run('quit')
    qmp.close()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == '', (out, err)
    return (rig.dir / 'log').read_text().splitlines(), err


def assert_line(lines, pattern):
    assert any(re.fullmatch(pattern, line) for line in lines), \
        (pattern, lines)


def test_help(rig):
    run = rig.run('-d', 'help')
    names = [line.split()[0] for line in run.stdout.splitlines()[1:]]
    assert run.returncode == 0 and run.stderr == ''
    for name in ('guest_errors', 'unimp', 'fw_cfg', 'pm', 'pci', 'reset',
                 'firmware', 'qmp', 'chardev', 'all', 'none'):
        assert name in names, names
    for name in names:          # each is an item
        rig.refuse('-preconfig', '-d', name, '-preconfig')


def test_unknown_item(rig):
    rig.refuse("-d bogus: 'bogus' is no log item", '-d', 'bogus')
    rig.refuse("'bogus'", '-d', 'pci,bogus')
    rig.refuse("''", '-d', 'pci,,pm')


def test_off(rig):
    lines, err = logged(rig, 'none', 'outl 0xcf8 0x80000060', 'inb 0x1234')
    assert lines == [] and err == ''


def test_only_what_was_asked(rig):
    lines, _ = logged(rig, 'pci', 'outw 0x510 0x19', 'inb 0x1234')
    assert lines == []


def test_pci(rig):
    lines, _ = logged(rig, 'pci', 'outl 0xcf8 0x80000060',
                      'outl 0xcfc 0xb0000001', 'outl 0xcf8 0x80ff0000',
                      'outb 0xcfd 5')
    assert lines == [
        'pci: 00:00.0 config 0x060 = 0xb0000001 (4 bytes)',
        'pci: ff:00.0 config 0x001 = 0x5 (1 bytes): nobody is there'], lines


def test_fw_cfg(rig):
    lines, _ = logged(rig, 'fw_cfg', 'outw 0x510 0x19', 'outw 0x510 0x3fff',
                      'write 0x1000 16 0x0019000a000000040000000000002000',
                      'outl 0x514 0', 'outl 0x518 0x00100000')
    assert_line(lines, r'fw_cfg: select 0x0019 \(key\), [0-9]+ bytes')
    assert_line(lines, r'fw_cfg: select 0x3fff \(nothing\), 0 bytes')
    assert_line(lines, r'fw_cfg: DMA select read, 4 bytes at 0x.*')


def test_pm(rig):
    lines, _ = logged(rig, 'pm', 'outl 0xcf8 0x8000f840',
                      'outl 0xcfc 0x601', 'outl 0xcf8 0x8000f844',
                      'outb 0xcfc 0x80', 'outw 0x602 0x100',
                      'outw 0x604 0x1c00', 'outb 0x628 0xff')
    assert_line(lines, r'pm: PM1a_EVT_BLK\+2 = 0x100 \(2 bytes\); .*')
    assert_line(lines, r'pm: PM1a_CNT_BLK = 0x1c00')
    assert_line(lines, r'pm: GPE0_BLK\+8 = 0xff; was 0x00')


def run_vmgenid(rig, *options, saves=False):
    """The log of a machine with a generation ID."""
    process = rig.start('-d', 'pm', '-D', 'log', *QMP, *options, base=[
        '-nodefaults', '-display', 'none', '-machine', 'q35,firmware=builtin',
        '-device', 'vmgenid'])
    qmp = Qmp(rig.dir / 'q')
    wait_for('it is restored',
             lambda: qmp.run('query-status')['status'] != 'inmigrate')
    if saves:
        qmp.run('migrate', uri='file:state')
        wait_for('it is saved',
                 lambda: qmp.run('query-migrate')['status'] == 'completed')
    qmp.run('quit')
    qmp.close()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err == '', err
    lines = (rig.dir / 'log').read_text().splitlines()
    (rig.dir / 'log').unlink()
    return lines


def test_vmgenid(rig):
    """Where the generation ID is, and what became of it."""
    guid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    lines = run_vmgenid(rig, saves=True)
    assert_line(lines, r'pm: VM generation ID placed at 0x[0-9a-f]+028')
    lines = run_vmgenid(rig, '-incoming', 'file:state')
    assert_line(lines, f'pm: VM generation ID {guid}, written to guest memory')
    lines = run_vmgenid(rig, '-incoming', 'file:state', '-global',
                        'vmgenid.restore=keep')
    assert_line(lines, f'pm: VM generation ID {guid}, restored as it was '
                       'saved')


def test_firmware(rig):
    lines, _ = logged(rig, 'firmware', base=['-nodefaults', '-display',
                                             'none', '-machine',
                                             'q35,firmware=builtin'])
    assert lines[0] == 'firmware: entry 0: ALLOCATE etc/acpi/rsdp, 20 bytes ' \
                       'aligned to 16 in the F-segment: 0xf0000', lines
    assert_line(lines, r'firmware: entry \d+: ADD_POINTER to .*')
    assert_line(lines, r'firmware: entry \d+: ADD_CHECKSUM of .*')


def test_unimp(rig):
    lines, _ = logged(rig, 'unimp', 'inb 0x1234', 'outw 0x1236 1',
                      'readb 0xd0000000')
    assert lines == ['unimp: io: read of 1 bytes at 0x1234: nobody answers',
                     'unimp: io: write of 2 bytes at 0x1236: nobody answers',
                     'unimp: memory: read of 1 bytes at 0xd0000000: nobody '
                     'answers'], lines


def test_guest_errors(rig):
    """All of them in the log, eight on standard error."""
    bad = ['outl 0x514 0xffffffff', 'outl 0x518 0'] * 12
    lines, err = logged(rig, 'guest_errors', *bad)
    assert len(lines) == 12 and len(err.splitlines()) == 8, (lines, err)
    assert all(line.startswith('guest_errors: fw_cfg: DMA descriptor')
               for line in lines), lines


def test_guest_errors_once(rig):
    """Not twice in the same place."""
    process = rig.start('-d', 'guest_errors', *QMP, *QTEST, base=Q35)
    drive(rig, *['outl 0x514 0xffffffff', 'outl 0x518 0'] * 12)
    process.terminate()
    _, err = process.communicate(timeout=30)
    lines = err.splitlines()
    assert len(lines) == 12, lines
    assert all(line.startswith('guest_errors: ') for line in lines), lines


def test_qmp_chardev_reset(rig):
    lines, _ = logged(rig, 'qmp,chardev,reset', 'outb 0xcf9 6')
    assert_line(lines, r'qmp: compat_monitor0 receives \{.*"quit".*')
    assert_line(lines, r'qmp: compat_monitor0 sends \{"return": \{\}\}')
    assert_line(lines, r'chardev: compat_monitor0: is '
                       r'disconnected:unix:q,server=on')
    assert_line(lines, r'chardev: qtest: the other side is there')
    assert_line(lines, r'chardev: qtest: the other side has gone')
    assert_line(lines, r'reset: reset: guest-reset')
    assert_line(lines, r'reset: the end: host-qmp-quit')


def test_control_characters(rig):
    """A client cannot make lines that look like ours."""
    process = rig.start('-d', 'qmp', '-D', 'log', *QMP)
    qmp = Qmp(rig.dir / 'q')
    qmp.send(b'{"execute":\n"x\x7f"}\n')
    assert 'error' in qmp.answer()
    qmp.close()
    qmp = Qmp(rig.dir / 'q')
    qmp.run('quit')
    qmp.close()
    process.communicate(timeout=30)
    text = (rig.dir / 'log').read_text()
    assert '\x7f' not in text and r'\x0a"x\x7f"' in text, text
    assert all(line.startswith('qmp: ') for line in text.splitlines())


def test_secret(rig):
    """Passwords that clients hand over are not in it."""
    process = rig.start('-d', 'qmp', '-D', 'log', *QMP)
    qmp = Qmp(rig.dir / 'q')
    qmp.send(b'{"execute": "object-add", "arguments": {"id": "s", '
             b'"qom-type": "secret", "data": "hunter2"}}\n')
    assert 'return' in qmp.answer()
    qmp.send(b'{"execute": "human-monitor-command", "arguments": '
             b'{"command-line": '
             b'"object_add secret,id=t,data=hunter2"}}\n')
    assert 'return' in qmp.answer()
    qmp.run('quit')
    qmp.close()
    process.communicate(timeout=30)
    text = (rig.dir / 'log').read_text()
    assert 'hunter2' not in text, text
    assert text.count('receives something about a secret, not shown') == 2


def test_timestamp_and_number(rig):
    process = rig.start('-d', 'chardev', '-D', 'a%%b.%d', '-msg',
                        'timestamp=on', *QMP)
    connect(rig.dir / 'q').close()
    process.terminate()
    process.communicate(timeout=30)
    lines = (rig.dir / f'a%b.{process.pid}').read_text().splitlines()
    assert_line(lines, r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z chardev: .*')


def test_no_file(rig):
    rig.refuse('-D no/such: cannot open no/such: No such file', '-D',
               'no/such')
    rig.refuse('-D .: cannot open .: Is a directory', '-D', '.')


def test_full_disk(rig):
    """Told once; the machine goes on."""
    process = rig.start('-d', 'all', '-D', '/dev/full', *QMP, *QTEST,
                        base=Q35)
    drive(rig, *['inb 0x1234'] * 20)
    qmp = Qmp(rig.dir / 'q')
    qmp.run('quit')
    qmp.close()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == 'warning: -D: lines of the log are lost: No space left on ' \
                  'device\n', err


# The search path

def test_full_pipe(rig):
    """Nothing waits for who reads it; what comes later is whole lines."""
    os.mkfifo(rig.dir / 'log')
    reader = os.open(rig.dir / 'log', os.O_RDONLY | os.O_NONBLOCK)
    process = rig.start('-d', 'qmp', '-D', 'log', *QMP, base=Q35)
    qmp = Qmp(rig.dir / 'q')
    for _ in range(100):
        qmp.fail('no-such-command-' + 'x' * 4050)
    text = os.read(reader, 1 << 20)
    qmp.run('query-name')
    qmp.run('quit')
    qmp.close()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == '', (out, err)
    assert err.count('lines of the log are lost') == 1, err
    text += os.read(reader, 1 << 20)
    os.close(reader)
    lines = text.decode().splitlines()
    assert 10 < len(lines) < 190
    assert all(line.startswith('qmp: ') and line.count('qmp: ') == 1
               for line in lines), lines[-5:]
    assert any('query-name' in line for line in lines)


def test_search_path(rig):
    run = rig.run('-L', 'one', '-L', 'two', '-L', 'help')
    dirs = run.stdout.splitlines()
    assert run.returncode == 0 and dirs[:2] == ['one', 'two'], run
    assert '/usr/share/seabios' in dirs and '/usr/share/qemu' in dirs
    assert dirs[-1].endswith('/share/firmament'), dirs


def rom(rig, *options):
    """The first byte of the ROM at the end of the address space."""
    process = rig.start(*QMP, *QTEST, *options, base=Q35)
    answer = drive(rig, 'readb 0xfffff000')[0]
    process.terminate()
    process.communicate(timeout=30)
    return int(answer.split()[1], 16)


def short(rig):
    (rig.dir / 'three').mkdir()
    (rig.dir / 'three' / 'short').write_bytes(b'abc')
    return rig.dir / 'three'


def test_bios_is_found(rig):
    for number, name in enumerate(('one', 'two', '.'), 1):
        (rig.dir / name).mkdir(exist_ok=True)
        (rig.dir / name / 'image').write_bytes(bytes([number]) * 4096)
    # as it stands first; then the directories, in order, wherever -L stands
    assert rom(rig, '-bios', 'image', '-L', 'one') == 3
    (rig.dir / 'image').unlink()
    assert rom(rig, '-bios', 'image', '-L', 'one', '-L', 'two') == 1
    assert rom(rig, '-L', 'two', '-L', 'one', '-bios', 'image') == 2
    assert rom(rig, '-L', 'no/such', '-L', 'two', '-bios', 'image') == 2
    assert rom(rig, '-bios', 'one/image', '-L', 'two') == 1
    # with a slash it is a path and nothing else
    rig.refuse('./image: No such file', '-bios', './image', '-L', 'one')
    rig.refuse("can't open file image: No such file", '-bios', 'image')
    rig.refuse('has 3 bytes', '-bios', 'short', '-L', os.fspath(short(rig)))


if __name__ == '__main__':
    sys.exit(main([
        test_help, test_unknown_item, test_off, test_only_what_was_asked,
        test_pci, test_fw_cfg, test_pm, test_vmgenid, test_firmware,
        test_unimp, test_guest_errors, test_guest_errors_once,
        test_qmp_chardev_reset, test_control_characters, test_secret,
        test_timestamp_and_number, test_no_file, test_full_disk,
        test_full_pipe, test_search_path, test_bios_is_found]))
