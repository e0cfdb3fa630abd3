/* GEOADD: positions as members of a sorted set, with cell numbers as scores (type/geo). All
 * arguments are parsed before the first member is set. The event is ZADD's. */
#include "commands/index.h"

#include "base/mem.h"
#include "command/keys.h"
#include "commands/geo/geo_args.h"
#include "commands/zset_args.h"
#include "type/geo.h"

struct geoadd {
    bool only_new, only_old;
    bool changes; /* CH: updated members count, too */
};

/* Returns the index of the argument after the options. */
static int parse_geoadd(const struct call *call, struct geoadd *o)
{
    int i = 2;
    *o = (struct geoadd){0};
    for (; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nx"))
            o->only_new = true;
        else if (bytes_is(call->argv[i], "xx"))
            o->only_old = true;
        else if (bytes_is(call->argv[i], "ch"))
            o->changes = true;
        else
            break;
    }
    return i;
}

/* Sets n members, at argument `at` and every third after it; e NULL: no such key. */
static void add_all(struct call *call, struct entry *e, int at, const double *scores, int n,
                    const struct geoadd *o)
{
    struct bytes key = call->argv[1];
    struct zset_limits limits = zset_args_limits(call);
    long long added = 0, updated = 0;
    if (!e && !o->only_old && n) {
        e = entry_new_word(key, VALUE_ZSET, (uintptr_t)zset_new());
        db_add(call->db, e);
    }
    for (int k = 0; e && k < n; k++) {
        struct zset *z = value_to_change(e);
        struct bytes member = call->argv[at + 3 * k];
        double old;
        bool there = zset_score(z, member, &old);
        if ((there && (o->only_new || old == scores[k])) || (!there && o->only_old))
            continue;
        zset_set(&z, member, scores[k], &limits);
        value_moved(e, z);
        added += !there;
        updated += there;
    }
    if (added || updated) {
        db_count_changes(call->store, (uint64_t)(added + updated));
        db_changed(call->db, key, DB_EVENT_ZSET, "zadd");
        db_ready(call->db, key);
    }
    reply_int(call->reply, o->changes ? added + updated : added);
}

static void do_geoadd(struct call *call)
{
    struct geoadd o;
    int i = parse_geoadd(call, &o), n = (call->argc - i) / 3;
    if ((call->argc - i) % 3 || (o.only_new && o.only_old)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    double *scores = mem_alloc(((size_t)n + 1) * sizeof(*scores));
    struct geo_point p;
    struct entry *e;
    bool good = true;
    for (int k = 0; k < n && good; k++) {
        good = geo_args_point(call, i + 3 * k, &p);
        if (good)
            scores[k] = (double)geo_encode(p);
    }
    if (good && zset_args_write(call, call->argv[1], &e))
        add_all(call, e, i + 2, scores, n, &o);
    mem_free(scores);
}

const struct command geoadd_command = {
    .name = "geoadd",
    .usage = "key:key [<NX | XX>] [CH] (longitude:double latitude:double member:string)...",
    .summary = "Adds members with their coordinates.",
    .since = "3.2.0",
    .complexity = "O(log(N)) for each member",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_geoadd,
};
