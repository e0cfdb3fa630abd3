/* MSETEX: several strings with one TTL, if all (XX) or none (NX) of the keys exist. The journal
 * gets a SET for each key. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/expiry_arg.h"
#include "commands/string/condition.h"
#include "commands/string/expiry_options.h"
#include "commands/string_args.h"

/* Stores a string; at_ms < 0: no deadline, unless `keep` keeps the key's. */
static void set_one(struct call *call, struct bytes key, struct bytes value, int64_t at_ms,
                    bool keep)
{
    struct entry *e = db_write(call->db, key);
    if (e)
        db_overwritten(call->db, key, value_type(e), TYPE_STRING);
    if (e && value_type(e) != TYPE_STRING) {
        struct entry *fresh = string_new(key, value);
        int64_t kept_ms = keep ? entry_deadline_ms(e) : -1;
        if (kept_ms >= 0)
            fresh = entry_set_deadline(fresh, kept_ms);
        db_replace(call->db, e, fresh);
        db_ready(call->db, key);
    } else {
        string_args_put(call, key, e, value);
    }
    e = db_write(call->db, key);
    if (at_ms >= 0 || (!keep && e->has_ttl))
        db_set_deadline(call->db, e, at_ms);
    string_args_effect_set(call, key, value, at_ms, keep);
    db_changed(call->db, key, DB_EVENT_STRING, "set");
    if (at_ms >= 0)
        db_notify(call->db, key, DB_EVENT_GENERIC, "expire");
}

static void do_msetex(struct call *call)
{
    long long n;
    struct expiry_options x = {0};
    bool only_new = false, only_old = false;
    if (!num_parse_int(call->argv[1], &n) || n < 1 || n > INT32_MAX) {
        reply_errorf(call->reply, "ERR invalid numkeys value");
        return;
    }
    if (n > (call->argc - 2) / 2) {
        reply_errorf(call->reply, "ERR wrong number of key-value pairs");
        return;
    }
    for (int i = 2 + 2 * (int)n; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nx") && !only_old) {
            only_new = true;
        } else if (bytes_is(call->argv[i], "xx") && !only_new) {
            only_old = true;
        } else if (!expiry_options_word(call, &i, &x) || x.persist) {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (x.timed && !expiry_arg_parse(call, &x.at))
        return;
    /* Checks all keys before setting the first. */
    for (int i = 0; i < n; i++) {
        bool there = db_write(call->db, call->argv[2 + 2 * i]) != NULL;
        if ((there && only_new) || (!there && only_old)) {
            reply_int(call->reply, 0);
            return;
        }
    }
    for (int i = 0; i < n; i++)
        set_one(call, call->argv[2 + 2 * i], call->argv[3 + 2 * i], x.timed ? x.at.at_ms : -1,
                x.keep);
    reply_int(call->reply, 1);
}

const struct command msetex_command = {
    .name = "msetex",
    .usage =
        "numkeys:int (key:key value:string)... [<NX | XX>] [<EX seconds:int | PX milliseconds:int "
        "| EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>]",
    .summary = "Sets several keys with a common expiration, optionally under a condition.",
    .since = "8.4.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_STRING,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_COUNTED(1, 0, 1, 2, KEY_OW | KEY_UPDATE)},
    .handler = do_msetex,
};
