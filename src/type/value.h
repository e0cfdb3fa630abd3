/* What the keyspace can hold. An entry's kind says how its word or inline bytes are to be read.
 * Everything that must treat all types alike is here. */
#ifndef TYPE_VALUE_H
#define TYPE_VALUE_H

#include "ds/entry.h"

enum value_kind {
    VALUE_TEXT,   /* inline bytes; mark: was modified in place ("raw") */
    VALUE_INT,    /* word: a signed 64-bit integer */
    VALUE_STR,    /* word: struct str * */
    VALUE_LIST,   /* word: struct list * */
    VALUE_STREAM, /* word: struct stream * */
    VALUE_HASH,   /* word: struct hash *; mark: some field has a deadline */
    VALUE_SET,    /* word: struct set * */
    VALUE_ZSET,   /* word: struct zset * */
};

struct table;

enum value_type { TYPE_STRING, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_HASH, TYPE_STREAM };

static inline enum value_type value_type(const struct entry *e)
{
    static const unsigned char types[16] = {TYPE_STRING, TYPE_STRING, TYPE_STRING, TYPE_LIST,
                                            TYPE_STREAM, TYPE_HASH,   TYPE_SET,    TYPE_ZSET};
    return types[e->kind];
}

static inline void *value_object(const struct entry *e)
{
    return (void *)(uintptr_t)entry_word(e);
}

/* After a change that may have moved what the word stands for. */
static inline void value_moved(struct entry *e, const void *object)
{
    entry_put_word(e, (uintptr_t)object);
}

/* A hash some of whose fields have deadlines. */
static inline bool value_is_timed(const struct entry *e)
{
    return e->kind == VALUE_HASH && e->mark;
}

/* As TYPE answers. */
const char *value_type_name(enum value_type type);
/* As OBJECT ENCODING of Redis would answer. */
const char *value_encoding(const struct entry *e);
/* The hash table of a large hash, set or sorted set; NULL: it has none. */
const struct table *value_table(const struct entry *e);
/* Frees the entry and all that it holds. */
void value_free(struct entry *e);
/* How much work value_free() is, in allocations. */
size_t value_free_effort(const struct entry *e);
/* Before a value is freed by another thread: lets go of what this one keeps beside it. */
void value_leave_thread(const struct entry *e);
/* A deep copy under another key, without the deadline. */
struct entry *value_copy(const struct entry *e, struct bytes key);
/* Bytes of the entry and all that it holds, estimated for large values from `samples` parts. */
size_t value_memory(const struct entry *e, size_t samples);

#endif
