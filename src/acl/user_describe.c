#include "acl/user_describe.h"

void user_describe_commands(const struct selector *s, struct buf *out)
{
    /* The last bit belongs to no command: it tells whether the rules begin with all or nothing. */
    bool all = s->commands[SELECTOR_WORDS - 1] >> 63;
    buf_add_text(out, all ? "+@all" : "-@all");
    buf_add(out, buf_bytes(&s->rules));
}

void user_describe_keys(const struct selector *s, struct buf *out)
{
    /* After "%RW~*" other patterns are omitted, since they could not be read back. */
    bool all = s->all_keys;
    for (size_t i = 0; i < s->key_n; i++)
        all |= s->keys[i].access == (ACL_READ | ACL_WRITE) &&
               bytes_equal(str_bytes(s->keys[i].text), BYTES("*"));
    if (all)
        buf_add_text(out, "~*");
    for (size_t i = 0; i < s->key_n && !all; i++) {
        const struct acl_pattern *k = &s->keys[i];
        if (i)
            buf_add_char(out, ' ');
        buf_add_text(out, k->access == ACL_READ ? "%R~" : k->access == ACL_WRITE ? "%W~" : "~");
        buf_add(out, str_bytes(k->text));
    }
}

void user_describe_channels(const struct selector *s, struct buf *out)
{
    if (s->all_channels)
        buf_add_text(out, "&*");
    for (size_t i = 0; i < s->channel_n; i++) {
        buf_add_text(out, i ? " &" : "&");
        buf_add(out, str_bytes(s->channels[i]));
    }
}

static void describe_selector(const struct selector *s, struct buf *out)
{
    if (s->all_keys || s->key_n) {
        user_describe_keys(s, out);
        buf_add_char(out, ' ');
    }
    if (s->all_channels) {
        buf_add_text(out, "&* ");
    } else {
        buf_add_text(out, "resetchannels ");
        if (s->channel_n) {
            user_describe_channels(s, out);
            buf_add_char(out, ' ');
        }
    }
    user_describe_commands(s, out);
}

void user_describe_rules(const struct user *u, void (*each)(void *context, struct bytes rule),
                         void *context)
{
    struct buf b = {0};
    each(context, u->on ? BYTES("on") : BYTES("off"));
    if (u->no_password)
        each(context, BYTES("nopass"));
    each(context, u->skip_sanitize ? BYTES("skip-sanitize-payload") : BYTES("sanitize-payload"));
    for (size_t i = 0; i < u->hash_n; i++) {
        b.n = 0;
        buf_add_char(&b, '#');
        buf_add(&b, bytes_of(u->hashes[i], 64));
        each(context, buf_bytes(&b));
    }
    b.n = 0;
    describe_selector(&u->selectors[0], &b);
    for (size_t i = 0, n; i < b.n; i += n + 1) {
        for (n = 0; i + n < b.n && b.p[i + n] != ' ';)
            n++;
        each(context, bytes_of(b.p + i, n));
    }
    for (size_t i = 1; i < u->selector_n; i++) {
        b.n = 0;
        buf_add_char(&b, '(');
        describe_selector(&u->selectors[i], &b);
        buf_add_char(&b, ')');
        each(context, buf_bytes(&b));
    }
    buf_free(&b);
}

static void add_rule(void *context, struct bytes rule)
{
    struct buf *out = context;
    if (out->n && out->p[out->n - 1] != ' ')
        buf_add_char(out, ' ');
    buf_add(out, rule);
}

void user_describe(const struct user *u, struct buf *out)
{
    user_describe_rules(u, add_rule, out);
}

static void add_rule_with_length(void *context, struct bytes rule)
{
    struct buf *out = context;
    buf_printf(out, "%zu:", rule.n);
    buf_add(out, rule);
}

bool user_describe_equal(const struct user *a, const struct user *b)
{
    struct buf x = {0}, y = {0};
    user_describe_rules(a, add_rule_with_length, &x);
    user_describe_rules(b, add_rule_with_length, &y);
    bool equal = bytes_equal(buf_bytes(&x), buf_bytes(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}
