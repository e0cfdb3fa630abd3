#include "config/nearest.h"

#include "config/settings.h"
#include "unit.h"

static unsigned distance(const char *a, const char *b)
{
    unsigned there = nearest_distance(bytes_text(a), bytes_text(b));
    return there == nearest_distance(bytes_text(b), bytes_text(a)) ? there : 99;
}

TEST(steps_are_counted)
{
    CHECK(distance("", "") == 0 && distance("port", "port") == 0 && distance("Port", "pORT") == 0);
    CHECK(distance("", "abc") == 3 && distance("abc", "") == 3);
    CHECK(distance("port", "prt") == 1);   /* dropped */
    CHECK(distance("port", "portt") == 1); /* added */
    CHECK(distance("port", "part") == 1);  /* changed */
    CHECK(distance("port", "prot") == 1);  /* swapped */
    CHECK(distance("port", "prto") == 2);
    CHECK(distance("maxmemory", "maxclients") == NEAREST_MOST + 1);
}

TEST(what_is_too_long_is_near_to_nothing)
{
    char name[NEAREST_NAME + 1];
    memset(name, 'x', sizeof(name));
    struct bytes most = bytes_of(name, NEAREST_NAME), more = bytes_of(name, NEAREST_NAME + 1);
    CHECK(nearest_distance(most, most) == 0);
    CHECK(nearest_distance(more, more) == NEAREST_MOST + 1);
    CHECK(!nearest_directive(more));
}

static bool meant(const char *typed, const char *want)
{
    const char *found = nearest_directive(bytes_text(typed));
    return want ? found && strcmp(found, want) == 0 : !found;
}

TEST(the_nearest_directive_is_found)
{
    CHECK(meant("appendonli", "appendonly") && meant("append-only", "appendonly"));
    CHECK(meant("apendfsync", "appendfsync") && meant("prot", "port") && meant("bnid", "bind"));
    CHECK(meant("maxmemmory-polcy", "maxmemory-policy"));
    CHECK(meant("slavof", "slaveof")); /* an alias */
    CHECK(meant("inclde", "include") && meant("usr", "user"));
    CHECK(meant("nonsense", NULL) && meant("x", NULL) && meant("", NULL));
}

/* Every name is the nearest to itself, so no other is ever proposed for a typo nearer to it. */
TEST(each_setting_is_nearest_to_itself)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if (!(all[i].flags & SETTING_HIDDEN))
            CHECK(meant(all[i].name, all[i].name));
}

UNIT_MAIN(T(steps_are_counted), T(what_is_too_long_is_near_to_nothing),
          T(the_nearest_directive_is_found), T(each_setting_is_nearest_to_itself))
