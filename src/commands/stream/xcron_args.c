#include "commands/stream/xcron_args.h"

#include "type/stream/stream_context.h"

static void refuse(const struct call *call, const char *why)
{
    reply_errorf(call->reply, "ERR invalid cron expression: %s", why);
}

bool xcron_args_expression(const struct call *call, int i, struct cron_fields *out)
{
    char why[CRON_WHY_MOST];
    bool good = cron_parse(call->argv[i], out, why);
    if (!good)
        refuse(call, why);
    return good;
}

bool xcron_args_zone(const struct call *call, int i, const struct zone **out)
{
    struct bytes name = call->argv[i];
    *out = zone_find(call->store->streams->zones, name);
    if (!*out)
        reply_errorf(call->reply, "ERR unknown time zone '%.*s'",
                     (int)(name.n < ZONE_NAME_MOST ? name.n : ZONE_NAME_MOST), name.p);
    return *out;
}

void xcron_args_never(const struct call *call)
{
    refuse(call, "it is not true within 10 years");
}
