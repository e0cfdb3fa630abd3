/* An entry of the keyspace: the key, an optional TTL and a small value (or a word that stands for a
 * larger one) in a single allocation.
 *
 *   header 8 | deadline 8, if any | word 8   | key
 *   header 8 | deadline 8, if any | length 2 | key | value bytes
 *
 * The deadline is when the TTL ends, in Unix time in milliseconds. Knows keys and bytes, not the
 * meaning of a value: `kind` belongs to the layer above. An entry may move whenever it is resized;
 * the caller then updates the tables that hold it. */
#ifndef DS_ENTRY_H
#define DS_ENTRY_H

#include "base/bytes.h"

#include <stdint.h>

/* The longest inline value. */
#define ENTRY_INLINE_MAX 1024

struct entry {
    uint32_t lru : 24; /* time of last use, or a frequency counter (store/lru.h) */
    uint32_t kind : 4; /* of the value: type/kind.h */
    uint32_t is_inline : 1;
    uint32_t has_ttl : 1;
    uint32_t epoch : 1;     /* reserved for snapshots without fork; always 0 so far */
    uint32_t kind_flag : 1; /* its meaning depends on the kind: type/kind.h */
    uint32_t key_n;
    unsigned char rest[];
};

/* value.n <= ENTRY_INLINE_MAX. */
struct entry *entry_new_inline(struct bytes key, unsigned kind, struct bytes value);
struct entry *entry_new_word(struct bytes key, unsigned kind, uint64_t word);
/* Frees the allocation only, not the object that a word stands for. */
void entry_free(struct entry *e);
size_t entry_size(const struct entry *e);

/* These return the entry, perhaps moved. Flags and lru are kept; kind is set as given. */
struct entry *entry_set_inline(struct entry *e, unsigned kind, struct bytes value);
struct entry *entry_become_word(struct entry *e, unsigned kind, uint64_t word);
/* deadline_ms < 0 removes it. */
struct entry *entry_set_deadline(struct entry *e, int64_t deadline_ms);
/* The same value under another key. */
struct entry *entry_rename(struct entry *e, struct bytes key);

static inline size_t entry_head(const struct entry *e)
{
    return e->has_ttl ? 8u : 0u;
}

static inline struct bytes entry_key(const struct entry *e)
{
    return (struct bytes){(const char *)e->rest + entry_head(e) + (e->is_inline ? 2 : 8), e->key_n};
}

/* -1: none. */
static inline int64_t entry_deadline_ms(const struct entry *e)
{
    int64_t at = -1;
    if (e->has_ttl)
        memcpy(&at, e->rest, 8);
    return at;
}

static inline uint64_t entry_word(const struct entry *e)
{
    uint64_t word;
    memcpy(&word, e->rest + entry_head(e), 8);
    return word;
}

static inline void entry_put_word(struct entry *e, uint64_t word)
{
    memcpy(e->rest + entry_head(e), &word, 8);
}

static inline struct bytes entry_inline(const struct entry *e)
{
    uint16_t n;
    memcpy(&n, e->rest + entry_head(e), 2);
    return (struct bytes){(const char *)e->rest + entry_head(e) + 2 + e->key_n, n};
}

#endif
