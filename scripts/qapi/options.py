# The types of the command line's options
#
# A type's documentation has the options that take it in parentheses:
# (``-machine``, ``-M``).
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re


def option_types(model):
    """Types by the option, without its dash, that takes them."""
    found = {}
    for type_ in model.types.values():
        for names in re.findall(r'\(((?:``-[\w-]+``(?:, )?)+)\)', type_.doc):
            for name in re.findall(r'``-([\w-]+)``', names):
                found.setdefault(name, type_)
    return found
