/* Shared by hash commands. */
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
/* A field, unless it has expired by the time of this call. */
bool hash_args_find(const struct call *call, const struct hash *h, struct bytes name,
                    struct hash_field *out);
/* The number of fields that have not expired by the time of this call. */
size_t hash_args_live(const struct call *call, const struct hash *h);
/* Sets a field, and records the change of its deadline; true: it is new. */
bool hash_args_set(const struct call *call, struct entry *e, struct bytes name, struct bytes value,
                   int64_t deadline_ms);
bool hash_args_remove(struct entry *e, struct bytes name);
/* After fields were added or changed. */
void hash_args_grown(const struct call *call, struct entry *e, const char *event,
                     struct db_fields fields);
/* After fields were removed: deletes the key when none is left. */
void hash_args_shrunk(const struct call *call, struct entry *e, const char *event,
                      struct db_fields fields);

/* "FIELDS n field..." in a request: the position of the fields, and arguments per field. */
struct hash_args_fields {
    int first, n, width;
};
/* Finds them; FIELDS must be argument `at`, and the fields must end the request. False after the
 * error reply. */
bool hash_args_parse_fields(const struct call *call, int at, int width,
                            struct hash_args_fields *out);
/* Replies with an array of their values; e NULL: no such key. */
void hash_args_reply_fields(const struct call *call, const struct entry *e,
                            const struct hash_args_fields *fields);

#endif
