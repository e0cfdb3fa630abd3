/* XSETID: sets the counters of a stream. */
#include "commands/index.h"

#include "broker/broker_moments.h"
#include "commands/stream/stream_args.h"

/* The arguments; added -1 and max_deleted 0-0: not given. */
struct xsetid {
    struct stream_id id, max_deleted;
    long long added;
};

static bool parse(struct call *call, struct xsetid *x)
{
    *x = (struct xsetid){.added = -1};
    if (!stream_args_id(call, call->argv[2], 0, true, &x->id))
        return false;
    for (int i = 3; i < call->argc; i += 2) {
        bool more = i + 1 < call->argc;
        if (more && bytes_is(call->argv[i], "entriesadded")) {
            if (!call_int(call, i + 1, &x->added))
                return false;
            if (x->added < 0) {
                reply_errorf(call->reply, "ERR entries_added must be positive");
                return false;
            }
        } else if (more && bytes_is(call->argv[i], "maxdeletedid")) {
            if (!stream_args_id(call, call->argv[i + 1], 0, true, &x->max_deleted))
                return false;
            if (stream_id_compare(x->id, x->max_deleted) < 0) {
                reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than the "
                                          "provided max_deleted_entry_id");
                return false;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Checks the counters against the entries. False after the error reply. */
static bool fits(struct call *call, const struct xsetid *x, const struct stream *s)
{
    struct stream_id newest;
    const char *what = NULL;
    if (stream_id_compare(x->id, s->max_deleted) < 0)
        what = "ID specified in XSETID is smaller than current max_deleted_entry_id";
    else if (stream_log_newest(&s->log, &newest)) {
        if (stream_id_compare(x->id, newest) < 0)
            what = "ID specified in XSETID is smaller than the target stream top item";
        else if (x->added != -1 && (uint64_t)x->added < s->log.length)
            what = "entries_added specified in XSETID is smaller than the target stream length";
    }
    if (what)
        reply_errorf(call->reply, "ERR The %s", what);
    return !what;
}

static void do_xsetid(struct call *call)
{
    struct bytes key = call->argv[1];
    struct xsetid x;
    struct stream *s;
    if (!parse(call, &x))
        return;
    if (!db_write(call->db, key)) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s) || !fits(call, &x, s))
        return;
    struct stream_counters counters = stream_counters(s);
    counters.last_id = x.id;
    if (x.added != -1)
        counters.added = (uint64_t)x.added;
    if (!stream_id_is_zero(x.max_deleted))
        counters.max_deleted = x.max_deleted;
    stream_set_counters(s, &counters);
    if (s->extra) { /* behind the last ID of all nothing is due, in front of it something may be */
        struct broker_group at = broker_act_in(call, key, s, NULL);
        broker_moments_changed(&at);
    }
    db_changed(call->db, key, DB_EVENT_STREAM, "xsetid");
    reply_ok(call->reply);
}

const struct command xsetid_command = {
    .name = "xsetid",
    .usage = "key:key last-id:string [ENTRIESADDED entries-added:int] [MAXDELETEDID "
             "max-deleted-id:string]",
    .summary = "Sets the counters of a stream. Internal: for files and replicas.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsetid,
};
