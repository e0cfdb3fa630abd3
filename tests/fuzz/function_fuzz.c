/* libFuzzer: loading libraries of functions, each into the state that the ones before have left.
 * Short inputs would rarely get past the first line, so it is put before every second one. */
#include "engine/engine.h"
#include "script/scripting.h"
#include "store/db.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct settings settings;
    static struct engine engine;
    static unsigned count;
    if (!engine.scripting) {
        settings.script_memory_limit = 64 << 20;
        settings.busy_reply_threshold = 5000;
        engine.store = db_store_new(1, 1);
        engine.settings = &settings;
        engine.scripting = scripting_new(&engine);
    }
    if (n < 1 || n > 4096)
        return 0;
    struct buf text = {0};
    if (data[0] & 1)
        buf_add_text(&text,
                     data[0] & 2 ? "#!lua name=l\nredis.register_function(" : "#!lua name=l\n");
    buf_add(&text, bytes_of(data + 1, n - 1));
    struct chain out = {0};
    struct reply reply = {.out = &out, .resp = 2};
    const char *name =
        scripting_load(engine.scripting, buf_bytes(&text), SCRIPTING_REPLACE, &reply);
    if (name) {
        struct chain list = {0};
        struct reply told = {.out = &list, .resp = 3};
        scripting_list(engine.scripting, bytes_of(NULL, 0), true, &told);
        chain_free(&list);
    }
    if (++count % 64 == 0)
        scripting_flush_functions(engine.scripting);
    chain_free(&out);
    buf_free(&text);
    return 0;
}
