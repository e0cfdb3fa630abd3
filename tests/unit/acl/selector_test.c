#include "acl/selector.h"

#include "acl/user_describe.h"
#include "acl_commands.h"
#include "base/mem.h"
#include "unit.h"

static struct registry *registry;
static struct selector s;

static void begin(void)
{
    registry = registry_new(acl_commands);
    s = (struct selector){0};
}

static void end(void)
{
    selector_drop(&s);
    registry_free(registry);
}

/* Whether all these rules, separated by blanks, are taken. */
static bool takes(const char *rules)
{
    bool known = true;
    const char *why = NULL;
    for (size_t n; *rules && !why; rules += n + (rules[n] == ' ')) {
        n = strcspn(rules, " ");
        why = selector_apply(&s, registry, bytes_of(rules, n), &known);
    }
    return !why && known;
}

static bool refuses(const char *rule, const char *with)
{
    bool known;
    const char *why = selector_apply(&s, registry, bytes_text(rule), &known);
    return why && strncmp(why, with, strlen(with)) == 0;
}

static bool may(const struct command *c)
{
    unsigned i = registry_number(registry, c);
    return s.commands[i / 64] >> i % 64 & 1;
}

static bool described(void (*as)(const struct selector *s, struct buf *out), const char *want)
{
    struct buf b = {0};
    as(&s, &b);
    bool same = bytes_equal(buf_bytes(&b), bytes_text(want));
    if (!same)
        printf("# <%.*s>\n", (int)b.n, b.p ? b.p : "");
    buf_free(&b);
    return same;
}

TEST(commands_come_and_go)
{
    begin();
    CHECK(takes("+get") && may(&acl_get) && !may(&acl_set));
    CHECK(takes("+CONFIG") && may(&acl_config) && may(&acl_config_get) && may(&acl_config_set));
    CHECK(takes("-config|set") && may(&acl_config_get) && !may(&acl_config_set));
    CHECK(takes("-config") && !may(&acl_config) && !may(&acl_config_get));
    CHECK(takes("+@all") && s.all_commands && may(&acl_set));
    CHECK(takes("-get") && !s.all_commands && !may(&acl_get) && may(&acl_set));
    CHECK(takes("nocommands") && !may(&acl_set) && !s.all_commands);
    CHECK(takes("allcommands") && s.all_commands);
    end();
}

TEST(categories)
{
    begin();
    CHECK(takes("+@read") && may(&acl_get) && may(&acl_sort) && !may(&acl_set));
    CHECK(takes("+@ADMIN") && may(&acl_config_get) && may(&acl_config_set));
    CHECK(takes("-@read") && !may(&acl_get) && may(&acl_config_get));
    CHECK(takes("+@search"));
    CHECK(refuses("+@nonsense", "Unknown command"));
    end();
}

TEST(later_rules_replace_earlier_ones)
{
    begin();
    CHECK(takes("+get -get +config|get +config"));
    CHECK(described(user_describe_commands, "-@all -get +config"));
    CHECK(takes("+config|set +@all"));
    CHECK(described(user_describe_commands, "+@all"));
    CHECK(takes("-set -@read -SET"));
    CHECK(described(user_describe_commands, "+@all -@read -set"));
    CHECK(takes("nocommands +config -config|SET +select|0"));
    CHECK(described(user_describe_commands, "-@all +config -config|set +select|0"));
    CHECK(takes("+config|set -config|get +cluster|info"));
    CHECK(described(user_describe_commands,
                    "-@all +config +select|0 +config|set -config|get +cluster|info"));
    end();
}

TEST(first_arguments)
{
    begin();
    CHECK(takes("+select|0 +select|1 +select|0") && s.first_arg_n == 2 && !may(&acl_select));
    CHECK(takes("+select") && s.first_arg_n == 0 && may(&acl_select));
    CHECK(takes("+select|2") && s.first_arg_n == 0);
    CHECK(takes("-select +select|3 +publish|x -select") && s.first_arg_n == 1);
    CHECK(refuses("-select|0", "Unknown command"));
    CHECK(refuses("+select|", "Syntax error"));
    CHECK(refuses("+select|0|1", "Unknown command"));
    CHECK(refuses("+config|nope", "Unknown command"));
    CHECK(refuses("+config|get|x", "Allowing first-arg of a subcommand is not supported"));
    CHECK(takes("+cluster|info +ft.config|x"));
    end();
}

TEST(key_patterns)
{
    begin();
    CHECK(takes("~a* %R~b %W~c %rw~d") && s.key_n == 4);
    CHECK(described(user_describe_keys, "~a* %R~b %W~c ~d"));
    CHECK(takes("%W~b") && s.key_n == 4);
    CHECK(described(user_describe_keys, "~a* ~b %W~c ~d"));
    CHECK(refuses("%~x", "Syntax error") && refuses("%RR~x", "Syntax error"));
    CHECK(refuses("%X~x", "Syntax error") && refuses("%R", "Syntax error"));
    CHECK(refuses("~a b", "Syntax error"));
    CHECK(takes("~*") && s.all_keys && s.key_n == 0);
    CHECK(refuses("~x", "Adding a pattern after the * pattern"));
    CHECK(takes("resetkeys ~x") && !s.all_keys && s.key_n == 1);
    CHECK(takes("allkeys") && s.all_keys);
    end();
}

TEST(channel_patterns)
{
    begin();
    CHECK(takes("&a &b* &a") && s.channel_n == 2);
    CHECK(described(user_describe_channels, "&a &b*"));
    CHECK(takes("&*") && s.all_channels && s.channel_n == 0);
    CHECK(refuses("&a", "Adding a pattern after the * pattern"));
    CHECK(takes("resetchannels &a") && !s.all_channels && s.channel_n == 1);
    CHECK(refuses("&a b", "Syntax error"));
    CHECK(takes("allchannels") && described(user_describe_channels, "&*"));
    end();
}

TEST(what_concerns_no_selector)
{
    bool known = true;
    begin();
    CHECK(selector_apply(&s, registry, BYTES("on"), &known) && !known);
    CHECK(refuses("+", "Unknown command") && refuses("+nonsense", "Unknown command"));
    CHECK(refuses("+a b", "Syntax error"));
    end();
}

TEST(a_copy_is_its_own)
{
    begin();
    CHECK(takes("+get ~a &c +select|0"));
    struct selector was = s;
    s = selector_copy(&was);
    CHECK(takes("~b &d -get +select|1"));
    CHECK(was.key_n == 1 && was.channel_n == 1 && was.first_arg_n == 1);
    CHECK(s.key_n == 2 && s.channel_n == 2 && s.first_arg_n == 2 && !may(&acl_get));
    selector_drop(&was);
    CHECK(described(user_describe_keys, "~a ~b"));
    end();
}

UNIT_MAIN(T(commands_come_and_go), T(categories), T(later_rules_replace_earlier_ones),
          T(first_arguments), T(key_patterns), T(channel_patterns), T(what_concerns_no_selector),
          T(a_copy_is_its_own))
