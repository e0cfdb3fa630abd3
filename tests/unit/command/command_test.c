#include "command/keys.h"
#include "command/registry.h"
#include "command/usage.h"
#include "unit.h"

static const struct command get_command = {
    .name = "get", .usage = "key:key", .arity = 2, .keys = {KEY_RANGE(1, 0, 1, KEY_RO)}};
static const struct command mset_command = {.name = "mset",
                                            .usage = "(key:key value:string)...",
                                            .arity = -3,
                                            .keys = {KEY_RANGE(1, -1, 2, KEY_OW)}};
static const struct command lmpop_command = {
    .name = "lmpop", .usage = "", .arity = -4, .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RW)}};
static const struct command merge_command = {
    .name = "merge",
    .usage = "",
    .arity = -2,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW), KEY_RANGE(2, -1, 1, KEY_RO)}};
static const struct command run_command = {.name = "run",
                                           .usage = "",
                                           .arity = -3,
                                           .flags = COMMAND_NO_MANDATORY_KEYS,
                                           .keys = {KEY_COUNTED(2, 0, 1, 1, KEY_RW)}};
static void find_last(struct keys *to, const struct bytes *argv, int argc)
{
    for (int i = 1; i < argc; i++)
        if (bytes_is(argv[i], "to"))
            keys_add(to, ++i, KEY_OW);
    to->misfit = to->n == 0;
}
static const struct command options_command = {.name = "options",
                                               .usage = "",
                                               .arity = -2,
                                               .keys = {KEY_BEHIND("TO", 1, 0, 1, 0, KEY_OW)},
                                               .find_keys = find_last};
static const struct command inner_command = {
    .name = "inner", .full_name = "outer|inner", .usage = "", .arity = -2};
static const struct command *const inner[] = {&inner_command, NULL};
static const struct command outer_command = {
    .name = "outer", .usage = "", .arity = -2, .subcommands = inner};
static const struct command *const all[] = {&get_command,   &mset_command, &lmpop_command,
                                            &merge_command, &run_command,  &options_command,
                                            &outer_command, NULL};

/* Up to 8 positions; -1: the arguments do not fit. */
static int find(const struct command *c, int argc, const char **words, struct key_at *out)
{
    struct bytes argv[100];
    struct keys k;
    for (int i = 0; i < argc; i++)
        argv[i] = bytes_text(words[i]);
    keys_find(&k, c, argv, argc);
    CHECK(!k.misfit || k.n == 0);
    int n = k.misfit ? -1 : k.n;
    for (int i = 0; i < n && i < 8; i++)
        out[i] = k.at[i];
    keys_free(&k);
    return n;
}
#define FIND(c, out, ...)                                                                          \
    find(c, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                         \
         (const char *[]){__VA_ARGS__}, out)

TEST(keys_are_where_the_specs_say)
{
    struct key_at k[8];
    CHECK(FIND(&get_command, k, "get", "a") == 1 && k[0].index == 1);
    CHECK(FIND(&mset_command, k, "mset", "a", "1", "b", "2") == 2 && k[1].index == 3);
    CHECK(FIND(&lmpop_command, k, "lmpop", "2", "a", "b", "LEFT") == 2 && k[0].index == 2 &&
          k[1].index == 3);
    CHECK(FIND(&run_command, k, "run", "x", "0") == 0);
    CHECK(FIND(&run_command, k, "run", "x", "1", "a", "b") == 1 && k[0].index == 3);
}

TEST(an_empty_range_leaves_the_other_keys)
{
    struct key_at k[8];
    CHECK(FIND(&merge_command, k, "merge", "a") == 1 && k[0].index == 1);
    CHECK(FIND(&merge_command, k, "merge", "a", "b", "c") == 3 && k[2].index == 3);
}

TEST(keys_that_options_decide_are_found_by_the_command)
{
    struct key_at k[8];
    CHECK(FIND(&options_command, k, "options", "x", "to", "a") == 1 && k[0].index == 3);
    CHECK(FIND(&options_command, k, "options", "to", "to", "to", "b") == 2 && k[0].index == 2);
    CHECK(FIND(&options_command, k, "options", "x") == -1);
}

