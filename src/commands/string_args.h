/* What commands on strings of all families share. */
#ifndef COMMANDS_STRING_ARGS_H
#define COMMANDS_STRING_ARGS_H

#include "engine/call.h"
#include "type/string.h"

/* The bytes under a key, empty when it is absent; scratch (NUM_INT_MAX) takes an integer's text.
 * False after WRONGTYPE. Valid until the next change. */
bool string_args_read(const struct call *call, struct bytes key, char *scratch, struct bytes *out);
/* Puts a whole string under a key; e is what db_write() gave, NULL: absent. Keeps the expiry of a
 * string. */
void string_args_put(const struct call *call, struct bytes key, struct entry *e,
                     struct bytes value);
/* Puts argument value_arg under a key, whatever was there. at_ms < 0: no expiry, unless keep_ttl
 * leaves the one the key had. Announces nothing: db_changed() follows. */
void string_args_overwrite(struct call *call, struct bytes key, int value_arg, int64_t at_ms,
                           bool keep_ttl);
/* The bytes for changing in place, at least n long (zero-filled); makes an absent key. */
unsigned char *string_args_grow(const struct call *call, struct bytes key, struct entry *e,
                                size_t n);
/* Whether a + b bytes are no more than a string may hold; false after the error reply. */
bool string_args_fits(const struct call *call, size_t a, size_t b);
/* The string of an entry, or null when there is none. */
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
/* Journals SET with the time the key expires, not with the TTL, which would start anew when the
 * journal is replayed. at_ms < 0: without. */
void string_args_effect_set(struct call *call, struct bytes key, struct bytes value, int64_t at_ms,
                            bool keep_ttl);

#endif
