#include "commands/string_args.h"

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
