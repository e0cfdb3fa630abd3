/* Proves, in builds with CHANGES_ARE_CHECKED, the rule that copies of values taken before a change
 * will rely on: a value that is to be changed is fetched by db_write() (or db_add() ...) before its
 * first byte changes. Two things are asserted:
 *
 *   - at db_changed(): the key was fetched for change within the command that runs;
 *   - at the command's end: a value that was only read is what it was (by its digest; large values,
 *     and all but the first keys of a command, are left out).
 *
 * Commands nest (scripts, EXEC). Work outside of commands (expiry, eviction, loading) is not
 * checked. Other builds contain the checker, for its test, and never call it. */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "base/bytes.h"

#include <stdint.h>

struct entry;

/* What is under a key of a database now, or NULL. */
typedef struct entry *changes_find(void *context, int db, struct bytes key);

struct changes *changes_new(void);
void changes_free(struct changes *c);
/* A command begins, perhaps within another. */
void changes_begin(struct changes *c);
/* It ends: what it has only read is compared. */
void changes_end(struct changes *c, changes_find *find, void *context);
/* The key was fetched for reading; e: what is under it. */
void changes_note_read(struct changes *c, int db, struct bytes key, const struct entry *e);
/* The key was fetched for change, added or removed. */
void changes_note_write(struct changes *c, int db, struct bytes key);
/* The key has changed: asserts that it was fetched for that. */
void changes_check(struct changes *c, int db, struct bytes key);
/* All keys are replaced or go: what was read is of no interest any more. */
void changes_forget_reads(struct changes *c);

#endif
