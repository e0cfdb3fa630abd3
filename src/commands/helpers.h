/* Shared by handlers of all families. */
#ifndef COMMANDS_HELPERS_H
#define COMMANDS_HELPERS_H

#include "engine/call.h"

/* Journals `word` followed by the request's arguments from `from` on. */
void helpers_effect_from(struct call *call, struct bytes word, int from);
/* Stores a result under a key, replacing any value; NULL: the result is empty and the key is
 * deleted. event: see db_changed(). Returns false if nothing changed (there was no such key). */
bool helpers_store(const struct call *call, struct bytes key, struct entry *e, unsigned class_,
                   const char *event);
/* After n elements of a collection were removed: notifies, and deletes an empty key. */
void helpers_shrunk(const struct call *call, struct bytes key, bool empty, unsigned class_,
                    const char *event, uint64_t n);
/* The number of keys at argument i: at least 1, and at most the number of arguments after it. False
 * after the error reply. */
bool helpers_numkeys(const struct call *call, int i, enum err too_many, int *out);
/* The most repeated elements in a reply of the RANDMEMBER commands. */
#define HELPERS_RANDOM_MOST 100000000
/* Evaluates a setting with the values no (0), yes (1) and local (2): only from this machine. */
bool helpers_is_allowed(const struct call *call, long long mode);
/* Parses a number at argument i. False after "ERR NAME must be between least and most". */
bool helpers_number(const struct call *call, int i, const char *name, long long least,
                    long long most, long long *out);
/* Whether the user may store the value under `key`: a stream with bindings or dead-letter keys will
 * later pass its messages on to other keys, which needs the right to read `key`. False after the
 * error reply. O(groups). */
bool helpers_allows_key(const struct call *call, const struct entry *e, struct bytes key);
/* helpers_allows_key() for the entry's own key, and whether the user has the right to write to keys
 * named inside the value (dead-letter keys and destinations of a stream), and to the channels it
 * captures: storing the value makes the server write there and subscribe. False after the error
 * reply. */
bool helpers_allows_value(const struct call *call, const struct entry *e);
/* The error reply for too many or too few arguments. */
void helpers_wrong_arity(const struct call *call, const struct command *command);
/* The error reply for a subcommand with unsuitable arguments. */
void helpers_bad_subcommand(struct call *call);
/* HELP: lists the subcommands of a container. */
void helpers_help(struct call *call, const struct command *container);

#endif
