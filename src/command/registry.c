#include "command/registry.h"

#include "base/assert.h"
#include "base/mem.h"

#define NAME_MAX_BYTES 24
#define SLOTS          2048 /* a power of two, far above the count of commands */
#define NUMBERS        4096

struct registry {
    const struct command *const *all;
    struct {
        uint64_t words[3]; /* the name, lower case, zero-padded */
        const struct command *command;
    } slots[SLOTS];
    struct {
        const struct command *command;
        unsigned number;
    } numbers[NUMBERS];
    unsigned count;
};

/* Names hold letters, digits, '-', '_' and '|' only; or-ing 0x20 folds their letters, and also '_'
 * (0x5f to 0x7f), which is the same on both sides. */
static bool fold(struct bytes name, uint64_t words[3])
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    words[0] = words[1] = words[2] = 0;
    memcpy(words, name.p, name.n);
    for (int i = 0; i < 3; i++)
        words[i] |= 0x2020202020202020u;
    return true;
}

static size_t slot_of(const uint64_t words[3])
{
    uint64_t h = words[0] * 0x9e3779b97f4a7c15u ^ words[1] * 0xc2b2ae3d27d4eb4fu ^
                 words[2] * 0x165667b19e3779f9u;
    return (h ^ h >> 29) >> 8 & (SLOTS - 1);
}

static size_t number_slot(const struct command *c)
{
    return ((uintptr_t)c >> 4) * 0x9e3779b97f4a7c15u >> 40 & (NUMBERS - 1);
}

static void add_number(struct registry *r, const struct command *c)
{
    size_t i = number_slot(c);
    while (r->numbers[i].command)
        i = (i + 1) & (NUMBERS - 1);
    r->numbers[i].command = c;
    r->numbers[i].number = r->count++;
    ASSERT(r->count < NUMBERS / 2);
}

struct registry *registry_new(const struct command *const *commands)
{
    struct registry *r = mem_zalloc(sizeof(*r));
    r->all = commands;
    for (; *commands; commands++) {
        const struct command *c = *commands;
        uint64_t words[3];
        ASSERT(fold(bytes_text(c->name), words));
        size_t i = slot_of(words);
        while (r->slots[i].command) {
            ASSERT(memcmp(r->slots[i].words, words, sizeof(words)) != 0 && "command named twice");
            i = (i + 1) & (SLOTS - 1);
        }
        memcpy(r->slots[i].words, words, sizeof(words));
        r->slots[i].command = c;
        add_number(r, c);
        for (const struct command *const *s = c->subcommands; s && *s; s++)
            add_number(r, *s);
    }
    return r;
}

void registry_free(struct registry *r)
{
    mem_free(r);
}

const struct command *registry_find(const struct registry *r, struct bytes name)
{
    uint64_t words[3];
    if (!fold(name, words))
        return NULL;
    for (size_t i = slot_of(words); r->slots[i].command; i = (i + 1) & (SLOTS - 1))
        if (memcmp(r->slots[i].words, words, sizeof(words)) == 0)
            return strlen(r->slots[i].command->name) == name.n ? r->slots[i].command : NULL;
    return NULL;
}

const struct command *registry_subcommand(const struct command *container, struct bytes name)
{
    for (const struct command *const *s = container->subcommands; s && *s; s++)
        if (bytes_is(name, (*s)->name))
            return *s;
    return NULL;
}

const struct command *registry_find_full(const struct registry *r, struct bytes name)
{
    const char *bar = name.n ? memchr(name.p, '|', name.n) : NULL;
    if (!bar)
        return registry_find(r, name);
    size_t n = (size_t)(bar - name.p);
    const struct command *c = registry_find(r, bytes_of(name.p, n));
    return c ? registry_subcommand(c, bytes_of(bar + 1, name.n - n - 1)) : NULL;
}

const struct command *const *registry_all(const struct registry *r)
{
    return r->all;
}

unsigned registry_number(const struct registry *r, const struct command *c)
{
    size_t i = number_slot(c);
    while (r->numbers[i].command != c) {
        ASSERT(r->numbers[i].command);
        i = (i + 1) & (NUMBERS - 1);
    }
    return r->numbers[i].number;
}

unsigned registry_count(const struct registry *r)
{
    return r->count;
}
