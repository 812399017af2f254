#!/bin/sh
# Run a program under valgrind; scripts and suites of tests/qtest as they are
#
#   valgrind.sh PROGRAM [ARGUMENT...]
#
# Exit status 99 after an error, or if memory was lost for good.
#
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu

# The suites' machines are what is looked at, not the suites, which need more of
# the kernel than valgrind knows
case $1 in
*/tests/qtest/*) exec "$@" ;;
esac
case $(head -c 2 "$1" | tr -d '\0') in
'#!') exec "$@" ;;
esac
exec valgrind --quiet --error-exitcode=99 --num-callers=24 \
    --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite "$@"
