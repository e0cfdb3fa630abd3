#include "type/hash_pack.h"

#include "base/assert.h"

#define NEXT_DUE_SIZE 9u /* the first element: a length and eight bytes */

/* Fields are counted in elements: two a field, or three with TTLs, after the element with the next
 * due time. */
static bool has_ttls(const struct pack *p)
{
    return p->form == HASH_PACK_WITH_TTL;
}

uint32_t hash_pack_first(const struct pack *p)
{
    return has_ttls(p) ? NEXT_DUE_SIZE : 0;
}

/* Elements of a field. */
static uint32_t stride_of(const struct pack *p)
{
    return has_ttls(p) ? 3 : 2;
}

size_t hash_pack_count(const struct pack *p)
{
    return (p->count - (has_ttls(p) ? 1u : 0u)) / stride_of(p);
}

uint32_t hash_pack_get(const struct pack *p, uint32_t at, struct hash_field *out)
{
    at = pack_get(p, at, &out->name);
    at = pack_get(p, at, &out->value);
    out->deadline_ms = HASH_NO_TTL;
    if (has_ttls(p)) {
        struct bytes deadline;
        at = pack_get(p, at, &deadline);
        if (deadline.n == 8)
            memcpy(&out->deadline_ms, deadline.p, 8);
    }
    return at;
}

static uint32_t find(const struct pack *p, struct bytes name)
{
    return pack_find(p, hash_pack_first(p), stride_of(p), name);
}

bool hash_pack_find(const struct pack *p, struct bytes name, struct hash_field *out)
{
    uint32_t at = find(p, name);
    if (at == PACK_NONE)
        return false;
    hash_pack_get(p, at, out);
    return true;
}

bool hash_pack_has_room(const struct pack *p, struct bytes name, struct bytes value)
{
    return pack_has_room(p, 3, name.n + value.n + 8);
}

int64_t hash_pack_next_due_ms(const struct pack *p)
{
    int64_t due_ms = INT64_MAX;
    if (has_ttls(p))
        memcpy(&due_ms, p->data + 1, 8);
    return due_ms;
}

void hash_pack_put_next_due(struct pack *p, int64_t due_ms)
{
    ASSERT(has_ttls(p));
    memcpy(p->data + 1, &due_ms, 8);
}

static void note_deadline(struct pack *p, int64_t deadline_ms)
{
    if (deadline_ms >= 0 && deadline_ms < hash_pack_next_due_ms(p))
        hash_pack_put_next_due(p, deadline_ms);
}

/* The bytes of a deadline; empty: no TTL. */
static struct bytes deadline_bytes(const int64_t *deadline_ms)
{
    return bytes_of(deadline_ms, *deadline_ms >= 0 ? 8 : 0);
}

/* Adds the first element, and an empty one after each value. Cost: O(fields * bytes), once. */
static struct pack *become_with_ttl(struct pack *p)
{
    int64_t never = INT64_MAX;
    struct bytes none = {"", 0}, next_due = bytes_of(&never, 8);
    p = pack_splice(p, 0, 0, 0, &next_due, 1);
    p->form = HASH_PACK_WITH_TTL;
    for (uint32_t at = NEXT_DUE_SIZE; at < p->used;) {
        at = pack_skip(p, at, 2);
        p = pack_splice(p, at, at, 0, &none, 1);
        at++;
    }
    return p;
}

bool hash_pack_set(struct pack **pack, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    struct pack *p = *pack;
    if (deadline_ms >= 0 && !has_ttls(p))
        p = become_with_ttl(p);
    uint32_t at = find(p, name);
    bool created = at == PACK_NONE;
    if (created) {
        struct bytes add[] = {name, value, deadline_bytes(&deadline_ms)};
        p = pack_splice(p, p->used, p->used, 0, add, stride_of(p));
    } else {
        /* Keeps the name and replaces the elements after it. */
        struct hash_field f;
        uint32_t end = hash_pack_get(p, at, &f), behind_name = at + pack_size_of(f.name.n);
        if (deadline_ms == HASH_KEEP_TTL)
            deadline_ms = f.deadline_ms;
        struct bytes add[] = {value, deadline_bytes(&deadline_ms)};
        p = pack_splice(p, behind_name, end, stride_of(p) - 1, add, stride_of(p) - 1);
    }
    note_deadline(p, deadline_ms);
    *pack = p;
    return created;
}

bool hash_pack_set_deadline(struct pack **pack, struct bytes name, int64_t deadline_ms)
{
    struct pack *p = *pack;
    if (find(p, name) == PACK_NONE)
        return false;
    ASSERT(deadline_ms >= HASH_NO_TTL);
    if (!has_ttls(p)) {
        if (deadline_ms < 0)
            return true;
        p = become_with_ttl(p);
    }
    uint32_t at = pack_skip(p, find(p, name), 2);
    struct bytes add = deadline_bytes(&deadline_ms);
    p = pack_splice(p, at, pack_skip(p, at, 1), 1, &add, 1);
    note_deadline(p, deadline_ms);
    *pack = p;
    return true;
}

bool hash_pack_remove(struct pack **p, struct bytes name)
{
    /* The next due time stays: it is a lower bound. */
    uint32_t stride = stride_of(*p), at = find(*p, name);
    if (at == PACK_NONE)
        return false;
    *p = pack_splice(*p, at, pack_skip(*p, at, stride), stride, NULL, 0);
    return true;
}

bool hash_pack_is_sound(const struct pack *p)
{
    size_t count = 0;
    if (!pack_is_sound(p) || p->form > HASH_PACK_WITH_TTL ||
        p->count % stride_of(p) != (has_ttls(p) ? 1 : 0))
        return false;
    for (uint32_t at = hash_pack_first(p); at < p->used; count++) {
        struct hash_field f;
        uint32_t next = hash_pack_get(p, at, &f);
        if (find(p, f.name) != at || f.deadline_ms < HASH_NO_TTL ||
            (f.deadline_ms >= 0 && f.deadline_ms < hash_pack_next_due_ms(p)))
            return false;
        at = next;
    }
    return count == hash_pack_count(p);
}
