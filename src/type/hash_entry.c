#include "type/hash_entry.h"

#include "base/assert.h"
#include "base/str.h"

/* The stored value without the heap index. */
static struct bytes behind_place(const struct entry *e)
{
    struct bytes all = entry_inline(e);
    size_t skip = e->has_ttl ? HASH_ENTRY_PLACE : 0;
    return bytes_of(all.p + skip, all.n - skip);
}

static struct str *counted(const struct entry *e)
{
    uint64_t word;
    ASSERT(e->kind == HASH_ENTRY_COUNTED);
    if (!e->has_ttl)
        return (struct str *)(uintptr_t)entry_word(e);
    memcpy(&word, behind_place(e).p, sizeof(word));
    return (struct str *)(uintptr_t)word;
}

/* Makes an entry with a deadline: it stores a heap index, 0 since it is in no heap yet, and behind
 * it the value. e: an entry of the same name, which is replaced; NULL: there is none. */
static struct entry *set_timed(struct entry *e, struct bytes name, unsigned kind,
                               struct bytes value, int64_t deadline_ms)
{
    char text[ENTRY_INLINE_MAX];
    struct bytes all = {text, HASH_ENTRY_PLACE + value.n};
    ASSERT(all.n <= sizeof(text));
    memset(text, 0, HASH_ENTRY_PLACE);
    if (value.n)
        memcpy(text + HASH_ENTRY_PLACE, value.p, value.n);
    e = e ? entry_set_inline(e, kind, all) : entry_new_inline(name, kind, all);
    return entry_set_deadline(e, deadline_ms);
}

/* s: the value, whose reference passes to the entry; NULL: `value` is copied into the entry. */
static struct entry *make(struct bytes name, struct bytes value, struct str *s, int64_t deadline_ms)
{
    uint64_t word = (uintptr_t)s;
    if (deadline_ms >= 0)
        return s ? set_timed(NULL, name, HASH_ENTRY_COUNTED, bytes_of(&word, sizeof(word)),
                             deadline_ms)
                 : set_timed(NULL, name, HASH_ENTRY_INLINE, value, deadline_ms);
    return s ? entry_new_word(name, HASH_ENTRY_COUNTED, word)
             : entry_new_inline(name, HASH_ENTRY_INLINE, value);
}

struct entry *hash_entry_new(struct bytes name, struct bytes value, int64_t deadline_ms)
{
    return make(name, value, value.n <= HASH_ENTRY_INLINE_MAX ? NULL : str_new(value), deadline_ms);
}

void hash_entry_free(struct entry *e)
{
    if (e->kind == HASH_ENTRY_COUNTED)
        str_unref(counted(e));
    entry_free(e);
}

struct entry *hash_entry_set(struct entry *e, struct bytes value, int64_t deadline_ms)
{
    bool timed = deadline_ms >= 0;
    if (e->kind == HASH_ENTRY_INLINE && value.n <= HASH_ENTRY_INLINE_MAX && e->has_ttl == timed)
        return timed ? set_timed(e, entry_key(e), HASH_ENTRY_INLINE, value, deadline_ms)
                     : entry_set_inline(e, HASH_ENTRY_INLINE, value);
    struct entry *fresh = hash_entry_new(entry_key(e), value, deadline_ms);
    hash_entry_free(e);
    return fresh;
}

struct entry *hash_entry_set_deadline(struct entry *e, int64_t deadline_ms)
{
    if (e->has_ttl == (deadline_ms >= 0))
        return e->has_ttl ? entry_set_deadline(e, deadline_ms) : e;
    struct str *s = e->kind == HASH_ENTRY_COUNTED ? counted(e) : NULL;
    struct entry *fresh =
        make(entry_key(e), s ? (struct bytes){0} : behind_place(e), s, deadline_ms);
    entry_free(e); /* without its string, which `fresh` has taken over */
    return fresh;
}

struct bytes hash_entry_value(const struct entry *e)
{
    return e->kind == HASH_ENTRY_INLINE ? behind_place(e) : str_bytes(counted(e));
}

size_t hash_entry_counted(const struct entry *e)
{
    return mem_block_size(counted(e));
}

void hash_entry_put_place(struct entry *e, uint32_t place)
{
    ASSERT(e->has_ttl && e->is_inline && entry_inline(e).n >= HASH_ENTRY_PLACE);
    memcpy(e->rest + entry_head(e) + 2 + e->key_n, &place, sizeof(place));
}
