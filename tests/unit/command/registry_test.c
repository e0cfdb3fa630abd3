#include "command/registry.h"
#include "unit.h"

static const struct command one = {.name = "one"}, two = {.name = "two"}, three = {.name = "three"};
static const struct command *const all[] = {&one, &two, &three, NULL};

TEST(commands_can_be_renamed)
{
    struct registry *r = registry_new(all);
    CHECK(!registry_has_renames(r) && registry_find_original(r, BYTES("one")) == &one);
    CHECK(registry_rename(r, BYTES("four"), BYTES("x")) != NULL);
    CHECK(registry_rename(r, BYTES("one"), BYTES("TWO")) != NULL);
    CHECK(registry_rename(r, BYTES("one"), BYTES("a name that is longer than any command's")) ==
          NULL);
    CHECK(registry_rename(r, BYTES("two"), BYTES("One")) == NULL);
    CHECK(registry_rename(r, BYTES("three"), BYTES("")) == NULL);
    CHECK(registry_find(r, BYTES("one")) == &two && registry_find(r, BYTES("two")) == NULL);
    CHECK(registry_find(r, BYTES("A name that is longer than any command's")) == &one);
    CHECK(registry_find(r, BYTES("three")) == NULL && registry_find(r, BYTES("")) == NULL);
    CHECK(registry_find_original(r, BYTES("one")) == &one &&
          registry_find_original(r, BYTES("THREE")) == &three);
    CHECK(registry_is_reachable(r, &one) && !registry_is_reachable(r, &three));
    /* By its new name it can be renamed again. */
    CHECK(registry_rename(r, BYTES("one"), BYTES("zwei")) == NULL);
    CHECK(registry_find(r, BYTES("zwei")) == &two && registry_find(r, BYTES("one")) == NULL);
    registry_free(r);
}

UNIT_MAIN(T(commands_can_be_renamed))
