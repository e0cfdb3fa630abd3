/* An owned, counted, immutable byte string. Shared by reference between the keyspace, replies on
 * their way out and copies of arguments. Counting is not atomic: one thread owns all references. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/bytes.h"

#include <stdint.h>

struct str {
    uint32_t refs;
    uint32_t is_message; /* counted by str_messages() */
    size_t n;
    char p[];
};

/* A new string with one reference. str_try_raw(): contents undefined, NULL when memory is short. */
struct str *str_new(struct bytes from);
struct str *str_try_raw(size_t n);
/* Sole owner only: changes the length, may move. NULL when memory is short (s untouched). */
struct str *str_try_resize(struct str *s, size_t n);
void str_unref(struct str *s);
/* One that is on its way to clients and never data: all such are counted together. */
struct str *str_new_message(struct bytes from);
/* Bytes of all messages that still exist. */
size_t str_messages(void);

static inline struct str *str_ref(struct str *s)
{
    s->refs++;
    return s;
}

static inline struct bytes str_bytes(const struct str *s)
{
    return (struct bytes){s->p, s->n};
}

#endif
