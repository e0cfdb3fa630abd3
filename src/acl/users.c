/* The users of a server by name, and the ACL file.
 *
 * The user "default" always exists: users_new() makes it with all rights and without a password,
 * and users_set_default_password() sets that of `requirepass`. It is never removed.
 *
 * Files are read into a new set of users (which ACL LOAD and CONFIG swap in only after success).
 * Each line defines a different user; its rules are applied by user_apply_all(), those of "default"
 * after a reset. A wrong line does not end the reading: all errors are appended to *error with
 * their lines, and the result is false.
 *
 * Files are written with users sorted by name, and rules quoted where the reader would misread
 * them, so that any users are read back unchanged. */
#include "acl/users.h"

#include "acl/user_describe.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct users *users_new(const struct registry *r, bool all_channels)
{
    static const char *const rules[] = {"on", "nopass", "~*", "&*", "+@all"};
    struct users *u = mem_zalloc(sizeof(*u));
    u->registry = r;
    u->all_channels = all_channels;
    u->default_user = users_add(u, BYTES("default"));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        user_apply(u->default_user, r, bytes_text(rules[i]), all_channels);
    return u;
}

void users_free(struct users *u)
{
    if (!u)
        return;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&u->by_name, &w));)
        user_free(n->value);
    dict_clear(&u->by_name);
    mem_free(u);
}

struct user *users_find(const struct users *u, struct bytes name)
{
    return dict_get(&u->by_name, name);
}

struct user *users_add(struct users *u, struct bytes name)
{
    struct user *x = user_new(name, u->all_channels);
    dict_ensure(&u->by_name, name)->value = x;
    return x;
}

void users_remove(struct users *u, struct user *x)
{
    dict_remove(&u->by_name, str_bytes(x->name));
    user_free(x);
}

static int by_name(const void *a, const void *b)
{
    const struct user *const *x = a, *const *y = b;
    return bytes_compare(str_bytes((*x)->name), str_bytes((*y)->name));
}

struct user **users_sorted(const struct users *u)
{
    struct user **all = mem_alloc((u->by_name.used + 1) * sizeof(struct user *));
    size_t n = 0;
    struct dict_walk w = {0};
    for (struct dict_node *at; (at = dict_next(&u->by_name, &w));)
        all[n++] = at->value;
    qsort(all, n, sizeof(struct user *), by_name);
    all[n] = NULL;
    return all;
}

void users_set_default_password(struct users *u, struct bytes password)
{
    struct buf rule = {0};
    user_apply(u->default_user, u->registry, BYTES("resetpass"), false);
    buf_add_char(&rule, '>');
    buf_add(&rule, password);
    user_apply(u->default_user, u->registry, password.n ? buf_bytes(&rule) : BYTES("nopass"),
               false);
    buf_free(&rule);
}

bool users_name_is_good(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (words_is_blank(name.p[i]))
            return false;
    return true;
}

/* ---- Reading */

struct reading {
    struct users *users;
    const char *path; /* of the ACL file; NULL: lines of the configuration file */
    bool has_default; /* there was a line for the default user */
    struct buf *error;
    bool good;
};

__attribute__((format(printf, 2, 3))) static void fail(struct reading *r, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    buf_add_text(r->error, text);
    r->good = false;
}

/* Reads the next word of an ACL file, as words_next(). */
static int next_word(const char **at, const char *end, char **to, struct bytes *word)
{
    const char *p = *at;
    while (p < end && words_is_blank(*p))
        p++;
    *at = p;
    if (p < end && *p == '"')
        return words_next(at, end, to, word);
    while (p < end && !words_is_blank(*p))
        p++;
    *word = bytes_of(*at, (size_t)(p - *at));
    *at = p;
    return word->n > 0;
}

/* Splits a line into any number of words; the caller frees both. -1: unbalanced quotes. */
static int split(struct bytes line, bool file, struct bytes **words, char **text)
{
    const char *at = line.p, *end = line.p + line.n;
    char *to = *text = mem_alloc(line.n * 2 + 2);
    int n = 0, got;
    *words = mem_alloc((line.n / 2 + 2) * sizeof(**words));
    while ((got = file ? next_word(&at, end, &to, &(*words)[n])
                       : words_next(&at, end, &to, &(*words)[n])) > 0)
        n++;
    return got < 0 ? -1 : n;
}

#define SHOWN(x) (int)((x).n < 256 ? (x).n : 256), (x).p

