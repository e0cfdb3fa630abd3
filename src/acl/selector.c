/* One selector and the rules that change it.
 *
 * Commands are a bitmap by registry_number(): a rule "+x" or "-@x" sets or clears bits, so a check
 * costs one bit test. What the bitmap cannot express is stored separately:
 *
 *   first_args    "+select|0": the command only with this first argument. They mean something only
 *                 while the command's bit is clear; setting or clearing the bit drops them.
 *   rules         the text of the rules since the last "all" or "none", for ACL LIST. A rule
 *                 replaces an earlier one about the same command or category, and "+config"
 *                 replaces those about "config|...".
 *   all_commands  nothing has been taken away since "+@all": also commands without a bit may run.
 *
 * The last bit of the bitmap belongs to no command: it tells whether `rules` begin with all or
 * none.
 *
 * Keys and channels are lists of patterns; all_keys and all_channels represent "*", which empties
 * the list and makes further patterns errors until a reset.
 *
 * A rule is checked before it is applied: a refused rule changes nothing. Rules that name commands
 * or categories of other servers (acl/foreign.h) are only added to `rules`. */
#include "acl/selector.h"

#include "acl/foreign.h"
#include "base/assert.h"
#include "base/mem.h"
#include "command/categories.h"

#include <ctype.h>
#include <string.h>

#define UNKNOWN "Unknown command or category name in ACL"
#define SYNTAX  "Syntax error"

static void drop_keys(struct selector *s)
{
    for (size_t i = 0; i < s->key_n; i++)
        str_unref(s->keys[i].text);
    mem_free(s->keys);
    s->keys = NULL;
    s->key_n = 0;
    s->all_keys = false;
}

static void drop_channels(struct selector *s)
{
    for (size_t i = 0; i < s->channel_n; i++)
        str_unref(s->channels[i]);
    mem_free(s->channels);
    s->channels = NULL;
    s->channel_n = 0;
    s->all_channels = false;
}

static void drop_first_args(struct selector *s, unsigned command, bool all)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->first_arg_n; i++) {
        if (all || s->first_args[i].command == command)
            str_unref(s->first_args[i].text);
        else
            s->first_args[kept++] = s->first_args[i];
    }
    s->first_arg_n = kept;
}

void selector_drop(struct selector *s)
{
    drop_keys(s);
    drop_channels(s);
    drop_first_args(s, 0, true);
    mem_free(s->first_args);
    buf_free(&s->rules);
}

static void all_commands(struct selector *s, bool allow)
{
    memset(s->commands, allow ? 0xff : 0, sizeof(s->commands));
    s->all_commands = allow;
    drop_first_args(s, 0, true);
    s->rules.n = 0;
}

static void set_bit(struct selector *s, const struct registry *r, const struct command *c,
                    bool allow)
{
    unsigned i = registry_number(r, c);
    ASSERT(i < SELECTOR_WORDS * 64 - 1);
    if (allow) {
        s->commands[i / 64] |= (uint64_t)1 << i % 64;
    } else {
        s->commands[i / 64] &= ~((uint64_t)1 << i % 64);
        s->all_commands = false;
    }
    drop_first_args(s, i, false);
}

static void set_command(struct selector *s, const struct registry *r, const struct command *c,
                        bool allow)
{
    set_bit(s, r, c, allow);
    for (const struct command *const *sub = c->subcommands; sub && *sub; sub++)
        set_bit(s, r, *sub, allow);
}

static bool set_category(struct selector *s, const struct registry *r, struct bytes name,
                         bool allow)
{
    bool known = false;
    for (const char *const *k = categories_all(); *k && !known; k++)
        known = bytes_is(name, *k);
    if (!known)
        return false;
    char lower[32];
    for (size_t i = 0; i < name.n; i++)
        lower[i] = (char)tolower((unsigned char)name.p[i]);
    name.p = lower;
    for (const struct command *const *c = registry_all(r); *c; c++) {
        if (categories_has(*c, name))
            set_bit(s, r, *c, allow);
        for (const struct command *const *sub = (*c)->subcommands; sub && *sub; sub++)
            if (categories_has(*sub, name))
                set_bit(s, r, *sub, allow);
    }
    return true;
}

