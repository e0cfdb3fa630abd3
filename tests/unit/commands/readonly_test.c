/* What a replica refuses: of clients every command that writes, however it is found; of its primary
 * what is no change of data. */
#include "commands/families.h"
#include "engine.h"
#include "engine/state.h"
#include "replica/apply.h"
#include "replica/replica.h"
#include "script/scripting.h"
#include "unit.h"

/* As many words as it takes. */
static void ask(struct client *c, const struct command *parent, const struct command *k)
{
    char line[512];
    int arity = k->arity < 0 ? -k->arity : k->arity, words = parent ? 2 : 1;
    size_t n = (size_t)snprintf(line, sizeof(line), "%s%s%s", parent ? parent->name : "",
                                parent ? " " : "", k->name);
    for (; words < arity; words++)
        n += (size_t)snprintf(line + n, sizeof(line) - n, " 1");
    bench_says(c, line);
}

static bool is_refused(struct client *c, const struct command *parent, const struct command *k)
{
    ask(c, parent, k);
    bool good = bench_heard(c, "-READONLY You can't write against a read only replica.|");
    if (!good)
        printf("# %s%s%s\n", parent ? parent->name : "", parent ? "|" : "", k->name);
    return good;
}

TEST(a_replica_refuses_every_command_that_writes)
{
    struct bench *b = bench_begin(families_all());
    struct client *c = bench_client(b);
    unsigned plain = 0, inner = 0;
    b->engine.scripting = scripting_new(&b->engine);
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    for (const struct command *const *k = families_all(); *k; k++) {
        if (((*k)->flags & COMMAND_WRITE) && !(*k)->flags_for && !(*k)->subcommands) {
            CHECK(is_refused(c, NULL, *k));
            plain++;
        }
        for (const struct command *const *sub = (*k)->subcommands; sub && *sub; sub++)
            if ((*sub)->flags & COMMAND_WRITE) {
                CHECK(is_refused(c, *k, *sub));
                inner++;
            }
    }
    CHECK(plain > 100 && inner >= 9); /* XGROUP's and FUNCTION's among them */
    CHECK(b->engine.store->dbs[0].keys.used == 0);
    scripting_free(b->engine.scripting);
    bench_end(b);
}

/* It is flagged as a write, and would connect to whom the primary names. */
TEST(a_primary_does_not_send_keys_from_here_to_others)
{
    static const char migrate[] = "*6\r\n$7\r\nMIGRATE\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n$1\r\nk\r\n"
                                  "$1\r\n0\r\n$1\r\n9\r\n";
    struct replication_services none = {0};
    struct bench *b = bench_begin(families_all());
    struct client *c = bench_client(b);
    struct replication *r = replica_new(&b->engine, NULL, &none, "run");
    size_t room;
    bench_says(c, "SET k v");
    journal_set_mode(b->engine.journal, JOURNAL_RAW);
    struct apply *a =
        apply_new(r, &(struct apply_options){.address = "", .local_address = "", .fd = -1});
    memcpy(apply_place(a, &room), migrate, sizeof(migrate) - 1);
    CHECK(apply_run(a, sizeof(migrate) - 1) && r->figures.errors == 1);
    bench_says(c, "EXISTS k");
    CHECK(bench_heard(c, "+OK|:1|"));
    apply_free(a);
    replica_free(r);
    bench_end(b);
}

UNIT_MAIN(T(a_primary_does_not_send_keys_from_here_to_others),
          T(a_replica_refuses_every_command_that_writes))
