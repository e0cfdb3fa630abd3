#include "commands/stream/xread_policy.h"

#include "commands/stream/stream_args.h"
#include "commands/stream/xread_group.h"

/* One stream being served. */
struct by_policy {
    struct xread *x;
    const struct xread_source *s;
    struct xread_aside aside;
};

static void begin_by_policy(void *context, uint64_t n)
{
    struct by_policy *b = context;
    xread_reply_key(b->x->call->reply, b->s->key);
    xread_reply_begin_entries(b->x, &b->aside, n);
}

static bool put_by_policy(void *context, struct stream_entry *e,
                          const struct stream_pending_entry *before)
{
    struct by_policy *b = context;
    return xread_group_put(b->x, e, before);
}

bool xread_policy_serve(struct xread *x, struct xread_source *s)
{
    struct by_policy b = {.x = x, .s = s};
    struct broker_read r = {.reading = {.at = xread_group_at(x, s),
                                        .reader = s->reader,
                                        .claim_ms = x->args.claim_idle_ms,
                                        .noack = x->args.noack,
                                        .waited = x->call->retry},
                            .reader = s->reader,
                            .most = xread_reply_room(x),
                            .begin = begin_by_policy,
                            .put = put_by_policy,
                            .context = &b};
    x->now_ms = stream_args_now(x->call, s->group);
    uint64_t n = broker_read(&r);
    if (n)
        xread_reply_end_entries(x, &b.aside, n);
    x->held_back |= r.reading.held_back;
    x->stands_by = !r.reading.served;
    return n > 0;
}
