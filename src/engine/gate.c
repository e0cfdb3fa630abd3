/* How the promise of gate.h is kept.
 *
 *   a command ends       gate_reply(): marks the reply if it relies on an offset that may lag. A
 *                        write relies on its own end; a read on the last write of its keys, by a
 *                        table of key hashes (a collision only waits longer). More keys than
 *                        KEYS_FEW, or none, rely on everything so far.
 *   something is pushed  gate_push(): the mark is open (GATE_OPEN_GROUP) until the group that
 *                        caused it ends, when its offset is known (gate_group_ended()).
 *   the file has grown   gate_tell() with the released and synced offsets: held clients are
 *                        checked again (gate.moves), and gate_sendable() drops covered marks.
 *
 * While the gate is not armed nothing is marked or noted, since each turn writes before it sends.
 * If it gets armed in the middle of a turn (a write failed, a sync began), this turn is
 * back-filled: note_unwritten() notes the keys of unwritten effects, and hold() marks the output
 * already made. The table knows nothing of writes under a laxer policy; store.written_all covers
 * all of these.
 *
 * A mark whose offset cannot be reached any more is never dropped: gate_give_up() closes the client
 * without a reply. */
#include "engine/gate.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "command/keys.h"
#include "engine/call.h"
#include "persist/wrap.h"
#include "proto/request.h"

void gate_init(struct gate *g)
{
    *g = (struct gate){.promise = {.released = UINT64_MAX, .locals_released = UINT64_MAX},
                       .file = {.released = UINT64_MAX, .locals_released = UINT64_MAX},
                       .replicated = UINT64_MAX};
    g->written = mem_zalloc(STORE_WRITTEN_SLOTS * sizeof(*g->written));
    dlist_init(&g->pushed);
}

void gate_free(struct gate *g)
{
    mem_free(g->written);
    g->written = NULL;
}

/* ---- Marks */

static struct gate_mark *last_mark(struct client *c)
{
    return c->mark_n ? &c->marks[c->mark_first + c->mark_n - 1] : NULL;
}

static void make_room(struct client *c)
{
    if (c->mark_first + c->mark_n < c->mark_cap)
        return;
    if (c->mark_first > c->mark_n) {
        memmove(c->marks, c->marks + c->mark_first, c->mark_n * sizeof(*c->marks));
    } else {
        c->mark_cap = c->mark_cap ? c->mark_cap * 2 : 8;
        struct gate_mark *wider = mem_alloc(c->mark_cap * sizeof(*wider));
        if (c->mark_n)
            memcpy(wider, c->marks + c->mark_first, c->mark_n * sizeof(*wider));
        mem_free(c->marks);
        c->marks = wider;
    }
    c->mark_first = 0;
}

/* The last mark of this kind. */
static const struct gate_mark *last_of(const struct client *c, bool local)
{
    for (size_t i = c->mark_n; i > 0; i--)
        if (c->marks[c->mark_first + i - 1].local == local)
            return &c->marks[c->mark_first + i - 1];
    return NULL;
}

static void add_mark(struct client *c, struct gate_mark mark)
{
    /* A reply may begin before a part of it that is already marked: EXEC's. */
    for (size_t i = c->mark_n; i > 0 && c->marks[c->mark_first + i - 1].position > mark.position;
         i--)
        c->marks[c->mark_first + i - 1].position = mark.position;
    const struct gate_mark *last = last_of(c, mark.local);
    if (last && last->offset >= mark.offset && last->durable >= mark.durable)
        return;
    c->engine->gate.held_count += c->mark_n == 0;
    make_room(c);
    ASSERT(c->mark_first + c->mark_n < c->mark_cap);
    c->marks[c->mark_first + c->mark_n++] = mark;
}

void gate_mark(struct client *c, uint64_t position, uint64_t offset, bool durable)
{
    add_mark(c, (struct gate_mark){position, offset, .durable = durable});
}

/* For a writable replica. Keys written by its own clients are not noted: every reply waits until
 * all of these writes are safe. */
static void mark_local(struct client *c, uint64_t position, bool durable)
{
    const struct gate_promise *p = &c->engine->gate.promise;
    uint64_t all = c->engine->journal->locals;
    ASSERT(p->locals_released == UINT64_MAX || p->locals_released <= all);
    if (__builtin_expect(all > (durable ? p->locals_synced : p->locals_released), 0))
        add_mark(c, (struct gate_mark){position, all, durable, .local = true});
}

