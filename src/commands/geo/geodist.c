/* GEODIST: the distance of two members, null if one of them does not exist. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/geo/geo_args.h"

static void do_geodist(struct call *call)
{
    const struct zset *z;
    struct geo_point a, b;
    double metres = 1;
    if (call->argc > 5) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if ((call->argc == 5 && !geo_args_unit(call, call->argv[4], &metres)) ||
        !zset_args_read(call, call->argv[1], &z))
        return;
    if (geo_args_position(z, call->argv[2], &a) && geo_args_position(z, call->argv[3], &b))
        geo_args_reply_distance(call->reply, geo_distance(a, b) / metres);
    else
        reply_null(call->reply);
}

const struct command geodist_command = {
    .name = "geodist",
    .usage = "key:key member1:string member2:string [<M | KM | FT | MI>]",
    .summary = "Returns the distance between two members.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_GEO,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geodist,
};
