/* Shared by commands on strings of all families. */
#ifndef COMMANDS_STRING_ARGS_H
#define COMMANDS_STRING_ARGS_H

#include "engine/call.h"
#include "type/string.h"

/* The bytes under a key, empty if absent; an integer's text is written to scratch (NUM_INT_MAX).
 * False after WRONGTYPE. Valid until the next change. */
bool string_args_read(const struct call *call, struct bytes key, char *scratch, struct bytes *out);
/* Stores a whole string under a key; e as returned by db_write(), NULL: absent. Keeps a string's
 * expiry. */
void string_args_put(const struct call *call, struct bytes key, struct entry *e,
                     struct bytes value);
/* Stores argument value_arg under a key, replacing any value. at_ms < 0: no expiry, unless keep_ttl
 * keeps the key's. Signals nothing: call db_changed(). */
void string_args_overwrite(struct call *call, struct bytes key, int value_arg, int64_t at_ms,
                           bool keep_ttl);
/* The bytes for changes in place, at least n (zero-filled); creates an absent key. */
unsigned char *string_args_grow(const struct call *call, struct bytes key, struct entry *e,
                                size_t n);
/* Whether a + b bytes are within the limit of a string; false after the error reply. */
bool string_args_fits(const struct call *call, size_t a, size_t b);
/* Replies with an entry's string, or null. */
static inline void string_args_reply(const struct call *call, const struct entry *e)
{
    char scratch[NUM_INT_MAX];
    if (!e)
        reply_null(call->reply);
    else if (e->kind == VALUE_STR)
        reply_bulk_str(call->reply, string_counted(e));
    else
        reply_bulk(call->reply, string_view(e, scratch));
}
/* Journals SET with the time of expiry, as a TTL would start again in replay. at_ms < 0: none. */
void string_args_effect_set(struct call *call, struct bytes key, struct bytes value, int64_t at_ms,
                            bool keep_ttl);

#endif
