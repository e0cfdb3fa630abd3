#include "ds/entry.h"

#include "base/assert.h"
#include "base/mem.h"

/* Allocates an entry whose key and value are still to be written. */
static struct entry *make(struct bytes key, unsigned kind, bool is_inline, size_t rest)
{
    ASSERT(key.n <= UINT32_MAX);
    struct entry *e = mem_alloc(sizeof(*e) + rest + key.n);
    *e = (struct entry){.kind = kind & 15u, .is_inline = is_inline, .key_n = (uint32_t)key.n};
    return e;
}

struct entry *entry_new_inline(struct bytes key, unsigned kind, struct bytes value)
{
    ASSERT(value.n <= ENTRY_INLINE_MAX);
    struct entry *e = make(key, kind, true, 2 + value.n);
    uint16_t n = (uint16_t)value.n;
    memcpy(e->rest, &n, 2);
    if (key.n)
        memcpy(e->rest + 2, key.p, key.n);
    if (value.n)
        memcpy(e->rest + 2 + key.n, value.p, value.n);
    return e;
}

struct entry *entry_new_word(struct bytes key, unsigned kind, uint64_t word)
{
    struct entry *e = make(key, kind, false, 8);
    memcpy(e->rest, &word, 8);
    if (key.n)
        memcpy(e->rest + 8, key.p, key.n);
    return e;
}

size_t entry_size(const struct entry *e)
{
    return sizeof(*e) + entry_head(e) + e->key_n + (e->is_inline ? 2 + entry_inline(e).n : 8);
}

void entry_free(struct entry *e)
{
    if (e)
        mem_free_sized(e, entry_size(e));
}

/* Frees old; returns fresh with its flags. */
static struct entry *remade(struct entry *old, struct entry *fresh)
{
    fresh->lru = old->lru;
    fresh->epoch = old->epoch;
    if (old->has_ttl)
        fresh = entry_set_deadline(fresh, entry_deadline_ms(old));
    entry_free(old);
    return fresh;
}

/* In place if the allocation has the right size already; value may be part of the old value. */
struct entry *entry_set_inline(struct entry *e, unsigned kind, struct bytes value)
{
    ASSERT(value.n <= ENTRY_INLINE_MAX);
    if (e->is_inline) {
        size_t old_size = entry_size(e), size = old_size - entry_inline(e).n + value.n;
        if (old_size == size || mem_class_size(old_size) == mem_class_size(size)) {
            uint16_t n = (uint16_t)value.n;
            unsigned char *at = e->rest + entry_head(e);
            memcpy(at, &n, 2);
            if (n)
                memmove(at + 2 + e->key_n, value.p, n);
            e->kind = kind & 15u;
            return e;
        }
    }
    return remade(e, entry_new_inline(entry_key(e), kind, value));
}

struct entry *entry_become_word(struct entry *e, unsigned kind, uint64_t word)
{
    if (!e->is_inline) {
        entry_put_word(e, word);
        e->kind = kind & 15u;
        return e;
    }
    return remade(e, entry_new_word(entry_key(e), kind, word));
}

/* The deadline precedes the rest, which moves by eight bytes: before the entry shrinks, or after it
 * has grown. */
struct entry *entry_set_deadline(struct entry *e, int64_t deadline_ms)
{
    bool wanted = deadline_ms >= 0;
    size_t body = entry_size(e) - sizeof(*e) - entry_head(e);
    if (wanted && !e->has_ttl) {
        e = mem_realloc(e, sizeof(*e) + 8 + body);
        memmove(e->rest + 8, e->rest, body);
        e->has_ttl = 1;
    } else if (!wanted && e->has_ttl) {
        memmove(e->rest, e->rest + 8, body);
        e->has_ttl = 0;
        e = mem_realloc(e, sizeof(*e) + body);
    }
    if (wanted)
        memcpy(e->rest, &deadline_ms, 8);
    ASSERT(e->has_ttl == wanted);
    return e;
}

struct entry *entry_rename(struct entry *e, struct bytes key)
{
    struct entry *fresh = e->is_inline ? entry_new_inline(key, e->kind, entry_inline(e))
                                       : entry_new_word(key, e->kind, entry_word(e));
    fresh->kind_flag = e->kind_flag;
    return remade(e, fresh);
}
