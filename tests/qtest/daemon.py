#!/usr/bin/env python3
# -daemonize, -pidfile, -run-with, -sandbox: the process around the machine
#
#   daemon.py PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later

import fcntl
import os
import pathlib
import pwd
import resource
import signal
import struct
import subprocess
import sys
import time

from process_rig import NONE, Qmp, Skip, alive, connect, main, wait_for

QMP = ['-qmp', 'unix:q,server=on,wait=off']
# what management tools pass
DENY = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,' \
       'resourcecontrol=deny'
NOBODY = pwd.getpwnam('nobody')


def needs_root():
    if os.geteuid():
        raise Skip('only root may do that')


def proc_status(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return dict(line.split(':\t', 1) for line in lines)


def quit_daemon(rig, pid, path='q'):
    qmp = Qmp(rig.dir / path)
    qmp.run('quit')
    wait_for('the end', lambda: not alive(pid))
    rig.pids.remove(pid)
    qmp.close()


# The background

def test_daemon(rig):
    pid = rig.daemon(*QMP)
    # the sockets answer at once
    qmp = Qmp(rig.dir / 'q')
    assert qmp.run('query-status')['status'] == 'running'
    qmp.close()
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]
    session, terminal = int(stat.split()[3]), int(stat.split()[4])
    assert session not in (pid, os.getsid(0)) and terminal == 0
    assert os.readlink(f'/proc/{pid}/cwd') == '/'
    for fd in range(3):
        assert os.readlink(f'/proc/{pid}/fd/{fd}') == '/dev/null'
    assert proc_status(pid)['Umask'] == '0027'
    quit_daemon(rig, pid)
    assert rig.names() == []


def test_probe(rig):
    """As a management daemon asks for capabilities."""
    base = ['-S', '-no-user-config', '-nodefaults', '-nographic',
            '-machine', 'none,accel=qtest']
    pid = rig.daemon('-qmp', f'unix:{rig.dir}/q,server=on,wait=off',
                     '-sandbox', DENY, base=base)
    quit_daemon(rig, pid)
    assert rig.names() == []


def test_failures(rig):
    """The one line, status 1, and nothing is left."""
    for text, options in (
            ("No 'ISA' bus", ['-device', 'isa-serial,chardev=c']),
            ('No such file', ['-chardev', 'file,id=c,path=no/such']),
            ('-D no/such', ['-D', 'no/such']),
            ('-run-with chroot=no', ['-run-with', 'chroot=no'])):
        rig.refuse(text, '-daemonize', '-pidfile', 'pid', *QMP, *options)
        assert rig.names() == [], rig.names()
    rig.refuse('-preconfig: needs a monitor', '-daemonize', '-preconfig')


def test_stdio(rig):
    for option in ('-qmp', '-serial', '-qtest'):
        rig.refuse(f'{option} stdio: cannot use stdio with -daemonize',
                   '-daemonize', option, 'stdio')
    rig.refuse('-nographic: cannot be used together with -daemonize',
               '-daemonize', base=['-nographic', '-machine', 'q35'])
    pid = rig.daemon('-serial', 'none', base=['-nographic', '-machine',
                                              'q35'])
    rig.end(pid)


def test_no_dump(rig):
    rig.refuse('dump-acpi', '-daemonize',
               base=['-machine', 'q35,dump-acpi=d'])


def waiting(rig, **more):
    parent = rig.start('-daemonize', '-pidfile', 'pid', '-qmp',
                       'unix:q,server=on,wait=on', **more)
    wait_for('the socket', lambda: 'q' in rig.names())
    assert parent.poll() is None
    pid = int((rig.dir / 'pid').read_text())
    rig.pids.append(pid)
    return parent, pid


def early_client(rig):
    return connect(rig.dir / 'q')


def test_wait(rig):
    """wait=on: the parent waits, too, and says what for."""
    parent, pid = waiting(rig)
    assert parent.stderr.readline() == 'info: waiting for a client on ' \
        'unix:q (wait=off starts without)\n'
    qmp = early_client(rig)
    assert parent.wait(timeout=30) == 0
    qmp.send(b'{"execute":"qmp_capabilities"}{"execute":"quit"}\n')
    wait_for('the end', lambda: not alive(pid))
    parent.communicate()
    qmp.close()
    assert rig.names() == []


