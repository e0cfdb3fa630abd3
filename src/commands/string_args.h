/* What commands on strings of all families share. */
#ifndef COMMANDS_STRING_ARGS_H
#define COMMANDS_STRING_ARGS_H

#include "engine/call.h"
#include "type/string.h"

/* The bytes under a key, empty when it is absent; scratch (NUM_INT_MAX) takes an integer's text.
 * False after WRONGTYPE. Valid until the next change. */
bool string_args_read(const struct call *call, struct bytes key, char *scratch, struct bytes *out);
/* Puts a whole string under a key; e is what db_write() gave, NULL: absent. Keeps the deadline of a
 * string. */
void string_args_put(const struct call *call, struct bytes key, struct entry *e,
                     struct bytes value);
/* The bytes for changing in place, at least n long (zero-filled); makes an absent key. */
unsigned char *string_args_grow(const struct call *call, struct bytes key, struct entry *e,
                                size_t n);

#endif
