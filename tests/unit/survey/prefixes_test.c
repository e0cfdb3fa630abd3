#include "survey/prefixes.h"

#include "base/mem.h"
#include "unit.h"

#include <stdio.h>

static void add(struct prefixes *p, const char *key, size_t bytes)
{
    prefixes_add(p, bytes_of(key, strlen(key)), bytes);
}

static bool row_is(const struct prefixes_row *x, const char *name, uint64_t keys, uint64_t bytes)
{
    return bytes_equal(x->name, bytes_text(name)) && x->count.keys == keys &&
           x->count.bytes == bytes;
}

/* Console S5: the text before the first colon. */
TEST(keys_are_counted_by_what_is_in_front_of_the_first_colon)
{
    struct prefixes p = {0};
    size_t n;
    add(&p, "user:1", 100);
    add(&p, "user:2:x", 150);
    add(&p, "session:", 900);
    add(&p, "plain", 10);
    add(&p, ":odd", 5);
    add(&p, "", 1);
    struct prefixes_row *all = prefixes_sorted(&p, 3, &n);
    CHECK(n == 3 && prefixes_rows(&p) == 3 && all[0].db == 3);
    CHECK(row_is(&all[0], "session", 1, 900) && row_is(&all[1], "user", 2, 250));
    CHECK(row_is(&all[2], "", 3, 16) && !all[2].others);
    CHECK(p.all.keys == 6 && p.all.bytes == 1166);
    mem_free(all);
    prefixes_clear(&p);
    CHECK(prefixes_rows(&p) == 0 && p.all.keys == 0);
}

TEST(more_prefixes_than_there_is_room_for_are_counted_together)
{
    struct prefixes p = {0};
    char key[20];
    size_t n;
    uint64_t keys = 0;
    for (int i = 0; i < 2 * PREFIXES_MOST; i++) {
        snprintf(key, sizeof(key), "p%03d:x", i);
        add(&p, key, 10);
        add(&p, key, 10);
    }
    struct prefixes_row *all = prefixes_sorted(&p, 0, &n);
    CHECK(n == PREFIXES_MOST + 1 && prefixes_rows(&p) == n && all[n - 1].others);
    CHECK(all[n - 1].count.keys == 2 * PREFIXES_MOST);
    for (size_t i = 0; i < n; i++)
        keys += all[i].count.keys;
    CHECK(keys == p.all.keys && keys == 4 * PREFIXES_MOST);
    mem_free(all);
    prefixes_clear(&p);
}

UNIT_MAIN(T(keys_are_counted_by_what_is_in_front_of_the_first_colon),
          T(more_prefixes_than_there_is_room_for_are_counted_together))