def test_killed_child(rig):
    parent, pid = waiting(rig)
    os.kill(pid, signal.SIGKILL)
    out, err = parent.communicate(timeout=30)
    assert parent.returncode == 1 and out == '', (parent.returncode, out)
    # depending on how long that took, behind what it waits for
    assert err.endswith('-daemonize: the process in the background was ended '
                        'by signal 9 (Killed) before it was ready\n'), err


def test_killed_parent(rig):
    """Nobody knows of the daemon: it ends, and leaves nothing."""
    parent, pid = waiting(rig)
    parent.kill()
    wait_for('the end', lambda: not alive(pid))
    parent.communicate(timeout=30)
    assert rig.names() == [], rig.names()


def test_other_children(rig):
    """The parent waits for its daemon, not for what it has besides."""
    command = ' '.join(rig.command(*NONE, '-daemonize', '-pidfile', 'pid',
                                   '-device', 'isa-serial,chardev=c'))
    begin = time.monotonic()
    run = subprocess.run(['sh', '-c', f'sleep 20 > /dev/null 2>&1 & exec '
                          f'{command}'], cwd=rig.dir, text=True,
                         stdin=subprocess.DEVNULL, capture_output=True)
    assert run.returncode == 1 and time.monotonic() - begin < 15, run


def test_log_is_stderr(rig):
    pid = rig.daemon(*QMP, '-D', 'log.%d', '-d', 'qmp')
    log = rig.dir / f'log.{pid}'
    assert os.path.samefile(log, f'/proc/{pid}/fd/2')
    quit_daemon(rig, pid)
    assert '"quit"' in log.read_text()


# The pidfile

def test_pidfile(rig):
    process = rig.start('-pidfile', 'pid', *QMP)
    wait_for('the socket', lambda: 'q' in rig.names())
    file = rig.dir / 'pid'
    assert file.read_text() == f'{process.pid}\n'
    assert file.stat().st_mode & 0o7777 == 0o600
    # other programs see who has it
    with open(file, 'r+') as other:
        asked = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
        told = struct.unpack('hhqqi4x', fcntl.fcntl(other, fcntl.F_GETLK,
                                                    asked))
        assert told[0] == fcntl.F_WRLCK and told[4] == process.pid, told
    rig.refuse(f'-pidfile pid: is in use by process {process.pid}',
               '-pidfile', 'pid')
    assert file.read_text() == f'{process.pid}\n'
    process.terminate()
    process.communicate(timeout=30)
    assert rig.names() == []


def test_pidfile_stale(rig):
    for text in ('', '1\n', '99999999\n', '123'):
        (rig.dir / 'pid').write_text(text)
        pid = rig.daemon()
        assert (rig.dir / 'pid').read_text() == f'{pid}\n'
        rig.end(pid)
        assert rig.names() == []


def test_pidfile_not_ours(rig):
    """One that is somebody else's by the end stays."""
    pid = rig.daemon()
    (rig.dir / 'pid').unlink()
    (rig.dir / 'pid').write_text('7\n')
    rig.end(pid)
    assert (rig.dir / 'pid').read_text() == '7\n'


def test_pidfile_hostile(rig):
    precious = rig.dir / 'precious'
    precious.write_text('keep me\n')
    number = rig.dir / 'number'
    number.write_text('5\n')
    (rig.dir / 'directory').mkdir()
    (rig.dir / 'symlink').symlink_to('number')
    (rig.dir / 'dangling').symlink_to('made')
    os.link(number, rig.dir / 'hardlink')
    os.mkfifo(rig.dir / 'fifo')
    names = rig.names()
    for path, text in (
            ('directory', 'Is a directory'),
            ('precious', 'does not hold a process number'),
            ('symlink', 'is a symbolic link'),
            ('dangling', 'is a symbolic link'),
            ('hardlink', 'hard links'),
            ('fifo', 'no regular file'),
            ('/dev/full', 'no regular file'),
            ('/dev/null', 'no regular file'),
            ('no/such', 'No such file or directory')):
        for daemonize in ([], ['-daemonize']):
            line = rig.refuse(text, '-pidfile', path, *QMP, *daemonize)
            assert line.startswith(f'-pidfile {path}: '), line
    assert rig.names() == names
    assert precious.read_text() == 'keep me\n'
    assert number.read_text() == '5\n'


