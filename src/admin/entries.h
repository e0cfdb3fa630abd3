/* Entries of a stream out of the replies of XRANGE and its kin: which of them fit a filter, and as
 * JSON. */
#ifndef ADMIN_ENTRIES_H
#define ADMIN_ENTRIES_H

#include "base/json_write.h"
#include "proto/answer.h"

#define ENTRIES_ID    48
#define ENTRIES_FRONT 128 /* bytes of an entry without its fields */

/* What an entry has to have. */
struct entries_filter {
    struct bytes field; /* by this name; `any_field`: whatever its name */
    struct bytes text;
    enum { ENTRIES_ALL, ENTRIES_HAS, ENTRIES_CONTAINS, ENTRIES_EQUALS } how;
    bool any_field;
};

struct entries_field {
    size_t at; /* offset of the name in `text`; the value follows it */
    size_t name_n, value_n;
    uint64_t name_all, value_all; /* full lengths, without `skip`: only the first bytes are kept */
};

/* Zero-initialised but for what is asked. */
struct entries {
    struct entries_filter filter;
    unsigned depth; /* of the entries in the reply: 1 in XRANGE's */
    size_t keep;    /* bytes of a name or value */
    size_t skip;    /* leading bytes of each value that are left out */
    size_t only;    /* the one field to write, counted from 1; 0: all */
    void (*each)(void *to, const struct entries *e);
    void *to;

    /* The entry that each() is told of. */
    char id[ENTRIES_ID];
    bool fits;
    size_t n;
    struct buf fields; /* struct entries_field */
    struct buf text;
    bool name_fits; /* of the field under way */
    unsigned index; /* of its values so far */
};

/* The next item of the reply, strings whole. */
void entries_item(struct entries *e, const struct answer_item *item);
void entries_end(struct entries *e);

const struct entries_field *entries_fields(const struct entries *e);
/* The front of field i's name or value that is kept. */
struct bytes entries_name(const struct entries *e, size_t i);
struct bytes entries_value(const struct entries *e, size_t i);

/* {id, ms, fields: [[f, v], ...]}, `max` bytes of each shown (at most keep - 4). False: it did not
 * fit, and was taken back. */
bool entries_write(const struct entries *e, struct json_write *w, size_t max);
/* The same of one that is too long for an answer of its own: the fields that fit, and `fieldsLeft`,
 * how many do not. Whoever left it out would keep its reader from all that come behind it. */
void entries_write_front(const struct entries *e, struct json_write *w, size_t max);
/* Whether it may be the ID of one entry, and not of all of a millisecond ("5"). */
bool entries_is_id(struct bytes id);
/* The members id and ms of an object. */
void entries_write_id(struct json_write *w, struct bytes id);
/* The value of `fields`. */
void entries_write_fields(const struct entries *e, struct json_write *w, size_t max);
/* The same of those that fit, and the member `fieldsLeft`. w has room for ENTRIES_FRONT bytes. */
void entries_write_fields_front(const struct entries *e, struct json_write *w, size_t max);

#endif
