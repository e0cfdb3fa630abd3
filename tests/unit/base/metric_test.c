#include "base/metric.h"

#include "base/mem.h"
#include "unit.h"

#include <stdlib.h>

/* A module that counts, and its tables. */
struct pond {
    uint64_t fish;
    long long deeper;
    bool frozen;
    const char *owner;
};

struct pond_figures {
    double share;
    size_t bytes;
};

static int gathers;

static void gather(const void *owner, void *figures)
{
    const struct pond *p = owner;
    *(struct pond_figures *)figures =
        (struct pond_figures){(double)p->fish / 3, (size_t)p->fish * 512};
    gathers++;
}

#define FROM_POND(info, value)    METRIC_GETTER(const struct pond *p, info, value)
#define FROM_FIGURES(info, value) METRIC_GETTER(const struct pond_figures *f, info, value)
FROM_POND(fish, p->fish)
FROM_POND(depth, -p->deeper)
FROM_POND(state, !p->frozen)
FROM_POND(owner, p->owner)
FROM_POND(ice, METRIC_IF(p->frozen, 7))
FROM_FIGURES(share, metric_real(f->share, 2))
FROM_FIGURES(water, f->bytes)

static const struct metric pond_rows[] = {
    {"fish", "millrace_fish_total", "Fish.", METRIC_COUNTER, METRIC_NUMBER, 0, get_fish},
    {"depth", "millrace_depth_seconds", "Depth.", METRIC_GAUGE, METRIC_MILLISECONDS, 0, get_depth},
    {"state", "millrace_pond_ok", "State.", METRIC_GAUGE, METRIC_STATUS, 0, get_state},
    {"owner", NULL, "Whose it is.", METRIC_TEXT, METRIC_WORDS, 0, get_owner},
    {"ice", "millrace_ice", "Ice.", METRIC_GAUGE, METRIC_NUMBER, 0, get_ice},
};
static const struct metric_table pond_table = {.rows = pond_rows, .n = METRIC_COUNT(pond_rows)};

static const struct metric figure_rows[] = {
    {"share", "millrace_share_ratio", "Share.", METRIC_GAUGE, METRIC_PERCENT, METRIC_SIGN,
     get_share},
    {"water", "millrace_water_bytes", "Water.", METRIC_GAUGE, METRIC_BYTES, METRIC_HUMAN,
     get_water},
};
static const struct metric_table figure_table = {.rows = figure_rows,
                                                 .n = METRIC_COUNT(figure_rows),
                                                 .figures = sizeof(struct pond_figures),
                                                 .gather = gather};

static const struct metric columns[] = {
    {"age", "millrace_fish_age_seconds", "Age.", METRIC_GAUGE, METRIC_SECONDS, 0, NULL},
    {"p", "millrace_fish_weight", "Weight.", METRIC_SUMMARY, METRIC_NUMBER, 0, NULL},
};

static void walk(const void *owner, const struct metric_sink *sink)
{
    const struct pond *p = owner;
    for (uint64_t i = 0; i < p->fish && i < 2; i++) {
        struct metric_cell cells[] = {
            {.metric = &columns[0], .value = metric_unsigned(i)},
            {.metric = &columns[1], BYTES("p50"), BYTES("50"), metric_real(0.5, 3)},
            {.metric = &columns[1], BYTES("p99"), BYTES("99"), metric_real(1.5, 3)},
        };
        sink->line(sink->to, i ? BYTES("carp") : BYTES("pike"), cells, 3);
    }
}

static const struct metric_family family = {"fish_", "kind", "quantile", columns, 2, walk};
static const struct metric_table family_table = {.family = &family};

static struct pond pond = {.fish = 3, .deeper = 1500, .owner = "me"};

static struct metric_set *make(void)
{
    struct metric_set *set = metric_set_new();
    metric_add(set, "pond", &pond_table, &pond);
    metric_add(set, "other", &family_table, &pond);
    metric_add(set, "pond", &figure_table, &pond);
    return set;
}

