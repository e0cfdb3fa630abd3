/* The kinds of values, and how an entry's kind determines the meaning of its word or inline bytes.
 * Each type's own file deals with its word; type/value.h has the operations for all types. */
#ifndef TYPE_KIND_H
#define TYPE_KIND_H

#include "ds/entry.h"

enum value_kind {
    VALUE_TEXT,   /* inline bytes; flag: modified in place ("raw") */
    VALUE_INT,    /* word: a signed 64-bit integer */
    VALUE_STR,    /* word: struct str * */
    VALUE_LIST,   /* word: struct list * */
    VALUE_STREAM, /* word: struct stream *; flag: some group has a policy */
    VALUE_HASH,   /* word: struct hash *; flag: some field has a TTL */
    VALUE_SET,    /* word: struct set * */
    VALUE_ZSET,   /* word: struct zset * */
};

enum value_type { TYPE_STRING, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_HASH, TYPE_STREAM };

static inline enum value_type value_type(const struct entry *e)
{
    static const unsigned char types[16] = {TYPE_STRING, TYPE_STRING, TYPE_STRING, TYPE_LIST,
                                            TYPE_STREAM, TYPE_HASH,   TYPE_SET,    TYPE_ZSET};
    return types[e->kind];
}

/* The object that the word points to, for reading. */
static inline const void *value_object(const struct entry *e)
{
    return (const void *)(uintptr_t)entry_word(e);
}

/* The same for writing: of an entry from db_write(), or one not yet in a database. */
static inline void *value_to_change(struct entry *e)
{
    return (void *)(uintptr_t)entry_word(e);
}

/* To be called after a change that may have moved the object. */
static inline void value_moved(struct entry *e, const void *object)
{
    entry_put_word(e, (uintptr_t)object);
}

/* A hash some of whose fields have a TTL. */
static inline bool value_has_field_ttl(const struct entry *e)
{
    return e->kind == VALUE_HASH && e->kind_flag;
}

/* Hashes only. */
static inline void value_set_field_ttl(struct entry *e, bool has)
{
    e->kind_flag = has;
}

/* A stream that acts by itself: some group has a policy. */
static inline bool value_stream_acts(const struct entry *e)
{
    return e->kind == VALUE_STREAM && e->kind_flag;
}

/* Streams only. */
static inline void value_set_stream_acts(struct entry *e, bool acts)
{
    e->kind_flag = acts;
}

/* A short string that was modified in place: OBJECT ENCODING calls it "raw". */
static inline bool value_is_raw(const struct entry *e)
{
    return e->kind_flag;
}

/* Strings only. */
static inline void value_set_raw(struct entry *e, bool raw)
{
    e->kind_flag = raw;
}

#endif