/* Reads a user. words: name and rules. number: of the line. */
static void read_user(struct reading *r, const struct bytes *words, int n, int number)
{
    struct users *u = r->users;
    struct buf bad = {0};
    bool is_default = bytes_equal(words[0], BYTES("default"));
    struct user *x = users_find(u, words[0]);
    const char *path = r->path ? r->path : "configuration file";
    if (is_default ? r->has_default : x != NULL) {
        fail(r, "WARNING: Duplicate user '%.*s' found on line %d. ", SHOWN(words[0]), number);
        return;
    }
    if (!users_name_is_good(words[0])) {
        fail(r, "%s:%d: " USERS_BAD_NAME ". ", path, number);
        return;
    }
    r->has_default |= is_default;
    if (x)
        user_apply(x, u->registry, BYTES("reset"), u->all_channels);
    else
        x = users_add(u, words[0]);
    const char *why = user_apply_all(x, u->registry, words + 1, n - 1, u->all_channels, &bad);
    /* Other rules may be passwords, and are not shown. */
    if (why && bad.n && (*bad.p == '+' || *bad.p == '-'))
        fail(r, "%s:%d: Error in applying operation '%.*s': %s. ", path, number,
             SHOWN(buf_bytes(&bad)), why);
    else if (why)
        fail(r, "%s:%d: %s. ", path, number, why);
    buf_free(&bad);
}

static void read_line(struct reading *r, struct bytes line, int number)
{
    struct bytes *words;
    char *text;
    long long told;
    int n = split(line, r->path != NULL, &words, &text);
    if (n < 0)
        fail(r, "%s:%d: unbalanced quotes. ", r->path ? r->path : "configuration file", number);
    else if (!r->path && n > 1 && num_parse_int(words[0], &told))
        read_user(r, words + 1, n - 1, (int)told);
    else if (r->path && n > 1 && bytes_equal(words[0], BYTES("user")))
        read_user(r, words + 1, n - 1, number);
    else if (r->path && n > 0 && *words[0].p != '#')
        fail(r, "%s:%d should start with user keyword followed by the username. ", r->path, number);
    mem_free(words);
    mem_free(text);
}

static bool read_lines(struct users *u, struct bytes text, const char *path, struct buf *error)
{
    struct reading r = {.users = u, .path = path, .error = error, .good = true};
    int number = 1;
    for (size_t i = 0; i < text.n; number++) {
        size_t n = 0;
        while (i + n < text.n && text.p[i + n] != '\n')
            n++;
        read_line(&r, bytes_of(text.p + i, n), number);
        i += n + 1;
    }
    return r.good;
}

bool users_read_file(struct users *u, struct bytes text, const char *path, struct buf *error)
{
    return read_lines(u, text, path, error);
}

bool users_read_lines(struct users *u, struct bytes text, struct buf *error)
{
    return read_lines(u, text, NULL, error);
}

/* ---- Printing */

/* Whether the rule contains ") ", where the reader would end the selector. */
static bool ends_early(struct bytes rule)
{
    for (size_t i = 0; i + 1 < rule.n; i++)
        if (rule.p[i] == ')' && rule.p[i + 1] == ' ')
            return true;
    return false;
}

static bool has_quotes(struct bytes x)
{
    return x.n && (memchr(x.p, '"', x.n) || memchr(x.p, '\'', x.n));
}

static void print_for_file(void *context, struct bytes rule)
{
    struct buf *out = context;
    buf_add_char(out, ' ');
    if (rule.n == 0 || *rule.p == '"' || ends_early(rule))
        words_quote(out, rule);
    else
        buf_add(out, rule);
}

static void print_for_line(void *context, struct bytes rule)
{
    struct buf *out = context;
    buf_add_char(out, ' ');
    if (rule.n == 0 || has_quotes(rule) || ends_early(rule))
        words_quote(out, rule);
    else
        buf_add(out, rule);
}

static void print_all(const struct users *u, void (*print)(void *context, struct bytes rule),
                      struct buf *out)
{
    struct user **all = users_sorted(u);
    for (struct user **x = all; *x; x++) {
        buf_add_text(out, "user");
        print(out, str_bytes((*x)->name));
        user_describe_rules(*x, print, out);
        buf_add_char(out, '\n');
    }
    mem_free(all);
}

void users_print_file(const struct users *u, struct buf *out)
{
    print_all(u, print_for_file, out);
}

void users_print_lines(const struct users *u, struct buf *out)
{
    print_all(u, print_for_line, out);
}
