/* Setting and clearing the TTLs of a hash's fields, shared by HEXPIRE, HPERSIST, HGETEX and HSETEX.
 */
#ifndef COMMANDS_HASH_FIELD_TTL_H
#define COMMANDS_HASH_FIELD_TTL_H

#include "commands/hash/hash_args.h"

#define FIELD_TTL_SINCE "7.4.0" /* the first Redis with HPEXPIREAT and HPERSIST */

enum field_ttl_condition {
    FIELD_TTL_ALWAYS,
    FIELD_TTL_NX, /* the field has none */
    FIELD_TTL_XX, /* the field has one */
    FIELD_TTL_GT, /* the new one is later than the one the field has */
    FIELD_TTL_LT, /* the new one is earlier, or the field has none */
};

/* Reads argument i, a TTL or a point in time; *at_ms is since 1970. False after the error reply. */
bool field_ttl_parse(struct call *call, int i, bool seconds, bool absolute, int64_t *at_ms);
/* Sets the expiry of fields if the condition holds, and journals it; fields whose time has passed
 * are deleted. e is not NULL. Replies for each field, if `answers`: -2 no such field, 0 condition
 * not met, 1 set, 2 deleted. */
void field_ttl_set(struct call *call, struct entry *e, const struct hash_args_fields *fields,
                   enum field_ttl_condition c, int64_t at_ms, bool answers);
/* Removes the expiry. e NULL: no such key. Replies for each field, if `answers`: -2 no such field,
 * -1 it had none, 1 removed. */
void field_ttl_clear(struct call *call, struct entry *e, const struct hash_args_fields *fields,
                     bool answers);

/* Journals a field's deadline, after an HSET that would remove it in replay. */
void field_ttl_tell(struct call *call, struct bytes field, int64_t deadline_ms);

struct field_ttl_options {
    bool timed; /* at_ms is set */
    bool keep, persist, only_new, only_old;
    int64_t at_ms;
};

/* Parses the options of HGETEX and HSETEX (`sets`: with KEEPTTL, FNX and FXX, without PERSIST) from
 * argument *i on; *i is then where FIELDS must be. False after the error reply. */
bool field_ttl_parse_options(struct call *call, int *i, bool sets, struct field_ttl_options *o);

#endif
