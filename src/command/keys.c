#include "command/keys.h"

#include "base/num.h"

static int start_of(const struct key_spec *s, const struct bytes *argv, int argc)
{
    if (!s->keyword)
        return s->at < argc ? s->at : -1;
    int from = s->at, step = 1;
    if (from < 0) {
        from += argc;
        step = -1;
    }
    for (int i = from; i > 0 && i < argc; i += step)
        if (bytes_is(argv[i], s->keyword))
            return i + 1 < argc ? i + 1 : -1;
    return -1;
}

static bool has_word(const struct bytes *argv, int argc, int from, const char *word)
{
    for (int i = from; i < argc; i++)
        if (bytes_is(argv[i], word))
            return true;
    return false;
}

/* BITFIELD: what is not understood counts as writing. */
static bool only_reads_bits(const struct bytes *argv, int argc)
{
    for (int i = 2; i < argc; i++) {
        int left = argc - i - 1;
        if (bytes_is(argv[i], "get") && left >= 2)
            i += 2;
        else if (bytes_is(argv[i], "overflow") && left >= 1)
            i++;
        else
            return false;
    }
    return true;
}

/* What a request does to its key when that depends on its options: SET and BITFIELD. */
static uint16_t flags_of(const struct command *c, const struct key_spec *s,
                         const struct bytes *argv, int argc)
{
    if (!(s->flags & KEY_VARIABLE_FLAGS))
        return s->flags;
    if (bytes_is(bytes_text(c->name), "set"))
        return has_word(argv, argc, 3, "get") ? KEY_RW | KEY_ACCESS | KEY_UPDATE
                                              : KEY_OW | KEY_UPDATE;
    if (bytes_is(bytes_text(c->name), "bitfield"))
        return only_reads_bits(argv, argc) ? KEY_RO | KEY_ACCESS : KEY_RW | KEY_ACCESS | KEY_UPDATE;
    return s->flags;
}

int keys_find(const struct command *c, const struct bytes *argv, int argc, struct key_at *out,
              int max)
{
    int n = 0;
    for (int k = 0; k < COMMAND_KEY_SPECS && c->keys[k].flags; k++) {
        const struct key_spec *s = &c->keys[k];
        uint16_t flags = flags_of(c, s, argv, argc);
        int first = start_of(s, argv, argc), last, step = s->step ? s->step : 1;
        if ((s->flags & KEY_NOT_KEY) || (s->unknown && !s->keyword))
            continue;
        if (first < 0) {
            if (s->keyword)
                continue;
            return -1;
        }
        if (s->counted) {
            long long count;
            if (first + s->count_at >= argc || !num_parse_int(argv[first + s->count_at], &count) ||
                count < 0 || count > argc || (count == 0 && n > 0))
                return -1;
            first += s->first;
            last = first + ((int)count - 1) * step;
        } else {
            last = s->last < 0 ? argc + s->last : first + s->last;
            if (s->last < 0 && s->limit > 1)
                last = first + (argc - first) / s->limit + s->last;
        }
        if (last >= argc)
            return -1;
        for (int i = first; i <= last; i += step) {
            if (n < max)
                out[n] = (struct key_at){i, flags};
            n++;
        }
    }
    return n;
}
