/* A reference-counted, immutable byte string, shared by the keyspace, pending replies and copies of
 * arguments. The count is not atomic: one thread owns all references. */
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

/* A new string with one reference. str_try_raw(): contents undefined; NULL: out of memory. */
struct str *str_new(struct bytes from);
struct str *str_try_raw(size_t n);
/* Only with a single reference: changes the length, may move. NULL: out of memory (s unchanged). */
struct str *str_try_resize(struct str *s, size_t n);
void str_unref(struct str *s);
/* A message for clients, never data: the memory of all messages is counted. Contents undefined. */
struct str *str_new_message(size_t n);
/* Bytes of all existing messages. */
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
