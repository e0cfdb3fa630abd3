#include "commands/stream/xcron_args.h"

#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "type/stream/stream_context.h"
#include "type/stream/stream_schedule_words.h"

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
    refuse(call, "it has no occurrence within 10 years");
}

/* ---- SET */

#define FIRST_OPTION 4

enum option { CRON, EVERY, TZ, START, CATCHUP, UNTIL, LIMIT, OPTIONS };

static const struct {
    const char *name;
    long long least, most; /* bounds of a number */
} options[OPTIONS] = {
    [CRON] = {"CRON", 0, 0},
    [EVERY] = {"EVERY", STREAM_SCHEDULE_EVERY_LEAST, STREAM_SCHEDULE_EVERY_MOST},
    [TZ] = {"TZ", 0, 0},
    [START] = {"START", 0, STREAM_SCHEDULE_MOMENT_MOST},
    [CATCHUP] = {"CATCHUP", 0, 0},
    [UNTIL] = {"UNTIL", 1, STREAM_SCHEDULE_MOMENT_MOST},
    [LIMIT] = {"LIMIT", 1, STREAM_SCHEDULE_LIMIT_MOST},
};

static bool is_given(const struct xcron_args *x, enum option o)
{
    return x->given >> o & 1;
}

static bool fail(const struct call *call)
{
    reply_error(call->reply, ERR_SYNTAX);
    return false;
}

/* The value of an option, argument i. False after the error reply. */
static bool parse_value(const struct call *call, enum option o, int i, struct xcron_args *x)
{
    struct stream_schedule_rules *r = &x->rules;
    long long v = 0;
    if (options[o].most &&
        !helpers_number(call, i, options[o].name, options[o].least, options[o].most, &v))
        return false;
    switch (o) {
    case CRON:
        r->cron = call->argv[i];
        return xcron_args_expression(call, i, &r->fields);
    case TZ:
        r->zone = call->argv[i];
        return xcron_args_zone(call, i, &r->in);
    case CATCHUP:
        return stream_schedule_words_read_catchup(call->argv[i], &r->catchup) || fail(call);
    case EVERY:
        r->every_ms = v;
        return true;
    case START:
        r->start_ms = v;
        return true;
    case UNTIL:
        r->until_ms = v;
        return true;
    default:
        r->limit = v;
        return true;
    }
}

static bool parse_option(const struct call *call, int i, struct xcron_args *x)
{
    unsigned o = 0;
    while (o < OPTIONS && !bytes_is(call->argv[i], options[o].name))
        o++;
    if (o == OPTIONS || i + 1 >= call->argc)
        return fail(call);
    if (is_given(x, (enum option)o)) {
        reply_errorf(call->reply, "ERR %s specified multiple times", options[o].name);
        return false;
    }
    x->given |= 1u << o;
    return parse_value(call, (enum option)o, i + 1, x);
}

bool xcron_args_parse(const struct call *call, struct xcron_args *x)
{
    *x = (struct xcron_args){.rules = {.limit = -1, .catchup = STREAM_CATCHUP_ONE}};
    int i = FIRST_OPTION;
    for (; i < call->argc && !bytes_is(call->argv[i], "fields"); i += 2)
        if (!parse_option(call, i, x))
            return false;
    int pairs = call->argc - i - 1;
    if (is_given(x, CRON) == is_given(x, EVERY) || (is_given(x, TZ) && is_given(x, EVERY)) ||
        pairs < 2 || pairs % 2)
        return fail(call);
    if (!stream_args_fits(call, i + 1))
        return false;
    if (is_given(x, CRON) && !is_given(x, TZ)) {
        x->rules.zone = BYTES("UTC");
        x->rules.in = zone_utc();
    }
    x->rules.pairs = call->argv + i + 1;
    x->rules.pairs_n = (size_t)pairs;
    return true;
}

void xcron_args_begin(struct xcron_args *x, int64_t now_ms)
{
    struct stream_schedule_rules *r = &x->rules;
    int64_t start = is_given(x, START) ? r->start_ms : now_ms;
    if (!r->every_ms)
        r->start_ms = start > now_ms ? start : now_ms + 1;
    else if (start > now_ms) /* START itself is the first moment */
        r->start_ms = start - r->every_ms;
    else
        r->start_ms = start + (now_ms - start) / r->every_ms * r->every_ms;
}

bool xcron_args_is_explicit(const struct xcron_args *x)
{
    return is_given(x, START) || is_given(x, LIMIT);
}
