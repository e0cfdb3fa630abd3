/* Examples of commands for the reference, and their differences from Redis: the files of
 * docs/examples and the rows of redis-compat/differences.md, which utils/examples.py compiles into
 * the binary. */
#ifndef SERVER_EXAMPLES_H
#define SERVER_EXAMPLES_H

#include "base/bytes.h"

/* The example of a command by its full name ("xgroup|create"): a dialogue of lines as redis-cli
 * shows it; empty if there is none. Static. */
struct bytes examples_find(const char *full_name);

/* The types of the replies to the example in RESP3, and those in RESP2; empty if they are the same.
 * Static. */
struct bytes examples_reply(const char *full_name);

/* The i-th difference from Redis of the command: a row of a Markdown table (what, Redis, Millrace,
 * why) with its line end; empty if there are no more. Static. */
struct bytes examples_difference(const char *full_name, size_t i);

#endif
