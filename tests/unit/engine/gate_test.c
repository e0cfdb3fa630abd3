#include "engine/gate.h"

#include "command/keys.h"
#include "engine.h"
#include "persist/wrap.h"
#include "unit.h"

static const struct command set_command = {
    .name = "set", .arity = -3, .flags = COMMAND_WRITE, .keys = {KEY_RANGE(1, 0, 1, KEY_OW)}};
static const struct command get_command = {
    .name = "get", .arity = 2, .flags = COMMAND_READONLY, .keys = {KEY_RANGE(1, 0, 1, KEY_RO)}};
static const struct command flushall_command = {
    .name = "flushall", .arity = -1, .flags = COMMAND_WRITE | COMMAND_WHOLE};
static const struct command ping_command = {
    .name = "ping", .arity = -1, .flags = COMMAND_UNTRACKED};
static const struct command *const commands[] = {&set_command, &get_command, &flushall_command,
                                                 &ping_command, NULL};

/* The append-only file is played by the test. */
static struct bench *bench;

static struct engine *engine_begin(void)
{
    bench = bench_begin(commands);
    bench_journal(bench);
    return &bench->engine;
}

static struct client *client(struct engine *e)
{
    return bench_client(e->services.context);
}

static void engine_end(struct engine *e)
{
    bench_end(e->services.context);
}

static void tell(struct engine *e, bool armed, uint64_t released, uint64_t synced)
{
    struct gate_promise p = {
        .armed = armed, .open = true, .durable = true, .released = released, .synced = synced};
    gate_tell(e, &p);
}

/* Runs a command as engine/exec.c does, with a reply of five bytes. */
static void run(struct client *c, const struct command *command, const char *key, bool changes,
                bool durable)
{
    struct engine *e = c->engine;
    struct bytes argv[] = {bytes_text(command->name), bytes_text(key), BYTES("1")};
    struct call call = {.command = command,
                        .client = c,
                        .engine = e,
                        .store = e->store,
                        .db = c->db,
                        .argv = argv,
                        .argc = command == &set_command ? 3
                                : *key                  ? 2
                                                        : 1,
                        .durable = durable};
    uint64_t position = chain_end(&c->out), offset = e->journal->offset;
    e->store->written_now = offset + 1;
    journal_group_begin(e->journal);
    if (changes && *key)
        db_changed(c->db, argv[1], DB_EVENT_STRING, NULL);
    if (changes)
        journal_add(e->journal, 0, argv, call.argc, bytes_of(NULL, 0));
    if (!(c->flags & CLIENT_SCRIPT))
        chain_add(&c->out, BYTES("+OK\r\n"));
    journal_group_end(e->journal);
    if (e->journal->depth == 0)
        gate_group_ended(e);
    gate_reply(&call, position, e->journal->offset != offset);
    if (!(c->flags & CLIENT_SCRIPT))
        client_has_reply(c);
}

static bool sendable(struct client *c, uint64_t n)
{
    return gate_is_sound(c) && gate_sendable(c) == n;
}

TEST(without_marks_all_leaves)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    tell(e, false, 0, 0);
    run(c, &set_command, "k", true, false);
    CHECK(sendable(c, 5) && e->gate.held_count == 0);
    engine_end(e);
}

TEST(a_write_waits_for_its_end_and_a_read_for_the_last_write_of_its_key)
{
    struct engine *e = engine_begin();
    struct client *a = client(e), *b = client(e), *other = client(e);
    tell(e, true, 0, 0);
    run(a, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    run(b, &get_command, "k", false, false);
    run(other, &get_command, "untouched", false, false);
    run(other, &ping_command, "", false, false);
    CHECK(sendable(a, 0) && sendable(b, 0) && sendable(other, 10));
    CHECK(e->gate.held_count == 2);
    tell(e, true, end - 1, 0);
    CHECK(sendable(a, 0));
    tell(e, true, end, 0);
    CHECK(sendable(a, 5) && sendable(b, 5) && e->gate.held_count == 0);
    engine_end(e);
}

TEST(output_leaves_up_to_the_first_mark)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    uint64_t ends[40];
    tell(e, true, 0, 0);
    for (int i = 0; i < 40; i++) {
        run(c, &set_command, "k", true, false);
        ends[i] = e->journal->offset;
    }
    for (int i = 0; i < 40; i++) {
        CHECK(sendable(c, (uint64_t)i * 5));
        tell(e, true, ends[i], 0);
        if (i % 3 == 0)
            CHECK(sendable(c, (uint64_t)(i + 1) * 5));
    }
    CHECK(sendable(c, 200));
    engine_end(e);
}

