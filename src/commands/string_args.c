#include "commands/string_args.h"

#include "base/num.h"

bool string_args_read(const struct call *call, struct bytes key, char *scratch, struct bytes *out)
{
    struct entry *e;
    *out = bytes_of("", 0);
    if (!call_read(call, key, TYPE_STRING, &e))
        return false;
    if (e)
        *out = string_view(e, scratch);
    return true;
}

void string_args_put(const struct call *call, struct bytes key, struct entry *e, struct bytes value)
{
    if (!e) {
        db_add(call->db, string_new(key, value));
        return;
    }
    bool had = e->has_ttl;
    db_put_back(call->db, e, string_set(e, value), had);
}

/* Two newer events of Redis, which are rarely enabled: not worth a call for each SET. */
static void overwritten(const struct call *call, struct bytes key, const struct entry *e)
{
    if (__builtin_expect(call->store->notify & (DB_EVENT_OVERWRITTEN | DB_EVENT_TYPE_CHANGED), 0))
        db_overwritten(call->db, key, value_type(e), TYPE_STRING);
}

void string_args_overwrite(struct call *call, struct bytes key, int value_arg, int64_t at_ms,
                           bool keep_ttl)
{
    struct entry *e = db_write(call->db, key);
    struct bytes value = call->argv[value_arg];
    /* A long value is not copied: the entry shares the counted string of the request. */
    struct str *whole = value.n > ENTRY_INLINE_MAX ? call_arg_str(call, value_arg) : NULL;
    /* A string is overwritten in its entry; any other value is replaced by a new entry. */
    if (e && value_type(e) == TYPE_STRING) {
        bool had = e->has_ttl;
        overwritten(call, key, e);
        struct entry *now = whole ? string_set_str(e, whole) : string_set(e, value);
        db_put_back(call->db, e, now, had);
        if ((had && !keep_ttl) || at_ms >= 0)
            db_set_deadline(call->db, now, at_ms);
    } else {
        struct entry *fresh = whole ? string_new_str(key, whole) : string_new(key, value);
        int64_t keep_ms = e && keep_ttl ? entry_deadline_ms(e) : at_ms;
        if (keep_ms >= 0)
            fresh = entry_set_deadline(fresh, keep_ms);
        if (e) {
            overwritten(call, key, e);
            db_replace(call->db, e, fresh);
            db_ready(call->db, key);
        } else {
            db_add(call->db, fresh);
        }
    }
    str_unref(whole);
}

/* db_put_back() because the entry may have moved: its TTL must follow it. */
unsigned char *string_args_grow(const struct call *call, struct bytes key, struct entry *e,
                                size_t n)
{
    unsigned char *place;
    if (!e) {
        e = string_writable(string_new(key, bytes_of("", 0)), n, &place);
        db_add(call->db, e);
        return place;
    }
    bool had = e->has_ttl;
    db_put_back(call->db, e, string_writable(e, n, &place), had);
    return place;
}

bool string_args_fits(const struct call *call, size_t a, size_t b)
{
    if (call_is_replay(call))
        return true;
    long long limit = call->engine->settings->proto_max_bulk_len;
    if (a <= (size_t)limit && b <= (size_t)limit - a)
        return true;
    call_error(call, ERR_TOO_LONG);
    return false;
}

void string_args_effect_set(struct call *call, struct bytes key, struct bytes value, int64_t at_ms,
                            bool keep_ttl)
{
    char text[NUM_INT_MAX];
    if (at_ms >= 0)
        CALL_EFFECT(call, BYTES("SET"), key, value, BYTES("PXAT"),
                    bytes_of(text, num_print_int(text, at_ms)));
    else if (keep_ttl)
        CALL_EFFECT(call, BYTES("SET"), key, value, BYTES("KEEPTTL"));
    else
        CALL_EFFECT(call, BYTES("SET"), key, value);
}