static bool is_covered(const struct gate_promise *p, const struct gate_mark *m)
{
    if (m->local)
        return m->offset <= (m->durable ? p->locals_synced : p->locals_released);
    if (m->offset == GATE_OPEN_GROUP)
        return p->released == UINT64_MAX;
    return m->offset <= (m->durable ? p->synced : p->released);
}

uint64_t gate_sendable(struct client *c)
{
    if (c->mark_n == 0)
        return chain_end(&c->out);
    struct gate *g = &c->engine->gate;
    while (c->mark_n && is_covered(&g->promise, &c->marks[c->mark_first])) {
        c->mark_first++;
        c->mark_n--;
    }
    if (c->mark_n == 0) {
        c->mark_first = 0;
        ASSERT(g->held_count > 0);
        g->held_count--;
        return chain_end(&c->out);
    }
    uint64_t position = c->marks[c->mark_first].position;
    return position > c->out.taken ? position : c->out.taken;
}

void gate_give_up(struct engine *e, bool only_durable)
{
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!client_has_peer(c) || c->mark_n == 0 || (c->flags & CLIENT_CLOSING))
            continue;
        gate_sendable(c);
        bool waits = c->mark_n && !only_durable;
        for (size_t i = 0; i < c->mark_n && !waits; i++)
            waits = c->marks[c->mark_first + i].durable;
        if (waits)
            client_close(c);
    }
}

/* Some of its output waits for replicas to confirm this offset or an earlier one. Marks before that
 * one may wait for the disk only. */
static bool waits_for_replicas(const struct client *c, uint64_t offset)
{
    uint64_t reached = c->engine->gate.replicated;
    for (size_t i = 0; i < c->mark_n; i++) {
        const struct gate_mark *m = &c->marks[c->mark_first + i];
        if (!m->local && m->offset <= offset && m->offset > reached)
            return true;
    }
    return false;
}

size_t gate_give_up_before(struct engine *e, uint64_t offset)
{
    size_t closed = 0;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!client_has_peer(c) || c->mark_n == 0 || (c->flags & CLIENT_CLOSING))
            continue;
        gate_sendable(c);
        if (waits_for_replicas(c, offset)) {
            client_close(c);
            closed++;
        }
    }
    return closed;
}

bool gate_is_sound(const struct client *c)
{
    bool sound = c->mark_first + c->mark_n <= c->mark_cap;
    uint64_t most[2][2] = {{0, 0}, {0, 0}}; /* offsets so far: plain, durable; the same of locals */
    for (size_t i = 0; i < c->mark_n && sound; i++) {
        const struct gate_mark *m = &c->marks[c->mark_first + i];
        uint64_t *of_kind = &most[m->local][m->durable];
        sound = m->offset > *of_kind && (i == 0 || m->position >= m[-1].position);
        *of_kind = m->offset;
    }
    return sound;
}

/* ---- The promise changes */

static void note_effect(struct engine *e, const struct bytes *argv, int argc)
{
    struct keys keys = {0};
    const struct command *command = registry_find_original(e->registry, argv[0]);
    if (!command)
        return;
    keys_find(&keys, command, argv, argc);
    for (int i = 0; i < keys.n; i++)
        e->gate.written[hash_key(argv[keys.at[i].index]) % STORE_WRITTEN_SLOTS] =
            e->journal->effects_end;
    if ((command->flags & COMMAND_WRITE) && !keys.n)
        e->store->written_all = e->journal->effects_end; /* FLUSHALL and the like */
    keys_free(&keys);
}

/* Notes the keys of unwritten effects, as their commands would have done with the gate armed. */
static void note_unwritten(struct engine *e)
{
    struct aof_parse_room room = {0};
    struct buf *pending = &e->journal->pending;
    struct request_limits limits = {
        .bulk = INT32_MAX, .args = INT32_MAX, .inline_ = 1024, .authenticated = true};
    struct request q;
    request_init(&q);
    for (size_t at = 0; at < pending->n;) {
        if (request_parse(&q, pending->p + at, pending->n - at, &limits) != REQUEST_READY)
            break;
        int inner = wrap_open(q.argv, q.argc, &room);
        note_effect(e, inner ? room.argv : q.argv, inner ? inner : q.argc);
        at += q.at;
        request_reset(&q);
    }
    request_free(&q);
    aof_parse_free(&room);
}

