/* XIDMPRECORD: restores a producer's message id from a file or a primary, which is trusted: the id
 * was unused when it was recorded, and its entry may be deleted by now. */
#include "commands/index.h"

#include "commands/stream/stream_args.h"

static void do_xidmprecord(struct call *call)
{
    struct bytes key = call->argv[1], producer = call->argv[2], iid = call->argv[3];
    struct stream_id id;
    struct stream *s;
    if (producer.n == 0 || iid.n == 0) {
        reply_errorf(call->reply, producer.n == 0 ? "ERR producer ID must be non-empty"
                                                  : "ERR idempotent ID must be non-empty");
        return;
    }
    if (!stream_args_id(call, call->argv[4], 0, true, &id))
        return;
    if (!stream_args_write(call, key, &s))
        return;
    if (!s) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (call_is_replay(call)) {
        stream_dedup_add(&s->dedup, producer, iid, id, call->now_ms);
        db_changed_quietly(call->db, key);
        reply_ok(call->reply);
        return;
    }
    const struct stream_dedup_record *seen = stream_dedup_find(&s->dedup, producer, iid);
    if (seen && stream_id_compare(seen->id, id) != 0) {
        reply_errorf(call->reply,
                     "ERR IID already exists for this producer with a different stream ID");
        return;
    }
    if (!seen) {
        if (!stream_log_has(&s->log, id)) {
            reply_errorf(call->reply, "ERR No such message in stream");
            return;
        }
        stream_dedup_record(&s->dedup, producer, iid, id, call->now_ms);
        db_changed_quietly(call->db, key);
    }
    reply_ok(call->reply);
}

const struct command xidmprecord_command = {
    .name = "xidmprecord",
    .usage = "key:key producer:string iid:string id:string",
    .summary =
        "Records the message ID of an idempotent producer. Internal: for files and replicas.",
    .since = "8.8.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 5,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xidmprecord,
};
