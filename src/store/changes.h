/* Checks, in builds with CHANGES_ARE_CHECKED, the rule that copy-on-write of values will rely on: a
 * value is fetched by db_write() (or db_add() ...) before its first byte changes. Two assertions:
 *
 *   - at db_changed(): the key was fetched for writing within the running command;
 *   - at the command's end: a value that was only read is unchanged (by its digest; large values,
 *     and all but the first keys of a command, are not checked).
 *
 * Commands nest (scripts, EXEC). Work outside of commands (expiry, eviction, loading) is not
 * checked. Other builds contain the checker, for its test, and never call it. */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "base/bytes.h"

#include <stdint.h>

struct entry;

/* Returns the present entry of a key, or NULL. */
typedef struct entry *changes_find(void *context, int db, struct bytes key);

struct changes *changes_new(void);
void changes_free(struct changes *c);
/* A command begins, perhaps within another. */
void changes_begin(struct changes *c);
/* It ends: compares what it has only read. */
void changes_end(struct changes *c, changes_find *find, void *context);
/* The key was fetched for reading; e: its entry. */
void changes_note_read(struct changes *c, int db, struct bytes key, const struct entry *e);
/* The key was fetched for writing, added or removed. */
void changes_note_write(struct changes *c, int db, struct bytes key);
/* The key has changed: asserts that it was fetched for writing. */
void changes_check(struct changes *c, int db, struct bytes key);
/* All keys are replaced or removed: forgets what was read. */
void changes_forget_reads(struct changes *c);

#endif