static bool prints(struct metric_set *set, const char *section, const char *want)
{
    struct buf b = {0};
    metric_print_info(set, section, &b);
    bool same = bytes_equal(buf_bytes(&b), bytes_text(want));
    if (!same)
        printf("%.*s", (int)b.n, b.p);
    buf_free(&b);
    return same;
}

#define FAMILY "fish_pike:age=0,p50=0.500,p99=1.500\r\nfish_carp:age=1,p50=0.500,p99=1.500\r\n"

TEST(lines_come_in_the_order_of_registration)
{
    struct metric_set *set = make();
    gathers = 0;
    CHECK(prints(set, "pond",
                 "fish:3\r\ndepth:-1500\r\nstate:ok\r\nowner:me\r\nshare:1.00%\r\nwater:1536\r\n"
                 "water_human:1.50K\r\n"));
    CHECK(gathers == 1);
    CHECK(prints(set, "other", FAMILY));
    CHECK(gathers == 1);
    CHECK(prints(set, "none", ""));
    metric_set_free(set);
}

TEST(names_have_their_section_and_place_whichever_table_they_are_in)
{
    struct metric_set *set = make();
    CHECK(metric_arrange(set, "pond", "water fish_ owner nothing ice") == 4);
    CHECK(metric_arrange(set, "other", "depth share") == 2);
    CHECK(prints(set, "pond",
                 "water:1536\r\nwater_human:1.50K\r\n" FAMILY
                 "owner:me\r\nfish:3\r\nstate:ok\r\n"));
    CHECK(prints(set, "other", "depth:-1500\r\nshare:1.00%\r\n"));
    metric_set_free(set);
}

TEST(what_is_absent_has_no_line)
{
    struct metric_set *set = make();
    pond.frozen = true;
    pond.fish = 0;
    CHECK(prints(set, "pond",
                 "fish:0\r\ndepth:-1500\r\nstate:err\r\nowner:me\r\nice:7\r\nshare:0.00%\r\n"
                 "water:0\r\nwater_human:0B\r\n"));
    CHECK(prints(set, "other", ""));
    pond.frozen = false;
    pond.fish = 3;
    metric_set_free(set);
}

static void note(void *to, const struct metric_visit *v)
{
    struct buf *b = to;
    buf_printf(b, "%s %s %.*s %.*s %g\n", v->metric->info, v->label_name ? v->label_name : "-",
               (int)v->label.n, v->label.p, (int)v->second.n, v->second.p,
               metric_scaled(v->metric, &v->value));
}

TEST(a_walk_meets_each_number_once_scaled_and_families_by_column)
{
    struct metric_set *set = metric_set_new();
    struct buf b = {0};
    metric_add(set, "pond", &pond_table, &pond);
    metric_add(set, "pond", &figure_table, &pond);
    metric_add(set, "pond", &family_table, &pond);
    metric_walk(set, note, &b);
    CHECK(bytes_equal(buf_bytes(&b), BYTES("fish -   3\ndepth -   -1.5\nstate -   1\nowner -   0\n"
                                           "share -   0.01\nwater -   1536\n"
                                           "age kind pike  0\nage kind carp  1\n"
                                           "p kind pike 50 0.5\np kind pike 99 1.5\n"
                                           "p kind carp 50 0.5\np kind carp 99 1.5\n")));
    buf_free(&b);
    metric_set_free(set);
}

static void name(void *to, const struct metric *m, const struct metric_family *f)
{
    buf_printf(to, "%s%s ", f ? f->prefix : "", m->info);
}

TEST(each_metric_is_described_also_those_without_a_value)
{
    struct metric_set *set = make();
    struct buf b = {0};
    metric_each(set, name, &b);
    CHECK(bytes_equal(buf_bytes(&b),
                      BYTES("fish depth state owner ice fish_age fish_p share water ")));
    buf_free(&b);
    metric_set_free(set);
}

static void take_first(void *to, struct bytes label, const struct metric_cell *cells, size_t n)
{
    buf_printf(to, "%.*s %zu %lld;", (int)label.n, label.p, n, (long long)cells[0].value.u);
}