/* Marks the pending output of all clients in a list: all of it, or what follows the last mark. */
static void hold(const struct dlist_node *head, uint64_t offset, bool all)
{
    for (struct dlist_node *n = head->next; n != head; n = n->next) {
        struct client *c = dlist_item(n, struct client, outgoing);
        const struct gate_mark *last = last_mark(c);
        if (!chain_pending(&c->out))
            continue;
        uint64_t position = last && !all ? last->position : c->out.taken;
        gate_mark(c, position, offset, false);
        mark_local(c, position, false);
    }
}

/* The end of everything but a group that still runs, whose pushes have marks of their own
 * (gate_push()). No reply waits for bytes that are only in the stream. */
static uint64_t end_of_whole(const struct journal *j)
{
    uint64_t whole = j->offset - (j->pending.n - journal_whole(j));
    return whole < j->effects_end ? whole : j->effects_end;
}

void gate_note_point(const struct engine *e, struct gate_point *p)
{
    if (!e->gate.promise.armed)
        *p = (struct gate_point){end_of_whole(e->journal), e->journal->locals};
}

bool gate_covers_point(const struct engine *e, const struct gate_point *at, struct client *c)
{
    const struct gate_promise *p = &e->gate.promise;
    if (!p->armed || (at->offset <= p->released && at->locals <= p->locals_released))
        return true;
    if (c && at->offset > p->released)
        add_mark(c, (struct gate_mark){c->out.taken, at->offset, .durable = false});
    if (c && at->locals > p->locals_released)
        add_mark(c, (struct gate_mark){c->out.taken, at->locals, .local = true});
    return false;
}

