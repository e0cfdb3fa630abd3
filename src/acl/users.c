#include "acl/users.h"

#include "base/mem.h"
#include "base/words.h"

#include <stdlib.h>

#define WORDS_MOST 1024

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

static bool read_line(struct users *u, struct bytes line, const char *where, struct buf *error)
{
    struct bytes words[WORDS_MOST], bad = {0};
    char *text;
    int n = words_split(line, words, WORDS_MOST, &text);
    bool good = true;
    if (n < 0) {
        buf_printf(error, "%s: unbalanced quotes. ", where);
        good = false;
    } else if (n > 0 && *words[0].p != '#') {
        good = n > 1 && bytes_equal(words[0], BYTES("user"));
        if (!good) {
            buf_printf(error, "%s: line should start with user keyword. ", where);
        } else if (users_find(u, words[1]) && !bytes_equal(words[1], BYTES("default"))) {
            buf_printf(error, "WARNING: Duplicate user '%.*s' found in %s. ", (int)words[1].n,
                       words[1].p, where);
            good = false;
        } else {
            struct user *x = users_find(u, words[1]);
            if (x)
                user_apply(x, u->registry, BYTES("reset"), u->all_channels);
            else
                x = users_add(u, words[1]);
            const char *why =
                user_apply_all(x, u->registry, words + 2, n - 2, u->all_channels, &bad);
            if (why) {
                buf_printf(error, "%s: %s. ", where, why);
                good = false;
            }
        }
    }
    mem_free(text);
    return good;
}

bool users_read(struct users *u, struct bytes text, const char *path, struct buf *error)
{
    bool good = true;
    int number = 1;
    for (size_t i = 0; i < text.n; number++) {
        size_t n = 0;
        while (i + n < text.n && text.p[i + n] != '\n')
            n++;
        size_t len = n && text.p[i + n - 1] == '\r' ? n - 1 : n;
        struct buf where = {0};
        buf_printf(&where, "%s:%d", path, number);
        buf_add_char(&where, 0);
        good &= read_line(u, bytes_of(text.p + i, len), where.p, error);
        buf_free(&where);
        i += n + 1;
    }
    return good;
}

void users_print(const struct users *u, struct buf *out)
{
    struct user **all = users_sorted(u);
    for (struct user **x = all; *x; x++) {
        buf_add_text(out, "user ");
        words_quote(out, str_bytes((*x)->name));
        buf_add_char(out, ' ');
        user_describe(*x, out);
        buf_add_char(out, '\n');
    }
    mem_free(all);
}
