#include "admin/callable.h"

#include "base/json_write.h"

#include <string.h>

#define TEXT_MOST (64 << 10)

bool callable_is_there(const struct registry *r, const char *name)
{
    const struct command *c = registry_find(r, bytes_text(name));
    return c && c == registry_find_original(r, bytes_text(name));
}

/* The commands that any of the user's selectors allows. */
static void find_commands(const struct user *u, uint64_t to[SELECTOR_WORDS])
{
    memset(to, 0, SELECTOR_WORDS * sizeof(*to));
    for (size_t i = 0; i < u->selector_n; i++)
        for (size_t k = 0; k < SELECTOR_WORDS; k++)
            to[k] |= u->selectors[i].all_commands ? UINT64_MAX : u->selectors[i].commands[k];
}

/* The names of those in the set with any of these flags; no flags: of all. */
static void write_names(struct json_write *w, const uint64_t *set, const struct registry *r,
                        unsigned flags)
{
    json_write_array(w);
    for (const struct command *const *c = registry_all(r); *c; c++) {
        const struct command *one[] = {*c, NULL}, *const *all = one;
        if (!callable_is_there(r, (*c)->name))
            continue;
        if ((*c)->subcommands)
            all = (*c)->subcommands;
        for (; *all; all++) {
            unsigned n = registry_number(r, *all);
            if ((!flags || ((*all)->flags & flags)) && (set[n / 64] >> n % 64 & 1))
                json_write_text(w, command_full_name(*all));
        }
    }
    json_write_array_end(w);
}

/* The cached text for this set of commands; if there is none, the least recently used entry,
 * emptied for it. */
static struct callable_set *find_set(struct callable *k, const uint64_t *commands)
{
    struct callable_set *oldest = &k->sets[0];
    for (size_t i = 0; i < CALLABLE_KEPT; i++) {
        struct callable_set *x = &k->sets[i];
        if (x->text.n && memcmp(x->commands, commands, sizeof(x->commands)) == 0)
            return x;
        if (x->used_at < oldest->used_at)
            oldest = x;
    }
    oldest->text.n = 0;
    return oldest;
}

static void fill(struct callable_set *x, const uint64_t *commands, const struct registry *r)
{
    memcpy(x->commands, commands, sizeof(x->commands));
    struct json_write all = json_write_begin(&x->text, TEXT_MOST);
    write_names(&all, commands, r, 0);
    x->all_n = x->text.n;
    struct json_write writes = json_write_begin(&x->text, TEXT_MOST);
    write_names(&writes, commands, r, COMMAND_WRITE);
}

struct callable_names callable_names(struct callable *k, const struct user *u,
                                     const struct registry *r)
{
    uint64_t commands[SELECTOR_WORDS];
    find_commands(u, commands);
    struct callable_set *x = find_set(k, commands);
    if (!x->text.n)
        fill(x, commands, r);
    x->used_at = ++k->asked;
    return (struct callable_names){bytes_of(x->text.p, x->all_n),
                                   bytes_of(x->text.p + x->all_n, x->text.n - x->all_n)};
}

void callable_free(struct callable *k)
{
    for (size_t i = 0; i < CALLABLE_KEPT; i++)
        buf_free(&k->sets[i].text);
}
