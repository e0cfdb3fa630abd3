/* A string is an integer in the word, up to ENTRY_INLINE_MAX bytes in the entry, or a counted
 * string (base/str). Replies and the journal refer to counted strings without copying, so one is
 * changed in place only if the entry holds the sole reference, and copied otherwise: bytes being
 * sent never change. A string changed in place keeps spare room, as much as its length up to
 * SPARE_MAX, so that the next APPEND moves nothing. */
#include "type/string.h"

#include "base/assert.h"
#include "base/mem.h"

#define SPARE_MAX ((size_t)1 << 20) /* most bytes allocated ahead of growth */

static struct str *as_str(const struct entry *e)
{
    ASSERT(e->kind == VALUE_STR);
    return (struct str *)(uintptr_t)entry_word(e);
}

static uint64_t word_of(const struct str *s)
{
    return (uint64_t)(uintptr_t)s;
}

struct bytes string_view(const struct entry *e, char *scratch)
{
    switch (e->kind) {
    case VALUE_TEXT:
        return entry_inline(e);
    case VALUE_INT:
        return bytes_of(scratch, num_print_int(scratch, (long long)entry_word(e)));
    default:
        return str_bytes(as_str(e));
    }
}

struct str *string_counted(const struct entry *e)
{
    return e->kind == VALUE_STR ? as_str(e) : NULL;
}

size_t string_length(const struct entry *e)
{
    char scratch[NUM_INT_MAX];
    return string_view(e, scratch).n;
}

bool string_as_int(const struct entry *e, long long *out)
{
    if (e->kind == VALUE_INT) {
        *out = (long long)entry_word(e);
        return true;
    }
    return num_parse_int(e->kind == VALUE_TEXT ? entry_inline(e) : str_bytes(as_str(e)), out);
}

/* Tests the first byte before parsing. */
static bool integer(struct bytes value, long long *out)
{
    if (value.n == 0 || value.n > 20 || value.p[0] > '9' || value.p[0] < '-')
        return false;
    return num_parse_int(value, out);
}

struct entry *string_new(struct bytes key, struct bytes value)
{
    long long v;
    if (integer(value, &v))
        return string_new_int(key, v);
    if (value.n <= ENTRY_INLINE_MAX)
        return entry_new_inline(key, VALUE_TEXT, value);
    return entry_new_word(key, VALUE_STR, word_of(str_new(value)));
}

struct entry *string_new_int(struct bytes key, long long value)
{
    return entry_new_word(key, VALUE_INT, (uint64_t)value);
}

struct entry *string_new_str(struct bytes key, struct str *value)
{
    if (value->n <= ENTRY_INLINE_MAX)
        return string_new(key, str_bytes(value));
    return entry_new_word(key, VALUE_STR, word_of(str_ref(value)));
}

/* Releases the reference of a counted string, so that the word may be overwritten. */
static void drop_str(struct entry *e)
{
    if (e->kind == VALUE_STR) {
        str_unref(as_str(e));
        e->kind = VALUE_INT;
    }
}

struct entry *string_set(struct entry *e, struct bytes value)
{
    long long v;
    if (integer(value, &v))
        return string_set_int(e, v);
    struct str *old = e->kind == VALUE_STR ? as_str(e) : NULL;
    if (value.n <= ENTRY_INLINE_MAX)
        e = entry_set_inline(e, VALUE_TEXT, value);
    else
        e = entry_become_word(e, VALUE_STR, word_of(str_new(value)));
    value_set_raw(e, false);
    str_unref(old);
    return e;
}

struct entry *string_set_int(struct entry *e, long long value)
{
    drop_str(e);
    e = entry_become_word(e, VALUE_INT, (uint64_t)value);
    value_set_raw(e, false);
    return e;
}

struct entry *string_set_str(struct entry *e, struct str *value)
{
    if (value->n <= ENTRY_INLINE_MAX)
        return string_set(e, str_bytes(value));
    str_ref(value);
    drop_str(e);
    e = entry_become_word(e, VALUE_STR, word_of(value));
    value_set_raw(e, false);
    return e;
}

/* Makes the string exclusively owned, with length n and zero-filled. */
static struct str *owned(struct str *s, size_t n)
{
    size_t old = s->n;
    if (s->refs > 1) {
        struct str *copy = str_new(str_bytes(s));
        str_unref(s);
        return n > old ? owned(copy, n) : copy;
    } else if (n > old && mem_block_size(s) < sizeof(*s) + n + 1) {
        s = str_try_resize(s, n + (n < SPARE_MAX ? n : SPARE_MAX));
        ASSERT(s != NULL);
    }
    if (n > old) {
        memset(s->p + old, 0, n - old);
        s->n = n;
        s->p[n] = 0;
    } else {
        s->n = old;
    }
    return s;
}

struct entry *string_writable(struct entry *e, size_t n, unsigned char **place)
{
    char scratch[NUM_INT_MAX], text[ENTRY_INLINE_MAX];
    if (e->kind != VALUE_STR) {
        struct bytes now = string_view(e, scratch);
        if (n < now.n)
            n = now.n;
        if (n <= ENTRY_INLINE_MAX) {
            memcpy(text, now.p, now.n);
            memset(text + now.n, 0, n - now.n);
            e = entry_set_inline(e, VALUE_TEXT, bytes_of(text, n));
            value_set_raw(e, true);
            *place = (unsigned char *)(uintptr_t)entry_inline(e).p;
            return e;
        }
        /* Spare room only for strings that grow again. */
        struct str *s = str_try_raw(n);
        ASSERT(s != NULL);
        memcpy(s->p, now.p, now.n);
        memset(s->p + now.n, 0, n - now.n);
        e = entry_become_word(e, VALUE_STR, word_of(s));
    }
    struct str *s = owned(as_str(e), n);
    ASSERT(s->refs == 1 && s->n >= n);
    entry_put_word(e, word_of(s));
    *place = (unsigned char *)s->p;
    return e;
}

struct entry *string_splice(struct entry *e, size_t offset, struct bytes value)
{
    unsigned char *place;
    e = string_writable(e, offset + value.n, &place);
    if (value.n)
        memcpy(place + offset, value.p, value.n);
    return e;
}
