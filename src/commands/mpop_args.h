/* Arguments of LMPOP, ZMPOP and their blocking forms: "numkeys key... <one end | the other> [COUNT
 * n]". */
#ifndef COMMANDS_MPOP_ARGS_H
#define COMMANDS_MPOP_ARGS_H

#include "engine/call.h"

struct mpop_args {
    const struct bytes *keys;
    int key_count;
    bool second; /* the second of the two words was given */
    long long count;
    int64_t deadline_ms; /* of the blocking forms, with the timeout as argument 1; 0: none */
};

/* numkeys at argument `at`. False after the error reply. */
bool mpop_args_parse(struct call *call, int at, bool blocks, const char *first, const char *second,
                     struct mpop_args *out);

#endif
