/* XPOLICY SET key group [MKSTREAM] [JOBS] [option value ...]. Options come in any order, each once;
 * some have several values: RETRY as many as its kind says, LIST all up to the next word that is an
 * option.
 *
 * These arguments are parsed by the command, and by the rights check, which looks for the
 * dead-letter key in requests that may be wrong otherwise. Both must find the same key, so both use
 * next_option(). */
#include "commands/stream/xpolicy_args.h"

#include "base/num.h"
#include "commands/helpers.h"

#define FIRST_OPTION 4

enum form { NUMBER, WORD, RETRY, KEY, RATE, ORDER };

static const struct option {
    const char *name;
    enum form form;
    long long least, most;
    const char *words[2]; /* of WORD: values 0 and 1 */
} options[XPOLICY_OPTIONS] = {
    [XPOLICY_LEASE] = {"LEASE", NUMBER, 0, STREAM_POLICY_LEASE_MOST, {0}},
    [XPOLICY_RETRY] = {"RETRY", RETRY, 0, STREAM_POLICY_BACKOFF_MOST, {0}},
    [XPOLICY_JITTER] = {"JITTER", NUMBER, 0, 100, {0}},
    [XPOLICY_MAXDELIVER] = {"MAXDELIVER", NUMBER, 0, STREAM_POLICY_DELIVER_MOST, {0}},
    [XPOLICY_DEADLETTER] = {"DEADLETTER", KEY, 0, 0, {0}},
    [XPOLICY_ONACK] = {"ONACK", WORD, 0, 0, {"keep", "delete"}},
    [XPOLICY_PREFETCH] = {"PREFETCH", NUMBER, 0, STREAM_POLICY_PREFETCH_MOST, {0}},
    [XPOLICY_MAXPENDING] = {"MAXPENDING", NUMBER, 0, STREAM_POLICY_PENDING_MOST, {0}},
    [XPOLICY_RATE] = {"RATE", RATE, 0, STREAM_POLICY_RATE_MOST, {0}},
    [XPOLICY_ORDERBY] = {"ORDERBY", ORDER, 0, 0, {"hold", "skip"}},
    [XPOLICY_SINGLE] = {"SINGLE", NUMBER, 0, STREAM_POLICY_SINGLE_MOST, {0}},
    [XPOLICY_ONDISCONNECT] = {"ONDISCONNECT", WORD, 0, 0, {"keep", "release"}},
    [XPOLICY_CONSUMERTTL] = {"CONSUMERTTL", NUMBER, 0, STREAM_POLICY_TTL_MOST, {0}},
    [XPOLICY_GROUPTTL] = {"GROUPTTL", NUMBER, 0, STREAM_POLICY_TTL_MOST, {0}},
    [XPOLICY_PAUSE] = {"PAUSE", WORD, 0, 0, {"off", "on"}},
};

static int find_option(struct bytes word)
{
    for (int o = 0; o < XPOLICY_OPTIONS; o++)
        if (bytes_is(word, options[o].name))
            return o;
    return -1;
}

/* The number of values from at to the next option. */
static int until_option(const struct bytes *argv, int argc, int at)
{
    int n = 0;
    while (at + n < argc && find_option(argv[at + n]) < 0)
        n++;
    return n;
}

/* How many values the option at argument i has: those it requires, and those it allows that are
 * there. More than there are: some are missing. */
static int values_of(const struct option *o, const struct bytes *argv, int argc, int i)
{
    int left = argc - i - 1;
    switch (o->form) {
    case RATE:
        return 2;
    case ORDER:
        return left >= 2 && (bytes_is(argv[i + 2], "hold") || bytes_is(argv[i + 2], "skip")) ? 2
                                                                                             : 1;
    case RETRY:
        if (left < 1)
            return 1;
        if (bytes_is(argv[i + 1], "fixed"))
            return 2;
        if (bytes_is(argv[i + 1], "exp"))
            return left > 3 && find_option(argv[i + 4]) < 0 ? 4 : 3;
        if (bytes_is(argv[i + 1], "list")) {
            int n = until_option(argv, argc, i + 2);
            return n ? n + 1 : 2;
        }
        return 1;
    default:
        return 1;
    }
}

