/* Every function here dispatches by kind. A new type needs a case in each of them, and in
 * type/kind.h; the default covers what most kinds share. */
#include "type/value.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/zset.h"

const char *value_type_name(enum value_type type)
{
    ASSERT(type <= TYPE_STREAM);
    static const char *const names[] = {"string", "list", "set", "zset", "hash", "stream"};
    return names[type];
}

const struct table *value_table(const struct entry *e)
{
    switch ((enum value_kind)e->kind) {
    case VALUE_HASH:
        return hash_table(value_object(e));
    case VALUE_SET:
        return set_table(value_object(e));
    case VALUE_ZSET:
        return zset_table(value_object(e));
    default:
        return NULL;
    }
}

const char *value_encoding(const struct entry *e)
{
    switch (e->kind) {
    case VALUE_INT:
        return "int";
    case VALUE_TEXT:
        /* Redis embeds up to 44 bytes in an object of 64. */
        return !value_is_raw(e) && entry_inline(e).n <= 44 ? "embstr" : "raw";
    case VALUE_LIST:
        return list_encoding(value_object(e));
    case VALUE_STREAM:
        return "stream";
    case VALUE_HASH:
        return hash_encoding(value_object(e));
    case VALUE_SET:
        return set_encoding(value_object(e));
    case VALUE_ZSET:
        return zset_encoding(value_object(e));
    default:
        return "raw";
    }
}

void value_free(struct entry *e)
{
    switch (e->kind) {
    case VALUE_STR:
        str_unref(value_to_change(e));
        break;
    case VALUE_LIST:
        list_free(value_to_change(e));
        break;
    case VALUE_STREAM:
        stream_free(value_to_change(e));
        break;
    case VALUE_HASH:
        hash_free(value_to_change(e));
        break;
    case VALUE_SET:
        set_free(value_to_change(e));
        break;
    case VALUE_ZSET:
        zset_free(value_to_change(e));
        break;
    default:
        break;
    }
    entry_free(e);
}

/* A stream's parts are weighted by their allocations. */
size_t value_free_effort(const struct entry *e)
{
    if (e->kind == VALUE_LIST)
        return list_blocks(value_object(e));
    if (e->kind == VALUE_STREAM) {
        const struct stream *s = value_object(e);
        return s->log.n * 3 + s->groups.used * 16 + s->dedup.tracked +
               (s->extra ? stream_extra_free_effort(s->extra) : 0);
    }
    if (e->kind == VALUE_HASH && hash_is_large(value_object(e)))
        return hash_count(value_object(e));
    if (e->kind == VALUE_SET && set_is_large(value_object(e)))
        return set_count(value_object(e));
    if (e->kind == VALUE_ZSET && zset_is_large(value_object(e)))
        return zset_count(value_object(e));
    return 1;
}

/* The cache of expanded blocks and the timer lists belong to the event loop's thread. */
void value_leave_thread(struct entry *e)
{
    if (e->kind != VALUE_STREAM)
        return;
    struct stream *s = value_to_change(e);
    stream_log_leave(&s->log);
    stream_dedup_leave(&s->dedup);
}

struct entry *value_copy(const struct entry *e, struct bytes key)
{
    struct entry *copy;
    char scratch[NUM_INT_MAX];
    if (e->kind == VALUE_LIST)
        copy = entry_new_word(key, VALUE_LIST, (uintptr_t)list_copy(value_object(e)));
    else if (e->kind == VALUE_STREAM)
        copy = entry_new_word(key, VALUE_STREAM,
                              (uintptr_t)stream_copy((struct stream *)(uintptr_t)entry_word(e)));
    else if (e->kind == VALUE_HASH)
        copy = entry_new_word(key, VALUE_HASH, (uintptr_t)hash_copy(value_object(e)));
    else if (e->kind == VALUE_SET)
        copy = entry_new_word(key, VALUE_SET, (uintptr_t)set_copy(value_object(e)));
    else if (e->kind == VALUE_ZSET)
        copy = entry_new_word(key, VALUE_ZSET, (uintptr_t)zset_copy(value_object(e)));
    else if (e->kind == VALUE_STR)
        copy = string_new_str(key, string_counted(e));
    else if (e->kind == VALUE_INT)
        copy = string_new_int(key, (long long)entry_word(e));
    else
        copy = entry_new_inline(key, VALUE_TEXT, string_view(e, scratch));
    ASSERT(copy->kind == e->kind);
    copy->kind_flag = e->kind_flag;
    return copy;
}

size_t value_memory(const struct entry *e, size_t samples)
{
    size_t n = mem_block_size(e) + 16; /* tag and pointer in the table at its usual load */
    if (e->kind == VALUE_STR)
        n += mem_block_size(value_object(e));
    else if (e->kind == VALUE_LIST)
        n += list_memory(value_object(e), samples);
    else if (e->kind == VALUE_STREAM)
        n += stream_memory(value_object(e), samples);
    else if (e->kind == VALUE_HASH)
        n += hash_memory(value_object(e), samples);
    else if (e->kind == VALUE_SET)
        n += set_memory(value_object(e), samples);
    else if (e->kind == VALUE_ZSET)
        n += zset_memory(value_object(e), samples);
    return n;
}
