/* What all commands say about their keys. Which keys their handlers touch is compared by
 * tests/rights/handler_keys.py. */
#include "command/keys.h"
#include "command/usage.h"
#include "commands/families.h"
#include "unit.h"

/* Every request of up to `most` of these words behind the name, as far as the arity allows. */
static const char *const words[] = {"1", "store", "by", "get", "streams", "a*"};

static void try_all(const struct command *c, struct bytes *argv, int argc, int most)
{
    if (command_arity_fits(c, argc)) {
        struct keys k;
        keys_find(&k, c, argv, argc);
        for (int i = 0; i < k.n; i++)
            CHECK(k.at[i].index > 0 && k.at[i].index < argc && k.at[i].flags);
        CHECK(!k.misfit || k.n == 0);
        keys_free(&k);
    }
    if (argc > most)
        return;
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        argv[argc] = bytes_text(words[w]);
        try_all(c, argv, argc + 1, most);
    }
}

static void check(const struct command *c)
{
    struct bytes argv[16] = {bytes_text(c->name)};
    bool simple = true;
    for (int i = 0; i < COMMAND_KEY_SPECS && c->keys[i].flags; i++)
        simple &=
            !c->keys[i].keyword && !c->keys[i].unknown && !(c->keys[i].flags & KEY_VARIABLE_FLAGS);
    if (!simple && !c->find_keys)
        printf("    %s: options decide about its keys, and it has no find_keys\n", c->name);
    CHECK(simple || c->find_keys);
    CHECK(!c->find_keys || keys_possible(c));
    if (keys_possible(c))
        try_all(c, argv, 1, c->find_keys ? 6 : 4);
}

TEST(options_that_decide_about_keys_are_read_by_the_command)
{
    for (const struct command *const *c = families_all(); *c; c++) {
        check(*c);
        for (const struct command *const *s = (*c)->subcommands; s && *s; s++)
            check(*s);
    }
}

/* A usage line that nobody can read stops COMMAND DOCS. */
TEST(usages_can_be_read)
{
    for (const struct command *const *c = families_all(); *c; c++) {
        usage_free(usage_parse((*c)->usage));
        for (const struct command *const *s = (*c)->subcommands; s && *s; s++)
            usage_free(usage_parse((*s)->usage));
    }
}

UNIT_MAIN(T(usages_can_be_read), T(options_that_decide_about_keys_are_read_by_the_command))
