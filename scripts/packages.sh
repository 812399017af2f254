#!/bin/sh
# The Debian packages that building, testing and measuring need
#
#   packages.sh check   SET   say what is missing, fail if anything is
#   packages.sh install SET   install it, if root on Debian
#
# SET is build, test, ci, fuzz, valgrind, deb or bench.  What ci has more than
# test are programs that some tests are skipped without.
#
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu

build="gcc libc6-dev pkg-config python3 meson ninja-build libglib2.0-dev
       libjson-c-dev libssl-dev libseccomp-dev libxxhash-dev"
test="$build acpica-tools python3-docutils groff-base"
ci="$test gdb openssl libvirt-clients libvirt-daemon
    libvirt-daemon-driver-qemu"
deb="$build dpkg-dev debhelper fakeroot python3-docutils"
bench="$build qemu-system-x86 strace"
fuzz="$build clang libclang-rt-14-dev llvm"
valgrind="$test valgrind libc6-dbg"

action=${1:?check or install}
case ${2:?a set of packages} in
build) wanted=$build ;;
test) wanted=$test ;;
ci) wanted=$ci ;;
fuzz) wanted=$fuzz ;;
valgrind) wanted=$valgrind ;;
deb) wanted=$deb ;;
bench) wanted=$bench ;;
*) echo "packages.sh: unknown set '$2'" >&2; exit 1 ;;
esac

# Another system's packages have other names: there the tools speak for
# themselves.
if ! command -v dpkg-query > /dev/null; then
    missing=""
    for tool in cc pkg-config python3 meson ninja; do
        command -v $tool > /dev/null || missing="$missing $tool"
    done
    if command -v pkg-config > /dev/null; then
        for lib in glib-2.0 json-c libcrypto libxxhash; do
            pkg-config --exists $lib || missing="$missing $lib"
        done
    fi
    if [ -n "$missing" ]; then
        echo "missing:$missing" >&2
        exit 1
    fi
    exit 0
fi

missing=""
for package in $wanted; do
    # shellcheck disable=SC2016
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) ||
        status=""
    # a virtual package (pkg-config) counts when its program is there
    if [ "$status" != installed ] && ! { [ "$package" = pkg-config ] &&
        command -v pkg-config > /dev/null; }; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if [ "$action" = install ] && [ "$(id -u)" = 0 ]; then
    echo "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing > /dev/null
    exit 0
fi
cat >&2 <<END
These Debian packages are missing; as root:

    apt-get install$missing

END
exit 1
