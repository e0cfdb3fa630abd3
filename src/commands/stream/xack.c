/* XACK and XACKDEL: acknowledge entries. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_lease.h"
#include "commands/stream/stream_args.h"

static void do_xack(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long acked = 0;
    if (!stream_args_write_counted(call, key, &s))
        return;
    struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g) {
        reply_int(call->reply, 0);
        return;
    }
    int n = call->argc - 3;
    /* All IDs are checked before the first is acknowledged. */
    struct stream_id few[128], *ids = few;
    if (n > 128) {
        ids = stream_args_ids(call, 3, n);
        if (!ids)
            return;
    } else {
        for (int i = 0; i < n; i++)
            if (!stream_args_id(call, call->argv[3 + i], 0, true, &ids[i]))
                return;
    }
    if ((g->policy || s->deleting) && !call_is_replay(call)) {
        struct broker_group at = broker_act_in(call, key, s, g);
        reply_int(call->reply, (long long)broker_lease_ack(&at, ids, (size_t)n));
        if (ids != few)
            mem_free(ids);
        return;
    }
    for (int i = 0; i < n; i++)
        acked += stream_group_ack(g, ids[i]);
    if (ids != few)
        mem_free(ids);
    if (acked) {
        db_count_changes(call->store, (uint64_t)acked);
        db_changed_quietly(call->db, key);
    }
    reply_int(call->reply, acked);
}

const struct command xack_command = {
    .name = "xack",
    .usage = "key:key group:string id:string...",
    .summary = "Acknowledges entries and removes them from the group's pending entries.",
    .since = "5.0.0",
    .complexity = "O(1) for each entry",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xack,
};

/* The effects of XACKDEL, in commands of Redis 7.0. */
struct ackdel {
    struct bytes *acks, *dels; /* XACK key group id..., XDEL key id... */
    int ack_n, del_n;          /* numbers of arguments */
    uint64_t dropped;          /* references of other groups */
};

/* -1: it was not pending; 1: acknowledged; 2: acknowledged, but other groups still need it. */
static int acknowledge(struct stream *s, struct stream_group *g, struct stream_id id,
                       enum stream_strategy strategy, uint64_t *dropped, bool *deleted)
{
    if (!stream_group_ack(g, id))
        return -1;
    int result = stream_delete_by(s, id, strategy, dropped);
    *deleted = result == 1;
    return result == 2 ? 2 : 1;
}

/* Redis 7.0 has no command that removes other groups' references: then the request itself is the
 * effect. */
static void effect(struct call *call, struct ackdel *d)
{
    if (d->ack_n == 3)
        return;
    if (d->dropped)
        call_effect_request(call);
    d->acks[0] = BYTES("XACK");
    d->acks[1] = call->argv[1];
    d->acks[2] = call->argv[2];
    call_effect(call, d->acks, d->ack_n);
    d->dels[0] = BYTES("XDEL");
    d->dels[1] = call->argv[1];
    if (d->del_n > 2)
        call_effect(call, d->dels, d->del_n);
}

static void do_xackdel(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    struct stream_args_id_block block;
    if (!stream_args_write(call, key, &s) || !stream_args_id_block(call, 3, &block))
        return;
    struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g) {
        stream_args_reply_absent(call->reply, block.n);
        return;
    }
    struct stream_id *ids = stream_args_ids(call, block.first, block.n);
    if (!ids)
        return;
    struct ackdel d = {.ack_n = 3, .del_n = 2};
    d.acks = mem_alloc(((size_t)block.n + 3) * sizeof(*d.acks) * 2);
    d.dels = d.acks + block.n + 3;
    reply_array(call->reply, (size_t)block.n);
    for (int i = 0; i < block.n; i++) {
        bool deleted = false;
        int result = acknowledge(s, g, ids[i], block.strategy, &d.dropped, &deleted);
        if (result != -1)
            d.acks[d.ack_n++] = call->argv[block.first + i];
        if (deleted)
            d.dels[d.del_n++] = call->argv[block.first + i];
        reply_int(call->reply, result);
    }
    effect(call, &d);
    struct broker_group at = broker_act_in(call, key, s, g);
    broker_lease_left(&at, (size_t)d.ack_n - 3);
    if (d.dropped)
        broker_lease_dropped(&at);
    if (d.ack_n > 3) {
        db_count_changes(call->store, (uint64_t)d.ack_n - 3);
        db_changed(call->db, key, DB_EVENT_STREAM, d.del_n > 2 ? "xdel" : NULL);
    }
    mem_free(d.acks);
    mem_free(ids);
}

const struct command xackdel_command = {
    .name = "xackdel",
    .usage = "key:key group:string [<KEEPREF | DELREF | ACKED>] IDS numids:int id:string...",
    .summary = "Acknowledges entries and deletes them.",
    .since = "8.2.0",
    .complexity = "O(1) for each entry and group",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xackdel,
};
