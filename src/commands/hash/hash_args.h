/* What hash commands share. */
#ifndef COMMANDS_HASH_HASH_ARGS_H
#define COMMANDS_HASH_HASH_ARGS_H

#include "engine/call.h"
#include "type/hash.h"

/* *out NULL: absent; false after WRONGTYPE. */
bool hash_args_read(const struct call *call, struct bytes key, const struct hash **out);
/* *e NULL: absent. */
bool hash_args_write(const struct call *call, struct bytes key, struct entry **e);
/* As hash_args_write(), but an absent key gets an empty hash. */
bool hash_args_ensure(const struct call *call, struct bytes key, struct entry **e);
struct hash_limits hash_args_limits(const struct call *call);
/* A field as this call sees it. */
bool hash_args_find(const struct call *call, const struct hash *h, struct bytes name,
                    struct hash_field *out);
/* How many fields this call sees. */
size_t hash_args_live(const struct call *call, const struct hash *h);
/* Sets a field and notes what became of its deadline; true: it is new. */
bool hash_args_set(const struct call *call, struct entry *e, struct bytes name, struct bytes value,
                   int64_t deadline_ms);
bool hash_args_remove(struct entry *e, struct bytes name);
/* After these fields came or were changed. */
void hash_args_grown(const struct call *call, struct entry *e, const char *event,
                     struct db_fields fields);
/* After these fields went: deletes the key when none is left. */
void hash_args_shrunk(const struct call *call, struct entry *e, const char *event,
                      struct db_fields fields);

/* "FIELDS n field..." in a request: where the fields are, and how many arguments each has. */
struct hash_args_fields {
    int first, n, width;
};
/* Finds them; FIELDS must be argument `at`, and nothing may follow the last field. False after the
 * error reply. */
bool hash_args_parse_fields(const struct call *call, int at, int width,
                            struct hash_args_fields *out);
/* An array of their values; e NULL: no such key. */
void hash_args_reply_fields(const struct call *call, const struct entry *e,
                            const struct hash_args_fields *fields);

#endif
