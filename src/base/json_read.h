/* Parses untrusted JSON (RFC 8259), strictly and within bounds: a single value, UTF-8, unique names
 * in an object, no comments, no trailing commas. {"base64": "..."} is read as a string: the form of
 * byte strings that are not UTF-8.
 *
 * Cost: linear in the text; memory: the text's size, and 64 bytes per value. */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/bytes.h"

#define JSON_READ_DEPTH   16
#define JSON_READ_MOST    (1 << 20) /* bytes of text */
#define JSON_READ_VALUES  16384
#define JSON_READ_MEMBERS 256 /* per object */
#define JSON_READ_WHY     96

enum json_read_kind {
    JSON_READ_NULL,
    JSON_READ_FALSE,
    JSON_READ_TRUE,
    JSON_READ_NUMBER,
    JSON_READ_STRING,
    JSON_READ_ARRAY,
    JSON_READ_OBJECT,
};

/* A value. All values of a text are in one array, containers before their content. */
struct json_read_value {
    enum json_read_kind kind;
    uint32_t n;         /* of an array or object: its direct values */
    uint32_t next;      /* index of the next value after this one and its content */
    uint64_t name_hash; /* of a member of an object */
    struct bytes name;
    struct bytes text; /* a string's bytes, perhaps with NULs; a number as written */
};

/* Zero-initialised is empty and valid. */
struct json_read {
    struct json_read_value *values; /* the first one is the root */
    size_t n, cap;
    char *strings;           /* the storage of names and texts */
    char why[JSON_READ_WHY]; /* the error and its byte position */
};

/* False: r->why has the error. Does not refer to the text afterwards. Must be freed in any case. */
bool json_read(struct json_read *r, struct bytes text);
void json_read_free(struct json_read *r);

/* NULL: no such member, or not an object. */
const struct json_read_value *
json_read_member(const struct json_read *r, const struct json_read_value *object, const char *name);
/* The first value in an array or object, and the next one; NULL: none. */
const struct json_read_value *json_read_first(const struct json_read_value *holder);
const struct json_read_value *json_read_next(const struct json_read *r,
                                             const struct json_read_value *holder,
                                             const struct json_read_value *v);
/* An integer: a number without fraction and exponent, or a string with one. */
bool json_read_int(const struct json_read_value *v, long long *out);

#endif
