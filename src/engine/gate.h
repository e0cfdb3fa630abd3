/* The gate: no reply leaves before what it relies on is as safe as was promised.
 *
 * A reply relies on an offset of the journal: a write's on the end of its own effects, a read's on
 * the last write of the keys it read, what is pushed to others on the end of the group that caused
 * it. Where the journal may lag behind, the client's output gets a mark, "from this position on:
 * not before that offset", and leaves up to the first mark that is not covered. What covers a mark:
 *
 *   * a plain one: what appendfsync promises. With always the offset is on the disk, otherwise it
 *     has been written.
 *   * a durable one (CLIENT DURABLE, XADD DURABLE): the offset is on the disk, whatever appendfsync
 *     says.
 *   * either: with min-replicas-to-ack so many replicas hold the offset as well.
 *
 * On the disk means that the next start finds it: while an append-only file that was turned on has
 * no base yet, nothing is. gate_tell() is the one place that hears what the append-only file keeps,
 * gate_tell_replicas() what the replicas hold; everybody else asks struct gate_promise. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/engine.h"
#include "engine/promise.h"

struct call;
struct client;

#define GATE_OPEN_GROUP UINT64_MAX /* an offset: the end, not known yet, of the group that runs */

void gate_init(struct gate *g);
void gate_free(struct gate *g);
/* What the append-only file keeps from now on: after each flush, and whenever policy or file
 * change. When replies begin to wait in the middle of a turn, what was written before is noted (a
 * walk over the unwritten effects), and those already made are held by gate_before_sending(). */
void gate_tell(struct engine *e, const struct gate_promise *now);
/* Up to where enough replicas hold the stream; UINT64_MAX: nobody is asked. What was reached stays
 * reached. When it begins to be asked, all that was written counts as not yet covered. */
void gate_tell_replicas(struct engine *e, uint64_t reached);
/* gate_tell(), before a turn makes replies. */
void gate_begin_turn(struct engine *e, const struct gate_promise *now);
void gate_before_sending(struct engine *e);

/* After a command: marks its reply, which begins at position, by what it relies on. wrote: the
 * journal has grown. */
void gate_reply(const struct call *call, uint64_t position, bool wrote);
/* The commands of a script or transaction have ended, which ran as `inner`: the call relies on what
 * they wrote durably. */
void gate_inherit(struct call *call, struct client *inner);
/* What is about to be added to c's output tells of what runs now, or of the last that ran. */
void gate_push(struct client *c);
/* The outermost group of the journal has ended: what was pushed within it waits for its end. */
void gate_group_ended(struct engine *e);

/* Output position up to which bytes may be sent. Drops the marks that are covered. */
uint64_t gate_sendable(struct client *c);
/* Output from position on waits for offset. */
void gate_mark(struct client *c, uint64_t position, uint64_t offset, bool durable);
/* Whether c's marks are as struct gate_mark says. Walks them: for tests. */
bool gate_is_sound(const struct client *c);
/* Closes those whose replies wait for what will not come, unanswered: a reply would not be true, an
 * error neither. Only durable marks, or all. */
void gate_give_up(struct engine *e, bool only_durable);
/* The same for those who wait for replicas to confirm this offset or an earlier one. Returns how
 * many. */
size_t gate_give_up_before(struct engine *e, uint64_t offset);

/* Whether pushes have to be marked. A transaction or a script (a group within a
 * group) may let others have their turn before it ends: what it tells waits for its end in any
 * case. */
static inline bool gate_holds_pushes(const struct engine *e)
{
    return e->journal->on && (e->gate.promise.armed || e->journal->depth >= 2);
}

/* A group of the journal in which a command, or what the server does by itself, has its effects. */
static inline void gate_group_begin(struct engine *e)
{
    e->store->written_now = e->journal->offset + 1;
    journal_group_begin(e->journal);
}

static inline void gate_group_end(struct engine *e)
{
    journal_group_end(e->journal);
    if (__builtin_expect(!dlist_empty(&e->gate.pushed), 0) && e->journal->depth == 0)
        gate_group_ended(e);
}

#endif
