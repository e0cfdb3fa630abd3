/* The server acts by itself: what no client asked for, and changes data all the same. Two doors:
 *
 *   act_run()                  one command, run by an internal client through exec;
 *   act_begin() ... act_end()  one group of the journal, within which a module above changes values
 *                              by db_write() and says with act_effect() what happened.
 *
 * Both are for between commands, and both ask the one question, act_may(). What they do is
 * journalled, read through the gate like any write, and counted in stats.acts; MONITOR, the slow
 * log and the statistics of commands show what clients do, and this is none of it. */
#ifndef ENGINE_ACT_H
#define ENGINE_ACT_H

#include "engine/engine.h"

enum act_result {
    ACT_DONE,
    ACT_NOT_NOW, /* act_may() says no; nothing has happened */
    ACT_FAILED,  /* the command answered with an error */
};

/* True exactly when a client's write would run now and we have no primary: no loading, pause,
 * failed disk or too few replicas (state_takes_writes()), and not within a command, script or
 * transaction. A replica does nothing by itself: its primary does it, and says so. Memory is no
 * part of it: what frees memory, or appends what was accepted long ago, goes on. */
bool act_may(const struct engine *e);
/* The same, and also true on a writable replica, which has to expire the keys that its own clients
 * created: the primary does not know them. */
bool act_may_for_itself(const struct engine *e);
/* The command, by its own name, must exist and not block; argv is borrowed. Within act_begin() and
 * act_end() its effects belong to that group. */
enum act_result act_run(struct engine *e, struct db *db, const struct bytes *argv, int argc);
/* False: not now, and there is no group to end. Groups are not nested. */
bool act_begin(struct engine *e);
void act_end(struct engine *e);
/* What happened, for the journal: in the group that is open, be it a command's, or (expiry,
 * eviction) in one of its own. */
void act_effect(struct engine *e, const struct db *db, const struct bytes *argv, int argc);

/* The same of a command, or a form of one, that Redis knows since a version (call_effect_since()).
 */
void act_effect_since(struct engine *e, const struct db *db, const char *since,
                      const struct bytes *argv, int argc);

#endif
