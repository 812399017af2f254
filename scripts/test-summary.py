#!/usr/bin/env python3
# Count the test cases of meson's last run
#
#   test-summary.py TESTLOG.JSON
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


def main(path):
    totals = [0, 0, 0]
    try:
        with open(path, encoding='utf-8') as log:
            tests = [json.loads(line) for line in log]
    except OSError as error:
        print(error, file=sys.stderr)
        print('0 passed, 1 failed, 0 skipped')
        return 1
    for test in tests:
        passed, failed, skipped = 0, 0, 0
        for match in CASE.finditer(test.get('stdout') or ''):
            bad, name, why = match.groups()
            if bad:
                failed += 1
            elif why is not None:
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
        totals = [t + n for t, n in zip(totals, (passed, failed, skipped))]
    print('{} passed, {} failed, {} skipped'.format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
