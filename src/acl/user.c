#include "acl/user.h"

#include "base/digest.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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
        selector_drop(&u->selectors[i]);
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
            why = selector_apply(&s, r, bytes_of(text.p + i, n), &known);
        i += n + 1;
    }
    if (why) {
        selector_drop(&s);
        return why;
    }
    u->selectors = mem_realloc(u->selectors, (u->selector_n + 1) * sizeof(*u->selectors));
    u->selectors[u->selector_n++] = s;
    return NULL;
}

static void clear_selectors(struct user *u)
{
    while (u->selector_n > 1)
        selector_drop(&u->selectors[--u->selector_n]);
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
        return selector_apply(&u->selectors[0], r, rule, &known);
    }
    return NULL;
}

/* Applies a selector that begins at rules[*i] and may span several words. */
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
        c->selectors[i] = selector_copy(&u->selectors[i]);
    return c;
}
