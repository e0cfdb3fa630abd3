/* The arguments of XREAD and XREADGROUP. */
#ifndef COMMANDS_STREAM_XREAD_ARGS_H
#define COMMANDS_STREAM_XREAD_ARGS_H

#include "command/keys.h"
#include "engine/call.h"

struct xread_args {
    bool group;   /* XREADGROUP */
    bool grouped; /* GROUP was given */
    struct bytes group_name, consumer;
    long long count, max_count, max_size; /* 0: no limit */
    int64_t block_ms;                     /* -1: does not block; 0: for ever */
    bool noack;
    int64_t claim_idle_ms; /* -1: does not claim */
    struct bytes match;    /* the pattern that replaces keys; p NULL: not given */
    int match_at;          /* its index in argv */
    int keys_at, n;        /* keys_at .. +n: keys, then n IDs */
};

/* False after the error reply. */
bool xread_args_parse(struct call *call, bool group, struct xread_args *x);
/* The keys of a request, even if its options are wrong. */
void xread_args_find_keys(struct keys *to, const struct bytes *argv, int argc);

#endif
