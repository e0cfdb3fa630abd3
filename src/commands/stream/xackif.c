/* XACKIF: acknowledges entries that the consumer still owns, and reports for each whether it did.
 */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_lease.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"

#define MOST_IDS 1000000

struct xackif {
    long long delivery; /* -1: any */
    long long n;        /* number of IDs, the last arguments */
};

static bool parse(const struct call *call, struct xackif *x)
{
    *x = (struct xackif){.delivery = -1};
    for (int i = 4; i < call->argc && !x->n; i += 2) {
        bool is_delivery = bytes_is(call->argv[i], "delivery");
        if ((!is_delivery && !bytes_is(call->argv[i], "ids")) || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
        if (is_delivery && x->delivery != -1) {
            reply_errorf(call->reply, "ERR DELIVERY specified multiple times");
            return false;
        }
        if (is_delivery ? !helpers_number(call, i + 1, "DELIVERY", 0, INT64_MAX, &x->delivery)
                        : !helpers_number(call, i + 1, "IDS", 1, MOST_IDS, &x->n))
            return false;
        if (!is_delivery && x->n != call->argc - i - 2) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (x->n)
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

/* 1: acknowledged; 0: pending, but with another owner or count; -1: not pending. */
static int acknowledge(const struct xackif *x, struct stream_group *g,
                       const struct stream_consumer *c, struct stream_id id)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    if (!stream_pending_find(&g->pending, id, &at))
        return -1;
    stream_pending_get(&g->pending, at, &e);
    if (!c || e.consumer != c->number || (x->delivery >= 0 && e.count != (uint64_t)x->delivery))
        return 0;
    stream_group_ack(g, id);
    return 1;
}

static void do_xackif(struct call *call)
{
    struct bytes key = call->argv[1];
    struct xackif x;
    struct stream *s;
    if (!parse(call, &x))
        return;
    int n = (int)x.n, first = call->argc - n;
    struct stream_id *ids = stream_args_ids(call, first, n);
    if (!ids)
        return;
    call_no_effect(call);
    if (!stream_args_write_counted(call, key, &s)) {
        mem_free(ids);
        return;
    }
    struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g) {
        stream_args_reply_absent(call->reply, n);
        mem_free(ids);
        return;
    }
    const struct stream_consumer *c = stream_group_consumer(g, call->argv[3]);
    struct broker_group at = broker_act_in(call, key, s, g);
    size_t acked = 0;
    reply_array(call->reply, (size_t)n);
    for (int i = 0; i < n; i++) {
        int result = acknowledge(&x, g, c, ids[i]);
        if (result == 1)
            ids[acked++] = ids[i];
        reply_int(call->reply, result);
    }
    broker_lease_acked(&at, ids, acked);
    mem_free(ids);
}

const struct command xackif_command = {
    .name = "xackif",
    .usage = "key:key group:string consumer:string [DELIVERY count:int] IDS numids:int "
             "id:string...",
    .summary = "Acknowledges entries that are still pending for the given consumer.",
    .since = "0.2.0",
    .complexity = "O(1) for each entry",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xackif,
};
