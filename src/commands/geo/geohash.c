/* GEOHASH: positions as the usual string of 11 characters. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/geo/geo_args.h"

static void do_geohash(struct call *call)
{
    const struct zset *z;
    struct geo_point p;
    char text[11];
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (geo_args_position(z, call->argv[i], &p)) {
            geo_print(p, text);
            reply_bulk(call->reply, bytes_of(text, 11));
        } else {
            reply_null(call->reply);
        }
    }
}

const struct command geohash_command = {
    .name = "geohash",
    .usage = "key:key member:string...",
    .summary = "Returns the geohashes of members.",
    .since = "3.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_GEO,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geohash,
};
