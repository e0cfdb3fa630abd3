#include "base/hash.h"
#include "base/rng.h"
#include "type/stream/stream_notes.h"
#include "unit.h"

#include <stdio.h>

#define IDS 60

/* Against an array: what is said last holds, and what says nothing takes no room. */
TEST(behaves_like_an_array)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 5; seed++) {
        struct stream_notes notes = {0}, copy;
        struct rng rng;
        char reasons[IDS][8] = {{0}};
        bool blocked[IDS] = {0};
        rng_seed(&rng, seed);
        for (int step = 0; step < 3000; step++) {
            unsigned i = (unsigned)rng_below(&rng, IDS);
            struct stream_id id = {i, i % 2};
            switch (rng_below(&rng, 4)) {
            case 0:
                snprintf(reasons[i], sizeof(reasons[i]), "%u", (unsigned)rng_below(&rng, 1000));
                stream_notes_set_reason(&notes, id, bytes_text(reasons[i]));
                break;
            case 1:
                reasons[i][0] = '\0';
                stream_notes_set_reason(&notes, id, BYTES(""));
                break;
            case 2:
                blocked[i] = true;
                stream_notes_set_blocked(&notes, id);
                break;
            default:
                reasons[i][0] = '\0';
                blocked[i] = false;
                stream_notes_forget(&notes, id);
            }
        }
        stream_notes_copy(&copy, &notes);
        stream_notes_free(&notes);
        CHECK(notes.by_id.used == 0 && stream_notes_is_sound(&notes));
        size_t known = 0, stopped = 0;
        for (unsigned i = 0; i < IDS; i++) {
            struct stream_id id = {i, i % 2};
            CHECK(bytes_equal(stream_notes_reason(&copy, id), bytes_text(reasons[i])));
            CHECK(stream_notes_is_blocked(&copy, id) == blocked[i]);
            known += blocked[i] || reasons[i][0];
            stopped += blocked[i];
        }
        CHECK(copy.by_id.used == known && copy.blocked_count == stopped &&
              stream_notes_is_sound(&copy) && stream_notes_memory(&copy) > known * 16);
        stream_notes_free(&copy);
    }
}

UNIT_MAIN(T(behaves_like_an_array))
