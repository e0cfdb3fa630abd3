/* XREDRIVE: returns dead letters to where they died, or moves them to another stream. */
#include "commands/index.h"

#include "acl/check.h"
#include "base/mem.h"
#include "broker/broker_redrive.h"
#include "command/keys.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"

#define COUNT_MOST 100000
#define IDS_MOST   1000
#define LOOKS      10 /* entries examined for each one moved */

enum option { TO, IDS, START, COUNT, MATCH, DELAY, OPTIONS };

static const struct option_word {
    const char *word;
    int arguments; /* number required; for IDS only the count */
} words[OPTIONS] = {[TO] = {"TO", 1},       [IDS] = {"IDS", 1},     [START] = {"START", 1},
                    [COUNT] = {"COUNT", 1}, [MATCH] = {"MATCH", 2}, [DELAY] = {"DELAY", 1}};

struct xredrive {
    unsigned given; /* bits 1 << enum option */
    struct broker_redrive how;
    int first, n; /* arguments that are IDs */
    struct stream_id from;
    long long count;
};

/* Parses the option at argument *i, which moves to its first argument; *n: how many it has.
 * OPTIONS: unknown, or incomplete. Shared by the command and the lookup of its keys. */
static enum option next_option(const struct bytes *argv, int argc, int *i, int *n)
{
    for (int o = 0; o < OPTIONS; o++) {
        long long ids = 0;
        if (!bytes_is(argv[*i], words[o].word))
            continue;
        *n = words[o].arguments;
        if (o == IDS && *i + 1 < argc && num_parse_int(argv[*i + 1], &ids) && ids > 0 &&
            ids <= IDS_MOST)
            *n += (int)ids;
        if (argc - *i - 1 < *n)
            return OPTIONS;
        ++*i;
        return (enum option)o;
    }
    return OPTIONS;
}

static void find_keys(struct keys *to, const struct bytes *argv, int argc)
{
    keys_add(to, 1, KEY_RW | KEY_ACCESS | KEY_DELETE);
    for (int i = 2, n; i < argc; i += n) {
        enum option o = next_option(argv, argc, &i, &n);
        if (o == OPTIONS)
            break; /* the handler refuses */
        if (o == TO)
            keys_add(to, i, KEY_RW | KEY_INSERT);
    }
}

static bool parse_value(const struct call *call, enum option o, int i, struct xredrive *x)
{
    long long v;
    switch (o) {
    case TO:
        x->how.to = call->argv[i];
        return true;
    case IDS:
        if (!helpers_number(call, i, "IDS", 1, IDS_MOST, &v))
            return false;
        x->first = i + 1;
        x->n = (int)v;
        return true;
    case START:
        return stream_args_bound(call, call->argv[i], true, &x->from);
    case COUNT:
        return helpers_number(call, i, "COUNT", 1, COUNT_MOST, &x->count);
    case MATCH:
        x->how.field = call->argv[i];
        x->how.value = call->argv[i + 1];
        return true;
    default:
        if (!helpers_number(call, i, "DELAY", 0, STREAM_ARGS_DELAY_MOST, &v))
            return false;
        x->how.delay_ms = v;
        return true;
    }
}

static bool parse(const struct call *call, struct xredrive *x)
{
    *x = (struct xredrive){.count = 1000, .from = STREAM_ID_MIN};
    for (int i = 2, n; i < call->argc; i += n) {
        enum option o = next_option(call->argv, call->argc, &i, &n);
        if (o == OPTIONS) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
        if (x->given >> o & 1) {
            reply_errorf(call->reply, "ERR %s specified multiple times", words[o].word);
            return false;
        }
        x->given |= 1u << o;
        if (!parse_value(call, o, i, x))
            return false;
    }
    if ((x->given >> IDS & 1) && (x->given & (1u << START | 1u << COUNT | 1u << MATCH))) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    return true;
}

static bool may_write(const struct call *call, struct bytes key)
{
    const struct client *c = call->client;
    return (c->flags & (CLIENT_REPLAY | CLIENT_ACT)) ||
           check_key(c->user, key, KEY_RW | KEY_INSERT | KEY_UPDATE);
}

