/* Options come in any order before STREAMS, which as many IDs as keys follow. They are parsed by
 * the command, and by rights and tracking, which look up the keys of a request that may be wrong
 * otherwise. Both must find the same STREAMS, or a user's rights could be bypassed, so both use
 * next_option(). */
#include "commands/stream/xread_args.h"

#include "base/num.h"
#include "commands/timeout_arg.h"

enum option { BLOCK, COUNT, MAXCOUNT, MAXSIZE, STREAMS, GROUP, NOACK, CLAIM, MATCH, UNKNOWN };

static const struct option_word {
    const char *word;
    int arguments;   /* number required */
    bool group_only; /* only for XREADGROUP */
} options[] = {
    [BLOCK] = {"block", 1, false},       [COUNT] = {"count", 1, false},
    [MAXCOUNT] = {"maxcount", 1, false}, [MAXSIZE] = {"maxsize", 1, false},
    [STREAMS] = {"streams", 1, false},   [GROUP] = {"group", 2, true},
    [NOACK] = {"noack", 0, true},        [CLAIM] = {"claim", 1, true},
    [MATCH] = {"match", 1, true},
};

/* Parses the option at argument *i, which moves to its last argument. */
static enum option next_option(const struct bytes *argv, int argc, int *i)
{
    for (int o = BLOCK; o < UNKNOWN; o++)
        if (bytes_is(argv[*i], options[o].word) && argc - *i - 1 >= options[o].arguments) {
            *i += o == STREAMS ? 0 : options[o].arguments;
            return (enum option)o;
        }
    return UNKNOWN;
}

static bool positive(struct call *call, int i, const char *name, long long *out)
{
    if (num_parse_int(call->argv[i], out) && *out > 0)
        return true;
    reply_errorf(call->reply, "ERR %s must be a positive integer", name);
    return false;
}

static bool parse_block(struct call *call, int i, struct xread_args *x)
{
    if (call->client->flags & CLIENT_SCRIPT) {
        reply_errorf(call->reply, "ERR %s command is not allowed with BLOCK option from scripts",
                     call->command->name);
        return false;
    }
    return timeout_arg_parse_ms(call, i, &x->block_ms);
}

static bool parse_claim(struct call *call, int i, struct xread_args *x)
{
    long long ms;
    if (!num_parse_int(call->argv[i], &ms)) {
        call_error(call, ERR_MIN_IDLE_INT);
        return false;
    }
    if (ms < 0) {
        reply_errorf(call->reply, "ERR min-idle-time must be a positive integer");
        return false;
    }
    x->claim_idle_ms = ms;
    return true;
}

static bool parse_streams(struct call *call, int i, struct xread_args *x)
{
    int left = call->argc - i - 1;
    x->keys_at = i + 1;
    x->n = left / 2;
    if (left % 2 == 0)
        return true;
    reply_errorf(call->reply,
                 "ERR Unbalanced '%s' list of streams: for each stream key an ID or '%c' must be "
                 "specified.",
                 call->command->name, x->group ? '>' : '$');
    return false;
}

/* Stores option o, whose last argument is i. */
static bool parse_option(struct call *call, enum option o, int i, struct xread_args *x)
{
    if (o != UNKNOWN && options[o].group_only && !x->group) {
        static const char *const names[] = {
            [GROUP] = "GROUP", [NOACK] = "NOACK", [CLAIM] = "CLAIM", [MATCH] = "MATCH"};
        reply_errorf(call->reply,
                     "ERR The %s option is only supported by XREADGROUP. You called XREAD instead.",
                     names[o]);
        return false;
    }
    switch (o) {
    case BLOCK:
        return parse_block(call, i, x);
    case COUNT:
        if (!call_int(call, i, &x->count))
            return false;
        x->count = x->count < 0 ? 0 : x->count;
        return true;
    case MAXCOUNT:
        return positive(call, i, "MAXCOUNT", &x->max_count);
    case MAXSIZE:
        return positive(call, i, "MAXSIZE", &x->max_size);
    case STREAMS:
        return parse_streams(call, i, x);
    case GROUP:
        x->group_name = call->argv[i - 1];
        x->consumer = call->argv[i];
        x->grouped = true;
        return true;
    case NOACK:
        x->noack = true;
        return true;
    case CLAIM:
        return parse_claim(call, i, x);
    case MATCH:
        x->match = call->argv[i];
        x->match_at = i;
        return true;
    default:
        call_error(call, ERR_SYNTAX);
        return false;
    }
}

bool xread_args_parse(struct call *call, bool group, struct xread_args *x)
{
    *x = (struct xread_args){.group = group, .block_ms = -1, .claim_idle_ms = -1};
    for (int i = 1; i < call->argc && !x->keys_at; i++) {
        enum option o = next_option(call->argv, call->argc, &i);
        if (!parse_option(call, o, i, x))
            return false;
    }
    if (!x->keys_at == !x->match.p) { /* exactly one of both */
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (x->group && !x->grouped) {
        reply_errorf(call->reply, "ERR Missing GROUP option for XREADGROUP");
        return false;
    }
    if (x->match.p && x->count <= 0) {
        reply_errorf(call->reply, "ERR MATCH needs a COUNT that is positive");
        return false;
    }
    if (x->max_count && x->count && x->max_count < x->count) {
        reply_errorf(call->reply, "ERR MAXCOUNT must be greater than or equal to COUNT");
        return false;
    }
    return true;
}

void xread_args_find_keys(struct keys *to, const struct bytes *argv, int argc)
{
    int i = 1, match = 0;
    for (; i < argc; i++) {
        enum option o = next_option(argv, argc, &i);
        if (o == STREAMS)
            break;
        match = o == MATCH ? i : match;
    }
    int n = (argc - i - 1) / 2;
    if (match && i == argc) {
        to->pattern = "MATCH";
        to->pattern_at = match;
        return;
    }
    to->misfit = n <= 0;
    for (int k = 0; k < n; k++)
        keys_add(to, i + 1 + k, KEY_RO | KEY_ACCESS);
}
