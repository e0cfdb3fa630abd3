#include "admin/template.h"

#include "base/assert.h"
#include "base/mem.h"

#define NUMBERS 512 /* bytes of what is put together beside parameters */

/* Within brackets. */
struct group {
    bool open, misses;
    size_t from; /* words before it */
};

static void add(struct template_words *t, struct bytes word)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->words = mem_realloc(t->words, t->cap * sizeof(*t->words));
    }
    t->words[t->n++] = word;
}

/* Room has been made: what points into it stays. */
static void add_made(struct template_words *t, struct bytes front, struct bytes back)
{
    char *at = t->text.p + t->text.n;
    ASSERT(t->text.cap - t->text.n >= front.n + back.n);
    buf_add(&t->text, front);
    buf_add(&t->text, back);
    add(t, bytes_of(at, front.n + back.n));
}

static void add_number(struct template_words *t, long long n)
{
    struct buf digits = {0};
    buf_add_int(&digits, n);
    add_made(t, buf_bytes(&digits), BYTES(""));
    buf_free(&digits);
}

static void add_param(struct template_words *t, const struct param *p)
{
    if (!p->items)
        add(t, p->text);
    for (size_t i = 0; i < p->n; i++)
        add(t, p->items[i]);
}

/* XRANGE key from to COUNT n, or backwards; behind `after` when that is given. */
static void add_range(struct template_words *t, const struct param_set *v)
{
    struct bytes from = param_text(v, "from"), to = param_text(v, "to"),
                 after = param_text(v, "after");
    bool newest = param_number(v, "newest", 0);
    struct bytes ends[2] = {newest ? to : from, newest ? from : to};
    const char *open_ends[2] = {newest ? "+" : "-", newest ? "-" : "+"};
    add(t, newest ? BYTES("XREVRANGE") : BYTES("XRANGE"));
    add(t, param_text(v, "key"));
    for (int i = 0; i < 2; i++)
        if (i == 0 && after.n)
            add_made(t, BYTES("("), after);
        else
            add(t, ends[i].n ? ends[i] : bytes_text(open_ends[i]));
    add(t, BYTES("COUNT"));
    add(t, param_text(v, "count"));
}

/* What stands in braces; front: what stands before them. */
static void fill_braces(struct template_words *t, struct bytes front, struct bytes inside,
                        const struct param_set *v, struct group *g)
{
    const char *bar = memchr(inside.p, '|', inside.n);
    bool counts = inside.n && *inside.p == '#';
    struct bytes name =
        bytes_of(inside.p + counts, (bar ? (size_t)(bar - inside.p) : inside.n) - counts);
    const struct param *p = param_find(v, name);
    if (bytes_is(name, "range"))
        add_range(t, v);
    else if (bytes_is(name, "last"))
        add_number(t, param_number(v, "from", 0) + param_number(v, "count", 1) - 1);
    else if (bytes_is(name, "lastByte"))
        add_number(t, param_number(v, "from", 0) + param_number(v, "max", 1) - 1);
    else if (!p && bar)
        add(t, bytes_of(bar + 1, inside.n - (size_t)(bar + 1 - inside.p)));
    else if (!p)
        g->misses = true;
    else if (counts)
        add_number(t, (long long)(p->kind == PARAM_PAIRS ? p->n / 2 : p->n));
    else if (front.n)
        add_made(t, front, p->text);
    else
        add_param(t, p);
}

/* A condition. */
static bool holds(struct bytes word, const struct param_set *v)
{
    const char *equals = memchr(word.p, '=', word.n);
    size_t n = equals ? (size_t)(equals - word.p) : word.n;
    const struct param *p = param_find(v, bytes_of(word.p + 1, n - 1));
    if (*word.p == '~')
        return !p;
    if (equals)
        return p && bytes_equal(p->text, bytes_of(equals + 1, word.n - n - 1));
    return (p && p->number) == (*word.p == '?');
}

static void fill_word(struct template_words *t, struct bytes word, const struct param_set *v,
                      struct group *g)
{
    const char *brace = memchr(word.p, '{', word.n);
    if (strchr("?!~", *word.p)) {
        g->misses = g->misses || !holds(word, v);
    } else if (brace) {
        size_t front = (size_t)(brace - word.p);
        ASSERT(word.p[word.n - 1] == '}');
        fill_braces(t, bytes_of(word.p, front), bytes_of(brace + 1, word.n - front - 2), v, g);
    } else {
        add(t, word);
    }
}

/* A word of the template, with the brackets that it may begin and end with. */
static void fill_token(struct template_words *t, struct bytes token, const struct param_set *v,
                       struct group *g)
{
    if (*token.p == '[') {
        *g = (struct group){.open = true, .from = t->n};
        token = bytes_of(token.p + 1, token.n - 1);
    }
    bool ends = token.p[token.n - 1] == ']';
    fill_word(t, bytes_of(token.p, token.n - ends), v, g);
    if (!ends)
        return;
    ASSERT(g->open);
    if (g->misses)
        t->n = g->from;
    *g = (struct group){0};
}

void template_fill(struct template_words *t, struct bytes form, const struct param_set *values)
{
    struct group g = {0};
    size_t most = NUMBERS;
    for (size_t i = 0; i < values->n; i++)
        most += values->all[i].text.n;
    ASSERT(t->text.n == 0);
    buf_room(&t->text, most);
    for (size_t i = 0; i < form.n;) {
        const char *blank = memchr(form.p + i, ' ', form.n - i);
        size_t n = blank ? (size_t)(blank - form.p) - i : form.n - i;
        if (n)
            fill_token(t, bytes_of(form.p + i, n), values, &g);
        i += n + 1;
    }
    ASSERT(!g.open);
}

void template_free(struct template_words *t)
{
    mem_free(t->words);
    if (t->text.p)
        explicit_bzero(t->text.p, t->text.cap);
    buf_free(&t->text);
    *t = (struct template_words){0};
}
