#include "type/stream/stream_dedup.h"

#include "unit.h"

static void record(struct stream_dedup *d, int producer, int iid, int64_t now_ms)
{
    char p[16], i[16];
    stream_dedup_record(d, bytes_of(p, (size_t)snprintf(p, 16, "p%d", producer)),
                        bytes_of(i, (size_t)snprintf(i, 16, "%d", iid)), (struct stream_id){1, 1},
                        now_ms);
}

static bool knows(const struct stream_dedup *d, int producer, int iid)
{
    char p[16], i[16];
    return stream_dedup_find(d, bytes_of(p, (size_t)snprintf(p, 16, "p%d", producer)),
                             bytes_of(i, (size_t)snprintf(i, 16, "%d", iid)));
}

TEST(what_is_too_old_goes_with_its_producer)
{
    struct stream_dedup d = {.duration_s = 10, .max_size = 100};
    for (int i = 0; i < 1000; i++)
        record(&d, i % 50, i, i * 100);
    CHECK(d.tracked == 1000 && d.producers.used == 50);
    uint64_t producers, records;
    stream_dedup_left(&d, 90000, &producers, &records);
    CHECK(producers == 50 && records == 199 && d.tracked == 1000);
    stream_dedup_left(&d, 108000, &producers, &records);
    CHECK(producers == 19 && records == 19);
    stream_dedup_expire(&d, 90000);
    CHECK(d.tracked == 199 && !knows(&d, 0, 800) && knows(&d, 1, 801));
    stream_dedup_expire(&d, 109900);
    CHECK(d.tracked == 0 && d.producers.used == 0);
    record(&d, 1, 1, 0);
    CHECK(knows(&d, 1, 1));
    stream_dedup_clear(&d);
}

TEST(a_producer_has_so_many_and_the_oldest_goes)
{
    struct stream_dedup d = {.duration_s = 10, .max_size = 3};
    for (int i = 0; i < 10; i++)
        record(&d, 1, i, i);
    record(&d, 2, 1, 20);
    CHECK(d.tracked == 4 && !knows(&d, 1, 6) && knows(&d, 1, 7) && knows(&d, 2, 1));
    const struct stream_dedup_record *r = NULL;
    int64_t last = -1;
    int n = 0;
    while ((r = stream_dedup_next(&d, r))) {
        CHECK(r->at_ms > last);
        last = r->at_ms;
        n++;
    }
    CHECK(n == 4);
    struct stream_dedup copy;
    stream_dedup_copy(&copy, &d);
    stream_dedup_clear(&d);
    CHECK(copy.tracked == 4 && knows(&copy, 1, 9) && !knows(&d, 1, 9));
    stream_dedup_clear(&copy);
}

TEST(unused_streams_are_cleaned_too)
{
    static struct stream_dedup all[100];
    struct dlist_node actives;
    dlist_init(&actives);
    for (int i = 0; i < 100; i++) {
        all[i] = (struct stream_dedup){
            .duration_s = i < 90 ? 10 : 1000, .max_size = 100, .actives = &actives};
        record(&all[i], 1, 1, 0);
    }
    stream_dedup_leave(&all[5]); /* another thread frees it */
    for (int i = 0; i < 10; i++)
        stream_dedup_expire_some(&actives, 20000, 12);
    for (int i = 0; i < 100; i++)
        CHECK(all[i].tracked == (i == 5 || i >= 90));
    for (int i = 0; i < 100; i++)
        stream_dedup_clear(&all[i]);
    stream_dedup_expire_some(&actives, 20000, 12);
}

TEST(a_pair_recorded_again_is_as_young_as_its_last_record)
{
    struct stream_dedup d = {.duration_s = 10, .max_size = 100};
    record(&d, 1, 1, 0);
    record(&d, 1, 1, 9000);
    CHECK(d.tracked == 1);
    stream_dedup_expire(&d, 11000);
    CHECK(knows(&d, 1, 1));
    stream_dedup_clear(&d);
    CHECK(d.producers.used == 0);
}

TEST(what_is_met_again_is_a_duplicate_for_so_long)
{
    struct stream_dedup d = {.duration_s = 10, .max_size = 100};
    stream_dedup_add(&d, BYTES("p"), BYTES("a"), (struct stream_id){1, 1}, 0);
    stream_dedup_add(&d, BYTES("p"), BYTES("b"), (struct stream_id){2, 1}, 5000);
    CHECK(d.added == 2 && d.duplicates == 0 && d.tracked == 2);
    const struct stream_dedup_record *r = stream_dedup_meet(&d, BYTES("p"), BYTES("a"), 9000);
    CHECK(r && r->id.ms == 1 && d.duplicates == 1);
    CHECK(!stream_dedup_meet(&d, BYTES("p"), BYTES("c"), 9000));
    CHECK(!stream_dedup_meet(&d, BYTES("q"), BYTES("a"), 9000) && d.duplicates == 1);
    CHECK(stream_dedup_meet(&d, BYTES("p"), BYTES("b"), 11000) && d.duplicates == 2);
    CHECK(d.tracked == 1); /* what is too old went on the way */
    CHECK(!stream_dedup_meet(&d, BYTES("p"), BYTES("a"), 11000) && d.duplicates == 2);
    stream_dedup_set_counts(&d, 7, 8);
    stream_dedup_set_limits(&d, 20, 5);
    CHECK(d.tracked == 0 && d.producers.used == 0 && d.duration_s == 20 && d.max_size == 5);
    CHECK(!stream_dedup_find(&d, BYTES("p"), BYTES("b")));
    stream_dedup_clear(&d);
}

UNIT_MAIN(T(what_is_too_old_goes_with_its_producer), T(a_producer_has_so_many_and_the_oldest_goes),
          T(unused_streams_are_cleaned_too),
          T(a_pair_recorded_again_is_as_young_as_its_last_record),
          T(what_is_met_again_is_a_duplicate_for_so_long))
