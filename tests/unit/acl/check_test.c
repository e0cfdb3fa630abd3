#include "acl/check.h"

#include "acl_commands.h"
#include "unit.h"

static struct registry *registry;
static struct user *u;
static int which;

/* A user with these rules, separated by ';'. */
static void begin(const char *rules)
{
    registry = registry_new(acl_commands);
    u = user_new(BYTES("u"), false);
    for (size_t n; *rules; rules += n + (rules[n] == ';')) {
        n = strcspn(rules, ";");
        user_apply(u, registry, bytes_of(rules, n), false);
    }
}

static void end(void)
{
    user_free(u);
    registry_free(registry);
}

static enum check_result check(const struct command *c, const char *a, const char *b)
{
    struct bytes argv[] = {bytes_text(c->name), bytes_text(a), bytes_text(b)};
    return check_request(u, registry, c, argv, 1 + (*a != 0) + (*b != 0), &which);
}

TEST(commands)
{
    begin("+get;+config|get;+select|1;~*");
    CHECK(check(&acl_get, "k", "") == CHECK_OK);
    CHECK(check(&acl_set, "k", "v") == CHECK_COMMAND && which == 0);
    CHECK(check(&acl_config_get, "get", "x") == CHECK_OK);
    CHECK(check(&acl_config_set, "set", "x") == CHECK_COMMAND);
    CHECK(check(&acl_select, "1", "") == CHECK_OK);
    CHECK(check(&acl_select, "2", "") == CHECK_COMMAND);
    CHECK(check(&acl_select, "", "") == CHECK_COMMAND);
    CHECK(check(&acl_auth, "x", "") == CHECK_OK);
    end();
}

TEST(keys_are_judged_by_what_is_done_to_them)
{
    begin("+@all;%R~r*;%W~w*;~b");
    CHECK(check(&acl_get, "r1", "") == CHECK_OK && check(&acl_set, "w1", "v") == CHECK_OK);
    CHECK(check(&acl_get, "w1", "") == CHECK_KEY && which == 1);
    CHECK(check(&acl_set, "r1", "v") == CHECK_KEY && which == 1);
    CHECK(check(&acl_copy, "r", "w") == CHECK_OK);
    CHECK(check(&acl_copy, "r", "r") == CHECK_KEY && which == 2);
    CHECK(check(&acl_copy, "b", "b") == CHECK_OK);
    end();
    /* Of selectors that all refuse, the one that came farthest says why. */
    begin("+copy;~x;(+copy ~a)");
    CHECK(check(&acl_copy, "a", "b") == CHECK_KEY && which == 2);
    CHECK(check(&acl_copy, "c", "b") == CHECK_KEY && which == 1);
    end();
}

TEST(channels)
{
    begin("+@all;&news.*");
    CHECK(check(&acl_publish, "news.a", "other") == CHECK_OK);
    CHECK(check(&acl_publish, "other", "x") == CHECK_CHANNEL && which == 1);
    CHECK(check(&acl_subscribe, "news.a", "other") == CHECK_CHANNEL && which == 2);
    /* A pattern must be the very one. */
    CHECK(check(&acl_psubscribe, "news.*", "") == CHECK_OK);
    CHECK(check(&acl_psubscribe, "news.a", "") == CHECK_CHANNEL);
    CHECK(check_channel(u, BYTES("news.x"), false) && !check_channel(u, BYTES("x"), false));
    CHECK(check_channel(u, BYTES("news.*"), true) && !check_channel(u, BYTES("news.x"), true));
    end();
}

TEST(one_selector_must_allow_all_of_it)
{
    begin("+get;~a;(+set ~b);(+copy ~c ~d)");
    CHECK(check(&acl_get, "a", "") == CHECK_OK && check(&acl_set, "b", "v") == CHECK_OK);
    CHECK(check(&acl_get, "b", "") == CHECK_KEY && check(&acl_set, "a", "v") == CHECK_KEY);
    CHECK(check(&acl_copy, "a", "b") == CHECK_KEY && which == 1);
    CHECK(check(&acl_copy, "c", "b") == CHECK_KEY && which == 2);
    CHECK(check(&acl_publish, "x", "y") == CHECK_COMMAND);
    end();
}

static enum check_result judged(const char *by)
{
    const char *pattern;
    struct bytes argv[] = {BYTES("sort"), BYTES("a"), bytes_text(by)};
    return check_all(u, registry, &acl_sort, argv, 2 + (*by != 0), &which, &pattern);
}

TEST(keys_made_out_of_data_need_the_right_to_read_all)
{
    struct bytes argv[] = {BYTES("sort"), BYTES("a"), BYTES("by")};
    begin("+sort;~a");
    CHECK(judged("") == CHECK_OK && judged("by") == CHECK_PATTERN);
    CHECK(!check_reads_all(u, registry, &acl_sort, argv, 3));
    end();
    begin("+sort;%R~*");
    CHECK(judged("by") == CHECK_OK && check_reads_all(u, registry, &acl_sort, argv, 3));
    end();
    begin("+sort;%W~*;~a");
    CHECK(judged("by") == CHECK_PATTERN);
    end();
    /* Not by two selectors together. */
    begin("+sort;~a;(+get ~*)");
    CHECK(judged("by") == CHECK_PATTERN);
    end();
}

static bool explained(enum check_result why, bool verbose, const char *want)
{
    struct buf b = {0};
    check_explain(&b, why, u, &acl_config_get, BYTES("x"), verbose);
    bool same = bytes_equal(buf_bytes(&b), bytes_text(want));
    buf_free(&b);
    return same;
}

TEST(the_reason_in_words)
{
    begin("");
    CHECK(explained(CHECK_COMMAND, false,
                    "User u has no permissions to run the 'config|get' command"));
    CHECK(explained(CHECK_KEY, false, "No permissions to access a key"));
    CHECK(explained(CHECK_CHANNEL, false, "No permissions to access a channel"));
    CHECK(explained(CHECK_KEY, true, "User u has no permissions to access the 'x' key"));
    CHECK(strcmp(check_reason(CHECK_CHANNEL), "channel") == 0);
    CHECK(strcmp(check_reason(CHECK_PATTERN), "key") == 0);
    CHECK(strcmp(check_reason(CHECK_AUTH), "auth") == 0);
    end();
}

UNIT_MAIN(T(commands), T(keys_are_judged_by_what_is_done_to_them), T(channels),
          T(one_selector_must_allow_all_of_it), T(keys_made_out_of_data_need_the_right_to_read_all),
          T(the_reason_in_words))
