/* XDEL and XDELEX: delete single entries, and cancel scheduled messages. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_lease.h"
#include "broker/broker_moments.h"
#include "commands/stream/stream_args.h"

/* Scheduled messages or expiry times may have been removed. */
static void extras_changed(struct call *call, struct stream *s)
{
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    if (s->extra)
        broker_moments_changed(&at);
}

static void do_xdel(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long deleted = 0;
    if (!stream_args_write(call, key, &s))
        return;
    if (!s) {
        reply_int(call->reply, 0);
        return;
    }
    int n = call->argc - 2;
    /* All IDs are checked before the first entry is deleted. */
    struct stream_id *ids = stream_args_ids(call, 2, n);
    if (!ids)
        return;
    for (int i = 0; i < n; i++)
        deleted += stream_delete(s, ids[i]) || stream_cancel(s, ids[i]);
    mem_free(ids);
    extras_changed(call, s);
    if (deleted) {
        db_count_changes(call->store, (uint64_t)deleted);
        db_changed(call->db, key, DB_EVENT_STREAM, "xdel");
    }
    reply_int(call->reply, deleted);
}

const struct command xdel_command = {
    .name = "xdel",
    .usage = "key:key id:string...",
    .summary = "Deletes entries.",
    .since = "5.0.0",
    .complexity = "O(1) for each entry",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xdel,
};

/* Effect XDEL of the deleted entries; the first two words of dels are free. Redis 7.0 has no
 * command that removes groups' references: then the request itself is the effect. */
static void tell_deletions(struct call *call, struct bytes *dels, int n, bool references)
{
    if (references)
        call_effect_request(call);
    dels[0] = BYTES("XDEL");
    dels[1] = call->argv[1];
    if (n)
        call_effect(call, dels, n + 2);
}

static void do_xdelex(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    struct stream_args_id_block block;
    if (!stream_args_write(call, key, &s) || !stream_args_id_block(call, 2, &block))
        return;
    if (!s) {
        stream_args_reply_absent(call->reply, block.n);
        return;
    }
    struct stream_id *ids = stream_args_ids(call, block.first, block.n);
    if (!ids)
        return;
    uint64_t deleted = 0, dropped = 0;
    struct bytes *dels = mem_alloc(((size_t)block.n + 2) * sizeof(*dels));
    reply_array(call->reply, (size_t)block.n);
    for (int i = 0; i < block.n; i++) {
        int result = stream_delete_by(s, ids[i], block.strategy, &dropped);
        if (result == -1 && stream_cancel(s, ids[i]))
            result = 1;
        if (result == 1)
            dels[2 + deleted++] = call->argv[block.first + i];
        reply_int(call->reply, result);
    }
    tell_deletions(call, dels, (int)deleted, dropped > 0);
    mem_free(dels);
    mem_free(ids);
    extras_changed(call, s);
    if (dropped) {
        struct broker_group at = broker_act_in(call, key, s, NULL);
        broker_lease_dropped(&at);
    }
    if (deleted || dropped) {
        db_count_changes(call->store, deleted);
        db_changed(call->db, key, DB_EVENT_STREAM, deleted ? "xdel" : NULL);
    }
}

const struct command xdelex_command = {
    .name = "xdelex",
    .usage = "key:key [<KEEPREF | DELREF | ACKED>] IDS numids:int id:string...",
    .summary = "Deletes entries, and optionally their references in groups, and returns the result "
               "for each.",
    .since = "8.2.0",
    .complexity = "O(1) for each entry and group",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xdelex,
};
