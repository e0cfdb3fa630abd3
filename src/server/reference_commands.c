/* A page has a table of the family's commands, then a section for each, subcommands after their
 * container. A section is printed from the command's constant:
 *
 *   usage         from the grammar of command/usage.h, with optional parts in brackets,
 *                 alternatives in angle brackets, and dots after what may be repeated
 *   requirements  categories (for ACL rules), flags, the positions of keys and what is done to them
 *   reply         its type in RESP3, if RESP2 has another one
 *   differences   from Redis: the rows of redis-compat/differences.md that name the command
 *   example       if there is one in docs/examples
 *
 * Nothing can fail: constants are complete, which a test of the registry ensures. */
#include "server/reference_commands.h"

#include "command/categories.h"
#include "command/usage.h"
#include "commands/families.h"
#include "commands/server/command_info.h"
#include "server/examples.h"
#include "server/reference_text.h"

#include <ctype.h>

#define IS_CONTAINER(c) ((c)->subcommands != NULL)

/* ---- Usage */

static void add_parts(struct buf *out, const struct usage *u, const char *between);

static void add_once(struct buf *out, const struct usage *u)
{
    switch (u->kind) {
    case USAGE_ARGUMENT:
        buf_add(out, u->name);
        break;
    case USAGE_TOKEN:
        buf_add(out, u->token);
        break;
    case USAGE_ONE_OF:
        add_parts(out, u, " | ");
        break;
    case USAGE_BLOCK:
        add_parts(out, u, " ");
        break;
    }
}

static void add_usage(struct buf *out, const struct usage *u)
{
    bool choice = u->kind == USAGE_ONE_OF && !u->optional;
    buf_add_text(out, u->optional ? "[" : choice ? "<" : "");
    if (u->kind == USAGE_ARGUMENT && u->token.n) {
        buf_add(out, u->token);
        buf_add_char(out, ' ');
    }
    add_once(out, u);
    if (u->multiple && u->token.n) { /* the word is optional in repetitions */
        buf_add_text(out, " ...");
    } else if (u->multiple) {
        buf_add_text(out, " [");
        add_once(out, u);
        buf_add_text(out, " ...]");
    }
    buf_add_text(out, u->optional ? "]" : choice ? ">" : "");
}

static void add_parts(struct buf *out, const struct usage *u, const char *between)
{
    for (int i = 0; i < u->n; i++) {
        buf_add_text(out, i ? between : "");
        add_usage(out, &u->parts[i]);
    }
}

/* In capitals; subcommands with their container: "XGROUP CREATE". */
static void add_name(struct buf *out, const struct command *c)
{
    for (const char *p = command_full_name(c); *p; p++)
        buf_add_char(out, *p == '|' ? ' ' : (char)toupper((unsigned char)*p));
}

void reference_commands_usage(struct buf *out, const struct command *c)
{
    struct usage *u = usage_parse(c->usage);
    add_name(out, c);
    if (IS_CONTAINER(c))
        buf_add_text(out, " subcommand");
    if (u->n)
        buf_add_char(out, ' ');
    add_parts(out, u, " ");
    usage_free(u);
}

/* ---- Keys */

static void add_place(struct buf *out, const struct key_spec *k)
{
    if (k->unknown) {
        buf_printf(out, k->keyword ? "arguments after %s" : "position given by other arguments",
                   k->keyword);
        return;
    }
    if (k->counted) {
        buf_printf(out, "as many as argument %d specifies", k->at + k->count_at);
        return;
    }
    if (k->keyword)
        buf_printf(out, "after %s", k->keyword);
    else
        buf_printf(out, "argument %d", k->at);
    if (k->last == 0)
        return;
    buf_add_text(out, k->keyword ? ", all" : " and those after it");
    if (k->limit > 1)
        buf_printf(out, ", the first of %d parts", k->limit);
    else if (k->last < -1)
        buf_printf(out, " but for the last %s", k->last == -2 ? "one" : "ones");
    if (k->step > 1)
        buf_printf(out, ", one in %d", k->step);
}

/* The right that ACL SETUSER has to grant. */
static const char *right(const struct key_spec *k)
{
    bool reads = k->flags & KEY_ACCESS, writes = k->flags & (KEY_INSERT | KEY_DELETE | KEY_UPDATE);
    return k->flags & KEY_NOT_KEY ? "not a key, but treated like one"
           : reads && writes      ? "read and write"
           : reads                ? "read"
           : writes               ? "write"
                                  : "any";
}