/* Marks the output that was made before the gate was armed. */
static void arm(struct engine *e)
{
    e->store->written = e->gate.written;
    if (e->journal->pending.n == 0 && e->journal->locals == e->journal->locals_taken)
        return;
    note_unwritten(e);
    hold(&e->clients.replying, end_of_whole(e->journal), false);
    hold(&e->clients.outgoing, end_of_whole(e->journal), false);
    e->gate.late = true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Combines the promises of file and replicas. */
static void combine(struct engine *e)
{
    struct gate *g = &e->gate;
    struct gate_promise before = g->promise, *now = &g->promise;
    *now = g->file;
    now->armed = g->file.armed || g->replicated != UINT64_MAX;
    now->released = least(g->file.released, g->replicated);
    now->synced = least(g->file.synced, g->replicated);
    g->moves += now->released != before.released || now->synced != before.synced ||
                now->locals_released != before.locals_released ||
                now->locals_synced != before.locals_synced || now->open != before.open ||
                now->durable != before.durable;
    if (now->armed && !before.armed)
        arm(e);
    else if (!now->armed)
        e->store->written = NULL;
}

void gate_tell(struct engine *e, const struct gate_promise *now)
{
    const struct gate_promise before = e->gate.file;
    e->gate.file = *now;
    combine(e);
    /* The policy became stricter, and keys written under the old one were not noted. Treating
     * everything as written costs readers of other keys one fsync. */
    if (before.open && now->durable && now->released < before.released)
        e->store->written_all = e->journal->effects_end;
}

void gate_tell_replicas(struct engine *e, uint64_t reached)
{
    uint64_t before = e->gate.replicated;
    ASSERT(before == UINT64_MAX || reached >= before);
    if (reached == before)
        return;
    e->gate.replicated = reached;
    combine(e);
    if (before == UINT64_MAX)
        e->store->written_all = e->journal->effects_end;
}

void gate_begin_turn(struct engine *e, const struct gate_promise *now)
{
    gate_tell(e, now);
    e->gate.late = false;
}

void gate_before_sending(struct engine *e)
{
    if (__builtin_expect(!e->gate.late, 1))
        return;
    /* Includes clients that were not in `outgoing` yet because their requests still ran. */
    e->gate.late = false;
    hold(&e->clients.outgoing, end_of_whole(e->journal), true);
}

/* ---- What replies rely on */

/* The offset that a read depends on; 0: none. */
static uint64_t read_offset(const struct call *call)
{
    struct engine *e = call->engine;
    if (call->command->flags & COMMAND_UNTRACKED)
        return 0;
    if (call->command->flags & COMMAND_WHOLE)
        return e->journal->effects_end;
    struct keys keys;
    keys_find(&keys, call->command, call->argv, call->argc);
    bool few = keys.n > 0 && keys.n <= KEYS_FEW;
    uint64_t most = few ? e->store->written_all : e->journal->effects_end;
    for (int i = 0; few && i < keys.n; i++) {
        struct bytes key = call->argv[keys.at[i].index];
        uint64_t at = e->gate.written[hash_key(key) % STORE_WRITTEN_SLOTS];
        if (at > most)
            most = at;
    }
    keys_free(&keys);
    /* Written within the open group, which has no effects yet: there is no offset of its own. */
    return most < e->journal->effects_end ? most : e->journal->effects_end;
}

void gate_reply(const struct call *call, uint64_t position, bool wrote)
{
    struct engine *e = call->engine;
    struct client *c = call->client;
    const struct gate_promise *p = &e->gate.promise;
    /* A write that changed nothing (the message was there) relies on an earlier one. */
    bool durable = call->durable && p->open &&
                   (wrote || call->wrote_durably || (call->command->flags & COMMAND_WRITE));
    if (c->flags & CLIENT_REPLAY)
        return;
    if (durable && (c->flags & (CLIENT_SCRIPT | CLIENT_IN_EXEC)))
        c->flags |= CLIENT_WROTE_DURABLY;
    if (c->flags & CLIENT_SCRIPT)
        return;
    if (durable) {
        gate_mark(c, position, e->journal->effects_end, true);
        mark_local(c, position, true);
        e->gate.sync_wanted = true;
    } else if (p->armed) {
        uint64_t needs = wrote ? e->journal->effects_end : read_offset(call);
        if (needs)
            gate_mark(c, position, needs, false);
        if (!(call->command->flags & COMMAND_UNTRACKED))
            mark_local(c, position, false);
    }
}

void gate_inherit(struct call *call, struct client *inner)
{
    if (inner->flags & CLIENT_WROTE_DURABLY)
        call->durable = call->wrote_durably = true;
    inner->flags &= ~(unsigned)CLIENT_WROTE_DURABLY;
}

void gate_push(struct client *c)
{
    struct engine *e = c->engine;
    const struct journal *j = e->journal;
    if (!gate_holds_pushes(e))
        return;
    if (j->depth == 0) {
        gate_mark(c, chain_end(&c->out), j->effects_end, false);
        mark_local(c, chain_end(&c->out), false);
        return;
    }
    gate_mark(c, chain_end(&c->out), GATE_OPEN_GROUP, false);
    if (!dlist_linked(&c->pushed))
        dlist_append(&e->gate.pushed, &c->pushed);
}

void gate_group_ended(struct engine *e)
{
    uint64_t offset = e->journal->effects_end;
    ASSERT(e->journal->depth == 0);
    while (!dlist_empty(&e->gate.pushed)) {
        struct client *c = dlist_item(e->gate.pushed.next, struct client, pushed);
        dlist_remove(&c->pushed);
        ASSERT(c->mark_n > 0);
        /* An open mark covers everything after it, except durable output. */
        uint64_t position = chain_end(&c->out);
        for (size_t i = c->mark_n; i > 0; i--) {
            struct gate_mark *m = &c->marks[c->mark_first + i - 1];
            if (m->offset == GATE_OPEN_GROUP && !m->local) {
                m->offset = offset;
                position = m->position;
            } else if (!m->durable && !m->local) {
                break;
            }
        }
        const struct gate_mark *last = last_mark(c);
        if (c->mark_n > 1 && last[-1].offset >= last->offset && last[-1].durable >= last->durable &&
            last[-1].local == last->local)
            c->mark_n--;
        mark_local(c, position, false);
        /* Moved to the end of `outgoing`, so that this turn checks its marks again. */
        dlist_remove(&c->outgoing);
        client_has_output(c);
    }
}
