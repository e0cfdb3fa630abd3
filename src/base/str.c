#include "base/str.h"

#include "base/assert.h"
#include "base/mem.h"

struct str *str_try_raw(size_t n)
{
    struct str *s = mem_try_alloc(sizeof(*s) + n + 1);
    if (!s)
        return NULL;
    s->refs = 1;
    s->is_message = 0;
    s->n = n;
    s->p[n] = 0;
    return s;
}

struct str *str_new(struct bytes from)
{
    struct str *s = str_try_raw(from.n);
    ASSERT(s != NULL);
    if (from.n)
        memcpy(s->p, from.p, from.n);
    return s;
}

struct str *str_try_resize(struct str *s, size_t n)
{
    ASSERT(s->refs == 1);
    struct str *t = mem_try_realloc(s, sizeof(*s) + n + 1);
    if (!t)
        return NULL;
    t->n = n;
    t->p[n] = 0;
    return t;
}

static size_t messages;

struct str *str_new_message(size_t n)
{
    struct str *s = str_try_raw(n);
    ASSERT(s != NULL);
    s->is_message = 1;
    messages += mem_block_size(s);
    return s;
}

size_t str_messages(void)
{
    return messages;
}

void str_unref(struct str *s)
{
    if (!s || --s->refs)
        return;
    if (__builtin_expect(s->is_message, 0)) {
        size_t n = mem_block_size(s);
        ASSERT(n <= messages);
        messages -= n;
    }
    mem_free(s);
}
