#include "admin/values.h"

#include "base/assert.h"

static struct value *at(const struct values *v, size_t i)
{
    return (struct value *)(void *)v->all.p + i;
}

static size_t count(const struct values *v)
{
    return v->all.n / sizeof(struct value);
}

static bool holds(enum answer_kind kind)
{
    return kind == ANSWER_ARRAY || kind == ANSWER_SET || kind == ANSWER_PUSH ||
           kind == ANSWER_MAP || kind == ANSWER_ATTRIBUTE;
}

void values_item(struct values *v, const struct answer_item *item)
{
    struct value x = {.kind = item->kind, .at = v->text.n, .number = item->number};
    if (item->kind == ANSWER_CLOSE) {
        at(v, v->open[item->depth])->next = count(v);
        return;
    }
    if (item->kind == ANSWER_INT)
        buf_add_int(&v->text, item->number);
    else if (!holds(item->kind))
        buf_add(&v->text, item->text);
    x.n = v->text.n - x.at;
    x.next = count(v) + 1;
    if (holds(item->kind))
        v->open[item->depth] = count(v);
    buf_add(&v->all, bytes_of(&x, sizeof(x)));
}

void values_reset(struct values *v)
{
    v->all.n = v->text.n = 0;
}

void values_free(struct values *v)
{
    buf_free(&v->all);
    buf_free(&v->text);
}

const struct value *values_root(const struct values *v)
{
    ASSERT(count(v) > 0);
    return at(v, 0);
}

struct bytes values_text(const struct values *v, const struct value *x)
{
    return bytes_of(v->text.p + x->at, x->n);
}

const struct value *values_first(const struct values *v, const struct value *holder)
{
    size_t i = (size_t)(holder - at(v, 0)) + 1;
    return holds(holder->kind) && i < holder->next ? at(v, i) : NULL;
}

const struct value *values_next(const struct values *v, const struct value *holder,
                                const struct value *x)
{
    return x->next < holder->next ? at(v, x->next) : NULL;
}

const struct value *values_member(const struct values *v, const struct value *map, const char *name)
{
    const struct value *x = map->kind == ANSWER_MAP ? values_first(v, map) : NULL;
    while (x) {
        const struct value *value = values_next(v, map, x);
        if (!value)
            return NULL;
        if (bytes_is(values_text(v, x), name))
            return value;
        x = values_next(v, map, value);
    }
    return NULL;
}
