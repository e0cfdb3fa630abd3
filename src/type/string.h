/* String values: an integer in the entry's word, bytes inline, or a counted string for long ones.
 * Functions that change an entry return it, perhaps moved. */
#ifndef TYPE_STRING_H
#define TYPE_STRING_H

#include "base/num.h"
#include "base/str.h"
#include "type/kind.h"

/* The bytes; scratch (NUM_INT_MAX) takes an integer's text. Valid until the entry changes. */
struct bytes string_view(const struct entry *e, char *scratch);
size_t string_length(const struct entry *e);
/* The counted string of a long one (not retained); NULL: it has another form. */
struct str *string_counted(const struct entry *e);
/* False: it is not a canonical integer. */
bool string_as_int(const struct entry *e, long long *out);

struct entry *string_new(struct bytes key, struct bytes value);
struct entry *string_new_int(struct bytes key, long long value);
/* Takes its own reference. */
struct entry *string_new_str(struct bytes key, struct str *value);

/* Overwrite the value and keep the TTL. */
struct entry *string_set(struct entry *e, struct bytes value);
struct entry *string_set_int(struct entry *e, long long value);
struct entry *string_set_str(struct entry *e, struct str *value);

/* Writes value at offset, after zero bytes if that is beyond the end. The caller has checked the
 * maximum length. The result is not an integer. */
struct entry *string_splice(struct entry *e, size_t offset, struct bytes value);
/* The bytes for changing in place, zero-filled up to at least n; *place is valid until the next
 * change. */
struct entry *string_writable(struct entry *e, size_t n, unsigned char **place);

#endif
