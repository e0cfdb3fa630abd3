#include "acl/user.h"

#include "acl/foreign.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/mem.h"
#include "command/categories.h"

#include <ctype.h>
#include <stdio.h>

#define UNKNOWN "Unknown command or category name in ACL"
#define SYNTAX  "Syntax error"

/* ---- Selectors */

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

static void drop_selector(struct selector *s)
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
    ASSERT(i < USER_COMMAND_WORDS * 64 - 1);
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

/* Writes the rule down; what it makes meaningless goes. word: without its sign, lower case. */
static void note_rule(struct selector *s, struct bytes word, bool allow)
{
    struct buf kept = {0};
    for (size_t i = 0; i < s->rules.n;) {
        size_t n = 1; /* a rule begins with its blank */
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
static const char *part_rule(struct selector *s, const struct registry *r, const struct command *c,
                             struct bytes word, struct bytes sub, bool allow)
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
        return part_rule(s, r, c, word, bytes_of(bar + 1, n - name.n - 1), allow);
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
    if (bytes_equal(text, BYTES("*"))) {
        drop_channels(s);
        s->all_channels = true;
        return NULL;
    }
    for (size_t i = 0; i < s->channel_n; i++)
        if (bytes_equal(str_bytes(s->channels[i]), text))
            return NULL;
    s->channels = mem_realloc(s->channels, (s->channel_n + 1) * sizeof(*s->channels));
    s->channels[s->channel_n++] = str_new(text);
    return NULL;
}

/* A rule that concerns a selector; *known false: it does not. */
static const char *selector_rule(struct selector *s, const struct registry *r, struct bytes rule,
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

/* ---- Users */

struct user *user_new(struct bytes name, bool channels)
{
    struct user *u = mem_zalloc(sizeof(*u));
    u->name = str_new(name);
    u->selectors = mem_zalloc(sizeof(*u->selectors));
    u->selector_n = 1;
    u->selectors[0].all_channels = channels;
    return u;
}

static void drop_all(struct user *u)
{
    for (size_t i = 0; i < u->selector_n; i++)
        drop_selector(&u->selectors[i]);
    mem_free(u->selectors);
    mem_free(u->hashes);
    u->selectors = NULL;
    u->hashes = NULL;
    u->selector_n = u->hash_n = 0;
}

void user_free(struct user *u)
{
    if (!u)
        return;
    drop_all(u);
    str_unref(u->name);
    mem_free(u);
}

void user_replace(struct user *dst, struct user *src)
{
    drop_all(dst);
    str_unref(src->name);
    struct str *name = dst->name;
    *dst = *src;
    dst->name = name;
    mem_free(src);
}

static size_t find_hash(const struct user *u, const char hash[64])
{
    size_t i = 0;
    while (i < u->hash_n && memcmp(u->hashes[i], hash, 64) != 0)
        i++;
    return i;
}

static void add_hash(struct user *u, const char hash[64])
{
    if (find_hash(u, hash) == u->hash_n) {
        u->hashes = mem_realloc(u->hashes, (u->hash_n + 1) * sizeof(*u->hashes));
        memcpy(u->hashes[u->hash_n++], hash, 64);
    }
    u->no_password = false;
}

static const char *password_rule(struct user *u, struct bytes rule)
{
    char hash[DIGEST_SHA256_HEX];
    char what = *rule.p;
    struct bytes text = bytes_of(rule.p + 1, rule.n - 1);
    if (what == '>' || what == '<') {
        digest_sha256_hex(text, hash);
    } else {
        bool good = text.n == 64;
        for (size_t i = 0; i < text.n && good; i++)
            good = isdigit((unsigned char)text.p[i]) || (text.p[i] >= 'a' && text.p[i] <= 'f');
        if (!good)
            return "The password hash must be exactly 64 characters and contain only "
                   "lowercase hexadecimal characters";
        memcpy(hash, text.p, 64);
    }
    if (what == '>' || what == '#') {
        add_hash(u, hash);
        return NULL;
    }
    size_t i = find_hash(u, hash);
    if (i == u->hash_n)
        return "The password you are trying to remove from the user does not exist";
    memmove(u->hashes[i], u->hashes[i + 1], (u->hash_n - i - 1) * sizeof(*u->hashes));
    u->hash_n--;
    return NULL;
}

static const char *new_selector(struct user *u, const struct registry *r, struct bytes text,
                                bool channels)
{
    struct selector s = {.all_channels = channels};
    const char *why = NULL;
    for (size_t i = 0; i < text.n && !why;) {
        size_t n = 0;
        bool known;
        while (i + n < text.n && text.p[i + n] != ' ')
            n++;
        if (n)
            why = selector_rule(&s, r, bytes_of(text.p + i, n), &known);
        i += n + 1;
    }
    if (why) {
        drop_selector(&s);
        return why;
    }
    u->selectors = mem_realloc(u->selectors, (u->selector_n + 1) * sizeof(*u->selectors));
    u->selectors[u->selector_n++] = s;
    return NULL;
}

static void clear_selectors(struct user *u)
{
    while (u->selector_n > 1)
        drop_selector(&u->selectors[--u->selector_n]);
}

const char *user_apply(struct user *u, const struct registry *r, struct bytes rule, bool channels)
{
    if (rule.n == 0)
        return NULL;
    if (bytes_is(rule, "on")) {
        u->on = true;
    } else if (bytes_is(rule, "off")) {
        u->on = false;
    } else if (bytes_is(rule, "nopass")) {
        u->no_password = true;
        u->hash_n = 0;
    } else if (bytes_is(rule, "resetpass")) {
        u->no_password = false;
        u->hash_n = 0;
    } else if (bytes_is(rule, "skip-sanitize-payload")) {
        u->skip_sanitize = true;
    } else if (bytes_is(rule, "sanitize-payload")) {
        u->skip_sanitize = false;
    } else if (bytes_is(rule, "clearselectors")) {
        clear_selectors(u);
    } else if (bytes_is(rule, "reset")) {
        struct user *fresh = user_new(str_bytes(u->name), channels);
        user_replace(u, fresh);
    } else if (strchr("><#!", *rule.p)) {
        return password_rule(u, rule);
    } else if (*rule.p == '(' && rule.p[rule.n - 1] == ')') {
        return new_selector(u, r, bytes_of(rule.p + 1, rule.n - 2), channels);
    } else {
        bool known;
        return selector_rule(&u->selectors[0], r, rule, &known);
    }
    return NULL;
}

/* A selector that begins with rules[*i]: over as many of them as it takes. */
static const char *selector_over(struct user *u, const struct registry *r,
                                 const struct bytes *rules, int n, int *i, bool channels,
                                 struct buf *bad)
{
    static char unmatched[160];
    struct bytes first = rules[*i];
    buf_add(bad, first);
    while (bad->p[bad->n - 1] != ')' && *i + 1 < n) {
        buf_add_char(bad, ' ');
        buf_add(bad, rules[++*i]);
    }
    if (bad->p[bad->n - 1] == ')')
        return user_apply(u, r, buf_bytes(bad), channels);
    bad->n = 0;
    snprintf(unmatched, sizeof(unmatched),
             "Unmatched parenthesis in acl selector starting at '%.*s'.",
             (int)(first.n < 64 ? first.n : 64), first.p);
    return unmatched;
}

const char *user_apply_all(struct user *u, const struct registry *r, const struct bytes *rules,
                           int n, bool channels, struct buf *bad)
{
    const char *why = NULL;
    for (int i = 0; i < n && !why; i++) {
        bad->n = 0;
        if (rules[i].n && *rules[i].p == '(') {
            why = selector_over(u, r, rules, n, &i, channels, bad);
        } else {
            buf_add(bad, rules[i]);
            why = user_apply(u, r, rules[i], channels);
        }
    }
    if (!why)
        bad->n = 0;
    return why;
}

bool user_is_unlimited(const struct user *u)
{
    const struct selector *s = &u->selectors[0];
    return s->all_commands && s->all_keys && s->all_channels;
}

bool user_password_is(const struct user *u, struct bytes password)
{
    if (u->no_password)
        return true;
    char hash[DIGEST_SHA256_HEX];
    bool same = false;
    digest_sha256_hex(password, hash);
    for (size_t i = 0; i < u->hash_n; i++)
        same |= digest_same(hash, u->hashes[i], sizeof(hash));
    return same;
}

/* ---- In words */

void user_describe_commands(const struct selector *s, struct buf *out)
{
    /* No command has the last bit: it keeps whether the rules begin with all or nothing. */
    bool all = s->commands[USER_COMMAND_WORDS - 1] >> 63;
    buf_add_text(out, all ? "+@all" : "-@all");
    buf_add(out, buf_bytes(&s->rules));
}

void user_describe_keys(const struct selector *s, struct buf *out)
{
    /* "%RW~*" says all there is to say: what stands beside it could not be read back. */
    bool all = s->all_keys;
    for (size_t i = 0; i < s->key_n; i++)
        all |= s->keys[i].access == (ACL_READ | ACL_WRITE) &&
               bytes_equal(str_bytes(s->keys[i].text), BYTES("*"));
    if (all)
        buf_add_text(out, "~*");
    for (size_t i = 0; i < s->key_n && !all; i++) {
        const struct acl_pattern *k = &s->keys[i];
        if (i)
            buf_add_char(out, ' ');
        buf_add_text(out, k->access == ACL_READ ? "%R~" : k->access == ACL_WRITE ? "%W~" : "~");
        buf_add(out, str_bytes(k->text));
    }
}

void user_describe_channels(const struct selector *s, struct buf *out)
{
    if (s->all_channels)
        buf_add_text(out, "&*");
    for (size_t i = 0; i < s->channel_n; i++) {
        buf_add_text(out, i ? " &" : "&");
        buf_add(out, str_bytes(s->channels[i]));
    }
}

static void describe_selector(const struct selector *s, struct buf *out)
{
    if (s->all_keys || s->key_n) {
        user_describe_keys(s, out);
        buf_add_char(out, ' ');
    }
    if (s->all_channels) {
        buf_add_text(out, "&* ");
    } else {
        buf_add_text(out, "resetchannels ");
        if (s->channel_n) {
            user_describe_channels(s, out);
            buf_add_char(out, ' ');
        }
    }
    user_describe_commands(s, out);
}

void user_rules(const struct user *u, void (*each)(void *context, struct bytes rule), void *context)
{
    struct buf b = {0};
    each(context, u->on ? BYTES("on") : BYTES("off"));
    if (u->no_password)
        each(context, BYTES("nopass"));
    each(context, u->skip_sanitize ? BYTES("skip-sanitize-payload") : BYTES("sanitize-payload"));
    for (size_t i = 0; i < u->hash_n; i++) {
        b.n = 0;
        buf_add_char(&b, '#');
        buf_add(&b, bytes_of(u->hashes[i], 64));
        each(context, buf_bytes(&b));
    }
    b.n = 0;
    describe_selector(&u->selectors[0], &b);
    for (size_t i = 0, n; i < b.n; i += n + 1) {
        for (n = 0; i + n < b.n && b.p[i + n] != ' ';)
            n++;
        each(context, bytes_of(b.p + i, n));
    }
    for (size_t i = 1; i < u->selector_n; i++) {
        b.n = 0;
        buf_add_char(&b, '(');
        describe_selector(&u->selectors[i], &b);
        buf_add_char(&b, ')');
        each(context, buf_bytes(&b));
    }
    buf_free(&b);
}

static void add_rule(void *context, struct bytes rule)
{
    struct buf *out = context;
    if (out->n && out->p[out->n - 1] != ' ')
        buf_add_char(out, ' ');
    buf_add(out, rule);
}

void user_describe(const struct user *u, struct buf *out)
{
    user_rules(u, add_rule, out);
}

static void add_rule_with_length(void *context, struct bytes rule)
{
    struct buf *out = context;
    buf_printf(out, "%zu:", rule.n);
    buf_add(out, rule);
}

bool user_equal(const struct user *a, const struct user *b)
{
    struct buf x = {0}, y = {0};
    user_rules(a, add_rule_with_length, &x);
    user_rules(b, add_rule_with_length, &y);
    bool equal = bytes_equal(buf_bytes(&x), buf_bytes(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}

static struct selector copy_selector(const struct selector *s)
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

struct user *user_copy(const struct user *u)
{
    struct user *c = mem_alloc(sizeof(*c));
    *c = *u;
    c->name = str_ref(u->name);
    c->hashes = mem_alloc((u->hash_n + 1) * sizeof(*c->hashes));
    if (u->hash_n)
        memcpy(c->hashes, u->hashes, u->hash_n * sizeof(*c->hashes));
    c->selectors = mem_alloc(u->selector_n * sizeof(*c->selectors));
    for (size_t i = 0; i < u->selector_n; i++)
        c->selectors[i] = copy_selector(&u->selectors[i]);
    return c;
}
