#!/bin/sh
# Build the Debian package of what git knows of this tree, changes that are not
# committed included
#
#   make-deb.sh DIRECTORY
#
# The package is in DIRECTORY, its tree in DIRECTORY/src.  The tests are not
# run: `make check` does that.
#
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu
cd "$(dirname "$0")/.."
out=${1:?directory}

rm -rf "$out"
mkdir -p "$out/src"
git ls-files -z | xargs -0 cp --parents -t "$out/src"
cd "$out/src"
# the same sources make the same package, whenever that is done
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -S Timestamp)
export SOURCE_DATE_EPOCH
DEB_BUILD_OPTIONS="nocheck ${DEB_BUILD_OPTIONS:-}" \
    dpkg-buildpackage -b -us -uc > ../build.log 2>&1 || {
    tail -n 30 ../build.log >&2
    exit 1
}
cd ..
for package in *.deb; do
    echo "$PWD/$package"
done
