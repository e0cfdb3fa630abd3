/* Operations on values of all types: names, freeing, copying, measuring. */
#ifndef TYPE_VALUE_H
#define TYPE_VALUE_H

#include "type/kind.h"

struct table;

/* The answer of TYPE. */
const char *value_type_name(enum value_type type);
/* The answer that OBJECT ENCODING of Redis would give. */
const char *value_encoding(const struct entry *e);
/* The hash table of a large hash, set or sorted set; else NULL. */
const struct table *value_table(const struct entry *e);
/* Frees the entry and its value. */
void value_free(struct entry *e);
/* The cost of value_free(), in allocations. */
size_t value_free_effort(const struct entry *e);
/* To be called before a value is freed in another thread: releases what belongs to the event loop's
 * thread. */
void value_leave_thread(struct entry *e);
/* A deep copy under another key, without the TTL. */
struct entry *value_copy(const struct entry *e, struct bytes key);
/* Bytes of the entry and its value, estimated for large values from `samples` parts. */
size_t value_memory(const struct entry *e, size_t samples);

#endif
