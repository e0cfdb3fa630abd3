#include "acl/check.h"

#include "base/glob.h"
#include "base/mem.h"
#include "command/keys.h"

#define SOME 64

static bool may_run(const struct selector *s, const struct registry *r, const struct command *c,
                    const struct bytes *argv, int argc)
{
    if (s->all_commands || (c->flags & COMMAND_NO_AUTH))
        return true;
    unsigned i = registry_number(r, c);
    if (s->commands[i / 64] >> i % 64 & 1)
        return true;
    for (size_t k = 0; argc > 1 && k < s->first_arg_n; k++)
        if (s->first_args[k].command == i &&
            bytes_equal_nocase(str_bytes(s->first_args[k].text), argv[1]))
            return true;
    return false;
}

static bool may_access(const struct selector *s, struct bytes key, unsigned flags)
{
    if (s->all_keys)
        return true;
    unsigned access = (flags & KEY_ACCESS ? ACL_READ : 0) |
                      (flags & (KEY_INSERT | KEY_DELETE | KEY_UPDATE) ? ACL_WRITE : 0);
    for (size_t i = 0; i < s->key_n; i++)
        if ((s->keys[i].access & access) == access && glob_match(str_bytes(s->keys[i].text), key))
            return true;
    return false;
}

static bool may_receive(const struct selector *s, struct bytes channel, bool pattern)
{
    if (s->all_channels)
        return true;
    for (size_t i = 0; i < s->channel_n; i++) {
        struct bytes allowed = str_bytes(s->channels[i]);
        if (pattern ? bytes_equal(allowed, channel) : glob_match(allowed, channel))
            return true;
    }
    return false;
}

/* Which arguments are channels: from *first, *n of them. */
static bool channels_of(const struct command *c, int argc, int *first, int *n, bool *pattern)
{
    struct bytes name = bytes_text(c->name);
    *first = 1;
    *pattern = bytes_is(name, "psubscribe");
    if (bytes_is(name, "publish") || bytes_is(name, "spublish"))
        *n = 1;
    else if (*pattern || bytes_is(name, "subscribe") || bytes_is(name, "ssubscribe"))
        *n = argc - 1;
    else
        return false;
    return true;
}

static enum check_result check_selector(const struct selector *s, const struct registry *r,
                                        const struct command *c, const struct bytes *argv, int argc,
                                        const struct key_at *keys, int key_n, int *which)
{
    if (!may_run(s, r, c, argv, argc))
        return CHECK_COMMAND;
    for (int i = 0; i < key_n; i++)
        if (!may_access(s, argv[keys[i].index], keys[i].flags)) {
            *which = keys[i].index;
            return CHECK_KEY;
        }
    int first, n;
    bool pattern;
    if (c->group == GROUP_PUBSUB && !s->all_channels && channels_of(c, argc, &first, &n, &pattern))
        for (int i = first; i < first + n; i++)
            if (!may_receive(s, argv[i], pattern)) {
                *which = i;
                return CHECK_CHANNEL;
            }
    return CHECK_OK;
}

enum check_result check_request(const struct user *u, const struct registry *r,
                                const struct command *c, const struct bytes *argv, int argc,
                                int *which)
{
    struct key_at some[SOME], *keys = some;
    int n = keys_find(c, argv, argc, keys, SOME);
    if (n > SOME) {
        keys = mem_alloc((size_t)n * sizeof(*keys));
        n = keys_find(c, argv, argc, keys, n);
    }
    enum check_result why = CHECK_COMMAND;
    *which = 0;
    /* The reason that is told is that of the selector that came furthest. */
    int furthest = -1;
    for (size_t i = 0; i < u->selector_n; i++) {
        int at = 0;
        enum check_result one =
            check_selector(&u->selectors[i], r, c, argv, argc, keys, n < 0 ? 0 : n, &at);
        if (one == CHECK_OK) {
            why = one;
            break;
        }
        if ((int)one > furthest) {
            furthest = (int)one;
            why = one;
            *which = at;
        }
    }
    if (keys != some)
        mem_free(keys);
    return why;
}

bool check_reads_all_keys(const struct user *u, const struct registry *r, const struct command *c)
{
    for (size_t i = 0; i < u->selector_n; i++) {
        const struct selector *s = &u->selectors[i];
        if (!may_run(s, r, c, NULL, 0))
            continue;
        if (s->all_keys)
            return true;
        for (size_t k = 0; k < s->key_n; k++)
            if ((s->keys[k].access & ACL_READ) &&
                bytes_equal(str_bytes(s->keys[k].text), BYTES("*")))
                return true;
    }
    return false;
}

bool check_channel(const struct user *u, struct bytes channel, bool pattern)
{
    for (size_t i = 0; i < u->selector_n; i++)
        if (may_receive(&u->selectors[i], channel, pattern))
            return true;
    return false;
}

const char *check_reason(enum check_result why)
{
    static const char *const words[] = {"ok", "command", "key", "channel", "auth"};
    return words[why];
}

void check_explain(struct buf *out, enum check_result why, const struct user *u,
                   const struct command *c, struct bytes what, bool verbose)
{
    switch (why) {
    case CHECK_COMMAND:
        buf_printf(out, "User %.*s has no permissions to run the '%s' command", (int)u->name->n,
                   u->name->p, command_full_name(c));
        break;
    case CHECK_KEY:
        if (verbose)
            buf_printf(out, "User %.*s has no permissions to access the '%.*s' key",
                       (int)u->name->n, u->name->p, (int)what.n, what.p);
        else
            buf_add_text(out, "No permissions to access a key");
        break;
    case CHECK_CHANNEL:
        if (verbose)
            buf_printf(out, "User %.*s has no permissions to access the '%.*s' channel",
                       (int)u->name->n, u->name->p, (int)what.n, what.p);
        else
            buf_add_text(out, "No permissions to access a channel");
        break;
    default:
        break;
    }
}