/* Appends the rule to s->rules and removes those that it replaces. word: without sign, in lower
 * case. */
static void note_rule(struct selector *s, struct bytes word, bool allow)
{
    struct buf kept = {0};
    for (size_t i = 0; i < s->rules.n;) {
        size_t n = 1; /* each rule begins with a blank */
        while (i + n < s->rules.n && s->rules.p[i + n] != ' ')
            n++;
        struct bytes old = bytes_of(s->rules.p + i + 2, n - 2);
        bool under = old.n > word.n && old.p[word.n] == '|' && memcmp(old.p, word.p, word.n) == 0;
        if (!bytes_equal(old, word) && !under)
            buf_add(&kept, bytes_of(s->rules.p + i, n));
        i += n;
    }
    buf_add_char(&kept, ' ');
    buf_add_char(&kept, allow ? '+' : '-');
    buf_add(&kept, word);
    buf_free(&s->rules);
    s->rules = kept;
}

static void add_first_arg(struct selector *s, unsigned command, struct bytes text)
{
    for (size_t i = 0; i < s->first_arg_n; i++)
        if (s->first_args[i].command == command &&
            bytes_equal_nocase(str_bytes(s->first_args[i].text), text))
            return;
    s->first_args = mem_realloc(s->first_args, (s->first_arg_n + 1) * sizeof(*s->first_args));
    s->first_args[s->first_arg_n++] = (struct acl_first_arg){command, str_new(text)};
}

static bool has_blank(struct bytes x)
{
    for (size_t i = 0; i < x.n; i++)
        if (isspace((unsigned char)x.p[i]) || x.p[i] == 0)
            return true;
    return false;
}

/* "+name|sub" of a command of ours. word: "name|sub" in lower case. */
static const char *subcommand_rule(struct selector *s, const struct registry *r,
                                   const struct command *c, struct bytes word, struct bytes sub,
                                   bool allow)
{
    const char *bar = sub.n ? memchr(sub.p, '|', sub.n) : NULL;
    if (sub.n == 0)
        return allow ? SYNTAX : UNKNOWN;
    if (c->subcommands) {
        const struct command *x = bar ? NULL : registry_subcommand(c, sub);
        if (bar)
            return allow ? "Allowing first-arg of a subcommand is not supported" : UNKNOWN;
        if (!x && !foreign_command(word))
            return UNKNOWN;
        if (x)
            set_bit(s, r, x, allow);
        note_rule(s, word, allow);
        return NULL;
    }
    if (!allow || bar)
        return UNKNOWN;
    unsigned number = registry_number(r, c);
    if (!(s->commands[number / 64] >> number % 64 & 1))
        add_first_arg(s, number, sub);
    note_rule(s, word, allow);
    return NULL;
}

/* "+x" and "-x". */
static const char *command_rule(struct selector *s, const struct registry *r, struct bytes rule)
{
    bool allow = *rule.p == '+';
    char lower[128];
    if (rule.n < 2 || rule.n > sizeof(lower))
        return UNKNOWN;
    if (has_blank(rule))
        return SYNTAX;
    size_t n = rule.n - 1;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)tolower((unsigned char)rule.p[1 + i]);
    struct bytes word = bytes_of(lower, n);
    if (bytes_is(word, "@all")) {
        all_commands(s, allow);
        return NULL;
    }
    if (*lower == '@') {
        struct bytes name = bytes_of(lower + 1, n - 1);
        if (!set_category(s, r, name, allow) && !foreign_category(name))
            return UNKNOWN;
        note_rule(s, word, allow);
        return NULL;
    }
    const char *bar = memchr(lower, '|', n);
    struct bytes name = bar ? bytes_of(lower, (size_t)(bar - lower)) : word;
    const struct command *c = registry_find_original(r, name);
    if (!c && !foreign_command(bar ? word : name))
        return UNKNOWN;
    if (c && bar)
        return subcommand_rule(s, r, c, word, bytes_of(bar + 1, n - name.n - 1), allow);
    if (c)
        set_command(s, r, c, allow);
    note_rule(s, word, allow);
    return NULL;
}

