#include "acl/user_describe.h"

#include "acl_commands.h"
#include "unit.h"

/* Whether a user that these rules make is described so. */
static bool described(const char *rules, const char *want)
{
    struct registry *r = registry_new(acl_commands);
    struct user *u = user_new(BYTES("u"), false);
    struct buf b = {0};
    for (size_t n; *rules; rules += n + (rules[n] == ';')) {
        n = strcspn(rules, ";");
        user_apply(u, r, bytes_of(rules, n), false);
    }
    user_describe(u, &b);
    bool same = bytes_equal(buf_bytes(&b), bytes_text(want));
    if (!same)
        printf("# <%.*s>\n", (int)b.n, b.p);
    buf_free(&b);
    user_free(u);
    registry_free(r);
    return same;
}

TEST(the_rules_of_a_user)
{
    CHECK(described("", "off sanitize-payload resetchannels -@all"));
    CHECK(described("on;nopass;+@all;~*;&*", "on nopass sanitize-payload ~* &* +@all"));
    CHECK(described("skip-sanitize-payload;~a;%R~b;&c;&d;+get",
                    "off skip-sanitize-payload ~a %R~b resetchannels &c &d -@all +get"));
    CHECK(described(">a", "off sanitize-payload "
                          "#ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb "
                          "resetchannels -@all"));
}

TEST(selectors_are_in_parentheses)
{
    CHECK(described("(+get ~a);(&b)", "off sanitize-payload resetchannels -@all "
                                      "(~a resetchannels -@all +get) (resetchannels &b -@all)"));
}

TEST(a_pattern_that_says_all_stands_alone)
{
    CHECK(described("~a;%RW~*", "off sanitize-payload ~* resetchannels -@all"));
    CHECK(described("~a;%R~*", "off sanitize-payload ~a %R~* resetchannels -@all"));
}

static void count(void *context, struct bytes rule)
{
    int *n = context;
    ++*n;
    if (rule.n == 0)
        *n = 1000;
}

TEST(a_selector_is_one_rule)
{
    struct registry *r = registry_new(acl_commands);
    struct user *u = user_new(BYTES("u"), false);
    int n = 0;
    user_apply(u, r, BYTES("(+get ~a)"), false);
    user_apply(u, r, BYTES("~a"), false);
    user_describe_rules(u, count, &n);
    CHECK(n == 6); /* off sanitize-payload ~a resetchannels -@all (...) */
    user_free(u);
    registry_free(r);
}

TEST(users_are_equal_rule_by_rule)
{
    static const char *const rules[] = {"~a", "~b", "&a", "+get", "+set", "on", "(~a)", "(~b)"};
    struct registry *r = registry_new(acl_commands);
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 8; k++) {
            struct user *a = user_new(BYTES("a"), false), *b = user_new(BYTES("b"), false);
            user_apply(a, r, bytes_text(rules[i]), false);
            user_apply(b, r, bytes_text(rules[k]), false);
            CHECK(user_describe_equal(a, b) == (i == k));
            user_free(a);
            user_free(b);
        }
    registry_free(r);
}

UNIT_MAIN(T(the_rules_of_a_user), T(selectors_are_in_parentheses),
          T(a_pattern_that_says_all_stands_alone), T(a_selector_is_one_rule),
          T(users_are_equal_rule_by_rule))
