/* What handlers of all families share. */
#ifndef COMMANDS_HELPERS_H
#define COMMANDS_HELPERS_H

#include "engine/call.h"

/* Journals word and then the request's arguments from `from` on. */
void helpers_effect_from(struct call *call, struct bytes word, int from);
/* Puts a result under a key, whatever was there; NULL: the result is empty and the key goes. event
 * as db_changed(). Returns false when nothing changed (there was no such key). */
bool helpers_store(const struct call *call, struct bytes key, struct entry *e, unsigned class_,
                   const char *event);
/* After n parts of a collection went: notifies, and deletes the key when none is left. */
void helpers_shrunk(const struct call *call, struct bytes key, bool empty, unsigned class_,
                    const char *event, uint64_t n);
/* The number of keys at argument i: at least 1, and so many arguments follow. False after the error
 * reply. */
bool helpers_numkeys(const struct call *call, int i, enum err too_many, int *out);
/* The most repeated elements that the RANDMEMBER commands answer at once. */
#define HELPERS_RANDOM_MOST 100000000
/* By a setting whose values are no (0), yes (1) and local (2): only from this machine. */
bool helpers_is_allowed(const struct call *call, long long mode);
/* The number of argument i, an option's value or one of them. False after "ERR NAME must be between
 * least and most". */
bool helpers_number(const struct call *call, int i, const char *name, long long least,
                    long long most, long long *out);
/* Whether the user may put the value under `key`: a stream with bindings or dead-letter keys hands
 * what is added to it later on to other keys, so that takes the right to read `key`. False after
 * the error reply. O(groups). */
bool helpers_allows_key(const struct call *call, const struct entry *e, struct bytes key);
/* helpers_allows_key() for the entry's own key, and whether the user may write to the keys that are
 * named inside a value, the dead-letter keys and destinations of a stream, and receive what
 * channels it captures: whoever brings the value to life makes the server write there, and hear
 * that. False after the error reply. */
bool helpers_allows_value(const struct call *call, const struct entry *e);
/* The error for a request with too many or too few arguments. */
void helpers_wrong_arity(const struct call *call, const struct command *command);
/* The error for a subcommand whose arguments do not fit it. */
void helpers_bad_subcommand(struct call *call);
/* A HELP reply: the subcommands of a container. */
void helpers_help(struct call *call, const struct command *container);

#endif
