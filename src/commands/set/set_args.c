#include "commands/set/set_args.h"

#include "commands/helpers.h"

bool set_args_read(const struct call *call, struct bytes key, const struct set **out)
{
    struct entry *e;
    if (!call_read(call, key, TYPE_SET, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

bool set_args_write(const struct call *call, struct bytes key, struct entry **e)
{
    return call_write(call, key, TYPE_SET, e);
}

struct set_limits set_args_limits(const struct call *call)
{
    const struct settings *s = call->engine->settings;
    return (struct set_limits){(size_t)s->set_max_intset_entries,
                               (size_t)s->set_max_listpack_entries,
                               (size_t)s->set_max_listpack_value};
}

bool set_args_add(const struct call *call, struct entry *e, struct bytes member)
{
    struct set *s = value_to_change(e);
    struct set_limits limits = set_args_limits(call);
    bool added = set_add(&s, member, &limits);
    value_moved(e, s);
    return added;
}

bool set_args_remove(struct entry *e, struct bytes member)
{
    struct set *s = value_to_change(e);
    bool removed = set_remove(&s, member);
    value_moved(e, s);
    return removed;
}

void set_args_shrunk(const struct call *call, struct bytes key, struct entry *e, const char *event,
                     uint64_t n)
{
    helpers_shrunk(call, key, set_count(value_object(e)) == 0, DB_EVENT_SET, event, n);
}

void set_args_reply(struct call *call, const struct set *s)
{
    struct set_walk w;
    struct bytes x;
    set_walk_start(&w, s);
    while (set_walk_next(&w, &x))
        reply_bulk(call->reply, x);
}
