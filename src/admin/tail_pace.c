#include "admin/tail_pace.h"

#include "base/json_write.h"

#define PER_SECOND   50
#define SAY_EVERY_MS 1000
#define ALIVE_MS     15000

void tail_pace_begin(struct tail_pace *t, int64_t now_ms)
{
    *t = (struct tail_pace){.filled_ms = now_ms, .left = PER_SECOND, .said_ms = now_ms};
}

bool tail_pace_admits(struct tail_pace *t, size_t room, int64_t now_ms)
{
    t->left += (double)(now_ms - t->filled_ms) * PER_SECOND / 1000;
    t->left = t->left < PER_SECOND ? t->left : PER_SECOND;
    t->filled_ms = now_ms;
    if (t->left < 1 || room < 2 * TAIL_LINE) {
        t->skipped++;
        return false;
    }
    t->left -= 1;
    t->said_ms = now_ms;
    return true;
}

static void say_skipped(const struct tail_pace *t, struct buf *out)
{
    struct json_write w = json_write_begin(out, TAIL_LINE);
    json_write_object(&w);
    json_write_name(&w, BYTES("skipped"));
    json_write_uint(&w, t->skipped);
    if (t->jumped) {
        json_write_name(&w, BYTES("jumped"));
        json_write_bool(&w, true);
    }
    json_write_object_end(&w);
    buf_add_char(out, '\n');
}

void tail_pace_say(struct tail_pace *t, struct buf *out, size_t room, int64_t now_ms)
{
    if (room < TAIL_LINE)
        return;
    if ((t->skipped != t->told || t->jumped) && now_ms - t->told_ms >= SAY_EVERY_MS) {
        say_skipped(t, out);
        t->told = t->skipped;
        t->jumped = false;
        t->told_ms = t->said_ms = now_ms;
    } else if (now_ms - t->said_ms >= ALIVE_MS) {
        buf_add_text(out, "{}\n");
        t->said_ms = now_ms;
    }
}