/* M10: a plain mark of the same offset must not stand in for a durable one. */
TEST(a_durable_mark_is_not_swallowed_by_an_equal_plain_one)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    tell(e, true, 0, 0);
    run(c, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    run(c, &set_command, "k", false, true); /* it was there already */
    CHECK(e->journal->offset == end && e->gate.sync_wanted);
    tell(e, true, end, 0);
    CHECK(sendable(c, 5));
    run(c, &get_command, "k", false, false);
    CHECK(sendable(c, 5));
    tell(e, true, end, end);
    CHECK(sendable(c, 15));
    engine_end(e);
}

TEST(durable_waits_for_the_disk_though_nothing_else_waits)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *plain = client(e);
    tell(e, false, 0, 0);
    run(c, &set_command, "k", true, true);
    run(plain, &set_command, "l", true, false);
    uint64_t end = e->journal->offset;
    tell(e, false, end, 0);
    CHECK(sendable(c, 0) && sendable(plain, 5));
    tell(e, false, end, end);
    CHECK(sendable(c, 5));
    run(c, &get_command, "k", false, true);
    CHECK(sendable(c, 10));
    engine_end(e);
}

/* D2: what lies in a file that a start would not find is not on the disk. */
TEST(without_a_base_nothing_is_durable)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    struct gate_promise p = {.open = true};
    gate_tell(e, &p);
    run(c, &set_command, "k", true, true);
    p.released = e->journal->offset;
    gate_tell(e, &p);
    CHECK(sendable(c, 0));
    p.durable = true;
    p.synced = e->journal->offset;
    uint64_t moves = e->gate.moves;
    gate_tell(e, &p);
    CHECK(sendable(c, 5) && e->gate.moves != moves);
    engine_end(e);
}

/* D3: a script's durable write, also one that found its message there, makes the caller wait. */
TEST(a_script_hands_its_durability_on)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *script = client_new_internal(e, CLIENT_SCRIPT);
    struct call call = {.command = &get_command, .client = c, .engine = e};
    tell(e, false, 0, 0);
    run(script, &set_command, "k", false, false);
    gate_inherit(&call, script);
    CHECK(!call.durable && script->mark_n == 0);
    run(script, &set_command, "k", false, true);
    gate_inherit(&call, script);
    CHECK(call.durable && call.wrote_durably && script->mark_n == 0);
    e->journal->offset = e->journal->effects_end = 7;
    chain_add(&c->out, BYTES("+OK\r\n"));
    gate_reply(&call, 0, false);
    tell(e, false, 7, 6);
    CHECK(sendable(c, 0));
    tell(e, false, 7, 7);
    CHECK(sendable(c, 5));
    client_free(script);
    engine_end(e);
}

