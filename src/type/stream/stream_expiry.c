#include "type/stream/stream_expiry.h"

#include "base/assert.h"

void stream_expiry_init(struct stream_expiry *x)
{
    *x = (struct stream_expiry){.moments.has_least = true};
}

void stream_expiry_free(struct stream_expiry *x)
{
    stream_map_free(&x->moments);
}

void stream_expiry_copy(struct stream_expiry *to, const struct stream_expiry *from)
{
    stream_map_copy(&to->moments, &from->moments);
}

void stream_expiry_set(struct stream_expiry *x, struct stream_id id, int64_t at_ms)
{
    ASSERT(at_ms >= 0 && at_ms <= STREAM_EXPIRY_MOST);
    stream_map_set(&x->moments, id, (uint64_t)at_ms, NULL);
}

bool stream_expiry_get(const struct stream_expiry *x, struct stream_id id, int64_t *at_ms)
{
    uint64_t word;
    if (!stream_map_get(&x->moments, id, &word))
        return false;
    *at_ms = (int64_t)word;
    return true;
}

bool stream_expiry_remove(struct stream_expiry *x, struct stream_id id)
{
    return stream_map_remove(&x->moments, id, NULL);
}

void stream_expiry_remove_between(struct stream_expiry *x, struct stream_id from,
                                  struct stream_id to, const struct stream_future *scheduled)
{
    struct stream_map_place at;
    while (stream_map_seek(&x->moments, from, &at)) {
        struct stream_id id = stream_map_at(&x->moments, at).id;
        if (stream_id_compare(id, to) >= 0)
            break;
        if (!stream_future_has(scheduled, id))
            stream_map_remove(&x->moments, id, NULL);
        from = id;
        stream_id_next(&from);
    }
}

bool stream_expiry_first(struct stream_expiry *x, struct stream_id *id, int64_t *at_ms)
{
    struct stream_map_record r;
    if (!stream_map_least(&x->moments, &r))
        return false;
    *id = r.id;
    *at_ms = (int64_t)r.word;
    return true;
}

static void read(const struct stream_expiry *x, struct stream_map_place at, struct stream_id *found,
                 int64_t *at_ms)
{
    struct stream_map_record r = stream_map_at(&x->moments, at);
    *found = r.id;
    *at_ms = (int64_t)r.word;
}

bool stream_expiry_seek(const struct stream_expiry *x, struct stream_id id,
                        struct stream_map_place *at, struct stream_id *found, int64_t *at_ms)
{
    if (!stream_map_seek(&x->moments, id, at))
        return false;
    read(x, *at, found, at_ms);
    return true;
}

bool stream_expiry_next(const struct stream_expiry *x, struct stream_map_place *at,
                        struct stream_id *found, int64_t *at_ms)
{
    if (!stream_map_next(&x->moments, at))
        return false;
    read(x, *at, found, at_ms);
    return true;
}

size_t stream_expiry_memory(const struct stream_expiry *x)
{
    return stream_map_memory(&x->moments);
}

bool stream_expiry_is_sound(const struct stream_expiry *x)
{
    return x->moments.has_least && stream_map_is_sound(&x->moments);
}
