/* All commands by name, looked up for every request.
 *
 * A name of up to 24 bytes is stored as three words, with letters folded by or-ing 0x20. The words
 * are hashed and compared as they are, so a lookup touches one slot and calls nothing. Open
 * addressing: a slot emptied by renaming keeps its `command`, so that searches continue past it;
 * only its words are zeroed, which match no name.
 *
 * rename-command changes only the slots. The constants stay, and with them the names in ACL rules,
 * statistics and the journal: for these the original slots are copied (registry_find_original()).
 * New names above 24 bytes are in a list of their own.
 *
 * Each command and subcommand has a number, the index for bits of rights and for statistics, found
 * by the constant's address in a second table. */
#include "command/registry.h"

#include "base/assert.h"
#include "base/mem.h"

#define NAME_MAX_BYTES 24
#define SLOTS          2048 /* a power of two, far above the count of commands */
#define NUMBERS        4096

struct slot {
    uint64_t words[3]; /* the name, folded and padded; zero: removed */
    const struct command *command;
    size_t n; /* of the name */
};

/* A renamed command. */
struct renamed {
    const struct command *command;
    char *name; /* "": removed */
};

struct registry {
    const struct command *const *all;
    struct slot slots[SLOTS];
    struct slot *original; /* before the first renaming, or NULL */
    struct renamed *renamed;
    size_t renamed_n;
    struct {
        const struct command *command;
        unsigned number;
    } numbers[NUMBERS];
    unsigned count;
};

/* The first n bytes (at most 8) as a word, without reading beyond them. */
static inline uint64_t load(const char *p, size_t n)
{
    const unsigned char *b = (const unsigned char *)p;
    uint64_t word;
    uint32_t low, high;
    if (n >= 8) {
        memcpy(&word, p, 8);
    } else if (n >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        word = low | (uint64_t)high << (n - 4) * 8;
    } else {
        word = b[0] | (uint64_t)b[n / 2] << n / 2 * 8 | (uint64_t)b[n - 1] << (n - 1) * 8;
    }
    return word;
}

#define SPACES 0x2020202020202020u

/* Names consist of letters, digits, '-', '_' and '|'. Or-ing 0x20 folds letters; it also maps '_'
 * to 0x7f, in both names alike. */
static inline bool fold(struct bytes name, uint64_t words[3])
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < 3; i++)
        words[i] = (name.n > i * 8 ? load(name.p + i * 8, name.n - i * 8) : 0) | SPACES;
    return true;
}

static inline size_t slot_of(const uint64_t words[3])
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
        r->slots[i].n = strlen(c->name);
        add_number(r, c);
        for (const struct command *const *s = c->subcommands; s && *s; s++)
            add_number(r, *s);
    }
    return r;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->renamed_n; i++)
        mem_free(r->renamed[i].name);
    mem_free(r->renamed);
    mem_free(r->original);
    mem_free(r);
}

/* The slot of a name in the given table; NULL: none. */
static const struct slot *find_slot(const struct slot *slots, struct bytes name)
{
    uint64_t words[3];
    if (!fold(name, words))
        return NULL;
    for (size_t i = slot_of(words); slots[i].command; i = (i + 1) & (SLOTS - 1))
        if (memcmp(slots[i].words, words, sizeof(words)) == 0)
            return slots[i].n == name.n ? &slots[i] : NULL;
    return NULL;
}

/* Names longer than a slot's. Out of line, since requests use short names. */
__attribute__((noinline, cold)) static const struct command *find_long(const struct registry *r,
                                                                       struct bytes name)
{
    for (size_t i = 0; i < r->renamed_n; i++)
        if (name.n && bytes_equal_nocase(name, bytes_text(r->renamed[i].name)))
            return r->renamed[i].command;
    return NULL;
}

const char *registry_rename(struct registry *r, struct bytes from, struct bytes to)
{
    const struct command *c = registry_find(r, from);
    if (!c)
        return "No such command in rename-command";
    if (to.n && registry_find(r, to))
        return "Target command name already exists";
    if (!r->original) {
        r->original = mem_alloc(sizeof(r->slots));
        memcpy(r->original, r->slots, sizeof(r->slots));
    }
    struct slot *old = (struct slot *)find_slot(r->slots, from);
    if (old)
        memset(old->words, 0, sizeof(old->words)); /* searches continue past it */
    size_t at = 0;
    while (at < r->renamed_n && r->renamed[at].command != c)
        at++;
    if (at == r->renamed_n) {
        r->renamed = mem_realloc(r->renamed, ++r->renamed_n * sizeof(*r->renamed));
        r->renamed[at] = (struct renamed){c, NULL};
    }
    mem_free(r->renamed[at].name);
    r->renamed[at].name = mem_copy_text(to.p, to.n);
    uint64_t words[3];
    if (fold(to, words)) {
        size_t i = slot_of(words);
        while (r->slots[i].command)
            i = (i + 1) & (SLOTS - 1);
        memcpy(r->slots[i].words, words, sizeof(words));
        r->slots[i].command = c;
        r->slots[i].n = to.n;
    }
    return NULL;
}

const struct command *registry_find_original(const struct registry *r, struct bytes name)
{
    const struct slot *s = find_slot(r->original ? r->original : r->slots, name);
    return s ? s->command : NULL;
}

bool registry_has_renames(const struct registry *r)
{
    return r->renamed_n > 0;
}

bool registry_is_reachable(const struct registry *r, const struct command *c)
{
    for (size_t i = 0; i < r->renamed_n; i++)
        if (r->renamed[i].command == c)
            return *r->renamed[i].name != 0;
    return true;
}

const struct command *registry_find(const struct registry *r, struct bytes name)
{
    uint64_t words[3];
    if (name.n - 1 < 8) { /* most of them */
        words[0] = load(name.p, name.n) | SPACES;
        words[1] = words[2] = SPACES;
    } else if (!fold(name, words)) {
        return find_long(r, name);
    }
    for (size_t i = slot_of(words); r->slots[i].command; i = (i + 1) & (SLOTS - 1)) {
        const uint64_t *w = r->slots[i].words;
        if (((w[0] ^ words[0]) | (w[1] ^ words[1]) | (w[2] ^ words[2])) == 0)
            return r->slots[i].n == name.n ? r->slots[i].command : NULL;
    }
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
