#!/usr/bin/env python3
# Count the test cases in meson's JUnit report
#
# Prints why each skipped test was skipped, then `N passed, N failed,
# N skipped`.  Fails if there is no report or no test ran.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys
import xml.etree.ElementTree as ElementTree


def main(path):
    passed = failed = skipped = 0
    try:
        suites = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f'{path}: {error}', file=sys.stderr)
        print('0 passed, 1 failed, 0 skipped')
        return 1
    for case in suites.iter('testcase'):
        if case.find('failure') is not None or case.find('error') is not None:
            failed += 1
        elif (skip := case.find('skipped')) is not None:
            skipped += 1
            why = skip.get('message') or (skip.text or '').strip()
            print(f"skipped: {case.get('classname', '')} {case.get('name')}"
                  f"{': ' + why if why else ''}")
        else:
            passed += 1
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
