#include "persist/journal_metrics.h"

#include "metrics.h"
#include "persist/journal.h"
#include "unit.h"

TEST(the_journal_tells_where_it_stands)
{
    struct journal *j = journal_new();
    journal_continue(j, "0123456789abcdef0123456789abcdef01234567", 1234);
    CHECK(metrics_say(&journal_metrics, j,
                      "master_replid:0123456789abcdef0123456789abcdef01234567\r\n"
                      "master_repl_offset:1234\r\n"
                      "master_replid2:0000000000000000000000000000000000000000\r\n"
                      "second_repl_offset:-1"));
    journal_shift(j, "ffff456789abcdef0123456789abcdef01234567");
    CHECK(metrics_say(&journal_metrics, j,
                      "master_replid:ffff456789abcdef0123456789abcdef01234567\r\n"
                      "master_repl_offset:1234\r\n"
                      "master_replid2:0123456789abcdef0123456789abcdef01234567\r\n"
                      "second_repl_offset:1235"));
    journal_free(j);
}

UNIT_MAIN(T(the_journal_tells_where_it_stands))
