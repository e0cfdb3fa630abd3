/* MAXSIZE is checked by output positions. What is written beside the reply will follow what is
 * already in it; `outside` has the number of those bytes, over all chains that were left for an
 * inner one. */
#include "commands/stream/xread_reply.h"

#include "base/assert.h"
#include "commands/stream/stream_args.h"

uint64_t xread_reply_room(const struct xread *x)
{
    const struct xread_args *a = &x->args;
    uint64_t most = a->count ? (uint64_t)a->count : UINT64_MAX;
    if (a->max_count) {
        uint64_t left =
            (uint64_t)a->max_count > x->entries ? (uint64_t)a->max_count - x->entries : 0;
        most = left < most ? left : most;
    }
    return most;
}

bool xread_reply_is_full(const struct xread *x)
{
    return x->args.max_size && x->entries &&
           x->outside + chain_end(x->call->reply->out) - x->start >= (uint64_t)x->args.max_size;
}

void xread_reply_begin_aside(struct xread *x, struct xread_aside *a)
{
    struct reply *r = x->call->reply;
    a->out = r->out;
    a->chain = chain_beside(a->out);
    x->outside += chain_end(a->out);
    r->out = &a->chain;
}

void xread_reply_end_aside(struct xread *x, struct xread_aside *a)
{
    ASSERT(x->call->reply->out == &a->chain);
    x->outside -= chain_end(a->out);
    x->call->reply->out = a->out;
}

void xread_reply_begin_entries(struct xread *x, struct xread_aside *a, uint64_t n)
{
    a->counts = x->args.max_size || n == UINT64_MAX;
    if (a->counts)
        xread_reply_begin_aside(x, a);
    else
        reply_array(x->call->reply, n);
}

void xread_reply_end_entries(struct xread *x, struct xread_aside *a, uint64_t n)
{
    if (!a->counts)
        return;
    xread_reply_end_aside(x, a);
    reply_array(x->call->reply, n);
    chain_move(a->out, &a->chain);
}

void xread_reply_streams(struct reply *r, size_t n)
{
    if (r->resp == 3)
        reply_map(r, n);
    else
        reply_array(r, n);
}

void xread_reply_key(struct reply *r, struct bytes key)
{
    if (r->resp == 2)
        reply_array(r, 2);
    reply_bulk(r, key);
}

void xread_reply_claimed(const struct call *call, struct stream_entry *e, int64_t idle_ms,
                         uint64_t count)
{
    struct reply *r = call->reply;
    struct bytes name, value;
    reply_array(r, 4);
    stream_args_reply_id(call, e->id);
    reply_array(r, (size_t)e->fields * 2);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        reply_bulk(r, name);
        reply_bulk(r, value);
    }
    reply_int(r, idle_ms);
    reply_int(r, (long long)count);
}
