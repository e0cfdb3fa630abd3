/* SETRANGE. A gap before the offset is filled with zero bytes. An empty value changes nothing, and
 * creates no key. */
#include "commands/index.h"

#include "commands/string_args.h"
#include "type/string.h"

static void do_setrange(struct call *call)
{
    struct bytes key = call->argv[1], part = call->argv[3];
    struct entry *e;
    long long offset;
    if (!call_int(call, 2, &offset))
        return;
    if (offset < 0) {
        call_error(call, ERR_OFFSET_RANGE);
        return;
    }
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    if (part.n == 0) {
        reply_int(call->reply, e ? (long long)string_length(e) : 0);
        return;
    }
    if (!string_args_fits(call, (size_t)offset, part.n))
        return;
    if (!e) {
        e = entry_new_inline(key, VALUE_TEXT, bytes_of(NULL, 0));
        db_add(call->db, e);
    }
    bool had = e->has_ttl;
    struct entry *now = string_splice(e, (size_t)offset, part);
    db_put_back(call->db, e, now, had);
    db_changed(call->db, key, DB_EVENT_STRING, "setrange");
    reply_int(call->reply, (long long)string_length(now));
}

const struct command setrange_command = {
    .name = "setrange",
    .usage = "key:key offset:int value:string",
    .summary = "Overwrites part of a string; gaps are filled with zero bytes.",
    .since = "2.2.0",
    .complexity = "O(1) for short values, else O(M) with M the length of the value",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_setrange,
};
