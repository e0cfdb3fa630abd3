#include "commands/hash/hash_args.h"

#include "base/num.h"
#include "commands/helpers.h"

bool hash_args_read(const struct call *call, struct bytes key, const struct hash **out)
{
    struct entry *e;
    if (!call_read(call, key, TYPE_HASH, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

bool hash_args_write(const struct call *call, struct bytes key, struct entry **e)
{
    return call_write(call, key, TYPE_HASH, e);
}

bool hash_args_ensure(const struct call *call, struct bytes key, struct entry **e)
{
    if (!hash_args_write(call, key, e))
        return false;
    if (!*e) {
        *e = entry_new_word(key, VALUE_HASH, (uintptr_t)hash_new());
        db_add(call->db, *e);
    }
    return true;
}

static struct hash_limits limits_of(const struct call *call)
{
    const struct settings *s = call->engine->settings;
    return (struct hash_limits){(size_t)s->hash_max_listpack_entries,
                                (size_t)s->hash_max_listpack_value};
}

bool hash_args_find(const struct call *call, const struct hash *h, struct bytes name,
                    struct hash_field *out)
{
    return hash_find(h, name, db_field_now(call->store), out);
}

/* hash_count() includes expired fields until they are deleted. */
size_t hash_args_live(const struct call *call, const struct hash *h)
{
    return hash_live(h, db_field_now(call->store));
}

bool hash_args_set(const struct call *call, struct entry *e, struct bytes name, struct bytes value,
                   int64_t deadline_ms)
{
    struct hash *h = value_to_change(e);
    struct hash_limits limits = limits_of(call);
    bool created = hash_set(&h, name, value, deadline_ms, &limits);
    value_moved(e, h);
    return created;
}

bool hash_args_remove(struct entry *e, struct bytes name)
{
    struct hash *h = value_to_change(e);
    bool removed = hash_remove(&h, name);
    value_moved(e, h);
    return removed;
}

void hash_args_grown(const struct call *call, struct entry *e, const char *event,
                     struct db_fields fields)
{
    db_count_changes(call->store, fields.n);
    if (value_has_field_ttl(e))
        db_note_fields(call->db, e);
    db_changed(call->db, entry_key(e), DB_EVENT_HASH, event);
    if (db_tells_fields(call->store))
        db_notify_fields(call->db, call->argv[1], event, fields);
}

void hash_args_shrunk(const struct call *call, struct entry *e, const char *event,
                      struct db_fields fields)
{
    bool empty = hash_count(value_object(e)) == 0;
    if (!empty && value_has_field_ttl(e))
        db_note_fields(call->db, e);
    db_notify(call->db, call->argv[1], DB_EVENT_HASH, event);
    if (db_tells_fields(call->store))
        db_notify_fields(call->db, call->argv[1], event, fields);
    helpers_shrunk(call, call->argv[1], empty, 0, NULL, fields.n);
}

bool hash_args_parse_fields(const struct call *call, int at, int width,
                            struct hash_args_fields *out)
{
    long long count;
    if (at + 1 >= call->argc || !bytes_is(call->argv[at], "fields")) {
        reply_errorf(call->reply, "ERR Mandatory argument FIELDS is missing or not at the right "
                                  "position");
        return false;
    }
    if (!num_parse_int(call->argv[at + 1], &count) || count < 1 || count > INT32_MAX) {
        reply_errorf(call->reply, "ERR Parameter `numFields` should be greater than 0");
        return false;
    }
    if (count != (call->argc - at - 2) / width || (call->argc - at - 2) % width) {
        reply_errorf(call->reply,
                     "ERR The `numfields` parameter must match the number of arguments");
        return false;
    }
    *out = (struct hash_args_fields){at + 2, (int)count, width};
    return true;
}

void hash_args_reply_fields(const struct call *call, const struct entry *e,
                            const struct hash_args_fields *fields)
{
    struct hash_field f;
    reply_array(call->reply, (size_t)fields->n);
    for (int i = fields->first; i < fields->first + fields->n; i++) {
        if (e && hash_args_find(call, value_object(e), call->argv[i], &f))
            reply_bulk(call->reply, f.value);
        else
            reply_null(call->reply);
    }
}