/* replication 11.1: both the disk and the replicas have to have it. */
TEST(replicas_and_disk_are_waited_for_together)
{
    struct engine *e = engine_begin();
    struct client *a = client(e), *b = client(e), *d = client(e);
    tell(e, false, 0, 0);
    run(b, &set_command, "before", true, false);
    CHECK(gate_sendable(b) == 5);
    uint64_t before = e->journal->offset;
    gate_tell_replicas(e, 0);
    CHECK(e->gate.promise.armed && e->gate.promise.released == 0);
    tell(e, false, before, 0);
    CHECK(e->gate.promise.released == 0);
    run(a, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    run(d, &set_command, "k", true, true);
    tell(e, false, e->journal->offset, 0); /* written, not synced */
    CHECK(sendable(a, 0));
    /* Its reply has not been sent yet, and nobody has confirmed its write: nor may others read it.
     */
    run(b, &get_command, "before", false, false);
    CHECK(sendable(b, 0));
    gate_tell_replicas(e, before);
    CHECK(gate_sendable(b) == 10 && sendable(a, 0));
    gate_tell_replicas(e, end);
    CHECK(sendable(a, 5) && sendable(d, 0));
    /* A durable one waits for either side, whichever comes last. */
    gate_tell_replicas(e, e->journal->offset);
    CHECK(sendable(d, 0));
    tell(e, false, e->journal->offset, e->journal->offset);
    CHECK(sendable(d, 5));
    run(a, &set_command, "k", true, false);
    tell(e, false, e->journal->offset, e->journal->offset);
    CHECK(sendable(a, 5));
    gate_tell_replicas(e, UINT64_MAX); /* min-replicas-to-ack 0 */
    CHECK(sendable(a, 10) && !e->gate.promise.armed);
    engine_end(e);
}

/* replication 11.2: what replicas do not confirm in time is closed unanswered; who waits for the
 * disk alone is not. */
TEST(clients_are_closed_after_replica_ack_timeout)
{
    struct engine *e = engine_begin();
    struct client *a = client(e), *b = client(e), *d = client(e);
    tell(e, false, 0, 0);
    gate_tell_replicas(e, 0);
    run(d, &set_command, "k", true, true);
    uint64_t confirmed = e->journal->offset;
    gate_tell_replicas(e, confirmed);
    run(a, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    run(b, &set_command, "k", true, false);
    CHECK(gate_give_up_before(e, confirmed) == 0);
    CHECK(gate_give_up_before(e, end) == 1 && (a->flags & CLIENT_CLOSING));
    CHECK(!(b->flags & CLIENT_CLOSING) && !(d->flags & CLIENT_CLOSING));
    CHECK(gate_give_up_before(e, UINT64_MAX - 1) == 1 && (b->flags & CLIENT_CLOSING));
    /* Also when what comes first waits for the disk alone. */
    run(d, &set_command, "k", true, false);
    CHECK(d->mark_n == 2 && gate_give_up_before(e, confirmed) == 0);
    CHECK(gate_give_up_before(e, UINT64_MAX - 1) == 1 && (d->flags & CLIENT_CLOSING));
    engine_end(e);
}

/* Without a file as well: what is pushed within a group waits for its end and for the replicas. */
TEST(replicas_alone_hold_what_is_pushed)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    struct gate_promise none = {.released = UINT64_MAX};
    gate_tell(e, &none);
    gate_tell_replicas(e, 0);
    e->store->written_now = e->journal->offset + 1;
    journal_group_begin(e->journal);
    gate_push(c);
    chain_add(&c->out, BYTES("+MSG\r\n"));
    CHECK(sendable(c, 0));
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("1")};
    journal_add(e->journal, 0, argv, 3, bytes_of(NULL, 0));
    journal_group_end(e->journal);
    gate_group_ended(e);
    CHECK(sendable(c, 0));
    gate_tell_replicas(e, e->journal->offset);
    CHECK(sendable(c, 6));
    engine_end(e);
}

/* replication 11.1: the stream goes on with a PING, and no reply waits for it. */
TEST(no_reply_waits_for_what_only_replicas_hear)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    struct journal_reader stream = {0};
    journal_attach_stream(e->journal, &stream);
    tell(e, true, 0, 0);
    run(c, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    journal_stream_only(e->journal, BYTES("*1\r\n$4\r\nPING\r\n"));
    CHECK(e->journal->offset > end && e->journal->effects_end == end);
    run(c, &set_command, "k", false, false); /* finds it there */
    tell(e, true, end - 1, 0);
    CHECK(sendable(c, 0));
    tell(e, true, end, 0);
    CHECK(gate_sendable(c) == chain_end(&c->out));
    journal_detach(&stream);
    engine_end(e);
}

