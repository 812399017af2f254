#!/usr/bin/env python3
# Fail unless every file that git tracks is in exactly one section of MAINTAINERS
#
#   check-maintainers.py SOURCE-DIRECTORY
#
# A pattern of a section's F: lines is a path below the root; one that ends
# with / stands for all below it that no longer pattern takes.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import fnmatch
import pathlib
import subprocess
import sys


def sections(text):
    """(section, pattern) for each F: line."""
    name = None
    for line in text.splitlines():
        if line.startswith('F:'):
            yield name, line[2:].strip()
        elif line and not line[1:2] == ':' and not line.startswith((' ', '-')):
            name = line


def matches(path, pattern):
    if pattern.endswith('/'):
        return path.startswith(pattern)
    return fnmatch.fnmatchcase(path, pattern)


def main(root):
    root = pathlib.Path(root)
    listing = subprocess.run(['git', '-C', root, 'ls-files'],
                             capture_output=True, text=True)
    if listing.returncode:
        print('not a git checkout: nothing to compare with')
        return 77
    rows = list(sections((root / 'MAINTAINERS').read_text()))
    faults = 0
    used = set()
    files = listing.stdout.split()
    for path in files:
        hits = [row for row in rows if matches(path, row[1])]
        if not hits:
            print(f'{path}: in no section')
            faults += 1
            continue
        longest = max(len(pattern) for _, pattern in hits)
        best = {name for name, pattern in hits if len(pattern) == longest}
        if len(best) > 1:
            print(f"{path}: in several sections: {', '.join(sorted(best))}")
            faults += 1
        used.update(hits)
    for name, pattern in rows:
        if (name, pattern) not in used:
            print(f'{name}: F: {pattern} matches no file')
            faults += 1
    print(f'{len(files)} files, {faults} faults')
    return 1 if faults or not files else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
