/* Changes of data that no client asked for: expiry, eviction, what streams do by their policies.
 * There are two ways:
 *
 *   act_run()                  runs one command, as an internal client through exec;
 *   act_begin() ... act_end()  open one journal group, within which a higher module changes values
 *                              by db_write() and reports what happened with act_effect().
 *
 * Both run between commands only, and only if act_may() allows it. The changes are journalled, wait
 * at the gate like any write, and are counted in stats.acts; MONITOR, the slow log and command
 * statistics do not show them. */
#ifndef ENGINE_ACT_H
#define ENGINE_ACT_H

#include "engine/engine.h"

enum act_result {
    ACT_DONE,
    ACT_NOT_NOW, /* not allowed now (act_may()); nothing has happened */
    ACT_FAILED,  /* the command answered with an error */
};

/* True exactly when a client's write would run now and we are primary: not while loading or paused,
 * with a failed disk or too few replicas (state_takes_writes()), nor within a command, script or
 * transaction. A replica does nothing by itself, since its primary does it and replicates it.
 * Memory is not checked: freeing memory, or appending what was accepted long ago, must go on. */
bool act_may(const struct engine *e);
/* The same, and also true on a writable replica, which must expire the keys that its own clients
 * created: the primary does not know them. */
bool act_may_for_itself(const struct engine *e);
/* The command must exist under its original name and not block; argv is borrowed. Between
 * act_begin() and act_end() its effects belong to that group. */
enum act_result act_run(struct engine *e, struct db *db, const struct bytes *argv, int argc);
/* False: not allowed now, and no group was opened. Groups do not nest. */
bool act_begin(struct engine *e);
void act_end(struct engine *e);
/* Adds an effect to the journal: to the open group, even a command's, or (expiry, eviction) in a
 * group of its own. */
void act_effect(struct engine *e, const struct db *db, const struct bytes *argv, int argc);

/* The same for a command, or a form of one, that Redis has since a version (call_effect_since()).
 */
void act_effect_since(struct engine *e, const struct db *db, const char *since,
                      const struct bytes *argv, int argc);

#endif
