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
static const struct command xread_command = {.name = "xread",
                                             .usage = "",
                                             .arity = -4,
                                             .keys = {KEY_BEHIND("STREAMS", 1, -1, 1, 2, KEY_RO)}};
static const struct command inner_command = {
    .name = "inner", .full_name = "outer|inner", .usage = "", .arity = -2};
static const struct command *const inner[] = {&inner_command, NULL};
static const struct command outer_command = {
    .name = "outer", .usage = "", .arity = -2, .subcommands = inner};
static const struct command *const all[] = {&get_command,   &mset_command,  &lmpop_command,
                                            &xread_command, &outer_command, NULL};

static int find(const struct command *c, int argc, const char **words, struct key_at *out)
{
    struct bytes argv[12];
    for (int i = 0; i < argc; i++)
        argv[i] = bytes_text(words[i]);
    return keys_find(c, argv, argc, out, 8);
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
    CHECK(FIND(&xread_command, k, "xread", "COUNT", "1", "streams", "a", "b", "0", "0") == 2);
    CHECK(k[0].index == 4 && k[1].index == 5);
}

TEST(arguments_that_do_not_fit_give_no_place_beyond_them)
{
    struct key_at k[8];
    CHECK(FIND(&lmpop_command, k, "lmpop", "9", "a", "b", "LEFT") <= 0);
    CHECK(FIND(&lmpop_command, k, "lmpop", "-1", "a", "b", "LEFT") <= 0);
    CHECK(FIND(&lmpop_command, k, "lmpop", "x", "a", "b", "LEFT") <= 0);
    CHECK(FIND(&xread_command, k, "xread", "COUNT", "1", "nothing") <= 0);
    CHECK(FIND(&xread_command, k, "xread", "COUNT", "1", "STREAMS") <= 0);
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

UNIT_MAIN(T(keys_are_where_the_specs_say), T(arguments_that_do_not_fit_give_no_place_beyond_them),
          T(commands_are_found_whatever_their_case), T(arity_counts_the_name),
          T(usage_lines_are_understood))