/* Parses the option at argument *i, which moves to its first value; *n: the number of values. -1:
 * unknown option, or a value is missing. */
static int next_option(const struct bytes *argv, int argc, int *i, int *n)
{
    int o = find_option(argv[*i]);
    if (o < 0)
        return -1;
    *n = values_of(&options[o], argv, argc, *i);
    if (*n > argc - *i - 1)
        return -1;
    ++*i;
    return o;
}

static bool out_of_range(const struct call *call, const char *name, long long least, long long most)
{
    reply_errorf(call->reply, "ERR %s must be between %lld and %lld", name, least, most);
    return false;
}

static bool parse_word(const struct call *call, int i, const struct option *o, long long *out)
{
    for (int w = 0; w < 2; w++)
        if (bytes_is(call->argv[i], o->words[w])) {
            *out = w;
            return true;
        }
    call_error(call, ERR_SYNTAX);
    return false;
}

static bool parse_factor(const struct call *call, int i, double *out)
{
    if (num_parse_double(call->argv[i], out) && *out >= 1 && *out <= STREAM_POLICY_FACTOR_MOST)
        return true;
    return out_of_range(call, "RETRY", 1, STREAM_POLICY_FACTOR_MOST);
}

/* Parses the kind at argument i and its n - 1 values. */
static bool parse_retry(const struct call *call, int i, int n, struct xpolicy_args *x)
{
    struct bytes kind = call->argv[i];
    x->factor = 2;
    if (bytes_is(kind, "none") || bytes_is(kind, "fixed")) {
        x->retry = bytes_is(kind, "none") ? STREAM_RETRY_NONE : STREAM_RETRY_FIXED;
    } else if (bytes_is(kind, "exp")) {
        x->retry = STREAM_RETRY_EXP;
        if (n == 4 && !parse_factor(call, i + 3, &x->factor))
            return false;
        n = 3;
    } else if (bytes_is(kind, "list")) {
        x->retry = STREAM_RETRY_LIST;
        if (n - 1 > STREAM_POLICY_BACKOFFS_MOST)
            return out_of_range(call, "RETRY LIST", 1, STREAM_POLICY_BACKOFFS_MOST);
    } else {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    x->retry_n = (unsigned)n - 1;
    for (int k = 1; k < n; k++) {
        long long ms;
        if (!helpers_number(call, i + k, "RETRY", 0, STREAM_POLICY_BACKOFF_MOST, &ms))
            return false;
        x->retry_ms[k - 1] = ms;
    }
    return true;
}

static bool parse_rate(const struct call *call, int i, const struct option *o,
                       struct xpolicy_args *x)
{
    long long *n = &x->numbers[XPOLICY_RATE], ms;
    if (!helpers_number(call, i, o->name, o->least, o->most, n) ||
        !helpers_number(call, i + 1, o->name, *n ? 1 : 0, STREAM_POLICY_RATE_MS_MOST, &ms))
        return false;
    x->rate_ms = ms;
    return true;
}

static bool parse_value(const struct call *call, enum xpolicy_option which, int i, int n,
                        struct xpolicy_args *x)
{
    const struct option *o = &options[which];
    long long *to = &x->numbers[which];
    switch (o->form) {
    case NUMBER:
        return helpers_number(call, i, o->name, o->least, o->most, to);
    case WORD:
        return parse_word(call, i, o, to);
    case RETRY:
        return parse_retry(call, i, n, x);
    case KEY:
        x->dead_letter = call->argv[i];
        return true;
    case RATE:
        return parse_rate(call, i, o, x);
    case ORDER:
        x->order_by = call->argv[i];
        *to = n == 2 && bytes_is(call->argv[i + 1], "skip");
        return true;
    default:
        return false;
    }
}

static bool parse_option(const struct call *call, int *i, struct xpolicy_args *x)
{
    int n, which = next_option(call->argv, call->argc, i, &n);
    if (which < 0) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (x->given >> which & 1) {
        reply_errorf(call->reply, "ERR %s specified multiple times", options[which].name);
        return false;
    }
    x->given |= 1u << which;
    if (!parse_value(call, (enum xpolicy_option)which, *i, n, x))
        return false;
    *i += n;
    return true;
}

/* MKSTREAM and JOBS, which come first. */
static int skip_words(const struct bytes *argv, int argc, bool *make, bool *jobs)
{
    int i = FIRST_OPTION;
    *make = *jobs = false;
    for (; i < argc; i++) {
        if (!*make && bytes_is(argv[i], "mkstream"))
            *make = true;
        else if (!*jobs && bytes_is(argv[i], "jobs"))
            *jobs = true;
        else
            break;
    }
    return i;
}

bool xpolicy_args_parse(const struct call *call, struct xpolicy_args *x)
{
    *x = (struct xpolicy_args){0};
    int i = skip_words(call->argv, call->argc, &x->make, &x->jobs);
    while (i < call->argc)
        if (!parse_option(call, &i, x))
            return false;
    return true;
}

void xpolicy_args_apply(const struct xpolicy_args *x, struct stream_policy *p)
{
    const struct {
        enum xpolicy_option option;
        int64_t *to;
    } numbers[] = {{XPOLICY_LEASE, &p->lease_ms},       {XPOLICY_MAXDELIVER, &p->max_deliver},
                   {XPOLICY_PREFETCH, &p->prefetch},    {XPOLICY_MAXPENDING, &p->max_pending},
                   {XPOLICY_SINGLE, &p->single_ms},     {XPOLICY_CONSUMERTTL, &p->consumer_ttl_ms},
                   {XPOLICY_GROUPTTL, &p->group_ttl_ms}};
    const struct {
        enum xpolicy_option option;
        bool *to;
    } words[] = {{XPOLICY_ONACK, &p->delete_acked},
                 {XPOLICY_ONDISCONNECT, &p->release_on_close},
                 {XPOLICY_PAUSE, &p->paused}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (x->given >> numbers[i].option & 1)
            *numbers[i].to = x->numbers[numbers[i].option];
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (x->given >> words[i].option & 1)
            *words[i].to = x->numbers[words[i].option];
    if (x->given >> XPOLICY_RETRY & 1)
        stream_policy_set_retry(p, x->retry, x->retry_ms, x->retry_n, x->factor);
    if (x->given >> XPOLICY_JITTER & 1)
        p->jitter = (unsigned)x->numbers[XPOLICY_JITTER];
    if (x->given >> XPOLICY_DEADLETTER & 1)
        stream_policy_set_dead_letter(p, x->dead_letter);
    if (x->given >> XPOLICY_RATE & 1)
        stream_policy_set_rate(p, x->numbers[XPOLICY_RATE], x->rate_ms);
    if (x->given >> XPOLICY_ORDERBY & 1)
        stream_policy_set_order(p, x->order_by, x->numbers[XPOLICY_ORDERBY]);
}

void xpolicy_args_find_keys(struct keys *to, const struct bytes *argv, int argc)
{
    bool make, jobs;
    keys_add(to, 2, KEY_RW | KEY_ACCESS | KEY_UPDATE);
    for (int i = skip_words(argv, argc, &make, &jobs), n; i < argc; i += n) {
        int o = next_option(argv, argc, &i, &n);
        if (o < 0)
            break; /* the handler refuses */
        if (o == XPOLICY_DEADLETTER && argv[i].n)
            keys_add(to, i, KEY_RW | KEY_INSERT);
    }
}
