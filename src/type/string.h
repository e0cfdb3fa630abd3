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
/* The counted string of a long one, for who takes a reference of its own; NULL: it has another
 * form. */
struct str *string_counted(const struct entry *e);
/* True and the value when it is a canonical integer. */
bool string_as_int(const struct entry *e, long long *out);

struct entry *string_new(struct bytes key, struct bytes value);
struct entry *string_new_int(struct bytes key, long long value);
/* Takes a reference of its own. */
struct entry *string_new_str(struct bytes key, struct str *value);

/* Overwrite, keeping the deadline. */
struct entry *string_set(struct entry *e, struct bytes value);
struct entry *string_set_int(struct entry *e, long long value);
struct entry *string_set_str(struct entry *e, struct str *value);

/* Writes value at offset, zero bytes between the old end and it; the result is at most what a long
 * string can be (the caller has checked). Never an integer afterwards. */
struct entry *string_splice(struct entry *e, size_t offset, struct bytes value);
/* The bytes for changing in place, at least n long (zero-filled); *place valid until the next
 * change. */
struct entry *string_writable(struct entry *e, size_t n, unsigned char **place);

#endif
