#include "acl/check.h"

#include "base/glob.h"
#include "command/keys.h"

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

/* Returns the index of the first channel that may not be used; 0: none. */
static int denied_channel(const struct selector *s, const struct command *c,
                          const struct bytes *argv, int argc)
{
    int end = c->channels == COMMAND_NO_CHANNELS   ? 0
              : c->channels == COMMAND_ONE_CHANNEL ? 2
                                                   : argc;
    bool patterns = c->channels == COMMAND_ALL_PATTERNS || c->channels == COMMAND_PATTERNS_FROM_3;
    for (int i = c->channels == COMMAND_PATTERNS_FROM_3 ? 3 : 1; i < end; i++)
        if (!may_receive(s, argv[i], patterns))
            return i;
    return 0;
}

/* A request to be checked. */
struct request_of {
    const struct registry *registry;
    const struct command *command;
    const struct bytes *argv;
    int argc;
    struct keys keys;
};

static enum check_result check_selector(const struct selector *s, const struct request_of *q,
                                        int *which)
{
    const struct command *c = q->command;
    *which = 0;
    if (!may_run(s, q->registry, c, q->argv, q->argc))
        return CHECK_COMMAND;
    for (int i = 0; i < q->keys.n; i++) {
        const struct key_at *k = &q->keys.at[i];
        if (!may_access(s, q->argv[k->index], k->flags)) {
            *which = k->index;
            return CHECK_KEY;
        }
    }
    *which = denied_channel(s, c, q->argv, q->argc);
    if (*which)
        return CHECK_CHANNEL;
    return CHECK_OK;
}

/* If all selectors refuse, reports the reason of the one that got furthest in the order command,
 * key, channel, which is the most useful. */
static enum check_result check_user(const struct user *u, const struct request_of *q, int *which)
{
    enum check_result why = CHECK_COMMAND;
    *which = 0;
    for (size_t i = 0; i < u->selector_n; i++) {
        int at;
        enum check_result one = check_selector(&u->selectors[i], q, &at);
        if (one == CHECK_OK)
            return one;
        if (one > why || (one == why && at > *which)) {
            why = one;
            *which = at;
        }
    }
    return why;
}

/* Whether all keys may be read, or those that match the pattern, if any (pattern.p not NULL). */
static bool reads_all_keys(const struct selector *s, struct bytes pattern)
{
    for (size_t i = 0; i < s->key_n; i++) {
        struct bytes rule = str_bytes(s->keys[i].text);
        if ((s->keys[i].access & ACL_READ) &&
            (bytes_equal(rule, BYTES("*")) || (pattern.p && bytes_equal(rule, pattern))))
            return true;
    }
    return s->all_keys;
}

/* Whether some selector allows the request and reading all keys that it may access. */
static bool may_read_all(const struct user *u, const struct request_of *q)
{
    int which;
    struct bytes pattern = q->keys.pattern_at ? q->argv[q->keys.pattern_at] : (struct bytes){0};
    for (size_t i = 0; i < u->selector_n; i++)
        if (reads_all_keys(&u->selectors[i], pattern) &&
            check_selector(&u->selectors[i], q, &which) == CHECK_OK)
            return true;
    return false;
}

enum check_result check_request(const struct user *u, const struct registry *r,
                                const struct command *c, const struct bytes *argv, int argc,
                                int *which)
{
    struct request_of q = {.registry = r, .command = c, .argv = argv, .argc = argc};
    keys_find(&q.keys, c, argv, argc);
    enum check_result why = check_user(u, &q, which);
    keys_free(&q.keys);
    return why;
}

enum check_result check_all(const struct user *u, const struct registry *r, const struct command *c,
                            const struct bytes *argv, int argc, int *which, const char **pattern)
{
    struct request_of q = {.registry = r, .command = c, .argv = argv, .argc = argc};
    keys_find(&q.keys, c, argv, argc);
    enum check_result why = check_user(u, &q, which);
    *pattern = q.keys.pattern;
    if (why == CHECK_OK && q.keys.pattern && !may_read_all(u, &q))
        why = CHECK_PATTERN;
    keys_free(&q.keys);
    return why;
}

bool check_reads_all(const struct user *u, const struct registry *r, const struct command *c,
                     const struct bytes *argv, int argc)
{
    struct request_of q = {.registry = r, .command = c, .argv = argv, .argc = argc};
    keys_find(&q.keys, c, argv, argc);
    bool may = may_read_all(u, &q);
    keys_free(&q.keys);
    return may;
}

bool check_key(const struct user *u, struct bytes key, unsigned flags)
{
    for (size_t i = 0; i < u->selector_n; i++)
        if (may_access(&u->selectors[i], key, flags))
            return true;
    return false;
}

bool check_key_of(const struct user *u, const struct registry *r, const struct command *c,
                  struct bytes key, unsigned flags)
{
    for (size_t i = 0; i < u->selector_n; i++)
        if (may_run(&u->selectors[i], r, c, NULL, 0) && may_access(&u->selectors[i], key, flags))
            return true;
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
    static const char *const words[] = {"ok", "command", "key", "channel", "auth", "key"};
    return words[why];
}

/* Names may contain any bytes, including NUL. */
static void add_access(struct buf *out, const struct user *u, struct bytes what, const char *kind)
{
    buf_add_text(out, "User ");
    buf_add(out, str_bytes(u->name));
    buf_add_text(out, " has no permissions to access the '");
    buf_add(out, what);
    buf_printf(out, "' %s", kind);
}

void check_explain(struct buf *out, enum check_result why, const struct user *u,
                   const struct command *c, struct bytes what, bool verbose)
{
    if (why == CHECK_COMMAND)
        buf_printf(out, "User %.*s has no permissions to run the '%s' command", (int)u->name->n,
                   u->name->p, command_full_name(c));
    else if (verbose && (why == CHECK_KEY || why == CHECK_CHANNEL))
        add_access(out, u, what, check_reason(why));
    else if (why == CHECK_KEY || why == CHECK_CHANNEL)
        buf_printf(out, "No permissions to access a %s", check_reason(why));
}