TEST(many_keys_are_all_found)
{
    const char *words[100];
    struct key_at k[8];
    words[0] = "mset";
    for (int i = 1; i < 100; i++)
        words[i] = "x";
    CHECK(find(&mset_command, 99, words, k) == 49);
    struct bytes argv[99];
    struct keys found;
    for (int i = 0; i < 99; i++)
        argv[i] = bytes_text(words[i]);
    keys_find(&found, &mset_command, argv, 99);
    for (int i = 0; i < found.n; i++)
        CHECK(found.at[i].index == 1 + 2 * i);
    keys_free(&found);
}

TEST(arguments_that_do_not_fit_give_no_place_beyond_them)
{
    struct key_at k[8];
    CHECK(FIND(&lmpop_command, k, "lmpop", "9", "a", "b", "LEFT") == -1);
    CHECK(FIND(&lmpop_command, k, "lmpop", "-1", "a", "b", "LEFT") == -1);
    CHECK(FIND(&lmpop_command, k, "lmpop", "0", "a", "b", "LEFT") == -1);
    CHECK(FIND(&lmpop_command, k, "lmpop", "x", "a", "b", "LEFT") == -1);
    CHECK(FIND(&run_command, k, "run", "x", "2", "a") == -1);
}

TEST(commands_are_found_whatever_their_case)
{
    struct registry *r = registry_new(all);
    CHECK(registry_find(r, BYTES("get")) == &get_command &&
          registry_find(r, BYTES("GeT")) == &get_command);
    CHECK(registry_find(r, BYTES("ge")) == NULL && registry_find(r, BYTES("gets")) == NULL);
    CHECK(registry_find(r, BYTES("")) == NULL);
    CHECK(registry_find(r, BYTES("a_name_that_is_far_longer_than_any_command_has")) == NULL);
    CHECK(registry_find(r, bytes_of("get\0", 4)) == NULL);
    CHECK(registry_subcommand(&outer_command, BYTES("INNER")) == &inner_command);
    CHECK(registry_subcommand(&outer_command, BYTES("x")) == NULL);
    CHECK(registry_find_full(r, BYTES("outer|inner")) == &inner_command);
    CHECK(registry_find_full(r, BYTES("outer|x")) == NULL &&
          registry_find_full(r, BYTES("get|x")) == NULL);
    CHECK(registry_number(r, &inner_command) < registry_count(r));
    CHECK(registry_number(r, &inner_command) != registry_number(r, &outer_command));
    registry_free(r);
}

TEST(arity_counts_the_name)
{
    CHECK(command_arity_fits(&get_command, 2) && !command_arity_fits(&get_command, 3));
    CHECK(command_arity_fits(&mset_command, 3) && command_arity_fits(&mset_command, 9) &&
          !command_arity_fits(&mset_command, 2));
}

TEST(usage_lines_are_understood)
{
    struct usage *u =
        usage_parse("key:key [<NX | XX>] [EX seconds:int] (field:string value:string)...");
    CHECK(u->kind == USAGE_BLOCK && u->n == 4);
    CHECK(u->parts[0].kind == USAGE_ARGUMENT && bytes_is(u->parts[0].name, "key") &&
          !u->parts[0].optional);
    CHECK(u->parts[1].kind == USAGE_ONE_OF && u->parts[1].optional && u->parts[1].n == 2);
    CHECK(u->parts[1].parts[1].kind == USAGE_TOKEN && bytes_is(u->parts[1].parts[1].token, "xx"));
    CHECK(u->parts[2].optional && bytes_is(u->parts[2].token, "ex") &&
          bytes_is(u->parts[2].type, "int"));
    CHECK(u->parts[3].kind == USAGE_BLOCK && u->parts[3].multiple && u->parts[3].n == 2);
    usage_free(u);
    u = usage_parse("");
    CHECK(u && u->n == 0);
    usage_free(u);
}

UNIT_MAIN(T(keys_are_where_the_specs_say), T(an_empty_range_leaves_the_other_keys),
          T(keys_that_options_decide_are_found_by_the_command), T(many_keys_are_all_found),
          T(arguments_that_do_not_fit_give_no_place_beyond_them),
          T(commands_are_found_whatever_their_case), T(arity_counts_the_name),
          T(usage_lines_are_understood))
