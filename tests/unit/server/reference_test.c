#include "server/reference.h"

#include "base/err.h"
#include "commands/families.h"
#include "config/settings.h"
#include "server/reference_commands.h"
#include "server/reference_settings.h"
#include "server/reference_text.h"
#include "unit.h"

static bool holds(struct bytes text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static bool usage_is(const char *usage, const char *want)
{
    struct buf out = {0};
    struct command c = {.name = "do", .usage = usage};
    reference_commands_usage(&out, &c);
    bool good = bytes_equal(buf_bytes(&out), bytes_text(want));
    if (!good)
        printf("%.*s\n", (int)out.n, out.p);
    buf_free(&out);
    return good;
}

TEST(usage_is_written_as_people_know_it)
{
    CHECK(usage_is("", "DO"));
    CHECK(usage_is("key:key", "DO key"));
    CHECK(usage_is("key:key...", "DO key [key ...]"));
    CHECK(usage_is("(field:string value:string)...", "DO field value [field value ...]"));
    CHECK(usage_is("[COUNT count:int]", "DO [COUNT count]"));
    CHECK(usage_is("[GET pattern:pattern]...", "DO [GET pattern ...]"));
    CHECK(usage_is("<MAXLEN | MINID> [<'=' | '~'>] t:string", "DO <MAXLEN | MINID> [= | ~] t"));
    CHECK(usage_is("[LIMIT offset:int count:int]", "DO [LIMIT offset count]"));
}

TEST(a_subcommand_has_its_containers_name)
{
    struct buf out = {0};
    struct command c = {.name = "create", .full_name = "xgroup|create", .usage = "key:key"};
    reference_commands_usage(&out, &c);
    CHECK(bytes_equal(buf_bytes(&out), BYTES("XGROUP CREATE key")));
    buf_free(&out);
}

TEST(text_means_nothing_to_markdown)
{
    struct buf out = {0};
    reference_text_add_string(&out, "a <b> | *c* `d` \\e\r\nf");
    CHECK(bytes_equal(buf_bytes(&out), BYTES("a &lt;b> \\| \\*c\\* \\`d\\` \\\\e  f")));
    out.n = 0;
    reference_text_add_code(&out, BYTES("a{b=\"c\"} | d"));
    CHECK(bytes_equal(buf_bytes(&out), BYTES("`a{b=\"c\"} \\| d`")));
    buf_free(&out);
}

struct seen {
    size_t pages, commands, settings, errors;
    bool good;
};

static size_t count(struct bytes text, const char *part)
{
    size_t n = 0;
    for (const char *p = text.p, *end = text.p + text.n;
         (p = memmem(p, (size_t)(end - p), part, strlen(part))); p++)
        n++;
    return n;
}

static void see(void *to, const char *path, struct bytes text)
{
    struct seen *s = to;
    s->pages++;
    s->good = s->good && bytes_has_prefix(text, "# ") && text.p[text.n - 1] == '\n' &&
              !holds(text, "(null)") && !holds(text, "Complexity: .") && !holds(text, ".. Since");
    if (strncmp(path, "commands/", 9) == 0)
        s->commands += count(text, "\n## ");
    else if (strcmp(path, "settings.md") == 0)
        s->settings += count(text, "\n## ");
    else if (strcmp(path, "errors.md") == 0)
        s->errors += count(text, "\n* ");
}

static size_t count_commands(const struct command *const *all)
{
    size_t n = 0;
    for (; all && *all; all++)
        n += 1 + count_commands((*all)->subcommands);
    return n;
}

TEST(every_command_has_a_section)
{
    struct seen s = {.good = true};
    reference_pages(see, &s);
    CHECK(s.good);
    CHECK(s.pages == 1 + 5 + GROUP_CLUSTER + 1);
    CHECK(s.commands == count_commands(families_all()));
    CHECK(s.settings > 100);
    CHECK(s.errors == ERR_COUNT - 1); /* each has a first word that is explained */
}

TEST(every_setting_that_means_something_is_in_the_manual)
{
    size_t n, shown = 0;
    struct buf out = {0};
    const struct setting *all = settings_table(&n);
    reference_settings_manual(&out);
    for (size_t i = 0; i < n; i++)
        shown +=
            all[i].summary && !(all[i].flags & (SETTING_INERT | SETTING_LATER | SETTING_REFUSED));
    CHECK(count(buf_bytes(&out), "\n.It Cm ") == shown);
    CHECK(holds(buf_bytes(&out), ".It Cm appendfsync\n"));
    CHECK(holds(buf_bytes(&out), "One of everysec, always, no."));
    CHECK(holds(buf_bytes(&out), "Default: 16mb."));
    buf_free(&out);
}

UNIT_MAIN(T(usage_is_written_as_people_know_it), T(a_subcommand_has_its_containers_name),
          T(text_means_nothing_to_markdown), T(every_command_has_a_section),
          T(every_setting_that_means_something_is_in_the_manual))
