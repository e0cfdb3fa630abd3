#include "server/stream_end.h"

#include "engine/act.h"
#include "persist/journal.h"
#include "replica/replica.h"

#include <string.h>

void stream_end_begin(struct stream_end *x, const struct settings *s)
{
    *x = (struct stream_end){.db = -1, .most = (size_t)s->repl_backlog_size};
}

void stream_end_free(struct stream_end *x)
{
    buf_free(&x->tail);
    buf_free(&x->expired);
    *x = (struct stream_end){.db = -1};
}

/* ---- While reading files */

void stream_end_at(struct stream_end *x, uint64_t offset)
{
    if (x->offset != offset)
        x->tail.n = 0;
    x->offset = offset;
}

static void shorten(struct stream_end *x, size_t most)
{
    if (x->tail.n > most)
        buf_consume(&x->tail, x->tail.n - most);
}

/* Line ends replace commands that are not kept: replicas count line ends between commands, and
 * ignore them. */
static void add_line_ends(struct stream_end *x, uint64_t n)
{
    size_t least = n < x->most ? (size_t)n : x->most;
    memset(buf_room(&x->tail, least), '\n', least);
    x->tail.n += least;
}

void stream_end_take(struct stream_end *x, struct bytes kept, uint64_t skipped)
{
    size_t gone = kept.n > x->most ? kept.n - x->most : 0;
    buf_add(&x->tail, bytes_of(kept.p + gone, kept.n - gone));
    if (skipped)
        add_line_ends(x, skipped);
    /* Amortised: moving the rest costs no more than what was added. */
    if (x->tail.n / 2 > x->most)
        shorten(x, x->most);
}

void stream_end_expired(struct stream_end *x, int db, struct bytes key)
{
    uint32_t head[2] = {(uint32_t)db, (uint32_t)key.n};
    buf_add(&x->expired, bytes_of((const char *)head, sizeof(head)));
    buf_add(&x->expired, key);
}

void stream_end_lost(struct stream_end *x)
{
    x->found = x->replicas = false;
    x->tail.n = 0;
}

/* ---- Applying it to the journal */

void stream_end_prepare(struct stream_end *x, struct engine *e)
{
    struct journal *j = e->journal;
    shorten(x, x->most);
    if (!x->found) {
        journal_begin_history(j);
        x->tail.n = 0;
    }
    if (*e->settings->replicaof)
        journal_set_mode(j, JOURNAL_RAW);
    /* Even on a primary: it may become a replica that continues from here. */
    journal_stream_in(j, x->db);
}

/* Deletes expired keys that replicas still hold. */
static void delete_expired(struct stream_end *x, struct engine *e)
{
    for (struct bytes at = buf_bytes(&x->expired); at.n;) {
        uint32_t head[2];
        memcpy(head, at.p, sizeof(head));
        const struct bytes argv[] = {BYTES("DEL"), {at.p + sizeof(head), head[1]}};
        act_effect(e, &e->store->dbs[head[0]], argv, 2);
        at = bytes_of(argv[1].p + head[1], at.n - sizeof(head) - head[1]);
    }
}

void stream_end_resume(struct stream_end *x, struct engine *e, struct replication *r)
{
    struct journal *j = e->journal;
    bool replica = *e->settings->replicaof;
    bool confirms = e->settings->min_replicas_to_ack > 0;
    if (x->tail.n > j->offset)
        x->tail.n = 0; /* a forged file */
    if (x->replicas || replica || confirms)
        replica_begin(r, buf_bytes(&x->tail));
    /* With min-replicas-to-ack this is left to the confirmation (replica/confirm.h). */
    if (!replica && !confirms && x->found)
        journal_shift(j, NULL);
    if (!replica && !confirms)
        delete_expired(x, e);
    stream_end_free(x);
}
