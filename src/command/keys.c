#include "command/keys.h"

#include "base/mem.h"
#include "base/num.h"

void keys_add(struct keys *k, int index, unsigned flags)
{
    if (k->n == k->cap) {
        struct key_at *wider = mem_alloc((size_t)k->cap * 2 * sizeof(*wider));
        memcpy(wider, k->at, (size_t)k->n * sizeof(*wider));
        if (k->at != k->few)
            mem_free(k->at);
        k->at = wider;
        k->cap *= 2;
    }
    k->at[k->n++] = (struct key_at){index, (uint16_t)flags};
}

void keys_free(struct keys *k)
{
    if (k->at != k->few)
        mem_free(k->at);
}

bool keys_possible(const struct command *c)
{
    return c->keys[0].flags != 0 && !(c->keys[0].flags & KEY_NOT_KEY);
}

/* Adds the keys of a spec. False: the arguments do not fit it. A range may be empty, which does not
 * affect the other specs. */
static bool add_spec(struct keys *k, const struct command *c, const struct key_spec *s,
                     const struct bytes *argv, int argc)
{
    int first = s->at, last, step = s->step ? s->step : 1;
    if (s->counted) {
        long long count;
        if (first + s->count_at >= argc || !num_parse_int(argv[first + s->count_at], &count) ||
            count < 0 || count > argc)
            return false;
        if (count == 0)
            return c->flags & COMMAND_NO_MANDATORY_KEYS;
        first += s->first;
        last = first + ((int)count - 1) * step;
    } else {
        last = s->last < 0 ? argc + s->last : first + s->last;
    }
    if (last >= argc)
        return false;
    for (int i = first; i <= last; i += step)
        keys_add(k, i, s->flags);
    return true;
}

void keys_find(struct keys *k, const struct command *c, const struct bytes *argv, int argc)
{
    k->at = k->few;
    k->n = 0;
    k->cap = KEYS_FEW;
    k->misfit = false;
    k->pattern_at = 0;
    k->pattern = NULL;
    if (c->find_keys) {
        c->find_keys(k, argv, argc);
    } else {
        for (int i = 0; i < COMMAND_KEY_SPECS && c->keys[i].flags && !k->misfit; i++)
            if (!(c->keys[i].flags & KEY_NOT_KEY) && !c->keys[i].unknown)
                k->misfit = !add_spec(k, c, &c->keys[i], argv, argc);
    }
    if (k->misfit)
        k->n = 0;
}