/* D8, D9: what is pushed within a group waits for the group's end. */
TEST(what_is_pushed_waits_for_the_end_of_its_group)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *subscriber = client(e);
    tell(e, true, 0, 0);
    struct bytes effect[] = {BYTES("DEL"), BYTES("k")};
    journal_group_begin(e->journal);
    gate_push(subscriber);
    chain_add(&subscriber->out, BYTES("event"));
    journal_add(e->journal, 0, effect, 2, bytes_of(NULL, 0));
    tell(e, true, e->journal->offset, 0);
    CHECK(sendable(subscriber, 0));
    journal_add(e->journal, 0, effect, 2, bytes_of(NULL, 0));
    journal_group_end(e->journal);
    gate_group_ended(e);
    CHECK(sendable(subscriber, 0) && dlist_linked(&subscriber->outgoing));
    tell(e, true, e->journal->offset - 1, 0);
    CHECK(sendable(subscriber, 0));
    tell(e, true, e->journal->offset, 0);
    CHECK(sendable(subscriber, 5));
    /* A command of its own, while nothing waits: its turn's order is enough. */
    tell(e, false, e->journal->offset, 0);
    journal_group_begin(e->journal);
    gate_push(subscriber);
    CHECK(subscriber->mark_n == 0);
    /* Within a script or a transaction: it may let others have their turn. */
    journal_group_begin(e->journal);
    gate_push(subscriber);
    chain_add(&subscriber->out, BYTES("event"));
    journal_group_end(e->journal);
    CHECK(sendable(subscriber, 5));
    journal_group_end(e->journal);
    gate_group_ended(e);
    CHECK(sendable(subscriber, 10));
    (void)c;
    engine_end(e);
}

TEST(a_client_that_ends_within_a_group_is_forgotten)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    tell(e, true, 0, 0);
    journal_group_begin(e->journal);
    gate_push(c);
    client_free(c);
    journal_group_end(e->journal);
    gate_group_ended(e);
    CHECK(e->gate.held_count == 0 && dlist_empty(&e->gate.pushed));
    engine_end(e);
}

/* EXEC's reply begins before those of its commands, which were marked first. */
TEST(a_mark_may_begin_before_earlier_ones)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    chain_add(&c->out, BYTES("12345678901234567890"));
    tell(e, true, 0, 0);
    gate_mark(c, 10, 5, true);
    gate_mark(c, 4, 8, false);
    CHECK(sendable(c, 4));
    tell(e, true, 8, 4);
    CHECK(sendable(c, 4));
    tell(e, true, 8, 5);
    CHECK(sendable(c, 20));
    engine_end(e);
}

/* D5: replies made before the policy changed in the middle of a turn are not sent before their
 * effects are written. */
TEST(arming_late_holds_what_was_made_and_notes_what_was_written)
{
    struct engine *e = engine_begin();
    struct client *early = client(e), *reader = client(e), *far = client(e), *all = client(e);
    tell(e, false, 0, 0);
    run(early, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    CHECK(sendable(early, 5));
    tell(e, true, 0, 0);
    run(reader, &get_command, "k", false, false);
    run(far, &get_command, "untouched", false, false);
    CHECK(sendable(early, 0) && sendable(reader, 0) && sendable(far, 5));
    /* Whose requests still run is no sender yet. */
    struct client *runs = client(e), *first = client(e);
    run(runs, &set_command, "m", true, false);
    dlist_remove(&runs->outgoing);
    tell(e, false, 0, 0);
    run(first, &set_command, "o", true, false); /* has no mark yet */
    dlist_remove(&first->outgoing);
    run(runs, &set_command, "n", true, false);
    dlist_remove(&runs->outgoing);
    tell(e, true, 0, 0);
    run(runs, &get_command, "n", false, false);
    run(first, &get_command, "o", false, false);
    client_order_output(e);
    gate_before_sending(e);
    CHECK(sendable(runs, 0) && sendable(first, 0));
    end = e->journal->offset;
    tell(e, true, end, end);
    CHECK(sendable(early, 5) && sendable(reader, 5) && sendable(runs, 15));
    journal_take(&bench->reader, e->journal->pending.n);
    chain_take(&early->out, 5); /* sent */
    tell(e, false, end, end);
    run(early, &flushall_command, "", true, false);
    tell(e, true, end, end);
    run(all, &get_command, "anything", false, false);
    CHECK(sendable(early, 5) && sendable(all, 0));
    tell(e, true, e->journal->offset, end);
    CHECK(sendable(all, 5));
    engine_end(e);
}

/* Replies that have been taken out of the client, to be sent elsewhere behind the flush. */
TEST(arming_late_holds_what_was_taken)
{
    struct engine *e = engine_begin();
    struct client *c = client(e);
    struct gate_point point = {0}, later = {0};
    tell(e, false, 0, 0);
    run(c, &set_command, "k", true, false);
    chain_take(&c->out, 5);
    gate_note_point(e, &point);
    CHECK(gate_covers_point(e, &point, c) && c->mark_n == 0);
    tell(e, true, 0, 0);
    CHECK(!gate_covers_point(e, &point, c) && !gate_covers_point(e, &point, c) &&
          !gate_covers_point(e, &point, NULL) && c->mark_n == 1 && gate_is_sound(c));
    /* From now on marks tell. */
    gate_note_point(e, &later);
    CHECK(gate_covers_point(e, &later, c));
    tell(e, true, e->journal->offset, 0);
    CHECK(gate_covers_point(e, &point, c) && sendable(c, 5) && c->mark_n == 0);
    engine_end(e);
}

/* What is wrapped has its keys too. */
TEST(arming_late_notes_what_is_wrapped)
{
    struct engine *e = engine_begin();
    struct client *reader = client(e), *far = client(e);
    const struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("1")};
    tell(e, false, 0, 0);
    gate_group_begin(e);
    wrap_add(e->journal, 0, argv, 3, bytes_of(NULL, 0));
    gate_group_end(e);
    tell(e, true, 0, 0);
    run(reader, &get_command, "k", false, false);
    run(far, &get_command, "untouched", false, false);
    CHECK(sendable(reader, 0) && sendable(far, 5));
    tell(e, true, e->journal->offset, e->journal->offset);
    CHECK(sendable(reader, 5));
    engine_end(e);
}

