/* libFuzzer: what a primary sends. The first byte says what it is, the second how it is cut: a
 * snapshot on its way (replica/receive), answers of the handshake, or the stream, which an engine
 * with a few commands applies and whose keys are read behind it. */
#include "../support/replica_commands.h"

#include "base/crc.h"
#include "base/log.h"
#include "replica/apply.h"
#include "replica/handshake.h"
#include "replica/receive.h"
#include "replica/replica.h"
#include "type/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look_at_nothing(void)
{
}

static void receive_all(struct bytes all, size_t step)
{
    struct receive *x = receive_new(NULL, true);
    enum receive_state state = RECEIVE_MORE;
    while (all.n && state == RECEIVE_MORE) {
        size_t used, piece = all.n < step ? all.n : step;
        state = receive_take(x, bytes_of(all.p, piece), &used);
        ASSERT(used <= piece && (used == piece || state != RECEIVE_MORE));
        all = bytes_of(all.p + used, all.n - used);
    }
    receive_free(x);
}

/* An answer to REPLCONF millrace. */
static void hear_own(struct bytes line)
{
    struct handshake h = {.steps = {HANDSHAKE_MILLRACE}, .step_n = 1};
    handshake_heard(&h, line);
    ASSERT(!*h.own || (history_is_id(h.own) && h.own_offset <= INT64_MAX));
    ASSERT(!*h.own || (!h.foreign && line.n > HISTORY_ID_LENGTH + 5));
}

static void hear_all(struct bytes all, size_t step)
{
    struct handshake h = {.id = "a"};
    struct buf in = {0};
    char line[256];
    size_t n;
    while (all.n) {
        size_t piece = all.n < step ? all.n : step;
        buf_add(&in, bytes_of(all.p, piece));
        all = bytes_of(all.p + piece, all.n - piece);
        while (handshake_line(&in, line, sizeof(line), &n)) {
            handshake_ping(bytes_of(line, n));
            handshake_answer(&h, bytes_of(line, n));
            hear_own(bytes_of(line, n));
        }
    }
    buf_free(&in);
}

/* All keys are whole, and nothing is left half done. */
static void judge(struct bench *b)
{
    struct store *s = b->engine.store;
    ASSERT(b->engine.journal->depth == 0 && journal_is_sound(b->engine.journal));
    ASSERT(!s->expiry_ignored);
    for (int i = 0; i < s->count; i++) {
        struct table_walk w;
        table_walk_start(&w, &s->dbs[i].keys);
        for (struct entry *e; (e = table_walk_next(&w));)
            ASSERT(string_length(e) <= 65536);
    }
}

static void apply_all(struct bytes all, size_t step)
{
    struct replication_services none = {0};
    struct bench *b = bench_begin(replica_commands);
    struct replication *r = replica_new(&b->engine, NULL, &none, "run");
    struct journal_reader stream = {0};
    look = look_at_nothing;
    bench_journal(b);
    journal_attach_stream(b->engine.journal, &stream);
    journal_set_mode(b->engine.journal, JOURNAL_RAW);
    struct apply *a =
        apply_new(r, &(struct apply_options){.address = "a", .local_address = "b", .fd = -1});
    uint64_t start = b->engine.journal->offset, came = 0;
    bool good = true;
    while (all.n && good) {
        size_t room, piece = all.n < step ? all.n : step;
        char *to = apply_place(a, &room);
        piece = piece < room ? piece : room;
        memcpy(to, all.p, piece);
        good = apply_run(a, piece);
        came += piece;
        all = bytes_of(all.p + piece, all.n - piece);
        ASSERT(apply_offset(a) - start <= came && apply_offset(a) == b->engine.journal->offset);
    }
    judge(b);
    apply_free(a);
    journal_detach(&stream);
    replica_free(r);
    bench_end(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool begun;
    if (!begun)
        crc_init();
    begun = true;
    log_set_level(LOG_WARNING + 1);
    if (n < 2)
        return 0;
    struct bytes all = bytes_of(data + 2, n - 2);
    size_t step = data[1] ? data[1] : n;
    if (data[0] % 4 == 0)
        receive_all(all, step);
    else if (data[0] % 4 == 1)
        hear_all(all, step);
    else
        apply_all(all, step);
    return 0;
}
