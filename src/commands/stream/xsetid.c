/* XSETID: the counters of a stream are set. */
#include "commands/index.h"

#include "commands/stream/stream_args.h"

static void do_xsetid(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream_id id, max_deleted = STREAM_ID_MIN;
    long long added = -1;
    struct stream *s;
    if (!stream_args_id(call, call->argv[2], 0, true, &id))
        return;
    for (int i = 3; i < call->argc; i += 2) {
        bool more = i + 1 < call->argc;
        if (more && bytes_is(call->argv[i], "entriesadded")) {
            if (!call_int(call, i + 1, &added))
                return;
            if (added < 0) {
                reply_errorf(call->reply, "ERR entries_added must be positive");
                return;
            }
        } else if (more && bytes_is(call->argv[i], "maxdeletedid")) {
            if (!stream_args_id(call, call->argv[i + 1], 0, true, &max_deleted))
                return;
            if (stream_id_compare(id, max_deleted) < 0) {
                reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than the "
                                          "provided max_deleted_entry_id");
                return;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    struct entry *e = db_write(call->db, key);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    struct stream_id newest;
    if (stream_id_compare(id, s->max_deleted) < 0) {
        reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than current "
                                  "max_deleted_entry_id");
        return;
    }
    if (stream_log_newest(&s->log, &newest)) {
        if (stream_id_compare(id, newest) < 0) {
            reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than the target "
                                      "stream top item");
            return;
        }
        if (added != -1 && (uint64_t)added < s->log.length) {
            reply_errorf(call->reply, "ERR The entries_added specified in XSETID is smaller than "
                                      "the target stream length");
            return;
        }
    }
    struct stream_counters counters = stream_counters(s);
    counters.last_id = id;
    if (added != -1)
        counters.added = (uint64_t)added;
    if (!stream_id_is_zero(max_deleted))
        counters.max_deleted = max_deleted;
    stream_set_counters(s, &counters);
    db_changed(call->db, key, DB_EVENT_STREAM, "xsetid");
    reply_ok(call->reply);
}

const struct command xsetid_command = {
    .name = "xsetid",
    .usage = "key:key last-id:string [ENTRIESADDED entries-added:int] [MAXDELETEDID "
             "max-deleted-id:string]",
    .summary = "Sets the counters of a stream; made for files and replicas.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsetid,
};
