/* What the reference shows of a command in use: the files of docs/examples, which utils/examples.py
 * puts into the binary, so that it can print them wherever it is. */
#ifndef SERVER_EXAMPLES_H
#define SERVER_EXAMPLES_H

#include "base/bytes.h"

/* The example of a command by its full name ("xgroup|create"): a dialogue as redis-cli shows it,
 * with a line end behind each line; without bytes when there is none. Static. */
struct bytes examples_find(const char *full_name);

#endif
