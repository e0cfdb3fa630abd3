#include "commands/list/list_args.h"

bool list_args_read(const struct call *call, struct bytes key, const struct list **out)
{
    struct entry *e;
    if (!call_read(call, key, TYPE_LIST, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

bool list_args_write(const struct call *call, struct bytes key, struct list **out)
{
    struct entry *e;
    if (!call_write(call, key, TYPE_LIST, &e))
        return false;
    *out = e ? value_to_change(e) : NULL;
    return true;
}

/* The list keeps its limits: CONFIG SET affects lists created later. */
struct list *list_args_create(const struct call *call, struct bytes key)
{
    const struct settings *s = call->engine->settings;
    struct list *l = list_new(s->list_max_listpack_size, (uint32_t)s->list_compress_depth);
    db_add(call->db, entry_new_word(key, VALUE_LIST, (uintptr_t)l));
    return l;
}

/* No db_ready(): a deleted or shorter list serves no blocked client. */
void list_args_shrunk(const struct call *call, struct bytes key, const struct list *l,
                      const char *event, uint64_t n)
{
    db_count_changes(call->store, n);
    bool empty = l->count == 0;
    db_notify(call->db, key, DB_EVENT_LIST, event);
    if (empty) {
        db_delete(call->db, key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "del");
    } else {
        db_changed(call->db, key, 0, NULL);
    }
}

void list_args_grown(const struct call *call, struct bytes key, const char *event, uint64_t n)
{
    db_count_changes(call->store, n);
    db_changed(call->db, key, DB_EVENT_LIST, event);
    db_ready(call->db, key);
}

bool list_args_side(const struct call *call, int i, bool *front)
{
    *front = bytes_is(call->argv[i], "left");
    if (*front || bytes_is(call->argv[i], "right"))
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

bool list_args_seek(const struct list *l, long long index, struct list_cursor *c)
{
    if (index < 0)
        index += (long long)l->count;
    /* An index before the first element is as invalid as one after the last. */
    return list_seek(l, index < 0 ? l->count : (uint64_t)index, c);
}

bool list_args_clamp(long long *from, long long *to, long long n)
{
    if (*from < 0)
        *from = *from + n < 0 ? 0 : *from + n;
    if (*to < 0)
        *to += n;
    if (*to >= n)
        *to = n - 1;
    return *from <= *to && *from < n;
}