/* "~x" and "%RW~x". */
static const char *key_rule(struct selector *s, struct bytes rule)
{
    unsigned access = 0;
    size_t i = 0;
    if (*rule.p == '%') {
        for (i = 1; i < rule.n && rule.p[i] != '~'; i++) {
            char c = (char)toupper((unsigned char)rule.p[i]);
            unsigned bit = c == 'R' ? ACL_READ : c == 'W' ? ACL_WRITE : 0;
            if (!bit || (access & bit))
                return SYNTAX;
            access |= bit;
        }
        if (i >= rule.n || !access)
            return SYNTAX;
    } else {
        access = ACL_READ | ACL_WRITE;
    }
    struct bytes text = bytes_of(rule.p + i + 1, rule.n - i - 1);
    if (s->all_keys)
        return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
               "not have any effect. Try 'resetkeys' to start with an empty list of patterns";
    if (has_blank(text))
        return SYNTAX;
    for (size_t k = 0; k < s->key_n; k++)
        if (bytes_equal(str_bytes(s->keys[k].text), text)) {
            s->keys[k].access |= access;
            return NULL;
        }
    s->keys = mem_realloc(s->keys, (s->key_n + 1) * sizeof(*s->keys));
    s->keys[s->key_n++] = (struct acl_pattern){str_new(text), access};
    return NULL;
}

static const char *channel_rule(struct selector *s, struct bytes text)
{
    if (s->all_channels)
        return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
               "does not have any effect. Try 'resetchannels' to start with an empty list of "
               "channels";
    if (has_blank(text))
        return SYNTAX;
    for (size_t i = 0; i < s->channel_n; i++)
        if (bytes_equal(str_bytes(s->channels[i]), text))
            return NULL;
    s->channels = mem_realloc(s->channels, (s->channel_n + 1) * sizeof(*s->channels));
    s->channels[s->channel_n++] = str_new(text);
    return NULL;
}

const char *selector_apply(struct selector *s, const struct registry *r, struct bytes rule,
                           bool *known)
{
    *known = true;
    if (bytes_is(rule, "allkeys") || bytes_equal(rule, BYTES("~*"))) {
        drop_keys(s);
        s->all_keys = true;
        return NULL;
    }
    if (bytes_is(rule, "resetkeys")) {
        drop_keys(s);
        return NULL;
    }
    if (bytes_is(rule, "allchannels") || bytes_equal(rule, BYTES("&*"))) {
        drop_channels(s);
        s->all_channels = true;
        return NULL;
    }
    if (bytes_is(rule, "resetchannels")) {
        drop_channels(s);
        return NULL;
    }
    if (bytes_is(rule, "allcommands")) {
        all_commands(s, true);
        return NULL;
    }
    if (bytes_is(rule, "nocommands")) {
        all_commands(s, false);
        return NULL;
    }
    if (rule.n && (*rule.p == '~' || *rule.p == '%'))
        return key_rule(s, rule);
    if (rule.n && *rule.p == '&')
        return channel_rule(s, bytes_of(rule.p + 1, rule.n - 1));
    if (rule.n && (*rule.p == '+' || *rule.p == '-'))
        return command_rule(s, r, rule);
    *known = false;
    return SYNTAX;
}

struct selector selector_copy(const struct selector *s)
{
    struct selector c = *s;
    c.keys = mem_alloc((s->key_n + 1) * sizeof(*c.keys));
    for (size_t i = 0; i < s->key_n; i++)
        c.keys[i] = (struct acl_pattern){str_ref(s->keys[i].text), s->keys[i].access};
    c.channels = mem_alloc((s->channel_n + 1) * sizeof(*c.channels));
    for (size_t i = 0; i < s->channel_n; i++)
        c.channels[i] = str_ref(s->channels[i]);
    c.first_args = mem_alloc((s->first_arg_n + 1) * sizeof(*c.first_args));
    for (size_t i = 0; i < s->first_arg_n; i++)
        c.first_args[i] =
            (struct acl_first_arg){s->first_args[i].command, str_ref(s->first_args[i].text)};
    c.rules = (struct buf){0};
    buf_add(&c.rules, buf_bytes(&s->rules));
    return c;
}
