#!/usr/bin/env python3
# Run the fuzz targets, one after the other, and say what they found
#
#   fuzz.py [--time SECONDS] [--target NAME]... BUILD-DIRECTORY
#
# The time is for all targets together.  Inputs that reach something new are
# kept in BUILD-DIRECTORY/fuzz/corpus/TARGET for the next run; an input that
# fails a target goes to BUILD-DIRECTORY/fuzz/found, and the line that runs it
# again is printed.  Fails if there is one, or a target does not run.
#
# BUILD-DIRECTORY/fuzz/testlog.json says the same in the form of meson's log,
# for test-summary.py.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / 'tests' / 'fuzz'

# One input may take this long and this much; sanitizers multiply both
LIMITS = ['-timeout=20', '-rss_limit_mb=2048', '-malloc_limit_mb=512']

STATUS = re.compile(r'^#\d+\s.*?\bcov: (\d+)', re.MULTILINE)
STAT = re.compile(r'^stat::(\w+):\s+(\d+)', re.MULTILINE)


def command(program, name, where):
    """The fuzzer's command line, its time not in it yet."""
    line = [program, *LIMITS, '-print_final_stats=1', '-close_fd_mask=1',
            f'-artifact_prefix={where}/found/{name}-']
    words = SOURCE / 'dict' / f'{name}.dict'
    if words.exists():
        line.append(f'-dict={words}')
    return line + [where / 'corpus' / name, SOURCE / 'corpus' / name]


def run(program, name, seconds, where):
    """Run one target; prints its row.  Returns what it printed if it failed."""
    found = where / 'found'
    corpus = where / 'corpus' / name
    for directory in (found, corpus):
        directory.mkdir(parents=True, exist_ok=True)
    known = set(found.iterdir())
    before = len(list(corpus.iterdir()))
    line = command(program, name, where)
    line.insert(1, f'-max_total_time={seconds}')
    done = subprocess.run(line, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          errors='replace', env=environment())
    stats = dict(STAT.findall(done.stderr))
    coverage = STATUS.findall(done.stderr)
    crashes = sorted(set(found.iterdir()) - known)
    print(f"{name:16} {int(stats.get('number_of_executed_units', 0)):10} "
          f"{int(stats.get('average_exec_per_sec', 0)):8} "
          f"{coverage[-1] if coverage else '-':>6} "
          f"{len(list(corpus.iterdir())) - before:6} {len(crashes):8}",
          flush=True)
    if done.returncode == 0:
        return None
    for crash in crashes:
        print(f'  {program} {crash}')
    return done.stderr or f'exit status {done.returncode}'


def environment():
    env = dict(os.environ)
    env.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:print_stacktrace=1')
    return env


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--time', type=int, default=60)
    parser.add_argument('--target', action='append', default=[])
    parser.add_argument('build', type=pathlib.Path)
    args = parser.parse_args()

    programs = {path.name.removeprefix('fuzz-'): path for path in
                sorted((args.build / 'tests' / 'fuzz').glob('fuzz-*'))
                if path.is_file() and os.access(path, os.X_OK)}
    for name in args.target:
        if name not in programs:
            parser.error(f"no target '{name}'; there are "
                         f"{', '.join(programs)}")
    names = args.target or list(programs)
    if not names:
        parser.error(f'{args.build} holds no fuzz targets')
    where = args.build / 'fuzz'
    seconds = max(args.time // len(names), 1)
    failures = 0
    print(f"{'target':16} {'executions':>10} {'exec/s':>8} {'edges':>6} "
          f"{'new':>6} {'crashes':>8}")
    where.mkdir(exist_ok=True)
    with open(where / 'testlog.json', 'w', encoding='utf-8') as log:
        for name in names:
            failure = run(programs[name], name, seconds, where)
            failures += failure is not None
            if failure:
                print(failure, file=sys.stderr)
            log.write(json.dumps({
                'name': f'fuzz {name}', 'stdout': '',
                'result': 'FAIL' if failure else 'OK'}) + '\n')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