def test_pidfile_full_disk(rig):
    """What cannot be written whole is not there at all."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    rig.refuse('-pidfile pid: cannot write it: File too large', '-pidfile',
               'pid', preexec_fn=limit)
    assert rig.names() == []


def test_pidfile_race(rig):
    """Of many at once one gets it; each other one says who has it."""
    for _ in range(3):
        others = [rig.start('-pidfile', 'pid') for _ in range(6)]
        wait_for('all but one', lambda: sum(p.poll() is None
                                            for p in others) == 1)
        winner = [p for p in others if p.poll() is None][0]
        assert (rig.dir / 'pid').read_text() == f'{winner.pid}\n'
        winner.terminate()
        for process in others:
            out, err = process.communicate(timeout=30)
            if process is not winner:
                assert process.returncode == 1, (out, err)
                assert 'in use by' in err, err
        assert winner.returncode == 0 and rig.names() == []


# Privileges

def test_unknown_user(rig):
    for options, prefix in ((['-runas', 'no-such-user'],
                             '-runas no-such-user: there is no user'),
                            (['-run-with', 'user=no-such-user'],
                             '-run-with user=no-such-user: user: there is'),
                            (['-runas', '1:'], "there is no user '1:'"),
                            (['-runas', '-1:-1'], 'there is no user'),
                            (['-runas', '4294967295:1'], 'there is no user'),
                            (['-runas', '1:4294967295'], 'there is no user'),
                            (['-runas', ''], 'there is no user'),
                            (['-run-with', 'async-teardown=on'],
                             "Invalid parameter 'async-teardown'")):
        rig.refuse(prefix, *options)


def test_become_user(rig):
    needs_root()
    for option in ('-run-with', '-runas'):
        text = 'nobody' if option == '-runas' else 'user=nobody'
        pid = rig.daemon(*QMP, option, text)
        status = proc_status(pid)
        assert set(status['Uid'].split()) == {str(NOBODY.pw_uid)}, status
        assert set(status['Gid'].split()) == {str(NOBODY.pw_gid)}, status
        groups = {str(g) for g in os.getgrouplist('nobody', NOBODY.pw_gid)}
        assert set(status['Groups'].split()) == groups, status
        assert int(status['CapEff'], 16) == 0, status
        quit_daemon(rig, pid)
        # that user may not remove it from our directory, but empty it
        assert (rig.dir / 'pid').read_text() == ''
        (rig.dir / 'q').unlink()


def test_become_ids(rig):
    needs_root()
    pid = rig.daemon('-run-with', 'user=4321:8765')
    status = proc_status(pid)
    assert status['Uid'].split() == ['4321'] * 4
    assert status['Gid'].split() == ['8765'] * 4
    assert status['Groups'].split() == ['8765']
    rig.end(pid)


def test_chroot(rig):
    needs_root()
    jail = rig.dir / 'jail'
    jail.mkdir()
    for options in (['-run-with', 'chroot=jail,user=1:1'],
                    ['-chroot', 'jail', '-runas', '1:1']):
        pid = rig.daemon(*QMP, *options)
        assert os.path.samefile(f'/proc/{pid}/root', jail)
        assert os.path.samefile(f'/proc/{pid}/cwd', jail)
        for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            assert not fd.is_dir(), f'{fd} leads out'
        quit_daemon(rig, pid)
        assert (rig.dir / 'pid').read_text() == ''


def test_chroot_nowhere(rig):
    needs_root()
    (rig.dir / 'file').write_text('')
    for path, text in (('no/such', 'No such file or directory'),
                       ('file', 'Not a directory')):
        rig.refuse(f'-run-with chroot={path}: cannot change the root '
                   f'directory: {text}', '-run-with', f'chroot={path}', *QMP,
                   '-pidfile', 'pid')
        assert rig.names() == ['file']


def test_not_root(rig):
    """Without privileges there are none to give up."""
    needs_root()
    rig.dir.chmod(0o777)

    def drop():
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)

    try:
        probe = rig.run('-version', preexec_fn=drop)
    except OSError:
        raise Skip('another user cannot run the program here')
    assert probe.returncode == 0, probe
    rig.refuse('-run-with chroot=.: cannot change the root directory: only '
               'root may do that', '-run-with', 'chroot=.', preexec_fn=drop)
    rig.refuse('-run-with user=1:1: cannot become another user: only root '
               'may do that', '-run-with', 'user=1:1', preexec_fn=drop)


# The sandbox

def sandboxed(rig, pid, sandbox):
    status = proc_status(pid)
    assert status['Seccomp'] == ('2' if sandbox else '0'), status
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        assert f'Seccomp:\t{2 if sandbox else 0}' in \
            (task / 'status').read_text()


def test_sandbox(rig):
    """Everything still works with all of it denied."""
    base = ['-nodefaults', '-display', 'none', '-machine',
            'q35,firmware=builtin']
    pid = rig.daemon('-sandbox', DENY, *QMP, '-serial',
                     'file:serial', '-qtest', 'unix:t,server=on,wait=off',
                     base=base)
    sandboxed(rig, pid, True)
    assert proc_status(pid)['NoNewPrivs'] == '1'
    for _ in range(3):          # clients come and go
        qmp = Qmp(rig.dir / 'q')
        assert qmp.run('query-acpi-tables')
        qmp.run('object-add', qom_type='memory-backend-ram', id='m',
                size=16 << 20)
        qmp.run('object-del', id='m')
        qmp.run('query-qmp-schema')
        qmp.run('system_reset')
        qmp.run('stop')
        qmp.run('cont')
        qmp.close()
    qmp = Qmp(rig.dir / 'q')
    (rig.dir / 'tables').mkdir()
    qmp.run('dump-acpi-tables', directory=str(rig.dir / 'tables'))
    assert os.listdir(rig.dir / 'tables')
    qmp.close()
    test = connect(rig.dir / 't')
    test.sendall(b'outb 0x3f8 0x41\nreadb 0x1000\nclock_step 1000000\n')
    wait_for('the byte', lambda: (rig.dir / 'serial').read_text() == 'A')
    test.close()
    quit_daemon(rig, pid)
    assert rig.names() == ['serial', 'tables']


def test_sandbox_choices(rig):
    for text, on in (('on', True), ('off', False), ('enable=on', True),
                     ('on,obsolete=allow', True),
                     ('on,elevateprivileges=children', True),
                     ('on,spawn=allow,resourcecontrol=deny', True)):
        pid = rig.daemon(*QMP, '-sandbox', text)
        sandboxed(rig, pid, on)
        quit_daemon(rig, pid)


def test_sandbox_preconfig(rig):
    pid = rig.daemon(*QMP, '-preconfig', '-sandbox', DENY)
    qmp = Qmp(rig.dir / 'q')
    qmp.run('x-exit-preconfig')
    qmp.close()
    quit_daemon(rig, pid)


def test_sandbox_user(rig):
    """Root is given up before the filter forbids that."""
    needs_root()
    pid = rig.daemon(*QMP, '-sandbox', DENY, '-run-with', 'user=nobody')
    sandboxed(rig, pid, True)
    assert proc_status(pid)['Uid'].split()[0] == str(NOBODY.pw_uid)
    quit_daemon(rig, pid)
    (rig.dir / 'pid').unlink()
    # there is no library below that root
    (rig.dir / 'jail').mkdir()
    pid = rig.daemon(*QMP, '-sandbox', DENY, '-run-with',
                     'user=nobody,chroot=jail')
    sandboxed(rig, pid, True)
    quit_daemon(rig, pid)


def test_sandbox_bad(rig):
    for text, fault in (('on,spawn=children', "'children'"),
                        ('on,obsolete=perhaps', "'perhaps'"),
                        ('perhaps', 'enable'), ('on,other=deny', "'other'"),
                        ('spawn=deny', 'enable')):
        rig.refuse(fault, '-sandbox', text)


if __name__ == '__main__':
    sys.exit(main([
        test_daemon, test_probe, test_failures, test_stdio, test_no_dump,
        test_wait, test_killed_child, test_killed_parent, test_other_children,
        test_log_is_stderr, test_pidfile, test_pidfile_stale,
        test_pidfile_not_ours, test_pidfile_hostile, test_pidfile_full_disk,
        test_pidfile_race, test_unknown_user, test_become_user,
        test_become_ids, test_chroot, test_chroot_nowhere, test_not_root,
        test_sandbox, test_sandbox_choices, test_sandbox_preconfig,
        test_sandbox_user, test_sandbox_bad]))
