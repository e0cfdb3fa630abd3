/* LPOS: indexes of elements that equal a value. RANK selects the first match and the direction,
 * MAXLEN limits the number of comparisons. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/list/list_args.h"

struct lpos {
    long long rank;
    long long count; /* -1: absent, the reply is the first match; 0: all */
    long long most;  /* comparisons; 0: no limit */
};

static bool parse_lpos(struct call *call, struct lpos *o)
{
    *o = (struct lpos){.rank = 1, .count = -1};
    for (int i = 3; i < call->argc; i += 2) {
        bool more = i + 1 < call->argc;
        if (more && bytes_is(call->argv[i], "rank")) {
            if (!call_int(call, i + 1, &o->rank))
                return false;
            if (o->rank == 0) {
                reply_errorf(call->reply,
                             "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
                             "the second ... or use negative to start from the end of the list");
                return false;
            }
            if (o->rank == INT64_MIN) {
                reply_errorf(call->reply,
                             "ERR value is out of range, must be between %lld and "
                             "%lld",
                             -(long long)INT64_MAX, (long long)INT64_MAX);
                return false;
            }
        } else if (more && bytes_is(call->argv[i], "count")) {
            if (!num_parse_int(call->argv[i + 1], &o->count) || o->count < 0) {
                reply_errorf(call->reply, "ERR COUNT can't be negative");
                return false;
            }
        } else if (more && bytes_is(call->argv[i], "maxlen")) {
            if (!num_parse_int(call->argv[i + 1], &o->most) || o->most < 0) {
                reply_errorf(call->reply, "ERR MAXLEN can't be negative");
                return false;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Replies with the indexes of matches; returns how many. */
static size_t find_all(struct call *call, const struct list *l, struct bytes x,
                       const struct lpos *o)
{
    bool back = o->rank < 0;
    long long skip = (back ? -o->rank : o->rank) - 1, looked = 0;
    uint64_t index = back ? l->count - 1 : 0;
    size_t found = 0, wanted = o->count < 0 ? 1 : (size_t)o->count;
    struct list_cursor c;
    bool any = list_seek(l, index, &c);
    while (any && (o->most == 0 || looked < o->most)) {
        if (bytes_equal(list_get(&c), x) && skip-- <= 0) {
            reply_int(call->reply, (long long)index);
            if (++found == wanted)
                break;
        }
        looked++;
        any = back ? list_previous(&c) : list_next(&c);
        index += back ? (uint64_t)-1 : 1;
    }
    list_end(&c);
    return found;
}

static void do_lpos(struct call *call)
{
    struct lpos o;
    const struct list *l;
    struct chain aside = {0};
    if (!parse_lpos(call, &o) || !list_args_read(call, call->argv[1], &l))
        return;
    bool all = o.count != -1;
    if (!l) {
        if (all)
            reply_array(call->reply, 0);
        else
            reply_null(call->reply);
        return;
    }
    if (all)
        reply_later_begin(call->reply, &aside);
    size_t found = find_all(call, l, call->argv[2], &o);
    if (all)
        reply_later_end(call->reply, '*', found);
    else if (!found)
        reply_null(call->reply);
}

const struct command lpos_command = {
    .name = "lpos",
    .usage = "key:key element:string [RANK rank:int] [COUNT num-matches:int] [MAXLEN len:int]",
    .summary = "Returns the indexes of matching elements.",
    .since = "6.0.6",
    .complexity = "O(N) with N the elements looked at",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lpos,
};