TEST(single_numbers_are_found_by_name_and_gathered_once_a_look)
{
    struct metric_set *set = make();
    struct metric_place fish, water, age;
    struct buf b = {0};
    CHECK(metric_find(set, "fish", &fish) && metric_find(set, "water", &water));
    CHECK(metric_find(set, "millrace_fish_age_seconds", &age));
    CHECK(!metric_find(set, "nothing", &age) || age.metric);
    CHECK(!metric_find(set, "fish_", &fish) && metric_find(set, "fish", &fish));
    CHECK(metric_find(set, "millrace_fish_age_seconds", &age));
    gathers = 0;
    metric_begin(set);
    CHECK(metric_read(set, &fish).u == 3 && metric_read(set, &water).u == 1536);
    CHECK(metric_read(set, &water).u == 1536 && gathers == 1);
    pond.fish = 4;
    CHECK(metric_read(set, &water).u == 1536);
    metric_begin(set);
    CHECK(metric_read(set, &water).u == 2048 && gathers == 2);
    pond.fish = 3;
    metric_read_lines(set, &age, &(struct metric_sink){take_first, &b});
    CHECK(bytes_equal(buf_bytes(&b), BYTES("pike 3 0;carp 3 1;")));
    buf_free(&b);
    metric_set_free(set);
}

static const uint64_t counts_of_fish[2] = {1, 2};

static const struct metric size_columns[] = {{"length", "millrace_fish_length_seconds", "Length.",
                                              METRIC_HISTOGRAM, METRIC_SECONDS, 0, NULL}};

static void walk_sizes(const void *owner, const struct metric_sink *sink)
{
    struct metric_counts c = {counts_of_fish, 0.5, 7, NULL, 0};
    struct metric_cell cell = {.metric = size_columns, .value = metric_of_counts(&c)};
    (void)owner;
    sink->line(sink->to, BYTES("eel"), &cell, 1);
}

static const struct metric_family size_family = {NULL, "kind", NULL, size_columns, 1, walk_sizes};
static const struct metric_table size_table = {.family = &size_family};

static void take_sum(void *to, const struct metric_visit *v)
{
    if (v->value.kind == METRIC_COUNTS && v->value.counts->by_class == counts_of_fish)
        *(double *)to += v->value.counts->sum;
}

TEST(histograms_are_walked_and_are_no_lines_of_info)
{
    struct metric_set *set = make();
    double sum = 0;
    metric_add(set, "sizes", &size_table, &pond);
    CHECK(metric_arrange(set, "sizes", "nothing length") == 0);
    CHECK(prints(set, "sizes", ""));
    metric_walk(set, take_sum, &sum);
    CHECK(sum > 6.9 && sum < 7.1);
    sum = 0;
    size_t tables = 0;
    while (metric_walk_table(set, tables, take_sum, &sum))
        tables++;
    CHECK(tables == 4 && sum > 6.9 && sum < 7.1);
    metric_set_free(set);
}

TEST(sizes_are_readable)
{
    static const struct {
        uint64_t fish;
        const char *text;
    } sizes[] = {{1, "water_human:512B\r\n"},
                 {2, "water_human:1.00K\r\n"},
                 {2046, "water_human:1023.00K\r\n"},
                 {2048 * 3, "water_human:3.00M\r\n"},
                 {1ULL << 40, "water_human:512.00T\r\n"}};
    struct metric_set *set = make();
    for (size_t i = 0; i < METRIC_COUNT(sizes); i++) {
        struct buf b = {0};
        pond.fish = sizes[i].fish;
        metric_print_info(set, "pond", &b);
        buf_add_char(&b, '\0');
        CHECK(strstr(b.p, sizes[i].text));
        buf_free(&b);
    }
    pond.fish = 3;
    metric_set_free(set);
}

UNIT_MAIN(T(single_numbers_are_found_by_name_and_gathered_once_a_look),
          T(histograms_are_walked_and_are_no_lines_of_info),
          T(lines_come_in_the_order_of_registration),
          T(names_have_their_section_and_place_whichever_table_they_are_in),
          T(what_is_absent_has_no_line),
          T(a_walk_meets_each_number_once_scaled_and_families_by_column),
          T(each_metric_is_described_also_those_without_a_value), T(sizes_are_readable))
