/*
 * Where firmware images and other files of ours and our neighbours' are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_DATADIR_H
#define SYSTEM_DATADIR_H

#include <glib.h>

/**
 * datadir_find:
 * @dirs: char *, in which to look first (-L); NULL: none
 * @name: as the user gave it
 *
 * A @name that is there as it stands is what the user meant.  One without a
 * slash is then looked for in @dirs, in order, and in the usual places.
 *
 * Returns: the path, or @name itself if there is none, so that the error is
 * about what the user said.  Free with g_free().
 */
char *datadir_find(const GPtrArray *dirs, const char *name);

/** datadir_list: the whole search path, in order, a line each; appended. */
void datadir_list(const GPtrArray *dirs, GString *text);

#endif
