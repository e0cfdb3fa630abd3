#include "persist/rdb_template.h"

#include "rdb.h"
#include "unit.h"

#define STARTS(x, want) (strncmp(x, want, strlen(want)) == 0)

static bool added(struct rdb_templates *all, const char *hex, char error[160])
{
    struct bytes data = rdb_hex(hex);
    struct rdb_source r = rdb_source_of(data);
    bool good = rdb_template_add(all, &r);
    snprintf(error, 160, "%s", r.error);
    rdb_source_free(&r);
    return good && r.p == r.end;
}

/* number | n | names, which ascend by length and then by bytes */
TEST(names_are_found_by_the_number_of_their_template)
{
    struct rdb_templates all = {0};
    char error[160];
    CHECK(added(&all, "05 03 00 01'z' 02'aa'", error) && added(&all, "4100 01 01'f'", error));
    const struct rdb_template *t = rdb_template_find(&all, 5);
    CHECK(t && t->n == 3 && t->names[0].n == 0);
    CHECK(bytes_is(t->names[1], "z") && bytes_is(t->names[2], "aa"));
    CHECK(rdb_template_find(&all, 256)->n == 1 && !rdb_template_find(&all, 6));
    CHECK(!added(&all, "05 01 01'f'", error) && STARTS(error, "Hash template 5 stands twice"));
    CHECK(!added(&all, "07 00", error) && STARTS(error, "Hash template without fields"));
    CHECK(!added(&all, "07 02 01'b' 01'a'", error) && STARTS(error, "Field names"));
    CHECK(!added(&all, "07 02 01'a' 01'a'", error) && STARTS(error, "Field names"));
    CHECK(!added(&all, "07 02 02'aa' 01'b'", error) && STARTS(error, "Field names"));
    CHECK(!added(&all, "", error) && !added(&all, "07", error) && !added(&all, "07 01", error));
    CHECK(!rdb_template_find(&all, 7)); /* nothing of what was refused stays */
    rdb_template_clear(&all);
    CHECK(!rdb_template_find(&all, 5));
}

/* 0 | a pack of names; 1 | n | names */
TEST(names_in_front_of_a_value)
{
    static const char *const good[] = {"00 0d 0d000000 0200 81'f'02 81'g'02 ff",
                                       "01 02 01'f' 01'g'"};
    for (int i = 0; i < 2; i++) {
        struct bytes data = rdb_hex(good[i]);
        struct rdb_source r = rdb_source_of(data);
        struct rdb_template *t = rdb_template_inline(&r);
        CHECK(t && t->n == 2 && bytes_is(t->names[1], "g") && r.p == r.end);
        rdb_template_free(t);
        for (size_t n = 0; n < data.n; n++) {
            r = rdb_source_of(bytes_of(data.p, n));
            CHECK(!rdb_template_inline(&r) && r.failed);
        }
    }
    struct rdb_source r = rdb_source_of(rdb_hex("02"));
    CHECK(!rdb_template_inline(&r) && STARTS(r.error, "Unknown form"));
}

UNIT_MAIN(T(names_are_found_by_the_number_of_their_template), T(names_in_front_of_a_value))
