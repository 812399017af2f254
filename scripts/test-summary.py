#!/usr/bin/env python3
# Count the test cases of meson's last runs
#
#   test-summary.py TESTLOG.JSON...
#
# A test program that reports its cases (TAP) counts case by case, any other as
# one.  A program that failed without a failed case, because it crashed or hung,
# is one more failure.  Prints why each skipped case was skipped, then
# `N passed, N failed, N skipped`.  Fails if there is no log, something failed,
# or nothing ran.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import re
import sys

CASE = re.compile(r'^(not )?ok \d+ (.*?)(?: # SKIP ?(.*))?$', re.MULTILINE)


def count(test):
    """(passed, failed, skipped) of one program; tells what was not passed."""
    passed = failed = skipped = 0
    for bad, name, why in CASE.findall(test.get('stdout') or ''):
        if bad:
            failed += 1
            print(f'failed: {name}')
        elif why:
            skipped += 1
            print(f'skipped: {name}: {why}')
        else:
            passed += 1
    if test['result'] not in ('OK', 'SKIP') and not failed:
        failed = 1
        print(f"failed: {test['name']}: {test['result']}")
    elif test['result'] == 'SKIP' and not skipped:
        skipped = 1
        print(f"skipped: {test['name']}: {test.get('stdout', '').strip()}")
    elif not passed + failed + skipped:
        passed = 1
    return passed, failed, skipped


def main(paths):
    totals = [0, 0, 0]
    for path in paths:
        try:
            with open(path, encoding='utf-8') as log:
                tests = [json.loads(line) for line in log]
        except OSError as error:
            print(f'failed: no log: {error}')
            totals[1] += 1
            continue
        for test in tests:
            totals = [a + b for a, b in zip(totals, count(test))]
    print('{} passed, {} failed, {} skipped'.format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
