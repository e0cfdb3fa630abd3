#include "commands/scan_args.h"

#include "base/glob.h"
#include "base/num.h"

/* Steps without a match before the reply is an empty page. */
#define EMPTY_STEPS 1000

/* Like strtoull(), on which clients rely: an empty text is 0, leading zeros are ignored, a minus
 * sign wraps. */
static bool parse_cursor(struct bytes text, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = text.n && (text.p[0] == '-' || text.p[0] == '+');
    if (i == text.n && i)
        return false;
    for (size_t k = i; k < text.n; k++) {
        unsigned digit = (unsigned)text.p[k] - '0';
        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *out = i && text.p[0] == '-' ? 0 - v : v;
    return true;
}

bool scan_args_cursor(struct call *call, int i, struct scan_args *s)
{
    *s = (struct scan_args){.call = call, .count = 10, .all = true};
    if (parse_cursor(call->argv[i], &s->cursor))
        return true;
    call_error(call, ERR_INVALID_CURSOR);
    return false;
}

bool scan_args_options(struct call *call, int i, unsigned known, struct scan_args *s)
{
    for (; i < call->argc; i++) {
        bool more = i + 1 < call->argc;
        struct bytes word = call->argv[i];
        if (more && bytes_is(word, "count")) {
            if (!call_int(call, ++i, &s->count))
                return false;
            if (s->count < 1) {
                call_error(call, ERR_SYNTAX);
                return false;
            }
        } else if (more && bytes_is(word, "match")) {
            s->pattern = call->argv[++i];
            s->all = bytes_is(s->pattern, "*");
        } else if (more && (known & SCAN_ARGS_TYPE) && bytes_is(word, "type")) {
            s->type = call->argv[++i];
        } else if ((known & SCAN_ARGS_NOVALUES) && bytes_is(word, "novalues")) {
            s->no_values = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

bool scan_args_matches(const struct scan_args *s, struct bytes x)
{
    return s->all || glob_match(s->pattern, x);
}

/* The cursor precedes the elements but is known after them: these are collected aside. */
static void begin(struct scan_args *s)
{
    struct reply *r = s->call->reply;
    s->out = r->out;
    s->aside = chain_beside(r->out);
    r->out = &s->aside;
}

static void end(struct scan_args *s)
{
    struct reply *r = s->call->reply;
    char text[NUM_INT_MAX];
    r->out = s->out;
    reply_array(r, 2);
    reply_bulk(r, bytes_of(text, num_print_uint(text, s->cursor)));
    reply_array(r, s->n);
    chain_move(r->out, &s->aside);
}

void scan_args_walk(struct scan_args *s, const void *collection, scan_args_step *step)
{
    size_t wanted = (size_t)s->count, steps = 0;
    size_t most = wanted < SIZE_MAX / 10 ? wanted * 10 : SIZE_MAX;
    begin(s);
    do
        s->cursor = step(collection, s);
    while (s->cursor && s->found < wanted &&
           (++steps < most || (s->found == 0 && steps < EMPTY_STEPS)));
    end(s);
}

void scan_args_nothing(struct call *call)
{
    reply_array(call->reply, 2);
    reply_bulk_text(call->reply, "0");
    reply_array(call->reply, 0);
}
