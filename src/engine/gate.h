/* The gate holds each reply until what it relies on is as safe as was promised.
 *
 * A reply relies on an offset of the journal: a write's on the end of its own effects, a read's on
 * the last write of the keys it read, a push on the end of the group that caused it. Where the
 * journal may lag behind, the client's output gets a mark: bytes from this position on wait for
 * that offset. Output is sent up to the first mark that is not covered. A mark is covered:
 *
 *   * if plain, by what appendfsync promises: with `always` the offset is on disk, otherwise it has
 *     been written.
 *   * if durable (CLIENT DURABLE, XADD DURABLE), when the offset is on disk, whatever appendfsync
 *     says.
 *   * in either case, with min-replicas-to-ack, only if so many replicas hold the offset as well.
 *
 * "On disk" means that the next start finds it: an append-only file just turned on holds nothing
 * until its base is complete. Only gate_tell() learns what the append-only file holds, and only
 * gate_tell_replicas() what replicas hold; everything else reads struct gate_promise. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/engine.h"
#include "engine/promise.h"

struct call;
struct client;

#define GATE_OPEN_GROUP UINT64_MAX /* as an offset: the unknown end of the running group */

void gate_init(struct gate *g);
void gate_free(struct gate *g);
/* Reports what the append-only file holds: after each flush, and when policy or file change. When
 * replies start to wait in the middle of a turn, this notes the keys written before (a walk over
 * the unwritten effects), and gate_before_sending() holds the replies made before. */
void gate_tell(struct engine *e, const struct gate_promise *now);
/* Reports up to where enough replicas hold the stream; UINT64_MAX: none are required. It never goes
 * back. When the requirement begins, nothing written before counts as covered. */
void gate_tell_replicas(struct engine *e, uint64_t reached);
/* gate_tell(), at a time when the turn has made no replies yet. */
void gate_begin_turn(struct engine *e, const struct gate_promise *now);
void gate_before_sending(struct engine *e);

/* After a command: marks its reply, which begins at position, with the offset it relies on. wrote:
 * the journal has grown. */
void gate_reply(const struct call *call, uint64_t position, bool wrote);
/* The commands of a script or transaction have ended, run by `inner`: the call also relies on their
 * durable writes. */
void gate_inherit(struct call *call, struct client *inner);
/* Marks what is about to be added to c's output: it reports effects of the running group, or else
 * of the last one. */
void gate_push(struct client *c);
/* The outermost journal group has ended: sets the offset of marks that waited for it. */
void gate_group_ended(struct engine *e);

/* The output position up to which bytes may be sent. Drops covered marks. */
uint64_t gate_sendable(struct client *c);
/* Holds output from position on until offset is covered. */
void gate_mark(struct client *c, uint64_t position, uint64_t offset, bool durable);
/* Whether c's marks are as struct gate_mark requires. Walks them; for tests. */
bool gate_is_sound(const struct client *c);
/* For a caller that takes a client's output before the flush and sends it later: records how far
 * the journal is now. Does nothing while the gate is armed, since marks cover that case. */
void gate_note_point(const struct engine *e, struct gate_point *p);
/* After the flush: whether what was taken may be sent. If not, the client, which may be gone
 * (NULL), gets marks, so that it is closed when they cannot be covered any more. */
bool gate_covers_point(const struct engine *e, const struct gate_point *p, struct client *c);
/* Closes clients whose replies wait for an offset that cannot be covered any more, without a reply:
 * neither success nor an error would be true. only_durable: those with durable marks. */
void gate_give_up(struct engine *e, bool only_durable);
/* The same for clients that wait for replicas to confirm this offset or an earlier one. Returns how
 * many. */
size_t gate_give_up_before(struct engine *e, uint64_t offset);

/* Whether pushes have to be marked. A transaction or script (nested groups) may let other clients
 * run before it ends: what it pushes waits for its end in any case. */
static inline bool gate_holds_pushes(const struct engine *e)
{
    return e->journal->on && (e->gate.promise.armed || e->journal->depth >= 2);
}

/* Around a journal group with the effects of a command or of an act of the server. */
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
