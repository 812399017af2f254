# The QAPI generator's parts: parser (text to expressions), check (expressions
# to a checked model), emit (model to C).
#
# SPDX-License-Identifier: GPL-2.0-or-later
