/* GEOPOS: the centre of a member's cell, which differs slightly from GEOADD's argument. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/geo/geo_args.h"

static void do_geopos(struct call *call)
{
    const struct zset *z;
    struct geo_point p;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (geo_args_position(z, call->argv[i], &p))
            geo_args_reply_point(call->reply, p);
        else
            reply_null_array(call->reply);
    }
}

const struct command geopos_command = {
    .name = "geopos",
    .usage = "key:key member:string...",
    .summary = "Returns the coordinates of members.",
    .since = "3.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_GEO,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geopos,
};
