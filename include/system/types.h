/*
 * Every type of object that this program knows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_TYPES_H
#define SYSTEM_TYPES_H

/** types_register: tell QOM about all of them; once is enough. */
void types_register(void);

#endif
