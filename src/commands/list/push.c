/* Elements come: LPUSH and its kin, LINSERT, LSET. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/list/list_args.h"

static void push(struct call *call, bool front, bool only_existing)
{
    struct bytes key = call->argv[1];
    struct list *l;
    if (!list_args_write(call, key, &l))
        return;
    if (!l && only_existing) {
        reply_int(call->reply, 0);
        return;
    }
    if (!l)
        l = list_args_create(call, key);
    for (int i = 2; i < call->argc; i++)
        list_push(l, front, call->argv[i]);
    reply_int(call->reply, (long long)l->count);
    list_args_grown(call, key, front ? "lpush" : "rpush", (uint64_t)call->argc - 2);
}

static void do_lpush(struct call *call)
{
    push(call, true, false);
}

static void do_rpush(struct call *call)
{
    push(call, false, false);
}

static void do_lpushx(struct call *call)
{
    push(call, true, true);
}

static void do_rpushx(struct call *call)
{
    push(call, false, true);
}

const struct command lpush_command = {
    .name = "lpush",
    .usage = "key:key element:string...",
    .summary = "Puts elements in front of a list, made when absent.",
    .since = "1.0.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lpush,
};
const struct command rpush_command = {
    .name = "rpush",
    .usage = "key:key element:string...",
    .summary = "Puts elements behind a list, made when absent.",
    .since = "1.0.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_rpush,
};
const struct command lpushx_command = {
    .name = "lpushx",
    .usage = "key:key element:string...",
    .summary = "Puts elements in front of a list that exists.",
    .since = "2.2.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lpushx,
};
const struct command rpushx_command = {
    .name = "rpushx",
    .usage = "key:key element:string...",
    .summary = "Puts elements behind a list that exists.",
    .since = "2.2.0",
    .complexity = "O(1) for each element",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_rpushx,
};

static void do_linsert(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    struct list_cursor c;
    bool before = bytes_is(call->argv[2], "before");
    if (!before && !bytes_is(call->argv[2], "after")) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_int(call->reply, 0);
        return;
    }
    bool found = list_seek(l, 0, &c);
    while (found && !bytes_equal(list_get(&c), call->argv[3]))
        found = list_next(&c);
    if (!found) {
        reply_int(call->reply, -1);
        return;
    }
    list_insert(&c, before, call->argv[4]);
    db_changed(call->db, key, DB_EVENT_LIST, "linsert");
    reply_int(call->reply, (long long)l->count);
}

const struct command linsert_command = {
    .name = "linsert",
    .usage = "key:key <BEFORE | AFTER> pivot:string element:string",
    .summary = "Puts an element before or after another.",
    .since = "2.2.0",
    .complexity = "O(N) with N the elements looked at",
    .group = GROUP_LIST,
    .arity = 5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_linsert,
};

/* The element at an index that may count from the end. */
static bool seek(struct list *l, long long index, struct list_cursor *c)
{
    if (index < 0)
        index += (long long)l->count;
    return index >= 0 && list_seek(l, (uint64_t)index, c);
}

static void do_lset(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    struct list_cursor c;
    long long index;
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!call_int(call, 2, &index))
        return;
    if (!seek(l, index, &c)) {
        call_error(call, ERR_INDEX_RANGE);
        return;
    }
    list_replace(&c, call->argv[3]);
    db_changed(call->db, key, DB_EVENT_LIST, "lset");
    reply_ok(call->reply);
}

const struct command lset_command = {
    .name = "lset",
    .usage = "key:key index:int element:string",
    .summary = "Replaces the element at an index.",
    .since = "1.0.0",
    .complexity = "O(N) with N the distance to the nearer end, in blocks",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_lset,
};

static void do_lindex(struct call *call)
{
    struct list *l;
    struct list_cursor c;
    long long index;
    if (!list_args_read(call, call->argv[1], &l))
        return;
    if (!l) {
        reply_null(call->reply);
        return;
    }
    if (!call_int(call, 2, &index))
        return;
    if (seek(l, index, &c))
        reply_bulk(call->reply, list_get(&c));
    else
        reply_null(call->reply);
}

const struct command lindex_command = {
    .name = "lindex",
    .usage = "key:key index:int",
    .summary = "Answers the element at an index.",
    .since = "1.0.0",
    .complexity = "O(N) with N the distance to the nearer end, in blocks",
    .group = GROUP_LIST,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lindex,
};

static void do_llen(struct call *call)
{
    struct list *l;
    if (list_args_read(call, call->argv[1], &l))
        reply_int(call->reply, l ? (long long)l->count : 0);
}

const struct command llen_command = {
    .name = "llen",
    .usage = "key:key",
    .summary = "Answers how many elements a list has.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_llen,
};

/* Makes 0 <= from <= to < n of a range that may count from the end; false: it is empty. */
static bool clamp(long long *from, long long *to, long long n)
{
    if (*from < 0)
        *from = *from + n < 0 ? 0 : *from + n;
    if (*to < 0)
        *to += n;
    if (*to >= n)
        *to = n - 1;
    return *from <= *to && *from < n;
}

static void do_lrange(struct call *call)
{
    struct list *l;
    struct list_cursor c;
    long long from, to;
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) ||
        !list_args_read(call, call->argv[1], &l))
        return;
    if (!l || !clamp(&from, &to, (long long)l->count)) {
        reply_array(call->reply, 0);
        return;
    }
    reply_array(call->reply, (size_t)(to - from + 1));
    list_seek(l, (uint64_t)from, &c);
    for (long long i = from; i <= to; i++) {
        reply_bulk(call->reply, list_get(&c));
        list_next(&c);
    }
}

