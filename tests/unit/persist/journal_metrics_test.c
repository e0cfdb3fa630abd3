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
                      "master_repl_offset:1234"));
    journal_free(j);
}

UNIT_MAIN(T(the_journal_tells_where_it_stands))