/* Returns up to `most` IDs from *from on, freed by the caller, and moves *from past them; *more is
 * false at the end of the stream. */
static struct stream_id *look(const struct stream *s, struct stream_id *from, size_t most,
                              size_t *n, bool *more)
{
    struct stream_id *ids = NULL;
    struct stream_cursor c;
    *n = 0;
    *more = stream_log_seek(&s->log, *from, &c);
    if (*more)
        ids = mem_alloc(most * sizeof(*ids));
    while (*more && *n < most) {
        ids[(*n)++] = stream_log_id(&c);
        *more = stream_log_next(&c);
    }
    if (*more)
        *from = stream_log_id(&c);
    stream_log_end(&c);
    return ids;
}

#define BATCH 1000

/* Moves up to COUNT entries, examining ten times as many at most, so that a call ends even if none
 * match. Returns the START for the next call; 0-0: the end was reached. */
static struct stream_id move_range(const struct broker_group *at, struct xredrive *x,
                                   struct buf *moved)
{
    long long looks = x->count * LOOKS, left = x->count;
    struct stream_id last = at->stream->last_id;
    bool more = true, passed = false;
    while (more && !passed && looks > 0 && left > 0) {
        size_t n, i = 0;
        struct stream_id *ids =
            look(at->stream, &x->from, looks < BATCH ? (size_t)looks : BATCH, &n, &more);
        for (; i < n && left > 0 && stream_id_compare(ids[i], last) <= 0; i++)
            if (broker_redrive_move(at, &x->how, ids[i])) {
                buf_add(moved, bytes_of(&ids[i], sizeof(ids[i])));
                left--;
            }
        if (i < n) {
            x->from = ids[i];
            more = true;
            passed = stream_id_compare(ids[i], last) > 0; /* a binding copied it back to this
                                                             stream */
        }
        looks -= (long long)n;
        mem_free(ids);
    }
    return more ? x->from : STREAM_ID_MIN;
}

static void reply(const struct call *call, size_t moved, struct stream_id next)
{
    reply_array(call->reply, 2);
    reply_int(call->reply, (long long)moved);
    stream_args_reply_id(call, next);
}

static void do_xredrive(struct call *call)
{
    struct xredrive x;
    struct stream *s;
    struct stream_id *ids = NULL, next = STREAM_ID_MIN;
    if (!parse(call, &x) || (x.n && !(ids = stream_args_ids(call, x.first, x.n))))
        return;
    x.how.may_write = may_write;
    call_no_effect(call);
    bool good = stream_args_write(call, call->argv[1], &s);
    if (!good || !s) {
        if (good)
            reply(call, 0, next);
        mem_free(ids);
        return;
    }
    struct broker_group at = broker_act_in(call, call->argv[1], s, NULL);
    struct buf moved = {0};
    for (int i = 0; i < x.n; i++)
        if (broker_redrive_move(&at, &x.how, ids[i]))
            buf_add(&moved, bytes_of(&ids[i], sizeof(ids[i])));
    if (!x.n)
        next = move_range(&at, &x, &moved);
    size_t n = moved.n / sizeof(next);
    broker_redrive_end(&at, (const void *)moved.p, n);
    reply(call, n, next);
    buf_free(&moved);
    mem_free(ids);
}

const struct command xredrive_command = {
    .name = "xredrive",
    .usage = "key:key [TO destination:key] [<IDS numids:int id:string... | [START start:string] "
             "[COUNT count:int] [MATCH field:string value:string]>] [DELAY milliseconds:int]",
    .summary = "Moves dead letters back to their original stream, or to another one.",
    .since = "0.2.0",
    .complexity = "O(N) with N the entries looked at",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_NEWER | COMMAND_MOVABLEKEYS,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_BEHIND("TO", 2, 0, 1, 0, KEY_RW | KEY_INSERT | KEY_INCOMPLETE)},
    .find_keys = find_keys,
    .handler = do_xredrive,
};
