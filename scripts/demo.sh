#!/bin/sh
# The main jobs, shown: a SLIC table goes in, and what a guest would see of it
# comes out, without booting anything; a machine is saved, and those restored
# from it have generation IDs of their own
#
#   demo.sh PROGRAM
#
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu

program=${1:?the program}
here=$(cd "$(dirname "$0")/.." && pwd)
out=$here/demo
mkdir -p "$out"
rm -rf "$out/tables"

python3 "$here/scripts/make-slic.py" ACMEPC ACMETABL > "$out/slic.bin"
echo "A SLIC table of $(wc -c < "$out/slic.bin") bytes, as an old machine's" \
     "dump would be: demo/slic.bin"
echo
python3 "$here/scripts/show-acpi.py" --dump "$out/tables" \
    "$program" -M q35 -nodefaults -acpitable "file=$out/slic.bin"
echo
python3 "$here/scripts/show-generation.py" "$program" "$out"
