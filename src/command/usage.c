#include "command/usage.h"

#include "base/assert.h"
#include "base/mem.h"

struct parser {
    const char *p;
};

static void skip(struct parser *s)
{
    while (*s->p == ' ')
        s->p++;
}

static void add(struct usage *to, struct usage part)
{
    to->parts = mem_realloc(to->parts, (size_t)(to->n + 1) * sizeof(*to->parts));
    to->parts[to->n++] = part;
}

static void parse_parts(struct parser *s, char until, struct usage *into);

static struct bytes word(struct parser *s)
{
    const char *start = s->p;
    while (*s->p && !strchr(" []<>()|", *s->p) && strncmp(s->p, "...", 3) != 0)
        s->p++;
    return bytes_of(start, (size_t)(s->p - start));
}

/* Parses a bracketed group: returns its only part, or a block of several. */
static struct usage group(struct parser *s, char until)
{
    struct usage block = {.kind = USAGE_BLOCK};
    s->p++;
    parse_parts(s, until, &block);
    ASSERT(*s->p == until);
    s->p++;
    if (block.n != 1)
        return block;
    struct usage only = block.parts[0];
    mem_free(block.parts);
    return only;
}

static struct usage choice(struct parser *s)
{
    struct usage all = {.kind = USAGE_ONE_OF};
    do {
        struct usage block = {.kind = USAGE_BLOCK};
        s->p++;
        parse_parts(s, '|', &block);
        if (block.n == 1) {
            add(&all, block.parts[0]);
            mem_free(block.parts);
        } else {
            add(&all, block);
        }
    } while (*s->p == '|');
    ASSERT(*s->p == '>');
    s->p++;
    return all;
}

static struct usage one(struct parser *s)
{
    struct usage u = {.kind = USAGE_TOKEN};
    if (*s->p == '[') {
        u = group(s, ']');
        u.optional = true;
        return u;
    }
    if (*s->p == '(')
        return group(s, ')');
    if (*s->p == '<')
        return choice(s);
    if (*s->p == '\'') {
        u.token = bytes_of(s->p + 1, 1);
        s->p += 3;
        return u;
    }
    struct bytes w = word(s);
    const char *colon = memchr(w.p, ':', w.n);
    if (!colon) {
        u.token = w;
        return u;
    }
    u.kind = USAGE_ARGUMENT;
    u.name = bytes_of(w.p, (size_t)(colon - w.p));
    u.type = bytes_of(colon + 1, w.n - u.name.n - 1);
    return u;
}

/* A word directly before an argument belongs to it, as in "COUNT count:int". */
static bool joins(const struct usage *before, const struct usage *u)
{
    return before->kind == USAGE_TOKEN && !before->optional && !before->multiple &&
           u->kind == USAGE_ARGUMENT && !u->optional && u->token.n == 0;
}

static void parse_parts(struct parser *s, char until, struct usage *into)
{
    for (;;) {
        skip(s);
        if (!*s->p || *s->p == until || (until == '|' && *s->p == '>'))
            return;
        ASSERT(!strchr("])>|", *s->p)); /* alternatives stand within < and > */
        struct usage u = one(s);
        if (strncmp(s->p, "...", 3) == 0) {
            u.multiple = true;
            s->p += 3;
        }
        if (into->n && joins(&into->parts[into->n - 1], &u)) {
            u.token = into->parts[into->n - 1].token;
            into->parts[into->n - 1] = u;
        } else {
            add(into, u);
        }
    }
}

struct usage *usage_parse(const char *text)
{
    struct usage *u = mem_zalloc(sizeof(*u));
    struct parser s = {text};
    u->kind = USAGE_BLOCK;
    parse_parts(&s, 0, u);
    return u;
}

static void free_parts(struct usage *u)
{
    for (int i = 0; i < u->n; i++)
        free_parts(&u->parts[i]);
    mem_free(u->parts);
}

void usage_free(struct usage *u)
{
    if (!u)
        return;
    free_parts(u);
    mem_free(u);
}