const struct command lrange_command = {
    .name = "lrange",
    .usage = "key:key start:int stop:int",
    .summary = "Answers the elements between two indexes.",
    .since = "1.0.0",
    .complexity = "O(S+N) with S the distance to the start and N the elements answered",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lrange,
};

static void do_ltrim(struct call *call)
{
    struct bytes key = call->argv[1];
    struct list *l;
    long long from, to;
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) || !list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_ok(call->reply);
        return;
    }
    long long n = (long long)l->count;
    if (clamp(&from, &to, n)) {
        list_trim(l, true, (uint64_t)from);
        list_trim(l, false, (uint64_t)(n - 1 - to));
    } else {
        list_trim(l, true, (uint64_t)n);
    }
    if (l->count == (uint64_t)n)
        db_announce(call->db, key, DB_EVENT_LIST, "ltrim"); /* as Redis, which changes nothing */
    else
        list_args_shrunk(call, key, l, "ltrim", (uint64_t)n - l->count);
    reply_ok(call->reply);
}

const struct command ltrim_command = {
    .name = "ltrim",
    .usage = "key:key start:int stop:int",
    .summary = "Keeps only the elements between two indexes.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements that go",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_ltrim,
};

static void do_lrem(struct call *call)
{
    struct bytes key = call->argv[1], x = call->argv[3];
    struct list *l;
    struct list_cursor c;
    long long want, removed = 0;
    if (!call_int(call, 2, &want) || !list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_int(call->reply, 0);
        return;
    }
    if (want < 0) {
        /* From the end: the last matching ones go. */
        uint64_t left = want == INT64_MIN ? (uint64_t)INT64_MAX + 1 : (uint64_t)-want;
        bool any = list_seek(l, l->count - 1, &c);
        uint64_t index = l->count - 1;
        while (any && left) {
            if (!bytes_equal(list_get(&c), x)) {
                any = list_previous(&c);
                index--;
                continue;
            }
            list_remove(&c);
            removed++;
            left--;
            any = index-- > 0 && list_seek(l, index, &c);
        }
    } else {
        bool any = list_seek(l, 0, &c);
        while (any && (want == 0 || removed < want)) {
            if (bytes_equal(list_get(&c), x)) {
                any = list_remove(&c);
                removed++;
            } else {
                any = list_next(&c);
            }
        }
    }
    if (removed)
        list_args_shrunk(call, key, l, "lrem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

const struct command lrem_command = {
    .name = "lrem",
    .usage = "key:key count:int element:string",
    .summary = "Removes elements that equal a value, from either end.",
    .since = "1.0.0",
    .complexity = "O(N+M) with N the elements and M those removed",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_lrem,
};

static void do_lpos(struct call *call)
{
    struct bytes x = call->argv[2];
    struct list *l;
    struct list_cursor c;
    long long rank = 1, count = -1, most = 0;
    for (int i = 3; i < call->argc; i += 2) {
        bool more = i + 1 < call->argc;
        if (more && bytes_is(call->argv[i], "rank")) {
            if (!call_int(call, i + 1, &rank))
                return;
            if (rank == 0) {
                reply_errorf(call->reply,
                             "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
                             "the second ... or use negative to start from the end of the list");
                return;
            }
            if (rank == INT64_MIN) {
                reply_errorf(call->reply,
                             "ERR value is out of range, must be between %lld and "
                             "%lld",
                             -(long long)INT64_MAX, (long long)INT64_MAX);
                return;
            }
        } else if (more && bytes_is(call->argv[i], "count")) {
            if (!num_parse_int(call->argv[i + 1], &count) || count < 0) {
                reply_errorf(call->reply, "ERR COUNT can't be negative");
                return;
            }
        } else if (more && bytes_is(call->argv[i], "maxlen")) {
            if (!num_parse_int(call->argv[i + 1], &most) || most < 0) {
                reply_errorf(call->reply, "ERR MAXLEN can't be negative");
                return;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (!list_args_read(call, call->argv[1], &l))
        return;
    bool back = rank < 0, all = count != -1;
    long long skip = (back ? -rank : rank) - 1, looked = 0;
    size_t found = 0;
    struct chain aside = {0};
    if (!l) {
        if (all)
            reply_array(call->reply, 0);
        else
            reply_null(call->reply);
        return;
    }
    if (all)
        reply_later_begin(call->reply, &aside);
    uint64_t index = back ? l->count - 1 : 0;
    bool any = list_seek(l, index, &c);
    while (any && (most == 0 || looked < most)) {
        if (bytes_equal(list_get(&c), x) && skip-- <= 0) {
            reply_int(call->reply, (long long)index);
            found++;
            if (!all || (count && found == (size_t)count))
                break;
        }
        looked++;
        any = back ? list_previous(&c) : list_next(&c);
        index += back ? (uint64_t)-1 : 1;
    }
    if (all)
        reply_later_end(call->reply, '*', found);
    else if (!found)
        reply_null(call->reply);
}

const struct command lpos_command = {
    .name = "lpos",
    .usage = "key:key element:string [RANK rank:int] [COUNT num-matches:int] [MAXLEN len:int]",
    .summary = "Answers the indexes of elements that equal a value.",
    .since = "6.0.6",
    .complexity = "O(N) with N the elements looked at",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lpos,
};