static void add_keys(struct buf *out, const struct command *c)
{
    for (int i = 0; i < COMMAND_KEY_SPECS && c->keys[i].flags; i++) {
        buf_add_text(out, i ? "; " : "* Keys: ");
        add_place(out, &c->keys[i]);
        buf_printf(out, " (%s%s)", right(&c->keys[i]),
                   c->keys[i].flags & KEY_VARIABLE_FLAGS ? ", or less by options" : "");
    }
    if (c->keys[0].flags)
        buf_add_text(out, ".\n");
}

static void add_channels(struct buf *out, const struct command *c)
{
    static const char *const said[] = {
        [COMMAND_ONE_CHANNEL] = "argument 1",
        [COMMAND_ALL_CHANNELS] = "all arguments",
        [COMMAND_ALL_PATTERNS] = "all arguments, as patterns",
        [COMMAND_PATTERNS_FROM_3] = "from argument 3 on, as patterns",
    };
    if (c->channels != COMMAND_NO_CHANNELS)
        buf_printf(out, "* Channels: %s.\n", said[c->channels]);
}

/* ---- Sections */

static void add_reply(struct buf *out, const struct command *c)
{
    struct bytes text = examples_reply(command_full_name(c));
    if (text.n)
        buf_printf(out, "* Reply to the example in RESP3: %.*s.\n", (int)text.n, text.p);
}

static void add_differences(struct buf *out, const struct command *c)
{
    struct bytes row;
    for (size_t i = 0; (row = examples_difference(command_full_name(c), i)).n; i++) {
        if (i == 0)
            buf_add_text(out, "\n| [difference](../../../redis-compat/differences.md) "
                              "| redis-server 7.0.15 | Millrace | why |\n|---|---|---|---|\n");
        buf_add(out, row);
    }
}

static void add_example(struct buf *out, const struct command *c)
{
    struct bytes text = examples_find(command_full_name(c));
    if (!text.n)
        return;
    buf_add_text(out, "\n```console\n");
    buf_add(out, text);
    buf_add_text(out, "```\n");
}

static void add_words(struct buf *out, const struct command *c)
{
    struct bytes names[CATEGORIES_MOST];
    const char *flags[COMMAND_INFO_FLAGS_MOST];
    size_t n = categories_of(c, names), m = command_info_flags(c, flags);
    buf_add_text(out, "* Categories:");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s `@%.*s`", i ? "," : "", (int)names[i].n, names[i].p);
    buf_add_text(out, m ? ". Flags:" : "");
    for (size_t i = 0; i < m; i++)
        buf_printf(out, "%s `%s`", i ? "," : "", flags[i]);
    buf_add_text(out, ".\n");
}

static void add_complexity(struct buf *out, const struct command *c)
{
    size_t n = strlen(c->complexity);
    buf_add_text(out, "* ");
    if (n) { /* MONITOR and others have none */
        buf_add_text(out, "Complexity: ");
        reference_text_add_string(out, c->complexity);
        buf_add_text(out, c->complexity[n - 1] == '.' ? " " : ". ");
    }
    buf_printf(out, "Since %s.\n", c->since);
}

static void add_section(struct buf *out, const struct command *c)
{
    buf_add_text(out, "\n## ");
    add_name(out, c);
    buf_add_text(out, "\n\n```text\n");
    reference_commands_usage(out, c);
    buf_add_text(out, "\n```\n\n");
    reference_text_add_string(out, c->summary);
    buf_add_text(out, "\n\n");
    if (IS_CONTAINER(c))
        buf_add_text(out, "* See its subcommands.\n");
    add_complexity(out, c);
    add_words(out, c);
    add_keys(out, c);
    add_channels(out, c);
    add_reply(out, c);
    add_differences(out, c);
    add_example(out, c);
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        add_section(out, *s);
}

static void add_line(struct buf *out, const struct command *c)
{
    struct buf name = {0};
    add_name(&name, c);
    buf_printf(out, "| [%.*s](#", (int)name.n, name.p);
    for (size_t i = 0; i < name.n; i++)
        buf_add_char(out, name.p[i] == ' ' ? '-' : (char)tolower((unsigned char)name.p[i]));
    buf_add_text(out, ") | ");
    reference_text_add_string(out, c->summary);
    buf_add_text(out, " |\n");
    buf_free(&name);
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        add_line(out, *s);
}

void reference_commands(struct buf *out, enum command_group family)
{
    char title[64] = "Commands: ";
    bool any = false;
    strcat(title, command_group_name(family));
    for (int pass = 0; pass < 2; pass++)
        for (const struct command *const *c = families_all(); *c; c++) {
            if ((*c)->group != family)
                continue;
            if (!any) {
                reference_text_title(out, title,
                                     "Arguments, complexity and permissions of each command.");
                buf_add_text(out, "\n| command | |\n|---|---|\n");
                any = true;
            }
            if (pass == 0)
                add_line(out, *c);
            else
                add_section(out, *c);
        }
}