TEST(arming_late_waits_for_the_write_alone)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *pushed = client(e);
    tell(e, false, 0, 0);
    run(c, &set_command, "k", true, false);
    chain_add(&pushed->out, BYTES("event"));
    client_has_output(pushed);
    tell(e, true, 0, 0);
    CHECK(sendable(c, 0) && sendable(pushed, 0));
    tell(e, true, e->journal->offset, 0);
    CHECK(sendable(c, 5) && sendable(pushed, 5));
    engine_end(e);
}

/* From everysec to always: what was written and not synced is not noted by key. */
TEST(a_stricter_policy_covers_what_was_written_before)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *reader = client(e);
    tell(e, false, 0, 0);
    run(c, &set_command, "k", true, false);
    uint64_t end = e->journal->offset;
    journal_take(&bench->reader, e->journal->pending.n);
    tell(e, false, end, 0);
    CHECK(sendable(c, 5));
    tell(e, true, 0, 0);
    run(reader, &get_command, "k", false, false);
    CHECK(sendable(reader, 0));
    tell(e, true, end, end);
    CHECK(sendable(reader, 5));
    engine_end(e);
}

TEST(what_will_not_come_is_given_up)
{
    struct engine *e = engine_begin();
    struct client *plain = client(e), *durable = client(e), *neither = client(e);
    tell(e, true, 0, 0);
    run(plain, &set_command, "k", true, false);
    run(durable, &set_command, "l", true, true);
    run(neither, &ping_command, "", false, false);
    gate_give_up(e, true);
    CHECK(!(plain->flags & CLIENT_CLOSING) && (durable->flags & CLIENT_CLOSING));
    CHECK(sendable(durable, 0));
    gate_give_up(e, false);
    CHECK((plain->flags & CLIENT_CLOSING) && !(neither->flags & CLIENT_CLOSING));
    /* Whose marks are covered by now waits for nothing. */
    struct client *served = client(e);
    run(served, &set_command, "m", true, false);
    tell(e, true, e->journal->offset, 0);
    CHECK(served->mark_n > 0);
    gate_give_up(e, false);
    CHECK(!(served->flags & CLIENT_CLOSING));
    engine_end(e);
}

static const struct command mget_command = {
    .name = "mget", .arity = -2, .flags = COMMAND_READONLY, .keys = {KEY_RANGE(1, -1, 1, KEY_RO)}};

