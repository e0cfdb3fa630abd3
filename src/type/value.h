/* What treats the values of all types alike: names, freeing, copying, measuring. */
#ifndef TYPE_VALUE_H
#define TYPE_VALUE_H

#include "type/kind.h"

struct table;

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
void value_leave_thread(struct entry *e);
/* A deep copy under another key, without the deadline. */
struct entry *value_copy(const struct entry *e, struct bytes key);
/* Bytes of the entry and all that it holds, estimated for large values from `samples` parts. */
size_t value_memory(const struct entry *e, size_t samples);

#endif
