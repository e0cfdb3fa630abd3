/* Examples of commands for the reference: the files of docs/examples, which utils/examples.py
 * compiles into the binary. */
#ifndef SERVER_EXAMPLES_H
#define SERVER_EXAMPLES_H

#include "base/bytes.h"

/* The example of a command by its full name ("xgroup|create"): a dialogue of lines as redis-cli
 * shows it; empty if there is none. Static. */
struct bytes examples_find(const char *full_name);

#endif