/* A read of more keys than are looked up one by one relies on all that was written. */
TEST(a_read_of_many_keys_waits_for_everything)
{
    struct engine *e = engine_begin();
    tell(e, true, 0, 0);
    struct client *w = client(e);
    run(w, &set_command, "k", true, false);
    for (int n = KEYS_FEW - 1; n <= KEYS_FEW + 2; n++) {
        struct client *c = client(e);
        struct bytes argv[KEYS_FEW + 3] = {BYTES("mget")};
        for (int i = 1; i <= n; i++)
            argv[i] = BYTES("untouched");
        struct call call = {.command = &mget_command,
                            .client = c,
                            .engine = e,
                            .store = e->store,
                            .db = c->db,
                            .argv = argv,
                            .argc = n + 1};
        chain_add(&c->out, BYTES("+OK\r\n"));
        gate_reply(&call, 0, false);
        CHECK(sendable(c, n <= KEYS_FEW ? 5 : 0));
    }
    engine_end(e);
}

/* On a writable replica: they have no offset, and what is answered meanwhile may rely on them. */
TEST(what_a_replica_s_own_clients_write_is_waited_for)
{
    struct engine *e = engine_begin();
    struct client *c = client(e), *other = client(e), *durable = client(e), *hears = client(e);
    struct gate_promise p = {
        .armed = true, .open = true, .durable = true, .released = 1000, .synced = 1000};
    gate_tell(e, &p);
    run(c, &set_command, "k", true, false);
    journal_set_mode(e->journal, JOURNAL_RAW);
    CHECK(sendable(c, 5));
    run(c, &set_command, "k", true, false);
    run(other, &get_command, "k", false, false);
    gate_push(hears);
    chain_add(&hears->out, BYTES("event"));
    client_has_output(hears);
    CHECK(e->journal->locals == 1 && sendable(c, 5) && sendable(other, 0) && sendable(hears, 0));
    CHECK(gate_give_up_before(e, UINT64_MAX - 1) == 0);
    run(durable, &set_command, "d", true, true);
    p.locals_released = 1;
    gate_tell(e, &p);
    CHECK(sendable(c, 10) && sendable(other, 5) && sendable(hears, 5) && sendable(durable, 0));
    p.locals_released = 2;
    gate_tell(e, &p);
    CHECK(sendable(durable, 0));
    p.locals_synced = 2;
    gate_tell(e, &p);
    CHECK(sendable(durable, 5) && e->gate.held_count == 0);
    /* Within a group, and of what the primary sends at the same time. */
    journal_group_begin(e->journal);
    run(c, &set_command, "k", true, false);
    gate_push(hears);
    chain_add(&hears->out, BYTES("event"));
    client_has_output(hears);
    journal_group_end(e->journal);
    gate_group_ended(e);
    CHECK(sendable(c, 10) && sendable(hears, 5));
    p.locals_released = 3;
    gate_tell(e, &p);
    CHECK(sendable(c, 15) && sendable(hears, 10));
    /* The promise ends in the middle of a turn. */
    p.armed = false;
    gate_tell(e, &p);
    run(c, &set_command, "k", true, false);
    CHECK(sendable(c, 20));
    p.armed = true;
    gate_tell(e, &p);
    CHECK(sendable(c, 0));
    engine_end(e);
}

UNIT_MAIN(
    T(arming_late_holds_what_was_taken), T(arming_late_notes_what_is_wrapped),
    T(arming_late_waits_for_the_write_alone), T(without_marks_all_leaves),
    T(a_write_waits_for_its_end_and_a_read_for_the_last_write_of_its_key),
    T(output_leaves_up_to_the_first_mark), T(a_durable_mark_is_not_swallowed_by_an_equal_plain_one),
    T(durable_waits_for_the_disk_though_nothing_else_waits), T(without_a_base_nothing_is_durable),
    T(a_script_hands_its_durability_on), T(replicas_and_disk_are_waited_for_together),
    T(replicas_alone_hold_what_is_pushed), T(clients_are_closed_after_replica_ack_timeout),
    T(no_reply_waits_for_what_only_replicas_hear), T(what_is_pushed_waits_for_the_end_of_its_group),
    T(a_client_that_ends_within_a_group_is_forgotten), T(a_mark_may_begin_before_earlier_ones),
    T(arming_late_holds_what_was_made_and_notes_what_was_written),
    T(a_stricter_policy_covers_what_was_written_before), T(what_will_not_come_is_given_up),
    T(a_read_of_many_keys_waits_for_everything),
    T(what_a_replica_s_own_clients_write_is_waited_for))
