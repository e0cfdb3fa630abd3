/* GEORADIUS and GEORADIUSBYMEMBER, the older forms of GEOSEARCH: geosearch.c does the work. This
 * file finds their keys: results are stored at the key after the last STORE or STOREDIST. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/geo/geosearch.h"

/* The last STORE or STOREDIST is the one that counts. */
static void find_radius_keys(struct keys *to, const struct bytes *argv, int argc, int options)
{
    int store = 0;
    keys_add(to, 1, KEY_RO | KEY_ACCESS);
    for (int i = options; i + 1 < argc; i++)
        if (geosearch_is_store(argv[i]))
            store = ++i;
        else if (bytes_is(argv[i], "count"))
            i++;
    if (store)
        keys_add(to, store, KEY_OW | KEY_UPDATE);
}

static void find_georadius_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_radius_keys(to, argv, argc, 6);
}

static void find_georadiusbymember_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_radius_keys(to, argv, argc, 5);
}

static void do_georadius(struct call *call)
{
    geosearch_run(call, GEOSEARCH_RADIUS, false);
}

static void do_georadius_ro(struct call *call)
{
    geosearch_run(call, GEOSEARCH_RADIUS, true);
}

static void do_georadiusbymember(struct call *call)
{
    geosearch_run(call, GEOSEARCH_RADIUS_BY_MEMBER, false);
}

static void do_georadiusbymember_ro(struct call *call)
{
    geosearch_run(call, GEOSEARCH_RADIUS_BY_MEMBER, true);
}

const struct command georadius_command = {
    .name = "georadius",
    .usage = "key:key longitude:double latitude:double radius:double <M | KM | FT | MI> "
             "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>] [STORE "
             "key:key] [STOREDIST key:key]",
    .summary = "Returns or stores the members within a circle (superseded by GEOSEARCH and "
               "GEOSEARCHSTORE).",
    .since = "3.2.0",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS),
             KEY_BEHIND("STORE", 6, 0, 1, 0, KEY_OW | KEY_UPDATE),
             KEY_BEHIND("STOREDIST", 6, 0, 1, 0, KEY_OW | KEY_UPDATE)},
    .find_keys = find_georadius_keys,
    .handler = do_georadius,
};

const struct command georadius_ro_command = {
    .name = "georadius_ro",
    .usage = "key:key longitude:double latitude:double radius:double <M | KM | FT | MI> "
             "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>]",
    .summary = "Returns the members within a circle (superseded by GEOSEARCH).",
    .since = "3.2.10",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -6,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_georadius_ro,
};

const struct command georadiusbymember_command = {
    .name = "georadiusbymember",
    .usage =
        "key:key member:string radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
        "[COUNT count:int [ANY]] [<ASC | DESC>] [STORE key:key] [STOREDIST key:key]",
    .summary = "Returns or stores the members within a distance of a member (superseded by "
               "GEOSEARCH and GEOSEARCHSTORE).",
    .since = "3.2.0",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS),
             KEY_BEHIND("STORE", 5, 0, 1, 0, KEY_OW | KEY_UPDATE),
             KEY_BEHIND("STOREDIST", 5, 0, 1, 0, KEY_OW | KEY_UPDATE)},
    .find_keys = find_georadiusbymember_keys,
    .handler = do_georadiusbymember,
};

const struct command georadiusbymember_ro_command = {
    .name = "georadiusbymember_ro",
    .usage = "key:key member:string radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
             "[WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>]",
    .summary = "Returns the members within a distance of a member (superseded by GEOSEARCH).",
    .since = "3.2.10",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_georadiusbymember_ro,
};
